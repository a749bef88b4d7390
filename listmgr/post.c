#include "listmgr/post.h"

#include <time.h>

#include "core/log.h"

#include "listmgr/anonymous.h"
#include "listmgr/archive.h"
#include "listmgr/summary.h"

static const struct db_stmt begin = { "begin", "BEGIN", 0 };
static const struct db_stmt commit = { "commit", "COMMIT", 0 };
static const struct db_stmt next_number = { "list_post_next",
	"SELECT hauspost.list_post_next($1::bigint, $2)", 2 };
static const struct db_stmt add_post = { "list_post_add",
	"SELECT hauspost.list_post_add($1::bigint, $2::bigint, $3, $4, $5, $6, "
	"$7::bigint, $8::text[], $9::bigint, $10::integer)",
	10 };

static const struct db_stmt author_posted = { "list_author_posted",
	"SELECT hauspost.list_author_posted($1::bigint, $2)", 2 };

/* A post on its way into the archive. */
struct posting {
	struct mail *mail;
	struct slice author; /* also of one who is not to be named */
	struct summary summary;
	char name[ARCHIVE_NAME_MAX]; /* of its file until it has a number */
	long long n;		     /* its number; 0: it is a repeat */
	long long members;	     /* who get it */
};

static int
take_number(struct posting *p, struct db *db, struct why *why)
{
	const struct slice params[] = {
		db_number_param(p->mail->arena, p->mail->list.id),
		p->summary.message_id,
	};
	struct db_result *result;
	int r = db_run(db, &next_number, params, &result, why);

	if (r < 0)
		return r;
	p->n = db_is_null(result, 0, 0) ? 0 : db_number(result, 0, 0);
	db_done(result);
	return 0;
}

static int
add_row(struct posting *p, struct db *db, struct why *why)
{
	const struct mail *mail = p->mail;
	const struct summary *summary = &p->summary;
	struct arena *arena = mail->arena;
	const struct slice params[] = {
		db_number_param(arena, mail->list.id),
		db_number_param(arena, p->n),
		summary->message_id,
		summary->from_name,
		summary->from_address,
		summary->subject,
		db_number_param(arena, summary->date),
		db_array_param(arena, summary->parents, summary->n_parents),
		db_number_param(arena, (long long)mail->message.n),
		db_number_param(arena, mail->listmgr->settings->group_members),
	};
	struct db_result *result;
	int r = db_run(db, &add_post, params, &result, why);

	if (r < 0)
		return r;
	p->members = db_number(result, 0, 0);
	db_done(result);
	return db_run(db, &author_posted,
	    (const struct slice[]){ params[0], p->author }, NULL, why);
}

/* File and row together: the file has its place before the COMMIT. */
static int
number_it(struct posting *p, struct db *db, struct why *why)
{
	const struct mail *mail = p->mail;
	int r = db_run(db, &begin, NULL, NULL, why);

	if (r == 0)
		r = take_number(p, db, why);
	if (r < 0 || p->n == 0)
		return r; /* the pool rolls back what is left open */
	r = archive_place_post(
	    &mail->listmgr->lists, mail->list.id, p->name, p->n, why);
	if (r == 0)
		r = add_row(p, db, why);
	return r == 0 ? db_run(db, &commit, NULL, NULL, why) : r;
}

static int
store(struct posting *p, struct why *why)
{
	const struct mail *mail = p->mail;
	const struct lists *lists = &mail->listmgr->lists;
	struct db *db;
	int r =
	    archive_write(lists, mail->list.id, mail->message, p->name, why);

	if (r < 0)
		return r;
	r = db_take(lists->db, &db, why);
	if (r == 0) {
		r = number_it(p, db, why);
		db_give(lists->db, db);
	}
	if (r < 0 || p->n == 0)
		archive_drop(lists, mail->list.id, p->name);
	return r;
}

static void
report(const struct posting *p)
{
	const struct mail *mail = p->mail;

	log_event(LOG_INFO, mail->queue_id, p->n > 0 ? "posted" : "repeated",
	    LOG_SLICE("list", mail->list.address), LOG_NUM("post", p->n),
	    LOG_SLICE("message-id", p->summary.message_id),
	    LOG_SLICE("author", p->summary.from_address),
	    LOG_NUM("members", p->members));
}

static void
read_summary(struct posting *p)
{
	const struct mail *mail = p->mail;

	summary_read(mail->arena, mail->message, mail->list.domain,
	    (int64_t)time(NULL), &p->summary);
}

enum verdict
post_distribute(struct mail *mail, struct why *why)
{
	struct posting p = { .mail = mail };

	read_summary(&p);
	p.author = p.summary.from_address;
	if (mail->list.anonymous) {
		mail->message =
		    anonymous_post(mail->arena, &mail->list, mail->message);
		read_summary(&p);
	}
	if (store(&p, why) < 0)
		return MAIL_TEMPFAIL;
	report(&p);
	return MAIL_OK;
}
