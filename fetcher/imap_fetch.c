#include "fetcher/imap_fetch.h"

#include <stdlib.h>

struct imap_fetch
imap_fetch_start(void)
{
	return (struct imap_fetch){ 0 };
}

/* --- values ----------------------------------------------------------- */

time_t
imap_fetch_date(struct slice text)
{
	char copy[40];
	struct tm tm = { 0 };
	long offset_s;

	text = slice_head(slice_trim(text), sizeof copy - 1);
	if (text.n == 0)
		return 0;
	(void)memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (strptime(copy, "%d-%b-%Y %H:%M:%S %z", &tm) == NULL)
		return 0;
	offset_s = tm.tm_gmtoff; /* which timegm() overwrites */
	return timegm(&tm) - offset_s;
}

static const struct {
	struct slice name;
	char letter;
} flags[] = {
	{ { "\\Draft", 6 }, 'D' },
	{ { "\\Flagged", 8 }, 'F' },
	{ { "\\Answered", 9 }, 'R' },
	{ { "\\Seen", 5 }, 'S' },
};

/* Letters stand in the order of the alphabet, as Maildir wants them. */
static void
add_flag(struct imap_fetch *fetch, struct slice name)
{
	size_t n = strlen(fetch->flags), at = n;
	char letter = '\0';

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		if (slice_eq_nocase(name, flags[i].name))
			letter = flags[i].letter;
	}
	if (letter == '\0' || strchr(fetch->flags, letter) != NULL ||
	    n + 1 == sizeof fetch->flags)
		return;
	while (at > 0 && fetch->flags[at - 1] > letter)
		at--;
	(void)memmove(fetch->flags + at + 1, fetch->flags + at, n - at + 1);
	fetch->flags[at] = letter;
}

static void
take_value(struct imap_fetch *fetch, struct slice text)
{
	unsigned long long n = 0;

	if (fetch->key == IMAP_KEY_UID && slice_number(text, UINT32_MAX, &n))
		fetch->uid = n;
	else if (fetch->key == IMAP_KEY_SIZE &&
		 slice_number(text, INT64_MAX, &n))
		fetch->size = n;
	else if (fetch->key == IMAP_KEY_DATE)
		fetch->date = imap_fetch_date(text);
	else if (fetch->key == IMAP_KEY_FLAGS)
		add_flag(fetch, text);
}

/* --- structure -------------------------------------------------------- */

static enum imap_fetch_key
key_of(struct slice name)
{
	if (slice_eq_nocase(name, SLICE("UID")))
		return IMAP_KEY_UID;
	if (slice_eq_nocase(name, SLICE("RFC822.SIZE")))
		return IMAP_KEY_SIZE;
	if (slice_eq_nocase(name, SLICE("INTERNALDATE")))
		return IMAP_KEY_DATE;
	if (slice_eq_nocase(name, SLICE("FLAGS")))
		return IMAP_KEY_FLAGS;
	return IMAP_KEY_OTHER;
}

/* An atom or string: a key, a value, or a part of a list that is a value. */
static void
take_word(struct imap_fetch *fetch, struct slice text)
{
	if (fetch->depth == 0) {
		if (++fetch->words == 2)
			fetch->is_fetch = slice_eq_nocase(text, SLICE("FETCH"));
		return;
	}
	if (!fetch->is_fetch)
		return;
	if (fetch->depth == 1 && fetch->key == IMAP_KEY_NONE) {
		fetch->key = key_of(text);
		return;
	}
	take_value(fetch, text);
	if (fetch->depth == 1)
		fetch->key = IMAP_KEY_NONE;
}

static void
close_list(struct imap_fetch *fetch)
{
	if (fetch->depth > 0)
		fetch->depth--;
	if (fetch->depth == 1)
		fetch->key = IMAP_KEY_NONE;
}

static enum imap_fetch_kind
end_response(struct imap_fetch *fetch)
{
	bool done = fetch->is_fetch;

	if (!done)
		*fetch = imap_fetch_start();
	return done ? IMAP_FETCH_DONE : IMAP_FETCH_NOTHING;
}

enum imap_fetch_kind
imap_fetch_take(struct imap_fetch *fetch, const struct imap_event *event)
{
	switch (event->kind) {
	case IMAP_ATOM:
	case IMAP_STRING:
	case IMAP_NIL:
		take_word(fetch, event->text);
		return IMAP_FETCH_NOTHING;
	case IMAP_OPEN:
		fetch->depth++;
		return IMAP_FETCH_NOTHING;
	case IMAP_CLOSE:
		close_list(fetch);
		return IMAP_FETCH_NOTHING;
	case IMAP_BODY:
		fetch->has_body = fetch->is_fetch;
		return fetch->is_fetch ? IMAP_FETCH_BODY : IMAP_FETCH_NOTHING;
	case IMAP_BODY_END:
		fetch->key = IMAP_KEY_NONE;
		return IMAP_FETCH_NOTHING;
	case IMAP_END:
		return end_response(fetch);
	default:
		return IMAP_FETCH_NOTHING;
	}
}
