#include "lmtpd/front/heading.h"

#include <assert.h>

#include "core/buf.h"
#include "core/header.h"

enum {
	/* Two addresses and two host names of their greatest length. */
	HEADING_MAX = 8192,
	DATE_TEXT_MAX = 64,
};

static void
add_clean(struct buf *to, struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		(void)buf_add_char(to, c < ' ' || c == 0x7f ? '?' : (char)c);
	}
}

void
heading_add(
    struct buf *to, const char *before, struct slice value, const char *behind)
{
	(void)buf_add_text(to, before);
	add_clean(to, value);
	(void)buf_add_text(to, behind);
}

/* strftime's names depend on the locale, which no daemon of ours sets. */
void
heading_add_date(struct buf *to, time_t when)
{
	char text[DATE_TEXT_MAX];
	struct tm utc;

	(void)gmtime_r(&when, &utc);
	(void)strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &utc);
	(void)buf_add_text(to, text);
}

/* RFC 5321 4.4; the protocol names are RFC 3848's and RFC 6531 4.3's. */
static void
add_received(
    struct buf *to, const struct heading *heading, struct slice original)
{
	heading_add(to, "Received: from ", heading->peer, "\n");
	heading_add(to, "\tby ", heading->node, " (Hauspost) with ");
	(void)buf_add_text(to, heading->utf8 ? "UTF8LMTP" : "LMTP");
	if (heading->queue_id.n > 0)
		heading_add(to, " id ", heading->queue_id, "");
	heading_add(to, "\n\tfor <", original, ">; ");
	heading_add_date(to, heading->arrival);
	(void)buf_add_text(to, "\n");
}

struct slice
heading_final(struct arena *arena, const struct heading *heading,
    struct slice delivered_to, struct slice original)
{
	AUTO_BUF struct buf text = BUF_INIT(HEADING_MAX);

	heading_add(&text, "Return-Path: <", heading->sender, ">\n");
	heading_add(&text, "X-Original-To: ", original, "\n");
	heading_add(&text, "Delivered-To: ", delivered_to, "\n");
	add_received(&text, heading, original);
	assert(!buf_failed(&text));
	return arena_slice(arena, buf_slice(&text));
}

struct slice
heading_return_path(struct arena *arena, const struct heading *heading)
{
	AUTO_BUF struct buf text = BUF_INIT(HEADING_MAX);

	heading_add(&text, "Return-Path: <", heading->sender, ">\n");
	assert(!buf_failed(&text));
	return arena_slice(arena, buf_slice(&text));
}

struct slice
heading_onward(struct arena *arena, const struct heading *heading,
    struct slice delivered_to, struct slice original)
{
	AUTO_BUF struct buf text = BUF_INIT(HEADING_MAX);

	heading_add(&text, "Delivered-To: ", delivered_to, "\n");
	add_received(&text, heading, original);
	assert(!buf_failed(&text));
	return arena_slice(arena, buf_slice(&text));
}

/* --- reading ---------------------------------------------------------- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_between_words(char c)
{
	return is_blank(c) || c == ';';
}

/* The next word of a Received value; empty at its end. */
static struct slice
next_word(struct slice *rest)
{
	struct slice word;
	size_t n = 0;

	while (rest->n > 0 && is_between_words(rest->p[0]))
		*rest = slice_tail(*rest, 1);
	while (n < rest->n && !is_between_words(rest->p[n]))
		n++;
	word = slice_head(*rest, n);
	*rest = slice_tail(*rest, n);
	return word;
}

/* Whether "id QUEUEID" stands in a Received value. */
static bool
carries_id(struct slice value, struct slice queue_id)
{
	bool behind_id = false;
	struct slice word;

	while ((word = next_word(&value)).n > 0) {
		if (behind_id && slice_eq(word, queue_id))
			return true;
		behind_id = slice_eq_nocase(word, SLICE("id"));
	}
	return false;
}

struct slice
heading_queue_id(struct slice header, struct slice node)
{
	struct header_walk walk = header_start(header);
	struct header_field field;
	struct slice value, word;

	if (!header_next(&walk, &field) ||
	    !slice_eq_nocase(field.name, SLICE("Received")))
		return SLICE("");
	value = field.value;
	if (!slice_eq_nocase(next_word(&value), SLICE("by")) ||
	    !slice_eq_nocase(next_word(&value), node) ||
	    !slice_starts_nocase(next_word(&value), SLICE("(Postfix")))
		return SLICE("");
	do {
		word = next_word(&value);
	} while (word.n > 0 && !slice_eq_nocase(word, SLICE("id")));
	return next_word(&value);
}

static bool
read_date(struct slice text, time_t *when_out)
{
	char copy[DATE_TEXT_MAX];
	struct tm tm = { 0 };
	long offset_s;

	text = slice_head(slice_trim(text), sizeof copy - 1);
	if (text.n == 0)
		return false;
	(void)memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (strptime(copy, "%a, %d %b %Y %H:%M:%S %z", &tm) == NULL)
		return false;
	offset_s = tm.tm_gmtoff; /* which timegm() overwrites */
	*when_out = timegm(&tm) - offset_s;
	return *when_out > 0;
}

int
heading_arrival(struct slice header, struct slice queue_id, time_t *arrival_out)
{
	struct header_walk walk = header_start(header);
	struct header_field field;
	long semicolon;

	while (queue_id.n > 0 && header_next(&walk, &field)) {
		if (!slice_eq_nocase(field.name, SLICE("Received")) ||
		    !carries_id(field.value, queue_id))
			continue;
		semicolon = slice_rfind(field.value, ';');
		if (semicolon >= 0 &&
		    read_date(slice_tail(field.value, (size_t)semicolon + 1),
			arrival_out))
			return 1;
	}
	return 0;
}

int
heading_received(struct slice header, unsigned place, time_t *when_out)
{
	struct header_walk walk = header_start(header);
	struct header_field field;
	long semicolon;

	while (header_next(&walk, &field)) {
		if (!slice_eq_nocase(field.name, SLICE("Received")) ||
		    place-- > 0)
			continue;
		semicolon = slice_rfind(field.value, ';');
		return semicolon >= 0 &&
		       read_date(
			   slice_tail(field.value, (size_t)semicolon + 1),
			   when_out);
	}
	return 0;
}

unsigned
heading_hops(struct slice header)
{
	struct header_walk walk = header_start(header);
	struct header_field field;
	unsigned hops = 0;

	while (header_next(&walk, &field))
		hops += slice_eq_nocase(field.name, SLICE("Received"));
	return hops;
}

bool
heading_has(struct slice header, struct slice name, struct slice value)
{
	struct header_walk walk = header_start(header);
	struct header_field field;

	while (header_next(&walk, &field)) {
		if (slice_eq_nocase(field.name, name) &&
		    slice_eq_nocase(field.value, value))
			return true;
	}
	return false;
}
