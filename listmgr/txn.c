#include "listmgr/txn.h"

#include <errno.h>

#include "core/log.h"

static const struct db_stmt ask_leaf = { "leaf",
	"SELECT kind, address, code, dsn, reply FROM hauspost.leaf($1)", 1 };

void
txn_init(struct txn *txn, struct listmgr *listmgr)
{
	*txn = (struct txn){ .listmgr = listmgr, .arena = ARENA_INIT };
	txn->end = &txn->first;
	message_init(&txn->message, listmgr->settings->archive);
}

void
txn_done(struct txn *txn)
{
	message_done(&txn->message);
	arena_done(&txn->arena);
}

void
txn_reset(struct txn *txn)
{
	arena_reset(&txn->arena);
	message_reset(
	    &txn->message, (uint64_t)txn->listmgr->settings->size_max_bytes);
	txn->mail = (struct command_mail){ 0 };
	txn->first = NULL;
	txn->end = &txn->first;
	txn->n_rcpts = 0;
}

const char *
txn_queue_id(const struct txn *txn)
{
	return txn->client.ident[0] != '\0' ? txn->client.ident : NULL;
}

enum verdict
txn_mail(struct txn *txn, struct slice args, struct why *why)
{
	enum verdict verdict;

	txn_reset(txn);
	verdict = command_mail(&txn->arena, args, false, &txn->mail, why);
	if (verdict != MAIL_OK)
		return verdict;
	txn->sender = addr_text(&txn->arena, &txn->mail.sender);
	return why_say(why, 250, "2.1.0", "sender ok");
}

/* --- RCPT ------------------------------------------------------------- */

static enum verdict
say_unknown(struct why *why)
{
	return why_say(why, 550, "5.1.1", "no such list address");
}

/* What hauspost.leaf() says of the recipient: NAME[+COMMAND]@DOMAIN. */
static enum verdict
read_leaf(struct txn *txn, const struct db_result *result,
    struct slice *address_out, struct why *why)
{
	struct arena *arena = &txn->arena;
	int code = (int)db_number(result, 0, 2);

	if (!slice_eq(db_text(result, 0, 0), SLICE("list")))
		return say_unknown(why);
	if (code / 100 != 2)
		return why_say(why, code,
		    arena_slice(arena, db_text(result, 0, 3)).p, "%.*s",
		    SLICE_FMT(db_text(result, 0, 4)));
	*address_out = arena_slice(arena, db_text(result, 0, 1));
	return MAIL_OK;
}

static enum verdict
find_address(struct txn *txn, struct slice recipient, struct slice *address_out,
    struct why *why)
{
	struct db_result *result;
	enum verdict verdict;

	if (db_ask(txn->listmgr->lists.db, &ask_leaf, &recipient, &result,
		why) < 0)
		return MAIL_TEMPFAIL;
	verdict = read_leaf(txn, result, address_out, why);
	db_done(result);
	return verdict;
}

static enum verdict
find_list(
    struct txn *txn, struct slice address, struct rcpt *rcpt, struct why *why)
{
	struct addr addr;
	struct slice rest, name;
	int r;

	if (addr_parse(&txn->arena, address, txn->mail.utf8, &addr) < 0)
		return say_unknown(why);
	rest = addr.local;
	(void)slice_cut(&rest, '+', &name);
	if (extension_parse(&txn->arena, rest, &rcpt->extension) < 0)
		return say_unknown(why);
	r = list_find(&txn->listmgr->lists, name, addr.domain, &txn->arena,
	    &rcpt->list, why);
	if (r < 0)
		return MAIL_TEMPFAIL;
	return r > 0 ? MAIL_OK : say_unknown(why);
}

static enum verdict
add_rcpt(struct txn *txn, const struct command_rcpt *said, struct why *why)
{
	struct rcpt *rcpt = arena_new(&txn->arena, struct rcpt);
	struct slice recipient = addr_text(&txn->arena, &said->recipient);
	struct slice address;
	enum verdict verdict = find_address(txn, recipient, &address, why);

	if (verdict == MAIL_OK)
		verdict = find_list(txn, address, rcpt, why);
	if (verdict != MAIL_OK) {
		log_event(LOG_INFO, txn_queue_id(txn), "refused-rcpt",
		    LOG_SLICE("to", recipient), LOG_WHY(why));
		return verdict;
	}
	rcpt->original = said->original.n > 0 ? said->original : address;
	*txn->end = rcpt;
	txn->end = &rcpt->next;
	txn->n_rcpts++;
	return why_say(why, 250, "2.1.5", "recipient ok");
}

enum verdict
txn_rcpt(struct txn *txn, struct slice args, struct why *why)
{
	struct command_rcpt said;
	enum verdict verdict;

	if (txn->n_rcpts >= txn->listmgr->settings->rcpts_max)
		return why_say(why, 452, "4.5.3", "too many recipients");
	verdict = command_rcpt(&txn->arena, args, txn->mail.utf8, &said, why);
	return verdict == MAIL_OK ? add_rcpt(txn, &said, why) : verdict;
}

/* --- the message ------------------------------------------------------ */

static void
report(const struct txn *txn, const struct rcpt *rcpt)
{
	log_event(LOG_INFO, txn_queue_id(txn),
	    rcpt->why.verdict == MAIL_OK ? "taken" : "not-taken",
	    LOG_SLICE("list", rcpt->list.address),
	    LOG_TEXT("for", extension_name(rcpt->extension.kind)),
	    LOG_SLICE("from", txn->sender),
	    LOG_NUM("size", (long long)txn->message.size_bytes),
	    LOG_WHY(&rcpt->why));
}

static void
deliver_to(struct txn *txn, struct rcpt *rcpt, struct slice text)
{
	struct mail mail = {
		.listmgr = txn->listmgr,
		.arena = &txn->arena,
		.queue_id = txn_queue_id(txn),
		.sender = txn->sender,
		.original = rcpt->original,
		.list = rcpt->list,
		.extension = rcpt->extension,
		.message = text,
	};

	if (mail_handle(&mail, &rcpt->why) == MAIL_OK && rcpt->why.code == 0)
		(void)why_say(&rcpt->why, 250, "2.0.0", "taken");
}

void
txn_deliver(struct txn *txn)
{
	struct slice text = { NULL, 0 };
	struct why why = { 0 };
	enum verdict verdict = message_finish(&txn->message, &why);

	if (verdict == MAIL_OK && message_map(&txn->message, &text, &why) < 0)
		verdict = MAIL_TEMPFAIL;
	for (struct rcpt *r = txn->first; r != NULL; r = r->next) {
		if (verdict == MAIL_OK)
			deliver_to(txn, r, text);
		else
			r->why = why;
		report(txn, r);
	}
}
