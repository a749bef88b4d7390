/*
 * The octets of an LMTP peer, and what the commands among them say. The first
 * octet chooses how the rest is cut into pieces: that must not matter.
 */
#include <assert.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/command.h"
#include "core/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void
read_command(struct slice line)
{
	struct command_xforward client = { 0 };
	struct arena arena = ARENA_INIT;
	struct command command = command_read(line);
	struct command_mail mail;
	struct command_rcpt rcpt;
	struct why why;

	(void)command_mail(&arena, command.args, true, &mail, &why);
	(void)command_xforward(&arena, command.args, &client, &why);
	assert(strlen(client.ident) <= QUEUE_ID_MAX);
	if (command_rcpt(&arena, command.args, true, &rcpt, &why) == MAIL_OK)
		assert(slice_find(rcpt.original, '\n') < 0);
	arena_done(&arena);
}

static void
note(struct buf *events, struct proto *proto, const struct proto_event *e)
{
	if (e->kind == PROTO_NEED_MORE)
		return;
	if (e->kind == PROTO_TEXT) {
		assert(slice_find(e->octets, '\r') < 0);
		(void)buf_add_slice(events, e->octets);
		return;
	}
	(void)buf_addf(events, "\1%d\1", e->kind);
	if (e->kind != PROTO_LINE)
		return;
	(void)buf_add_slice(events, e->octets);
	read_command(e->octets);
	if (slice_eq(e->octets, SLICE("DATA")))
		proto_start_text(proto);
}

static struct buf
run(struct slice input, size_t step)
{
	struct buf events = BUF_INIT(1 << 24);
	struct proto proto;

	proto_init(&proto);
	while (input.n > 0) {
		struct slice piece = slice_head(input, step);

		input = slice_tail(input, step);
		while (piece.n > 0) {
			struct proto_event e = proto_next(&proto, &piece);

			note(&events, &proto, &e);
		}
	}
	proto_done(&proto);
	return events;
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice input = { (const char *)octets, n };
	struct buf whole, cut;

	if (n < 2)
		return 0;
	input = slice_tail(input, 1);
	whole = run(input, n);
	cut = run(input, (size_t)octets[0] + 1);
	assert(slice_eq(buf_slice(&whole), buf_slice(&cut)));
	buf_free(&whole);
	buf_free(&cut);
	return 0;
}
