#include "listmgr/bounces.h"

#include "core/log.h"
#include "listmgr/decide.h"
#include "listmgr/petition.h"
#include "listmgr/report.h"

static const struct db_stmt whose = { "bounce-whose",
	"SELECT $1::bigint, $2::bigint, m, hauspost.list_post_bytes($1::bigint,"
	" $2::bigint) FROM hauspost.list_bounce_member($1::bigint,"
	" $2::bigint, $3, $4) AS m WHERE m IS NOT NULL",
	4 };
static const struct db_stmt whose_copy = { "bounce-copy",
	"SELECT c.list, c.n, c.member, hauspost.list_post_bytes(c.list, c.n)"
	" FROM hauspost.list_copy($1) AS c WHERE c.member IS NOT NULL",
	1 };
static const struct db_stmt count = { "bounce-count",
	"SELECT hauspost.list_bounced($1::bigint, $2::bigint, $3::bigint, $4,"
	" $5::numeric, $6, $7)",
	7 };
static const struct db_stmt probe = { "bounce-probe",
	"SELECT hauspost.list_probe_bounced($1, $2::numeric)", 2 };
static const struct db_stmt letter = { "bounce-letter",
	"SELECT CASE WHEN hauspost.list_confirm_bounced($1)"
	" THEN 'ended' ELSE 'unknown' END",
	1 };

static const struct db_stmt heard = { "bounce-heard",
	"SELECT hauspost.list_owners_heard($1::bigint, $2)", 2 };

/* The copy of a post that came back. */
struct copy {
	struct slice list, n, member;
	unsigned long long size_bytes; /* of the post */
};

/* Runs a statement that says in a word what became of it, and logs that. */
static enum verdict
run(const struct mail *mail, const struct db_stmt *stmt,
    const struct slice *params, const struct report *report, struct why *why)
{
	struct db_result *result;

	if (db_ask(mail->listmgr->lists.db, stmt, params, &result, why) < 0)
		return MAIL_TEMPFAIL;
	log_event(LOG_INFO, mail->queue_id, "bounce",
	    LOG_SLICE("list", mail->list.address),
	    LOG_SLICE("to", mail->original),
	    LOG_TEXT("kind", report_kind_name(report->kind)),
	    LOG_SLICE("status", report->status),
	    LOG_SLICE("result", db_text(result, 0, 0)));
	db_done(result);
	return why_say(why, 250, "2.0.0", "bounce noted");
}

static struct report
read_report(const struct mail *mail, unsigned long long post_bytes)
{
	const struct report_source source = { mail->message,
		mail->sender.n == 0, post_bytes };
	struct report report;

	report_read(mail->arena, &source, &report);
	return report;
}

static struct slice
weight_param(const struct mail *mail, const struct report *report)
{
	return slice_of(arena_printf(mail->arena, "%.1f", report->weight));
}

/* --- posts ------------------------------------------------------------------
 */

/* 1 found, 0 nobody's: a forged address, or the member has left. */
static int
find_copy(const struct mail *mail, struct copy *copy_out, struct why *why)
{
	const struct extension *e = &mail->extension;
	bool token = e->kind == EXTENSION_BOUNCE_TOKEN;
	const struct slice params[] = {
		token ? e->token : db_number_param(mail->arena, mail->list.id),
		db_number_param(mail->arena, e->first), e->mac, e->address
	};
	struct db_result *result;
	int r = db_ask(mail->listmgr->lists.db, token ? &whose_copy : &whose,
	    params, &result, why);

	if (r < 0)
		return r;
	r = db_rows(result) > 0;
	if (r > 0)
		*copy_out = (struct copy){ arena_slice(mail->arena,
					       db_text(result, 0, 0)),
			arena_slice(mail->arena, db_text(result, 0, 1)),
			arena_slice(mail->arena, db_text(result, 0, 2)),
			(unsigned long long)db_number(result, 0, 3) };
	db_done(result);
	return r;
}

/* 1 yes, 0 no, or -errno. */
static int
owners_heard(const struct mail *mail, struct why *why)
{
	const struct slice params[] = {
		db_number_param(mail->arena, mail->list.id), mail->sender
	};
	struct db_result *result;
	int r = db_ask(mail->listmgr->lists.db, &heard, params, &result, why);

	if (r < 0)
		return r;
	r = db_flag(result, 0, 0);
	db_done(result);
	return r;
}

/*
 * A person whose mail program answers to where the list's mail comes from: to
 * the owners, once a day. A machine's answer is nobody's.
 */
static enum verdict
pass_on(struct mail *mail, struct why *why)
{
	struct petition petition;
	int r;

	petition_read(mail, &petition);
	if (petition.automatic != NULL)
		return petition_ignore(mail, petition.automatic, why);
	r = owners_heard(mail, why);
	if (r < 0)
		return MAIL_TEMPFAIL;
	if (r > 0)
		return petition_ignore(mail, "owners heard today", why);
	return decide_owner_of(mail, &petition, "answer", why);
}

enum verdict
bounces_post(struct mail *mail, struct why *why)
{
	struct report report;
	struct copy copy;
	int r = find_copy(mail, &copy, why);

	if (r <= 0)
		return r < 0 ? MAIL_TEMPFAIL
			     : petition_ignore(mail, "nobody's bounce", why);
	report = read_report(mail, copy.size_bytes);
	if (report.kind == REPORT_ANSWER)
		return pass_on(mail, why);
	return run(mail, &count,
	    (const struct slice[]){ copy.list, copy.n, copy.member,
		slice_of(report_kind_name(report.kind)),
		weight_param(mail, &report), report.status, report.diagnostic },
	    &report, why);
}

/* --- letters ----------------------------------------------------------------
 */

enum verdict
bounces_probe(struct mail *mail, struct why *why)
{
	struct report report = read_report(mail, 0);

	if (report.kind == REPORT_ANSWER)
		return petition_ignore(mail, "no report", why);
	return run(mail, &probe,
	    (const struct slice[]){
		mail->extension.token, weight_param(mail, &report) },
	    &report, why);
}

enum verdict
bounces_letter(struct mail *mail, struct why *why)
{
	struct report report = read_report(mail, 0);

	if (report.kind == REPORT_ANSWER || report.kind == REPORT_NOTICE)
		return petition_ignore(mail, "no report of a failure", why);
	return run(mail, &letter, &mail->extension.token, &report, why);
}
