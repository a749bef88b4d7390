#include "listmgr/approved.h"

#include <errno.h>

#include "core/log.h"
#include "listmgr/archive.h"
#include "listmgr/post.h"

static const struct db_stmt approved = { "approved",
	"SELECT id, list, sender FROM hauspost.list_approved($1)", 1 };
static const struct db_stmt done = { "approved-done",
	"SELECT hauspost.list_held_done($1::bigint)", 1 };

static int
mark_done(struct listmgr *listmgr, long long id, struct why *why)
{
	struct arena arena = ARENA_INIT;
	struct slice param = db_number_param(&arena, id);
	int r = db_ask(listmgr->lists.db, &done, &param, NULL, why);

	arena_done(&arena);
	return r;
}

static int
post_view(struct mail *mail, long long id, struct why *why)
{
	/* An errno by which it stays, and is tried again. */
	if (post_distribute(mail, why) == MAIL_TEMPFAIL)
		return -EAGAIN;
	return mark_done(mail->listmgr, id, why);
}

static int
post_one(struct mail *mail, long long list, long long id, struct why *why)
{
	const struct lists *lists = &mail->listmgr->lists;
	struct archive_view view;
	int r = list_find_id(lists, list, mail->arena, &mail->list, why);

	if (r <= 0)
		return r;
	r = archive_open_held(lists, list, id, &view, why);
	if (r == -ENOENT) { /* an admin has removed it */
		log_event(LOG_ERR, NULL, "held-lost", LOG_NUM("held", id),
		    LOG_WHY(why));
		return mark_done(mail->listmgr, id, why);
	}
	if (r < 0)
		return r;
	mail->message = view.message;
	r = post_view(mail, id, why);
	archive_close(&view);
	return r;
}

int
approved_post(struct listmgr *listmgr, struct why *why)
{
	struct arena arena = ARENA_INIT;
	struct slice node = slice_of(listmgr->settings->common.node);
	struct db_result *rows;
	int r = db_ask(listmgr->lists.db, &approved, &node, &rows, why);

	if (r < 0)
		return r;
	for (int i = 0; i < db_rows(rows) && r >= 0; i++) {
		struct mail mail = { .listmgr = listmgr,
			.arena = &arena,
			.sender = db_text(rows, i, 2) };

		r = post_one(
		    &mail, db_number(rows, i, 1), db_number(rows, i, 0), why);
		arena_reset(&arena);
	}
	db_done(rows);
	arena_done(&arena);
	return r < 0 ? r : 0;
}
