/*
 * The octets of an LMTP peer, and what the commands among them say. The first
 * octet chooses how the rest is cut into pieces: that must not matter.
 */
#include "core/command.h"
#include "core/proto.h"
#include "tests/fuzz/pieces.h"

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
	struct buf events = BUF_INIT(PIECES_EVENTS_MAX);
	struct proto proto;

	proto_init(&proto);
	while (input.n > 0) {
		struct slice piece = pieces_next(&input, step);

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
	pieces_compare(octets, n, run);
	return 0;
}
