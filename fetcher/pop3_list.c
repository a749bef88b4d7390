#include "fetcher/pop3_list.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

enum {
	LIST_MAX = 96 * 1024 * 1024, /* a million messages with long uids */
	MESSAGES_MAX = 1000000,
	UID_MAX = 512, /* RFC 1939 has 70, some servers more */
	NAME_OCTETS = 16,
	HEADER_MAX = 16 * 1024 * 1024, /* with lines that TOP adds unasked */
};

size_t
pop3_window(const struct pop3_session *s)
{
	return pop3_session_offers(s, SLICE("PIPELINING")).p != NULL
		   ? POP3_WINDOW
		   : 1;
}

/* --- lists ------------------------------------------------------------ */

/* The next line with anything in it. */
static bool
next_line(struct slice *text, struct slice *line_out)
{
	while (slice_cut(text, '\n', line_out)) {
		*line_out = slice_trim(*line_out);
		if (line_out->n > 0)
			return true;
	}
	return false;
}

static size_t
count_lines(struct slice text)
{
	size_t n = 0;

	for (struct slice line; next_line(&text, &line); n++)
		;
	return n;
}

static int
say_bad_list(struct pop3_session *s, struct slice line)
{
	return trouble_say(&s->run->trouble, "PROTOCOL", "in a list: %.*s",
	    SLICE_FMT(slice_head(line, 80)));
}

/* "12 rest"; the rest may have blanks in it. */
static bool
read_line(struct slice *line, uint32_t *number_out)
{
	unsigned long long place;
	struct slice number;

	if (!slice_cut(line, ' ', &number) ||
	    !slice_number(number, UINT32_MAX, &place))
		return false;
	*line = slice_trim(*line);
	*number_out = (uint32_t)place;
	return line->n > 0 && slice_is_text(*line);
}

struct sized {
	uint32_t number;
	unsigned long long size;
};

static int
compare_sized(const void *a, const void *b)
{
	const struct sized *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static void
fill_mailbox(struct arena *arena, struct pop3_mailbox *box,
    const struct sized *sized, size_t n)
{
	box->numbers = arena_calloc(arena, n, sizeof *box->numbers);
	box->sizes = arena_calloc(arena, n, sizeof *box->sizes);
	box->listing.uids = arena_calloc(arena, n, sizeof(struct slice));
	box->listing.sizes = arena_calloc(arena, n, sizeof(struct slice));
	for (size_t i = 0; i < n; i++) {
		box->numbers[i] = sized[i].number;
		box->sizes[i] = sized[i].size;
		box->listing.uids[i] = SLICE("");
		box->listing.sizes[i] =
		    db_number_param(arena, (long long)sized[i].size);
	}
	box->listing.n = n;
}

static int
read_sizes(struct pop3_session *s, struct slice text, struct pop3_mailbox *box)
{
	size_t n = count_lines(text);
	struct arena *arena = &s->run->arena;
	struct sized *sized;
	struct slice line, octets;

	if (n > MESSAGES_MAX)
		return trouble_say(&s->run->trouble, "PROTOCOL",
		    "more than %d messages", MESSAGES_MAX);
	sized = arena_calloc(arena, n, sizeof *sized);
	for (size_t i = 0; next_line(&text, &line); i++) {
		if (!read_line(&line, &sized[i].number) ||
		    !slice_cut(&line, ' ', &octets) ||
		    !slice_number(octets, INT64_MAX, &sized[i].size))
			return say_bad_list(s, line);
	}
	qsort(sized, n, sizeof *sized, compare_sized);
	fill_mailbox(arena, box, sized, n);
	return 0;
}

static int
compare_numbers(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int
read_uids(struct pop3_session *s, struct slice text, struct pop3_mailbox *box)
{
	struct slice line;
	uint32_t number;

	while (next_line(&text, &line)) {
		uint32_t *at;

		if (!read_line(&line, &number) || line.n > UID_MAX)
			return say_bad_list(s, line);
		at = bsearch(&number, box->numbers, box->listing.n,
		    sizeof number, compare_numbers);
		if (at != NULL)
			box->listing.uids[at - box->numbers] =
			    arena_slice(&s->run->arena, line);
	}
	return 0;
}

static int
ask_sizes(struct pop3_session *s, struct pop3_mailbox *box)
{
	AUTO_BUF struct buf text = BUF_INIT(LIST_MAX);
	struct pop3_event reply;
	int r = pop3_session_list(s, "LIST", &text, &reply);

	if (r == 0 && reply.kind != POP3_OK)
		return trouble_say(&s->run->trouble, "PROTOCOL", "LIST: %.*s",
		    SLICE_FMT(reply.octets));
	return r == 0 ? read_sizes(s, buf_slice(&text), box) : r;
}

/*
 * Without UIDL every look costs a TOP for each message. That may be where
 * they do not stay.
 */
static int
do_without_uids(struct pop3_session *s, struct slice words)
{
	if (s->run->job->leave_days != 0)
		return trouble_say(
		    &s->run->trouble, "NO_UIDL", "%.*s", SLICE_FMT(words));
	return items_hint(&s->run->items, "UIDLESS");
}

static int
ask_uids(struct pop3_session *s, struct pop3_mailbox *box)
{
	AUTO_BUF struct buf text = BUF_INIT(LIST_MAX);
	struct pop3_event reply;
	int r = pop3_session_list(s, "UIDL", &text, &reply);

	if (r == 0 && reply.kind != POP3_OK)
		return do_without_uids(s, reply.octets);
	return r == 0 ? read_uids(s, buf_slice(&text), box) : r;
}

/* --- names by what is in them ----------------------------------------- */

struct naming {
	struct pop3_session *s;
	struct pop3_mailbox *box;
	size_t *places; /* of the messages that want a name */
	size_t n;
};

static int
hash_text(struct pop3_session *s, crypto_hash_sha256_state *sha256)
{
	struct pop3_event event;
	size_t n = 0;

	do {
		int r = pop3_session_event(s, &event);

		if (r < 0 || event.kind == POP3_TEXT_END)
			return r;
		(void)crypto_hash_sha256_update(sha256,
		    (const unsigned char *)event.octets.p, event.octets.n);
		n += event.octets.n;
	} while (n <= HEADER_MAX);
	return trouble_say(
	    &s->run->trouble, "PROTOCOL", "a header without end");
}

static int
read_top(struct pop3_session *s, crypto_hash_sha256_state *sha256)
{
	struct pop3_event event;
	int r;

	pop3_expect(&s->pop3, true);
	r = pop3_session_event(s, &event);
	if (r == 0 && event.kind != POP3_OK)
		return trouble_say(&s->run->trouble, "NO_UIDL", "TOP: %.*s",
		    SLICE_FMT(event.octets));
	return r == 0 ? hash_text(s, sha256) : r;
}

static int
name_one(struct naming *n, size_t place)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * NAME_OCTETS + 1];
	struct listing *listing = &n->box->listing;
	struct arena *arena = &n->s->run->arena;
	crypto_hash_sha256_state sha256;
	int r;

	(void)crypto_hash_sha256_init(&sha256);
	(void)crypto_hash_sha256_update(&sha256,
	    (const unsigned char *)listing->sizes[place].p,
	    listing->sizes[place].n + 1); /* and the NUL behind it */
	r = read_top(n->s, &sha256);
	if (r < 0)
		return r;
	(void)crypto_hash_sha256_final(&sha256, hash);
	(void)sodium_bin2hex(hex, sizeof hex, hash, NAME_OCTETS);
	listing->uids[place] = slice_of(arena_printf(
	    arena, "%.*s\n%s", SLICE_FMT(listing->uids[place]), hex));
	return 0;
}

static int
name_all(struct naming *n)
{
	size_t window = pop3_window(n->s), sent = 0;
	int r = 0;

	for (size_t done = 0; done < n->n && r == 0; done++) {
		for (; sent < n->n && sent - done < window; sent++)
			(void)buf_addf(&n->s->stream.out,
			    "TOP %" PRIu32 " 0\r\n",
			    n->box->numbers[n->places[sent]]);
		r = name_one(n, n->places[done]);
	}
	return r;
}

static int
compare_uids(const void *a, const void *b, void *arg)
{
	const struct slice *uids = arg;
	struct slice x = uids[*(const size_t *)a], y = uids[*(const size_t *)b];
	int r = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);

	return r != 0 ? r : (x.n > y.n) - (x.n < y.n);
}

static bool
is_same(const struct naming *n, const size_t *sorted, size_t i, size_t j)
{
	const struct slice *uids = n->box->listing.uids;

	return j < n->box->listing.n &&
	       slice_eq(uids[sorted[i]], uids[sorted[j]]);
}

/* Those without a uid, and those whose uid is another's too. */
static void
find_nameless(struct naming *n)
{
	const struct listing *listing = &n->box->listing;
	struct arena *arena = &n->s->run->arena;
	size_t *sorted = arena_calloc(arena, listing->n, sizeof *sorted);

	n->places = arena_calloc(arena, listing->n, sizeof *n->places);
	for (size_t i = 0; i < listing->n; i++)
		sorted[i] = i;
	qsort_r(
	    sorted, listing->n, sizeof *sorted, compare_uids, listing->uids);
	for (size_t i = 0; i < listing->n; i++) {
		if (listing->uids[sorted[i]].n == 0 ||
		    is_same(n, sorted, i, i + 1) ||
		    (i > 0 && is_same(n, sorted, i, i - 1)))
			n->places[n->n++] = sorted[i];
	}
}

int
pop3_list(struct pop3_session *s, struct pop3_mailbox *box)
{
	struct naming naming = { .s = s, .box = box };
	int r;

	box->listing = (struct listing){ .folder = SLICE(""), .whole = true };
	r = ask_sizes(s, box);
	if (r == 0)
		r = ask_uids(s, box);
	if (r < 0)
		return r;
	find_nameless(&naming);
	return name_all(&naming);
}
