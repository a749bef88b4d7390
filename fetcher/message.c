#include "fetcher/message.h"

#include <errno.h>
#include <fcntl.h>

#include "core/addr.h"
#include "core/header.h"
#include "core/io.h"
#include "core/scope.h"

void
message_init(struct message *message, const char *spool)
{
	*message = (struct message){
		.spool = spool, .begin = BUF_INIT(MESSAGE_MEMORY_MAX), .fd = -1
	};
	(void)crypto_hash_sha256_init(&message->sha256);
}

void
message_done(struct message *message)
{
	(void)close_fd(&message->fd);
	buf_free(&message->begin);
}

/* --- octets ----------------------------------------------------------- */

static void
add_to_file(struct message *message, struct slice octets)
{
	int r = 0;

	if (message->error < 0 || octets.n == 0)
		return;
	if (message->fd < 0)
		message->fd =
		    open(message->spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	r = message->fd < 0 ? -errno
			    : io_write(message->fd, octets.p, octets.n);
	if (r < 0)
		message->error = r;
}

void
message_add(struct message *message, struct slice octets)
{
	size_t room = MESSAGE_MEMORY_MAX - message->begin.n;
	struct slice here = slice_head(octets, room);

	(void)crypto_hash_sha256_update(
	    &message->sha256, (const unsigned char *)octets.p, octets.n);
	message->size_bytes += octets.n;
	(void)buf_add_slice(&message->begin, here);
	add_to_file(message, slice_tail(octets, here.n));
}

static void
release_cr(struct message *message)
{
	if (message->held_cr)
		message_add(message, SLICE("\r"));
	message->held_cr = false;
}

/* smtpc makes a blank of a CR that ends no line, as for all mail. */
void
message_add_raw(struct message *message, struct slice octets)
{
	while (octets.n > 0) {
		long cr = slice_find(octets, '\r');
		size_t n = cr < 0 ? octets.n : (size_t)cr;

		if (octets.p[0] == '\n')
			message->held_cr = false;
		release_cr(message);
		message_add(message, slice_head(octets, n));
		message->held_cr = cr >= 0;
		octets = slice_tail(octets, n + 1);
	}
}

/* --- header ----------------------------------------------------------- */

struct slice
message_sender(const struct message *message, struct arena *arena)
{
	struct header_field field;
	struct addr addr;

	if (!header_find(
		buf_slice(&message->begin), SLICE("Return-Path"), &field) ||
	    addr_parse(arena, slice_trim(field.value), false, &addr) < 0 ||
	    addr_is_null(&addr))
		return SLICE("");
	return addr_text(arena, &addr);
}

bool
message_loops(const struct message *message)
{
	struct header_walk walk = header_start(buf_slice(&message->begin));
	struct header_field field;
	unsigned hops = 0, rounds = 0;

	while (header_next(&walk, &field)) {
		hops += slice_eq_nocase(field.name, SLICE("Received"));
		rounds +=
		    slice_eq_nocase(field.name, SLICE("X-Hauspost-Fetched"));
	}
	return hops > MESSAGE_HOPS_MAX || rounds >= MESSAGE_ROUNDS_MAX;
}

/* "mx.example.org 1; spf=pass …": what stands there first. */
static bool
is_result_of(struct slice value, struct slice node)
{
	size_t n = 0;

	while (n < value.n && strchr(" \t\r\n;", value.p[n]) == NULL)
		n++;
	return slice_eq_nocase(slice_head(value, n), node);
}

void
message_disown(struct message *message, struct slice node)
{
	static const struct slice own = { "Authentication-Results", 22 };
	static const char foreign[] = "X-Foreign-Auth-Results"; /* as long */
	struct header_walk walk = header_start(buf_slice(&message->begin));
	struct header_field field;

	while (header_next(&walk, &field)) {
		if (slice_eq_nocase(field.name, own) &&
		    is_result_of(field.value, node))
			(void)memcpy(message->begin.p +
					 (field.name.p - message->begin.p),
			    foreign, own.n);
	}
}

static void
hash_field(
    crypto_hash_sha256_state *sha256, struct slice header, struct slice name)
{
	struct header_field field = { 0 };

	if (header_find(header, name, &field))
		(void)crypto_hash_sha256_update(sha256,
		    (const unsigned char *)field.value.p, field.value.n);
	(void)crypto_hash_sha256_update(sha256, (const unsigned char *)"", 1);
}

static void
hash_header(
    struct slice header, uint64_t size_bytes, unsigned char hash[MESSAGE_HASH])
{
	uint64_t body_bytes = size_bytes - header_length(header);
	crypto_hash_sha256_state sha256;

	(void)crypto_hash_sha256_init(&sha256);
	hash_field(&sha256, header, SLICE("Message-ID"));
	hash_field(&sha256, header, SLICE("Date"));
	hash_field(&sha256, header, SLICE("From"));
	(void)crypto_hash_sha256_update(
	    &sha256, (const unsigned char *)&body_bytes, sizeof body_bytes);
	(void)crypto_hash_sha256_final(&sha256, hash);
}

void
message_finish(struct message *message, unsigned char hash[MESSAGE_HASH])
{
	struct header_field field;
	struct slice header;

	release_cr(message);
	header = buf_slice(&message->begin);
	message->has_id = header_find(header, SLICE("Message-ID"), &field) &&
			  slice_trim(field.value).n > 0;
	if (message->has_id)
		hash_header(header, message->size_bytes, hash);
	else
		(void)crypto_hash_sha256_final(&message->sha256, hash);
}

size_t
message_parts(const struct message *message, struct slice head,
    struct smtpc_part parts[MESSAGE_PARTS])
{
	struct slice begin = buf_slice(&message->begin);

	parts[0] = (struct smtpc_part)SMTPC_OCTETS(head);
	parts[1] = (struct smtpc_part)SMTPC_OCTETS(begin);
	if (message->fd < 0)
		return 2;
	parts[2] = (struct smtpc_part){ .fd = message->fd,
		.size = message->size_bytes - begin.n };
	return MESSAGE_PARTS;
}
