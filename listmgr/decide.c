#include "listmgr/decide.h"

#include "core/log.h"
#include "listmgr/held.h"
#include "listmgr/said.h"

static const struct db_stmt moderate = { "list-moderate",
	"SELECT outcome FROM hauspost.list_moderate($1, $2, $3::text[], $4, "
	"$5)",
	5 };
static const struct db_stmt reply = { "decide-reply",
	"SELECT hauspost.list_reply($1::bigint, $2, $3, $4, $5, $6)", 6 };

/* --- answers of moderators --------------------------------------------------
 */

/* The reason goes to the author: only where he hears "no". */
static struct slice
reason_of(const struct mail *mail)
{
	if (!slice_eq(mail->extension.decision, SLICE("no")))
		return DB_NULL;
	return said_reason(said_text(mail->arena, mail->message));
}

static enum verdict
ask_sql(struct mail *mail, const struct petition *petition,
    struct slice *outcome_out, struct why *why)
{
	const struct slice actors[] = { mail->sender,
		petition->summary.from_address };
	const struct slice params[] = { mail->extension.token,
		mail->extension.decision,
		db_array_param(mail->arena, actors, 2), petition->source,
		reason_of(mail) };
	struct db_result *result;

	if (db_ask(mail->listmgr->lists.db, &moderate, params, &result, why) <
	    0)
		return MAIL_TEMPFAIL;
	*outcome_out = arena_slice(mail->arena, db_text(result, 0, 0));
	db_done(result);
	return MAIL_OK;
}

/* Whose answer does not count hears so, if that can be told. */
static enum verdict
tell(struct mail *mail, const struct petition *petition, struct slice kind,
    struct why *why)
{
	const struct slice params[] = { db_number_param(
					    mail->arena, mail->list.id),
		kind, petition->asker, petition->source, petition->language,
		petition->answers };

	if (petition->unanswerable != NULL || petition->asker.n == 0)
		return MAIL_OK;
	return db_ask(mail->listmgr->lists.db, &reply, params, NULL, why) < 0
		   ? MAIL_TEMPFAIL
		   : MAIL_OK;
}

/*
 * Reply-To of our letter is the address that accepts, so an absence notice
 * would accept as well.
 */
enum verdict
decide_answer(struct mail *mail, struct why *why)
{
	struct petition petition;
	struct slice outcome;
	enum verdict verdict;

	petition_read(mail, &petition);
	if (petition.automatic != NULL)
		return petition_ignore(mail, petition.automatic, why);
	verdict = ask_sql(mail, &petition, &outcome, why);
	if (verdict == MAIL_OK && slice_eq(outcome, SLICE("denied")))
		verdict = tell(mail, &petition, SLICE("denied"), why);
	else if (verdict == MAIL_OK && slice_eq(outcome, SLICE("unknown")))
		verdict = tell(mail, &petition, SLICE("ended"), why);
	return verdict == MAIL_OK
		   ? petition_done(mail, &petition, outcome.p, why)
		   : verdict;
}

/* --- mail to owners ---------------------------------------------------------
 */

enum verdict
decide_owner_of(struct mail *mail, const struct petition *petition,
    const char *reason, struct why *why)
{
	const struct held held = {
		.kind = "owner",
		.reason = slice_of(reason),
		.author = petition->asker,
		.subject = petition->summary.subject,
		.message_id = petition->summary.message_id,
		.verified = petition->verified,
	};

	return held_keep(mail, &held, why);
}

/*
 * From is kept, so an owner's own absence notice goes to the author, not
 * here; what does come back here is a loop.
 */
enum verdict
decide_owner(struct mail *mail, struct why *why)
{
	struct petition petition;

	petition_read(mail, &petition);
	if (petition.automatic != NULL)
		return petition_ignore(mail, petition.automatic, why);
	return decide_owner_of(mail, &petition, "owner", why);
}
