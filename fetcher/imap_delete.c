#include "fetcher/imap_delete.h"

#include <stdlib.h>

#include "fetcher/imap_list.h"
#include "fetcher/imap_name.h"
#include "fetcher/uid_set.h"

struct deletion {
	struct imap_session *s;
	const struct item *items;
	size_t n;
	uint32_t *uids;
	struct slice *ids;
	struct slice target; /* folder there, quoted; .p NULL: none */
};

static int
compare_uids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
read_uids(struct deletion *d)
{
	struct arena *arena = &d->s->run->arena;

	d->uids = arena_calloc(arena, d->n, sizeof *d->uids);
	d->ids = arena_calloc(arena, d->n, sizeof *d->ids);
	for (size_t i = 0; i < d->n; i++) {
		unsigned long long uid = 0;

		(void)slice_number(d->items[i].uid, UINT32_MAX, &uid);
		d->uids[i] = (uint32_t)uid;
		d->ids[i] = db_number_param(arena, d->items[i].id);
	}
	qsort(d->uids, d->n, sizeof *d->uids, compare_uids);
}

static int
mark_and_expunge(struct deletion *d, const char *set, bool by_uid)
{
	int r = imap_session_do(
	    d->s, "UID STORE %s +FLAGS.SILENT (\\Deleted)", set);

	if (r == 0 && by_uid)
		r = imap_session_do(d->s, "UID EXPUNGE %s", set);
	return r;
}

static bool
is_ours(const struct deletion *d, struct slice text)
{
	unsigned long long n;
	uint32_t uid;

	if (!slice_number(text, UINT32_MAX, &n))
		return true; /* SEARCH itself */
	uid = (uint32_t)n;
	return bsearch(&uid, d->uids, d->n, sizeof uid, compare_uids) != NULL;
}

/* 1: nothing is marked but ours. */
static int
only_ours_marked(struct deletion *d)
{
	struct imap_event event;
	bool ours = true;
	int r = imap_session_begin(d->s, "UID SEARCH DELETED");

	if (r < 0)
		return r;
	while ((r = imap_session_next(d->s, &event)) > 0) {
		if (event.kind == IMAP_ATOM)
			ours = ours && is_ours(d, event.text);
	}
	return r < 0 ? r : ours && d->s->ok;
}

static int
expunge_all(struct deletion *d)
{
	int r = only_ours_marked(d);

	if (r <= 0)
		return r; /* they stay marked, until somebody expunges */
	return imap_session_do(d->s, "EXPUNGE");
}

/* --- moving ----------------------------------------------------------- */

static int
move_once(struct deletion *d, const char *set, bool by_move)
{
	int r = imap_session_begin(
	    d->s, "UID %s %s %s", by_move ? "MOVE" : "COPY", set, d->target.p);

	return r == 0 ? imap_session_end(d->s) : r;
}

/* RFC 6851, or as one did before: copies, then deletes. The folder is made
 * when the server says that there is none. */
static int
move_set(struct deletion *d, const char *set, bool by_uid)
{
	bool by_move = imap_session_offers(d->s, SLICE("MOVE"));
	int r = move_once(d, set, by_move);

	if (r == 0 && !d->s->ok &&
	    slice_starts_nocase(slice_of(d->s->words), SLICE("[TRYCREATE]"))) {
		r = imap_session_do(d->s, "CREATE %s", d->target.p);
		if (r == 0)
			r = move_once(d, set, by_move);
	}
	if (r == 0)
		r = imap_session_want(d->s, "FOLDER");
	return r == 0 && !by_move ? mark_and_expunge(d, set, by_uid) : r;
}

/* Gmail: what is deleted in a folder is only archived, unless it is moved to
 * the trash. */
static int
find_trash(struct deletion *d)
{
	struct imap_folder *folders;
	size_t n;
	int r;

	if (!imap_session_offers(d->s, SLICE("X-GM-EXT-1")))
		return 0;
	r = imap_list(d->s, &folders, &n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (folders[i].trash)
			d->target =
			    imap_name_quote(&d->s->run->arena, folders[i].raw);
	}
	return r;
}

static int
find_target(struct deletion *d)
{
	struct arena *arena = &d->s->run->arena;
	struct slice name = d->s->run->job->move_to;

	if (name.p == NULL)
		return find_trash(d);
	d->target = imap_name_quote(arena, imap_name_encode(arena, name));
	return 0;
}

/* --- all -------------------------------------------------------------- */

static int
remove_items(struct deletion *d)
{
	bool by_uid = imap_session_offers(d->s, SLICE("UIDPLUS"));
	int r = 0;

	for (size_t at = 0; at < d->n && r == 0;) {
		AUTO_BUF struct buf set = BUF_INIT(UID_SET_TEXT_MAX + 64);

		at += uid_set_add(&set, d->uids + at, d->n - at);
		r = d->target.p != NULL
			? move_set(d, buf_text(&set), by_uid)
			: mark_and_expunge(d, buf_text(&set), by_uid);
	}
	if (r == 0 && !by_uid &&
	    (d->target.p == NULL || !imap_session_offers(d->s, SLICE("MOVE"))))
		r = expunge_all(d);
	return r == 0 ? items_gone(&d->s->run->items, d->ids, d->n) : r;
}

int
imap_delete(struct imap_session *s, const struct listing *folder)
{
	struct deletion d = { .s = s };
	struct item *items;
	int r = items_expired(&s->run->items, folder, &items, &d.n);

	if (r < 0 || d.n == 0)
		return r;
	d.items = items;
	read_uids(&d);
	r = find_target(&d);
	return r == 0 ? remove_items(&d) : r;
}

int
imap_mark_read(struct imap_session *s, const struct imap_messages *messages)
{
	struct deletion d = { .s = s };
	struct item *delivered =
	    arena_calloc(&s->run->arena, messages->n, sizeof *delivered);
	int r = 0;

	for (size_t i = 0; i < messages->n; i++) {
		if (messages->items[i].delivered)
			delivered[d.n++] = messages->items[i];
	}
	d.items = delivered;
	read_uids(&d);
	for (size_t at = 0; at < d.n && r == 0;) {
		AUTO_BUF struct buf set = BUF_INIT(UID_SET_TEXT_MAX + 64);

		at += uid_set_add(&set, d.uids + at, d.n - at);
		r = imap_session_do(
		    s, "UID STORE %s +FLAGS.SILENT (\\Seen)", buf_text(&set));
	}
	return r;
}
