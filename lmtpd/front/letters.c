#include "lmtpd/front/letters.h"

#include "core/dsn.h"
#include "core/forwarding.h"
#include "lmtpd/front/author.h"
#include "lmtpd/front/marks.h"
#include "lmtpd/front/mine.h"
#include "sieve/address.h"
#include "sieve/compose.h"

enum { PARTS = 2, RECIPIENTS_MAX = 16 };

static struct arena *
arena_of(const struct letters *letters)
{
	return letters->filter->arena;
}

/* --- the message itself ----------------------------------------------- */

/* The address it came to; a leaf (nobody expanded it) takes no bounces. */
static struct slice
forwarder_of(const struct rcpt *rcpt)
{
	return slice_eq(rcpt->original, rcpt->address) ? rcpt->plan.own_address
						       : rcpt->original;
}

static int
fill_parts(struct letters *letters, struct message *message,
    struct smtpc_part parts[PARTS], struct why *why)
{
	const struct rcpt *rcpt = letters->filter->rcpt;
	struct slice head = heading_onward(arena_of(letters),
	    letters->reinject->heading, rcpt->plan.own_address, rcpt->original);
	struct slice text = message_text(message);
	int fd = -1;

	if (text.p == NULL)
		fd = message_fd(message, why);
	if (text.p == NULL && fd < 0)
		return fd;
	parts[0] = (struct smtpc_part)SMTPC_OCTETS(head);
	parts[1] = (struct smtpc_part){
		.octets = text, .fd = fd, .size = message->size_bytes
	};
	return 0;
}

static bool
is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	}
	return true;
}

static struct slice
mail_params(const struct letters *letters, struct slice address)
{
	bool utf8 = letters->filter->txn->mail.utf8 || !is_ascii(address);

	return utf8 ? SLICE("BODY=8BITMIME SMTPUTF8") : SLICE("BODY=8BITMIME");
}

/* Bounces go to the first sender; what he did not ask for he is not told. */
static struct slice
redirect_params(struct letters *letters, const struct sieve_redirect *redirect)
{
	const struct rcpt *rcpt = letters->filter->rcpt;
	struct arena *arena = arena_of(letters);
	const char *notify = rcpt->notify == NOTIFY_NEVER ? "NEVER" : "FAILURE";

	if (redirect->notify.n > 0)
		notify = arena_strndup(
		    arena, redirect->notify.p, redirect->notify.n);
	return slice_of(arena_printf(arena, "ORCPT=rfc822;%.*s NOTIFY=%s",
	    SLICE_FMT(dsn_xtext(arena, redirect->address)), notify));
}

static int
rewrite_sender(
    const struct letters *letters, struct slice *sender_out, struct why *why)
{
	const struct txn *txn = letters->filter->txn;
	struct addr sender;
	int r = forwarding_rewrite(txn->lmtpd->directory, arena_of(letters),
	    &txn->mail.sender, forwarder_of(letters->filter->rcpt), &sender,
	    why);

	if (r == 0)
		*sender_out = addr_text(arena_of(letters), &sender);
	return r;
}

static enum verdict
judge_spam(const struct letters *letters, struct why *why)
{
	const struct txn *txn = letters->filter->txn;

	if (!forwarding_is_spam(message_header(&txn->message)))
		return MAIL_OK;
	return forwarding_judge_spam(txn->lmtpd->directory, arena_of(letters),
	    forwarder_of(letters->filter->rcpt), why);
}

enum verdict
letters_redirect(
    struct letters *letters, const struct sieve_action *action, struct why *why)
{
	const struct sieve_redirect *to = &action->redirect;
	struct rcpt *rcpt = letters->filter->rcpt;
	struct message *message =
	    edited_message(letters->edited, action->edit, why);
	struct smtpc_part parts[PARTS];
	struct smtpc_rcpt address = { .address = to->address,
		.params = redirect_params(letters, to) };
	struct smtpc_mail mail = { .params = mail_params(letters, to->address),
		.rcpts = &address,
		.n_rcpts = 1,
		.parts = parts,
		.n_parts = PARTS };

	if (judge_spam(letters, why) != MAIL_OK)
		return why->verdict;
	if (message == NULL || fill_parts(letters, message, parts, why) < 0 ||
	    rewrite_sender(letters, &mail.sender, why) < 0)
		return MAIL_TEMPFAIL;
	return reinject_once(letters->reinject, rcpt->name,
	    slice_of(arena_printf(
		arena_of(letters), "redirect %.*s", SLICE_FMT(to->address))),
	    &mail, why);
}

/* --- letters of our own ----------------------------------------------- */

/* The same for each retry, and for no other message. */
static struct sieve_compose
compose_of(const struct letters *letters, const char *kind)
{
	const struct filter *filter = letters->filter;
	struct slice node = filter->txn->lmtpd->node;

	return (struct sieve_compose){ .message = filter->message,
		.envelope = &filter->envelope,
		.message_id =
		    slice_of(arena_printf(filter->arena, "<%s.%.*s@%.*s>", kind,
			SLICE_FMT(filter->rcpt->name), SLICE_FMT(node))),
		.host = node,
		.now = filter->environment.now };
}

/*
 * Nobody answers it and no bounce comes back: null sender, NOTIFY=NEVER.
 * action: empty where a mark of another kind keeps it from being repeated.
 */
static enum verdict
post(struct letters *letters, struct slice text, const struct slice *to,
    size_t n_to, struct slice action, struct why *why)
{
	struct filter *filter = letters->filter;
	struct reinject own =
	    REINJECT_OWN_INIT(filter->txn, letters->reinject->heading);
	const struct smtpc_part part = SMTPC_OCTETS(text);
	struct smtpc_rcpt rcpts[RECIPIENTS_MAX] = { 0 };
	struct smtpc_mail mail = {
		.rcpts = rcpts, .parts = &part, .n_parts = 1
	};
	enum verdict verdict;

	mail.params = mail_params(letters, to[0]);
	for (; mail.n_rcpts < n_to && mail.n_rcpts < RECIPIENTS_MAX;
	     mail.n_rcpts++)
		rcpts[mail.n_rcpts] =
		    (struct smtpc_rcpt){ .address = to[mail.n_rcpts],
			    .params = SLICE("NOTIFY=NEVER") };
	verdict = action.n == 0 ? reinject_mail(&own, &mail, why)
				: reinject_once(&own, filter->rcpt->name,
				      action, &mail, why);
	reinject_done(&own);
	return verdict;
}

/* RFC 5230 4.3 lets us decide: nobody's reply speaks for somebody else. */
static int
take_own_from(
    struct letters *letters, struct sieve_vacation *reply, struct why *why)
{
	struct filter *filter = letters->filter;
	struct rcpt *rcpt = filter->rcpt;
	enum mine mine = MINE_NOT;
	struct address address;
	int r = 0;

	if (address_parse(filter->arena, reply->from, &address))
		r = mine_address(filter->txn->lmtpd->directory,
		    rcpt->plan.mailbox, address.text, &mine, why);
	if (r < 0 || mine != MINE_NOT)
		return r;
	author_tell(filter->txn, rcpt,
	    "vacation: the address of :from is none of yours; the reply comes "
	    "from the one that was written to");
	reply->from = forwarder_of(rcpt);
	return 0;
}

enum verdict
letters_reply(struct letters *letters, const struct sieve_vacation *vacation,
    struct slice *text_out, struct why *why)
{
	struct filter *filter = letters->filter;
	struct db_pool *pool = filter->txn->lmtpd->pool;
	struct sieve_vacation reply = *vacation;
	const struct sieve_compose compose = compose_of(letters, "vacation");
	const struct mark mark = { filter->rcpt->plan.mailbox, vacation->key,
		vacation->period_s };
	int r = take_own_from(letters, &reply, why);

	*text_out = SLICE("");
	if (r == 0)
		r = marks_claim_reply(pool, &mark, why);
	if (r < 0)
		return MAIL_TEMPFAIL;
	if (r == 0)
		return why_say(why, 250, "2.0.0", "was answered before");
	*text_out = sieve_compose_vacation(&compose, &reply, filter->arena);
	if (post(letters, *text_out, &reply.to, 1, SLICE(""), why) !=
	    MAIL_OK) {
		marks_release_reply(pool, &mark);
		return why->verdict;
	}
	return why_say(why, 250, "2.0.0", "answered");
}

enum verdict
letters_notify(struct letters *letters, const struct sieve_notify *notify,
    struct slice *text_out, struct why *why)
{
	struct filter *filter = letters->filter;
	const struct sieve_compose compose = compose_of(letters, "notify");

	*text_out = sieve_compose_notify(
	    &compose, notify, forwarder_of(filter->rcpt), filter->arena);
	if (notify->n_to == 0)
		return why_say(why, 550, "5.1.3", "nobody to notify");
	return post(letters, *text_out, notify->to, notify->n_to,
	    slice_of(arena_printf(
		filter->arena, "notify %.*s", SLICE_FMT(notify->method))),
	    why);
}

enum verdict
letters_refuse(struct letters *letters, struct slice reason, struct why *why)
{
	struct filter *filter = letters->filter;
	const struct sieve_compose compose = compose_of(letters, "refused");
	struct slice sender = filter->txn->sender;

	if (sender.n == 0) /* RFC 8098 2.1: never about a bounce */
		return why_say(why, 250, "2.0.0", "refused");
	return post(letters,
	    sieve_compose_reject(&compose, reason, filter->arena), &sender, 1,
	    SLICE("refused"), why);
}
