#include "core/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "core/header.h"
#include "core/io.h"
#include "core/scope.h"

void
message_init(struct message *message, const char *spool)
{
	*message = (struct message){
		.spool = spool,
		.begin = BUF_INIT(MESSAGE_MEMORY_MAX),
		.pending = BUF_INIT(2 * MESSAGE_WRITE_BYTES),
		.spool_fd = -1,
		.shown_fd = -1,
	};
}

static void
unmap(struct message *message)
{
	if (message->map != NULL)
		(void)munmap(message->map, message->size_bytes);
	message->map = NULL;
}

void
message_done(struct message *message)
{
	unmap(message);
	(void)close_fd(&message->spool_fd);
	(void)close_fd(&message->shown_fd);
	buf_free(&message->begin);
	buf_free(&message->pending);
}

void
message_reset(struct message *message, uint64_t size_max)
{
	unmap(message);
	(void)close_fd(&message->spool_fd);
	(void)close_fd(&message->shown_fd);
	buf_reset(&message->begin);
	buf_free(&message->pending); /* large messages are rare */
	message->size_max = size_max;
	message->size_bytes = 0;
	message->line_ends = 0;
	message->error = 0;
}

static uint64_t
count_line_ends(struct slice text)
{
	uint64_t n = 0;

	for (long at; (at = slice_find(text, '\n')) >= 0; n++)
		text = slice_tail(text, (size_t)at + 1);
	return n;
}

/* --- the header in memory --------------------------------------------- */

/*
 * Takes the Return-Path fields out of the begin of the message. One that lies
 * behind MESSAGE_MEMORY_MAX octets of header stays; no reader gets so far.
 */
static void
remove_return_paths(struct message *message)
{
	struct buf *begin = &message->begin;
	struct header_walk walk = header_start(buf_slice(begin));
	struct header_field field;
	size_t kept = 0; /* octets moved to the front so far */

	while (header_next(&walk, &field)) {
		if (slice_eq_nocase(field.name, SLICE("Return-Path"))) {
			message->size_bytes -= field.whole.n;
			message->line_ends -= count_line_ends(field.whole);
			continue;
		}
		if (field.whole.p != begin->p + kept)
			(void)memmove(
			    begin->p + kept, field.whole.p, field.whole.n);
		kept += field.whole.n;
	}
	if (walk.rest.n > 0 && walk.rest.p != begin->p + kept)
		(void)memmove(begin->p + kept, walk.rest.p, walk.rest.n);
	begin->n = kept + walk.rest.n;
}

struct slice
message_header(const struct message *message)
{
	struct slice begin = buf_slice(&message->begin);

	return slice_head(begin, header_length(begin));
}

/* --- the spool file --------------------------------------------------- */

static void
fail(struct message *message, int error)
{
	if (message->error == 0)
		message->error = error;
}

static void
flush_pending(struct message *message)
{
	struct buf *pending = &message->pending;
	int r = io_write(message->spool_fd, buf_text(pending), pending->n);

	if (r < 0)
		fail(message, r);
	buf_reset(pending);
}

static void
open_spool(struct message *message)
{
	struct slice begin;
	int r;

	remove_return_paths(message);
	message->spool_fd =
	    open(message->spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (message->spool_fd < 0) {
		fail(message, -errno);
		return;
	}
	begin = buf_slice(&message->begin);
	r = io_write(message->spool_fd, begin.p, begin.n);
	if (r < 0)
		fail(message, r);
}

static void
add_to_spool(struct message *message, struct slice text)
{
	if (message->error != 0)
		return;
	if (message->pending.n + text.n > MESSAGE_WRITE_BYTES)
		flush_pending(message);
	if (text.n > MESSAGE_WRITE_BYTES) {
		int r = io_write(message->spool_fd, text.p, text.n);

		if (r < 0)
			fail(message, r);
		return;
	}
	(void)buf_add_slice(&message->pending, text);
}

/* --- text ------------------------------------------------------------- */

void
message_add(struct message *message, struct slice text)
{
	message->size_bytes += text.n;
	if (message->size_bytes > message->size_max)
		return;
	message->line_ends += count_line_ends(text);
	if (message->spool_fd < 0 && message->error == 0) {
		if (text.n <= MESSAGE_MEMORY_MAX - message->begin.n) {
			(void)buf_add_slice(&message->begin, text);
			return;
		}
		open_spool(message);
	}
	add_to_spool(message, text);
}

enum verdict
message_finish(struct message *message, struct why *why)
{
	if (message->size_bytes > message->size_max)
		return why_say(why, 552, "5.3.4", "message exceeds %llu octets",
		    (unsigned long long)message->size_max);
	if (message->spool_fd < 0 && message->error == 0)
		remove_return_paths(message);
	else if (message->error == 0)
		flush_pending(message);
	if (message->error < 0)
		return why_errno(why, -message->error, "keep a message in %s",
		    message->spool);
	return MAIL_OK;
}

struct slice
message_text(const struct message *message)
{
	if (message->spool_fd >= 0)
		return (struct slice){ NULL, 0 };
	return buf_slice(&message->begin);
}

int
message_map(struct message *message, struct slice *text_out, struct why *why)
{
	void *map = message->map;

	*text_out = message_text(message);
	if (message->spool_fd < 0)
		return 0;
	if (map == NULL)
		map = mmap(NULL, message->size_bytes, PROT_READ, MAP_PRIVATE,
		    message->spool_fd, 0);
	if (map == MAP_FAILED)
		return why_fail(why, errno, "map a message");
	message->map = map;
	*text_out = (struct slice){ map, message->size_bytes };
	return 0;
}

/* Another descriptor of the same file, with an offset and rights of its own. */
static int
reopen_to_read(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

static int
copy_to_memfd(struct slice text)
{
	AUTO_CLOSE int fd = memfd_create("message", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write(fd, text.p, text.n);
	return r < 0 ? r : reopen_to_read(fd);
}

int
message_fd(struct message *message, struct why *why)
{
	int fd = message->shown_fd;

	if (fd >= 0)
		return fd;
	if (message->spool_fd >= 0)
		fd = reopen_to_read(message->spool_fd);
	else
		fd = copy_to_memfd(message_text(message));
	if (fd < 0)
		return why_fail(why, -fd, "hand on a message");
	message->shown_fd = fd;
	return fd;
}

/* All of the spool file, within the kernel. */
static int
append_spool(int to_fd, int spool_fd, uint64_t size)
{
	off_t offset = 0;

	while ((uint64_t)offset < size) {
		ssize_t n =
		    sendfile(to_fd, spool_fd, &offset, size - (uint64_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

static int
copy_with_head(const struct message *message, struct slice head)
{
	const bool in_memory = message->spool_fd < 0;
	AUTO_CLOSE int fd =
	    in_memory
		? memfd_create("message", MFD_CLOEXEC)
		: open(message->spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct slice text = message_text(message);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write(fd, head.p, head.n);
	if (r == 0 && in_memory)
		r = io_write(fd, text.p, text.n);
	else if (r == 0)
		r = append_spool(fd, message->spool_fd, message->size_bytes);
	return r < 0 ? r : reopen_to_read(fd);
}

int
message_copy(const struct message *message, struct slice head, struct why *why)
{
	int fd = copy_with_head(message, head);

	return fd >= 0 ? fd : why_fail(why, -fd, "copy a message");
}
