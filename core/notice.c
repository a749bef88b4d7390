#include "core/notice.h"

#include <stdio.h>
#include <time.h>

#include "core/buf.h"
#include "core/encoded_word.h"

enum { NOTICE_MAIL_MAX = 64 * 1024 };

static const struct db_stmt insert_notice = { "notice-insert",
	"INSERT INTO hauspost.notice (owner, kind, subject, body)"
	" SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])"
	" ON CONFLICT DO NOTHING",
	4 };

/*
 * SKIP LOCKED: two senders never take the same row. The mark comes first and
 * is taken back when sending fails (see notice-undo): the lock would
 * otherwise have to outlive the talk with the next server.
 */
static const struct db_stmt take_notices = { "notice-take",
	"UPDATE hauspost.notice SET sent = now() WHERE ctid = ANY (ARRAY("
	"SELECT ctid FROM hauspost.notice WHERE sent IS NULL"
	" ORDER BY created LIMIT $1::int FOR UPDATE SKIP LOCKED))"
	" RETURNING owner, kind, subject, body, day",
	1 };

static const struct db_stmt undo_notice = { "notice-undo",
	"UPDATE hauspost.notice SET sent = NULL"
	" WHERE owner = $1 AND kind = $2 AND subject = $3 AND day = $4::date",
	4 };

struct batch *
notice_start(struct db_pool *pool)
{
	return batch_start(pool, &insert_notice);
}

void
notice_add(struct batch *notices, const struct notice *notice)
{
	batch_add(notices, (const struct slice[]){ notice->owner, notice->kind,
			       notice->subject, notice->body });
}

static void
compose(struct buf *mail, const struct notice *notice, const char *node,
    struct slice day)
{
	AUTO_BUF struct buf subject = BUF_INIT(1024);
	char date[64];
	struct tm tm;
	time_t now = time(NULL);

	(void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000",
	    gmtime_r(&now, &tm));
	(void)buf_addf(&subject, "[%.*s] %.*s", SLICE_FMT(notice->kind),
	    SLICE_FMT(slice_head(notice->subject, 700)));
	(void)buf_addf(mail,
	    "From: postmaster@%s\nTo: %.*s@%s\nDate: %s\n"
	    "Message-ID: <notice.%.*s.%.*s.%.*s.%lld@%s>\n"
	    "Auto-Submitted: auto-generated\n",
	    node, SLICE_FMT(notice->owner), node, date, SLICE_FMT(day),
	    SLICE_FMT(notice->owner), SLICE_FMT(notice->kind), (long long)now,
	    node);
	(void)buf_add_text(mail, "Subject:");
	encoded_word_add(mail, buf_slice(&subject));
	(void)buf_add_text(mail,
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n");
	(void)buf_add_slice(mail, notice->body);
	(void)buf_add_char(mail, '\n');
}

static enum verdict
send_one(struct smtpc *smtpc, const struct notice *notice, const char *node,
    struct slice day, struct why *why)
{
	AUTO_BUF struct buf mail = BUF_INIT(NOTICE_MAIL_MAX);
	AUTO_BUF struct buf to = BUF_INIT(512);
	struct smtpc_part part = { .fd = -1 };
	struct smtpc_rcpt rcpt = { .params = SLICE("NOTIFY=NEVER") };

	compose(&mail, notice, node, day);
	(void)buf_addf(&to, "%.*s@%s", SLICE_FMT(notice->owner), node);
	rcpt.address = buf_slice(&to);
	part.octets = buf_slice(&mail);
	return smtpc_send(smtpc,
	    &(struct smtpc_mail){ .params = SLICE("BODY=8BITMIME"),
		.rcpts = &rcpt,
		.n_rcpts = 1,
		.parts = &part,
		.n_parts = 1 },
	    why);
}

static void
undo(struct db_pool *pool, const struct notice *notice, struct slice day)
{
	struct why ignored; /* then it is not repeated: better than twice */

	(void)db_ask(pool, &undo_notice,
	    (const struct slice[]){
		notice->owner, notice->kind, notice->subject, day },
	    NULL, &ignored);
}

static struct notice
row_notice(const struct db_result *rows, int i)
{
	return (struct notice){ db_text(rows, i, 0), db_text(rows, i, 1),
		db_text(rows, i, 2), db_text(rows, i, 3) };
}

static int
send_rows(struct db_pool *pool, struct smtpc *smtpc,
    const struct db_result *rows, const char *node, struct why *why)
{
	int sent = 0;

	for (int i = 0; i < db_rows(rows); i++) {
		const struct notice notice = row_notice(rows, i);
		struct slice day = db_text(rows, i, 4);

		/* A permanent refusal: the owner has no mailbox any more. */
		if (smtpc != NULL &&
		    send_one(smtpc, &notice, node, day, why) != MAIL_TEMPFAIL)
			sent++;
		else
			undo(pool, &notice, day);
	}
	return sent;
}

int
notice_send(struct db_pool *pool, const struct smtpc_options *next,
    const char *node, struct why *why)
{
	struct arena arena = ARENA_INIT;
	struct slice limit = db_number_param(&arena, NOTICE_BATCH);
	struct db_result *rows = NULL;
	struct smtpc *smtpc = NULL;
	int sent, r = db_ask(pool, &take_notices, &limit, &rows, why);

	arena_done(&arena);
	if (r < 0)
		return r;
	if (db_rows(rows) > 0)
		r = smtpc_open(next, &smtpc, why);
	sent = send_rows(pool, smtpc, rows, node, why);
	db_done(rows);
	smtpc_close(smtpc);
	return r < 0 ? r : sent;
}
