#include "listmgr/summary.h"

#include <sodium.h>

#include "core/header.h"
#include "listmgr/line.h"
#include "listmgr/subject.h"
#include "sieve/address.h"
#include "sieve/datetime.h"
#include "sieve/encoded_word.h"

enum {
	MADE_OCTETS = 16, /* of the digest: enough to tell messages apart */
	CLOCK_WRONG_S = 24 * 3600,
	FIELD_MAX = 64 * 1024, /* longer ones are no references */
};

static struct slice
value_of(struct slice message, struct slice name)
{
	struct header_field field;

	if (!header_find(message, name, &field))
		return (struct slice){ "", 0 };
	return slice_head(field.value, FIELD_MAX);
}

/* --- Message-IDs -------------------------------------------------------- */

/* The next <id> of a folded value, without its < > and blanks. */
static bool
next_id(struct arena *arena, struct slice *rest, struct slice *id_out)
{
	long open = slice_find(*rest, '<'), close;

	if (open < 0)
		return false;
	*rest = slice_tail(*rest, (size_t)open + 1);
	close = slice_find(*rest, '>');
	if (close < 0)
		return false;
	*id_out =
	    line_clean(arena, slice_head(*rest, (size_t)close), SUMMARY_TEXT);
	*rest = slice_tail(*rest, (size_t)close + 1);
	return true;
}

struct slice
summary_make_id(struct arena *arena, struct slice message, struct slice domain)
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	char text[2 * MADE_OCTETS + 1];

	(void)crypto_hash_sha256(
	    digest, (const unsigned char *)message.p, message.n);
	(void)sodium_bin2hex(text, sizeof text, digest, MADE_OCTETS);
	return slice_of(
	    arena_printf(arena, "hauspost-%s@%.*s", text, SLICE_FMT(domain)));
}

static struct slice
message_id(struct arena *arena, struct slice message, struct slice domain)
{
	struct slice value = value_of(message, SLICE("Message-ID"));
	struct slice rest = value, id = { "", 0 };

	if (!next_id(arena, &rest, &id))
		id = line_clean(arena, value, SUMMARY_TEXT);
	return id.n > 0 ? id : summary_make_id(arena, message, domain);
}

static void
add_parent(struct summary *summary, struct slice id)
{
	if (id.n > 0 && summary->n_parents < SUMMARY_PARENTS &&
	    !slice_eq(id, summary->message_id))
		summary->parents[summary->n_parents++] = id;
}

/*
 * The last ids are the nearest ancestors: as many as there is room for, kept
 * in a ring while the field is read.
 */
static void
read_references(
    struct arena *arena, struct slice message, struct summary *summary)
{
	struct slice rest = value_of(message, SLICE("References")), id;
	struct slice ring[SUMMARY_PARENTS];
	size_t n = 0;

	while (next_id(arena, &rest, &id))
		ring[n++ % SUMMARY_PARENTS] = id;
	for (size_t i = 0; i < n && i < SUMMARY_PARENTS; i++)
		add_parent(summary, ring[(n - 1 - i) % SUMMARY_PARENTS]);
	rest = value_of(message, SLICE("In-Reply-To"));
	while (next_id(arena, &rest, &id))
		add_parent(summary, id);
}

/* --- the rest ----------------------------------------------------------- */

static void
read_author(struct arena *arena, struct slice message, struct summary *summary)
{
	struct address_walk walk =
	    address_start(arena, value_of(message, SLICE("From")));
	struct address address = { .name = { "", 0 }, .text = { "", 0 } };

	(void)address_next(&walk, &address);
	summary->from_name = line_clean(arena, address.name, SUMMARY_TEXT);
	summary->from_address = line_clean(arena, address.text, SUMMARY_TEXT);
}

static void
read_subject(struct arena *arena, struct slice message, struct summary *summary)
{
	struct slice base;
	char *lower;

	summary->subject = line_clean(arena,
	    encoded_word_decode(arena, value_of(message, SLICE("Subject"))),
	    SUMMARY_TEXT);
	base = subject_base(summary->subject);
	lower = arena_strndup(arena, base.p, base.n);
	for (size_t i = 0; i < base.n; i++)
		lower[i] = (char)ascii_lower((unsigned char)lower[i]);
	summary->base_subject = (struct slice){ lower, base.n };
}

/* A clock that is slow may be an old message; one that is fast is wrong. */
static int64_t
date_of(struct slice message, int64_t now)
{
	int64_t at;
	int zone;

	if (!datetime_parse(value_of(message, SLICE("Date")), &at, &zone))
		return now;
	return at >= 0 && at <= now + CLOCK_WRONG_S ? at : now;
}

void
summary_read(struct arena *arena, struct slice message, struct slice domain,
    int64_t now, struct summary *summary_out)
{
	struct summary summary = { .date = date_of(message, now) };

	summary.message_id = message_id(arena, message, domain);
	summary.parents =
	    arena_calloc(arena, SUMMARY_PARENTS, sizeof *summary.parents);
	read_references(arena, message, &summary);
	read_author(arena, message, &summary);
	read_subject(arena, message, &summary);
	*summary_out = summary;
}
