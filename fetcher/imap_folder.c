#include "fetcher/imap_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fetcher/imap_delete.h"
#include "fetcher/imap_fetch.h"
#include "fetcher/imap_messages.h"
#include "fetcher/imap_name.h"

enum { MESSAGES_MAX = 1000000 };

struct folder {
	struct imap_session *s;
	struct slice quoted;	 /* its name, for commands */
	uint64_t validity, next; /* 0: the server does not say */
	struct items_folder known;
	struct imap_messages messages;
	struct listing listing;
};

/* --- what the server says of it --------------------------------------- */

/* "* STATUS name (UIDVALIDITY 1 UIDNEXT 5)" */
static void
take_status(struct folder *f, struct slice key, struct slice value)
{
	unsigned long long n;

	if (!slice_number(value, UINT32_MAX, &n))
		return;
	if (slice_eq_nocase(key, SLICE("UIDVALIDITY")))
		f->validity = n;
	else if (slice_eq_nocase(key, SLICE("UIDNEXT")))
		f->next = n;
}

static int
ask_status(struct folder *f)
{
	struct imap_event event;
	char key[32] = "";
	int r = imap_session_begin(
	    f->s, "STATUS %s (UIDVALIDITY UIDNEXT)", f->quoted.p);

	if (r < 0)
		return r;
	while ((r = imap_session_next(f->s, &event)) > 0) {
		if (event.kind != IMAP_ATOM)
			continue;
		take_status(f, slice_of(key), event.text);
		(void)snprintf(key, sizeof key, "%.*s", SLICE_FMT(event.text));
	}
	return r == 0 ? imap_session_want(f->s, "FOLDER") : r;
}

/* "* OK [UIDVALIDITY 3857529045] UIDs valid" */
static void
take_code(struct folder *f, struct slice text)
{
	struct slice key, value;

	if (text.n == 0 || text.p[0] != '[')
		return;
	text = slice_tail(text, 1);
	if (slice_cut(&text, ' ', &key) && slice_cut(&text, ']', &value))
		take_status(f, key, value);
}

static int
select_folder(struct folder *f)
{
	const struct job *job = f->s->run->job;
	bool changes = job->leave_days != JOB_LEAVE_FOR_EVER || job->mark_read;
	struct imap_event event;
	int r = imap_session_begin(
	    f->s, "%s %s", changes ? "SELECT" : "EXAMINE", f->quoted.p);

	if (r < 0)
		return r;
	while ((r = imap_session_next(f->s, &event)) > 0) {
		if (event.kind == IMAP_STATUS)
			take_code(f, event.text);
	}
	return r == 0 ? imap_session_want(f->s, "FOLDER") : r;
}

/* --- what is in it ---------------------------------------------------- */

static int
compare_uids(const void *a, const void *b)
{
	const struct imap_fetch *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static void
make_listing(struct folder *f, struct imap_fetch *found, size_t n)
{
	struct arena *arena = &f->s->run->arena;

	if (n > 0)
		qsort(found, n, sizeof *found, compare_uids);
	f->messages.sizes = arena_calloc(arena, n, sizeof *f->messages.sizes);
	f->listing.uids = arena_calloc(arena, n, sizeof(struct slice));
	f->listing.sizes = arena_calloc(arena, n, sizeof(struct slice));
	for (size_t i = 0; i < n; i++) {
		f->messages.sizes[i] = found[i].size;
		f->listing.uids[i] =
		    db_number_param(arena, (long long)found[i].uid);
		f->listing.sizes[i] =
		    db_number_param(arena, (long long)found[i].size);
	}
	f->listing.n = n;
}

/* "5:*" names the last message even when its uid is below 5. */
static int
list_uids(struct folder *f, uint64_t from, struct buf *found)
{
	struct imap_fetch fetch = imap_fetch_start();
	struct imap_event event;
	int r = imap_session_begin(
	    f->s, "UID FETCH %" PRIu64 ":* (UID RFC822.SIZE)", from);

	if (r < 0)
		return r;
	while ((r = imap_session_next(f->s, &event)) > 0) {
		if (imap_fetch_take(&fetch, &event) != IMAP_FETCH_DONE)
			continue;
		if (fetch.uid >= from &&
		    buf_add(found, &fetch, sizeof fetch) < 0)
			return trouble_say(&f->s->run->trouble, "PROTOCOL",
			    "more than %d messages", MESSAGES_MAX);
		fetch = imap_fetch_start();
	}
	return r == 0 ? imap_session_want(f->s, "PROTOCOL") : r;
}

static int
list(struct folder *f, uint64_t from)
{
	AUTO_BUF struct buf found =
	    BUF_INIT(MESSAGES_MAX * sizeof(struct imap_fetch));
	int r = list_uids(f, from, &found);

	if (r < 0)
		return r;
	make_listing(f, (struct imap_fetch *)(void *)found.p,
	    found.n / sizeof(struct imap_fetch));
	return items_list(
	    &f->s->run->items, &f->listing, &f->messages.items, &f->messages.n);
}

static uint64_t
highest(const struct folder *f)
{
	unsigned long long uid = 0;

	if (f->listing.n > 0)
		(void)slice_number(
		    f->listing.uids[f->listing.n - 1], UINT32_MAX, &uid);
	return uid;
}

/* --- fetching --------------------------------------------------------- */

/* New uids, or uids that mean other messages than before? */
static bool
has_news(const struct folder *f)
{
	return f->next == 0 || f->next > f->known.next ||
	       f->validity != f->known.validity;
}

static int
fetch_news(struct folder *f)
{
	bool renamed =
	    f->known.validity != 0 && f->known.validity != f->validity;
	int r;

	f->listing.validity = f->validity;
	f->listing.renamed = renamed;
	r = list(f, renamed || f->known.next == 0 ? 1 : f->known.next);
	if (r == 0)
		r = imap_messages_fetch(f->s, &f->messages);
	if (r == 0 && f->s->run->job->mark_read)
		r = imap_mark_read(f->s, &f->messages);
	if (r < 0)
		return r;
	f->known.validity = f->validity;
	f->known.next = f->next > 0 ? f->next : highest(f) + 1;
	return items_folder_done(
	    &f->s->run->items, f->listing.folder, &f->known);
}

/* --- what is still in it ---------------------------------------------- */

/* "* SEARCH 2 3 5" */
static int
read_search(struct folder *f, struct buf *uids)
{
	struct arena *arena = &f->s->run->arena;
	struct imap_event event;
	unsigned long long n;
	int r;

	while ((r = imap_session_next(f->s, &event)) > 0) {
		struct slice uid;

		if (event.kind != IMAP_ATOM ||
		    !slice_number(event.text, UINT32_MAX, &n))
			continue;
		uid = arena_slice(arena, event.text);
		if (buf_add(uids, &uid, sizeof uid) < 0)
			return trouble_say(&f->s->run->trouble, "PROTOCOL",
			    "more than %d messages", MESSAGES_MAX);
	}
	return r == 0 ? imap_session_want(f->s, "PROTOCOL") : r;
}

/* Once a month, so that what is long gone there is forgotten here. */
static int
compare(struct folder *f)
{
	AUTO_BUF struct buf uids =
	    BUF_INIT(MESSAGES_MAX * sizeof(struct slice));
	int r = imap_session_begin(f->s, "UID SEARCH ALL");

	if (r == 0)
		r = read_search(f, &uids);
	if (r < 0)
		return r;
	f->listing.uids = (struct slice *)(void *)uids.p;
	f->listing.n = uids.n / sizeof(struct slice);
	return items_compare(&f->s->run->items, &f->listing);
}

/* --- all -------------------------------------------------------------- */

static int
serve(struct folder *f)
{
	bool removes = f->s->run->job->leave_days != JOB_LEAVE_FOR_EVER;
	int r = items_folder(&f->s->run->items, f->listing.folder, &f->known);

	if (r == 0)
		r = ask_status(f);
	if (r < 0 || (!removes && !has_news(f) && !f->known.compare))
		return r;
	r = select_folder(f);
	if (r == 0 && f->validity == 0)
		r = trouble_say(&f->s->run->trouble, "PROTOCOL",
		    "no UIDVALIDITY: uids mean nothing");
	if (r == 0 && has_news(f))
		r = fetch_news(f);
	f->listing.validity = f->validity;
	if (r == 0 && removes)
		r = imap_delete(f->s, &f->listing);
	return r == 0 && f->known.compare ? compare(f) : r;
}

/* An imported folder comes to stand where it stood, without its filters. */
struct slice
imap_folder_place(struct arena *arena, const struct imap_folder *folder)
{
	struct slice name = folder->name;

	if (slice_eq_nocase(name, SLICE("INBOX")))
		return SLICE("INBOX");
	if (slice_starts_nocase(name, SLICE("INBOX")) && name.n > 6 &&
	    name.p[5] == folder->delimiter)
		name = slice_tail(name, 6);
	return imap_name_place(arena, name, folder->delimiter);
}

static struct folder
open_folder(struct imap_session *s, const struct imap_folder *folder)
{
	return (struct folder){ .s = s,
		.quoted = imap_name_quote(&s->run->arena, folder->raw),
		.listing = { .folder = folder->name } };
}

int
imap_folder_run(struct imap_session *s, const struct imap_folder *folder)
{
	struct arena *arena = &s->run->arena;
	struct folder f = open_folder(s, folder);

	s->run->intake.folder = folder->name;
	s->run->intake.place =
	    folder->place.p != NULL
		? folder->place
		: imap_name_place(arena, s->run->job->folder, '/');
	return serve(&f);
}

int
imap_folder_watch(struct imap_session *s, const struct imap_folder *folder,
    uint64_t *next_out)
{
	struct folder f = open_folder(s, folder);
	int r = items_folder(&s->run->items, f.listing.folder, &f.known);

	if (r == 0)
		r = select_folder(&f);
	if (r < 0)
		return r;
	*next_out = f.next;
	return has_news(&f);
}
