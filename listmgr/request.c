#include "listmgr/request.h"

#include "listmgr/petition.h"
#include "listmgr/said.h"

static const struct db_stmt ask = { "list-ask",
	"SELECT hauspost.list_ask($1::bigint, $2, $3, $4, $5, $6, $7, $8)", 8 };
static const struct db_stmt confirm = { "list-confirm",
	"SELECT outcome FROM hauspost.list_confirm($1, $2)", 2 };
static const struct db_stmt reply = { "list-reply",
	"SELECT CASE WHEN hauspost.list_reply("
	"$1::bigint, $2, $3, $4, $5, $6) THEN $2 ELSE 'limited' END",
	6 };
static const struct db_stmt get = { "list-get",
	"SELECT CASE WHEN hauspost.list_get($1::bigint, $2, $3::bigint,"
	" $4::bigint, $5, $6, $7) THEN 'sent' ELSE 'limited' END",
	7 };

/* Runs a statement that gives back a word; "" for NULL. */
static enum verdict
run(const struct mail *mail, const struct db_stmt *stmt,
    const struct slice *params, const char **word_out, struct why *why)
{
	struct db_result *result;

	if (db_ask(mail->listmgr->lists.db, stmt, params, &result, why) < 0)
		return MAIL_TEMPFAIL;
	*word_out = arena_slice(mail->arena, db_text(result, 0, 0)).p;
	db_done(result);
	return MAIL_OK;
}

/* What nobody is to be answered for: the reason, or NULL. */
static const char *
unfit(const struct petition *petition)
{
	if (petition->unanswerable != NULL)
		return petition->unanswerable;
	return petition->asker.n == 0 ? "sender and author differ" : NULL;
}

static enum verdict
ask_for(struct mail *mail, const struct petition *petition, const char *action,
    struct why *why)
{
	struct slice named = mail->extension.address;
	struct slice mode = mail->extension.mode;
	const struct slice params[] = { db_number_param(
					    mail->arena, mail->list.id),
		slice_of(action), named.n > 0 ? named : petition->asker,
		mode.n > 0 ? mode : DB_NULL, petition->asker, petition->source,
		petition->language, petition->answers };
	const char *outcome;
	enum verdict verdict = run(mail, &ask, params, &outcome, why);

	return verdict == MAIL_OK ? petition_done(mail, petition, outcome, why)
				  : verdict;
}

static enum verdict
answer_with(struct mail *mail, const struct petition *petition,
    const char *kind, struct why *why)
{
	const struct slice params[] = { db_number_param(
					    mail->arena, mail->list.id),
		slice_of(kind), petition->asker, petition->source,
		petition->language, petition->answers };
	const char *outcome;
	enum verdict verdict = run(mail, &reply, params, &outcome, why);

	return verdict == MAIL_OK ? petition_done(mail, petition, outcome, why)
				  : verdict;
}

enum verdict
request_change(struct mail *mail, struct why *why)
{
	static const char *const actions[EXTENSION_KINDS] = {
		[EXTENSION_SUBSCRIBE] = "subscribe",
		[EXTENSION_UNSUBSCRIBE] = "unsubscribe",
		[EXTENSION_SET] = "set",
	};
	struct petition petition;

	petition_read(mail, &petition);
	if (unfit(&petition) != NULL)
		return petition_ignore(mail, unfit(&petition), why);
	return ask_for(mail, &petition, actions[mail->extension.kind], why);
}

/*
 * Reply-To of our letter is this address, so an absence notice would come
 * here as well: it consents to nothing.
 */
enum verdict
request_confirm(struct mail *mail, struct why *why)
{
	struct petition petition;
	struct slice params[2];
	const char *outcome;
	enum verdict verdict;

	petition_read(mail, &petition);
	if (petition.automatic != NULL)
		return petition_ignore(mail, petition.automatic, why);
	params[0] = mail->extension.token;
	params[1] = petition.source;
	verdict = run(mail, &confirm, params, &outcome, why);
	if (verdict != MAIL_OK)
		return verdict;
	if (slice_eq(slice_of(outcome), SLICE("unknown")) &&
	    unfit(&petition) == NULL)
		return answer_with(mail, &petition, "ended", why);
	return petition_done(mail, &petition, outcome, why);
}

enum verdict
request_help(struct mail *mail, struct why *why)
{
	enum said_command command = SAID_NOTHING;
	struct petition petition;

	petition_read(mail, &petition);
	if (unfit(&petition) != NULL)
		return petition_ignore(mail, unfit(&petition), why);
	if (mail->extension.kind == EXTENSION_REQUEST)
		command = said_command(petition.summary.subject,
		    said_text(mail->arena, mail->message));
	switch (command) {
	case SAID_SUBSCRIBE:
		return ask_for(mail, &petition, "subscribe", why);
	case SAID_UNSUBSCRIBE:
		return ask_for(mail, &petition, "unsubscribe", why);
	case SAID_END:
		return petition_ignore(mail, "end", why);
	case SAID_NOTHING:
	case SAID_HELP:
		break;
	}
	return answer_with(mail, &petition, "help", why);
}

enum verdict
request_get(struct mail *mail, struct why *why)
{
	struct petition petition;
	const char *outcome;
	enum verdict verdict;

	petition_read(mail, &petition);
	if (unfit(&petition) != NULL)
		return petition_ignore(mail, unfit(&petition), why);
	verdict = run(mail, &get,
	    (const struct slice[]){ db_number_param(mail->arena, mail->list.id),
		petition.asker,
		db_number_param(mail->arena, mail->extension.first),
		db_number_param(mail->arena, mail->extension.last),
		petition.source, petition.language, petition.answers },
	    &outcome, why);
	return verdict == MAIL_OK ? petition_done(mail, &petition, outcome, why)
				  : verdict;
}
