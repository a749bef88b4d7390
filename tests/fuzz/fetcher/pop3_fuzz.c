/*
 * What a POP3 server sends. The first octet chooses how the rest is cut into
 * pieces: that must not matter.
 */
#include "fetcher/pop3.h"
#include "tests/fuzz/pieces.h"

static void
note(struct buf *events, const struct pop3_event *event)
{
	assert(slice_find(event->octets, '\r') < 0 || event->kind != POP3_TEXT);
	if (event->kind != POP3_TEXT)
		(void)buf_addf(events, "\1%d\1", event->kind);
	if (event->kind != POP3_BROKEN)
		(void)buf_add_slice(events, event->octets);
}

static struct buf
run(struct slice input, size_t step)
{
	struct buf events = BUF_INIT(PIECES_EVENTS_MAX);
	struct pop3_event event = { .kind = POP3_NEED_MORE };
	struct pop3 pop3;

	pop3_init(&pop3);
	while (input.n > 0 && event.kind != POP3_BROKEN) {
		struct slice piece = pieces_next(&input, step);

		do {
			event = pop3_next(&pop3, &piece);
			if (event.kind == POP3_NEED_MORE)
				break;
			note(&events, &event);
			/* Any rule will do that the cut has no part in. */
			pop3_expect(&pop3, event.kind != POP3_ERR);
		} while (event.kind != POP3_BROKEN);
	}
	pop3_done(&pop3);
	return events;
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	pieces_compare(octets, n, run);
	return 0;
}
