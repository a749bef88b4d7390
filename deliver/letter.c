#include "deliver/letter.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/header.h"
#include "core/io.h"
#include "core/scope.h"

enum {
	CHUNK = 64 * 1024,
	BEGIN_MAX = 64 * 1024, /* as far as we look for the sender */
};

/* All of from into to; octets, or -errno. */
static int64_t
copy(int from, int to)
{
	char chunk[CHUNK];
	int64_t size = 0;
	ssize_t n;

	while ((n = read(from, chunk, sizeof chunk)) != 0) {
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? -errno : io_write(to, chunk, (size_t)n);
		if (r < 0)
			return r;
		size += n;
	}
	return size;
}

/* "From sender date": the line without its end; empty: there is none. */
static struct slice
from_line(struct slice begin)
{
	long end = slice_find(begin, '\n');

	if (begin.n < 5 || memcmp(begin.p, "From ", 5) != 0)
		return (struct slice){ begin.p, 0 };
	return slice_head(begin, end < 0 ? begin.n : (size_t)end);
}

static struct slice
without_brackets(struct slice path)
{
	path = slice_trim(path);
	if (path.n >= 2 && path.p[0] == '<' && path.p[path.n - 1] == '>')
		path = (struct slice){ path.p + 1, path.n - 2 };
	return path;
}

/* A From line has a name where the null sender has none. */
static struct slice
sender_in_line(struct slice line)
{
	struct slice words = slice_tail(line, 5), sender;

	if (line.n == 0 || !slice_cut(&words, ' ', &sender))
		return (struct slice){ NULL, 0 };
	if (slice_find(sender, '@') < 0)
		return SLICE("");
	return sender;
}

static void
look_at(struct arena *arena, struct slice begin, struct letter *letter)
{
	struct slice line = from_line(begin);
	struct header_field field;

	if (line.n > 0)
		letter->offset = line.n < begin.n ? line.n + 1 : line.n;
	letter->size -= letter->offset;
	letter->sender = sender_in_line(line);
	if (header_find(slice_tail(begin, letter->offset), SLICE("Return-Path"),
		&field))
		letter->sender =
		    without_brackets(header_unfold(arena, field.value));
}

int
letter_open(
    struct arena *arena, int fd, struct letter *letter_out, struct why *why)
{
	char *begin = arena_alloc(arena, BEGIN_MAX);
	struct letter letter = { 0 };
	AUTO_CLOSE int own = memfd_create("letter", MFD_CLOEXEC);
	int64_t size;
	ssize_t n;

	if (own < 0)
		return why_fail(why, errno, "make a file in memory");
	size = copy(fd, own);
	if (size < 0)
		return why_fail(why, (int)-size, "read the message");
	n = pread(own, begin, BEGIN_MAX, 0);
	if (n < 0)
		return why_fail(why, errno, "read the message again");
	letter.size = (uint64_t)size;
	look_at(arena, (struct slice){ begin, (size_t)n }, &letter);
	letter.fd = take_fd(&own);
	*letter_out = letter;
	return 0;
}

void
letter_close(struct letter *letter)
{
	(void)close_fd(&letter->fd);
}
