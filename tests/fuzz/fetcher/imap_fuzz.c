/*
 * What an IMAP server sends, and what its FETCH responses say. The first octet
 * chooses how the rest is cut into pieces: that must not matter.
 */
#include "fetcher/imap_fetch.h"
#include "fetcher/imap_name.h"
#include "tests/fuzz/pieces.h"

static void
note(struct buf *events, struct imap_fetch *fetch,
    const struct imap_event *event)
{
	if (event->kind != IMAP_BODY)
		(void)buf_addf(events, "\1%d\1", event->kind);
	if (event->kind != IMAP_BROKEN)
		(void)buf_add_slice(events, event->text);
	if (imap_fetch_take(fetch, event) != IMAP_FETCH_DONE)
		return;
	(void)buf_addf(events, "\2%llu %s\2", (unsigned long long)fetch->uid,
	    fetch->flags);
	*fetch = imap_fetch_start();
}

static struct buf
run(struct slice input, size_t step)
{
	struct buf events = BUF_INIT(PIECES_EVENTS_MAX);
	struct imap_event event = { .kind = IMAP_NEED_MORE };
	struct imap_fetch fetch = imap_fetch_start();
	struct imap imap;

	imap_init(&imap, 4096);
	while (input.n > 0 && event.kind != IMAP_BROKEN) {
		struct slice piece = pieces_next(&input, step);

		do {
			event = imap_next(&imap, &piece);
			if (event.kind != IMAP_NEED_MORE)
				note(&events, &fetch, &event);
		} while (
		    event.kind != IMAP_NEED_MORE && event.kind != IMAP_BROKEN);
	}
	imap_done(&imap);
	return events;
}

static void
read_name(struct slice name)
{
	struct arena arena = ARENA_INIT;
	struct slice utf8 = imap_name_decode(&arena, name);

	if (slice_is_text(utf8))
		(void)imap_name_encode(&arena, utf8);
	arena_done(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice input = { (const char *)octets, n };

	read_name(slice_head(input, 1000));
	pieces_compare(octets, n, run);
	return 0;
}
