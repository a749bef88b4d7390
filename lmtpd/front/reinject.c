#include "lmtpd/front/reinject.h"

#include "core/digest.h"
#include "core/dsn.h"
#include "core/log.h"
#include "lmtpd/front/ledger.h"

static const struct slice sent = { "sent", 4 };
static const struct slice mark_name = { "X-Hauspost-Expanded", 19 };

enum { PARTS = 2 };

/* --- the mark --------------------------------------------------------- */

/* A stranger can not make it: he would make his mail to us bounce. */
static struct slice
mark_value(struct txn *txn, const struct rcpt *rcpt, struct slice secret)
{
	const struct slice parts[] = { SLICE("expanded"), txn->lmtpd->node,
		rcpt->address };
	char token[DIGEST_TEXT + 1];

	digest_text(secret, parts, sizeof parts / sizeof *parts, token);
	return slice_of(arena_printf(
	    &txn->arena, "%.*s %s", SLICE_FMT(txn->lmtpd->node), token));
}

static enum verdict
mark_text(struct txn *txn, struct rcpt *rcpt, struct slice *text_out)
{
	struct slice secret, value;

	if (lmtpd_secret(txn->lmtpd, SECRET_NAME, &secret, &rcpt->why) !=
	    MAIL_OK)
		return MAIL_TEMPFAIL;
	value = mark_value(txn, rcpt, secret);
	if (heading_has(message_header(&txn->message), mark_name, value))
		return why_say(&rcpt->why, 554, "5.4.6",
		    "mail loop: address was not expanded on its way back");
	*text_out = slice_of(arena_printf(&txn->arena, "%.*s: %.*s\n",
	    SLICE_FMT(mark_name), SLICE_FMT(value)));
	return MAIL_OK;
}

/* --- the mail --------------------------------------------------------- */

/* The fields to write above the message, or the verdict. */
static enum verdict
compose_head(
    struct reinject *reinject, struct rcpt *rcpt, struct slice *head_out)
{
	struct txn *txn = reinject->txn;

	if (rcpt->plan.kind == PLAN_EXPAND)
		return mark_text(txn, rcpt, head_out);
	*head_out = heading_onward(&txn->arena, reinject->heading,
	    rcpt->plan.forwarder, rcpt->original);
	return MAIL_OK;
}

static int
compose_parts(struct txn *txn, struct rcpt *rcpt, struct slice head,
    struct smtpc_part parts[PARTS])
{
	struct slice text = message_text(&txn->message);
	int fd = -1;

	if (text.p == NULL) {
		fd = message_fd(&txn->message, &rcpt->why);
		if (fd < 0)
			return fd;
	}
	parts[0] = (struct smtpc_part)SMTPC_OCTETS(head);
	parts[1] = (struct smtpc_part){
		.octets = text, .fd = fd, .size = txn->message.size_bytes
	};
	return 0;
}

/*
 * A forward leaves with a sender in the domain it was written to, or the next
 * server would see mail from a stranger's domain that comes from us (SPF).
 */
enum verdict
reinject_sender(struct txn *txn, struct rcpt *rcpt, struct slice *sender_out)
{
	struct addr rewritten;

	if (forwarding_rewrite(txn->lmtpd->directory, &txn->arena,
		&txn->mail.sender, rcpt->plan.forwarder, &rewritten,
		&rcpt->why) < 0)
		return MAIL_TEMPFAIL;
	*sender_out = addr_text(&txn->arena, &rewritten);
	return MAIL_OK;
}

struct slice
reinject_params(struct txn *txn)
{
	const struct command_mail *mail = &txn->mail;

	return slice_of(arena_printf(&txn->arena, "BODY=8BITMIME%s%s%.*s%s%.*s",
	    mail->utf8 ? " SMTPUTF8" : "", mail->ret.n > 0 ? " RET=" : "",
	    SLICE_FMT(mail->ret), mail->envid.n > 0 ? " ENVID=" : "",
	    SLICE_FMT(mail->envid)));
}

static const char *
notify_words(struct arena *arena, unsigned notify)
{
	if (notify == NOTIFY_NEVER)
		return "NEVER";
	return arena_printf(arena, "%s%s%s",
	    (notify & NOTIFY_SUCCESS) != 0 ? "SUCCESS," : "",
	    (notify & NOTIFY_FAILURE) != 0 ? "FAILURE," : "",
	    (notify & NOTIFY_DELAY) != 0 ? "DELAY," : "");
}

struct slice
reinject_rcpt_params(struct txn *txn, const struct rcpt *rcpt)
{
	struct slice orcpt = rcpt->orcpt, notify;

	if (orcpt.n == 0)
		orcpt = slice_of(arena_printf(&txn->arena, "rfc822;%.*s",
		    SLICE_FMT(dsn_xtext(&txn->arena, rcpt->original))));
	notify = slice_of(notify_words(&txn->arena, rcpt->notify));
	if (notify.n > 0 && notify.p[notify.n - 1] == ',')
		notify.n--;
	return slice_of(
	    arena_printf(&txn->arena, "ORCPT=%.*s%s%.*s", SLICE_FMT(orcpt),
		notify.n > 0 ? " NOTIFY=" : "", SLICE_FMT(notify)));
}

/* --- sending ---------------------------------------------------------- */

/* A connection that the last mail left in order, or a new one. */
static int
connect_next(struct reinject *reinject, struct why *why)
{
	const struct settings *settings = reinject->txn->lmtpd->settings;
	const struct smtpc_options options = { SMTPC_SMTP, reinject->endpoint,
		settings->common.node, settings->reinject_timeout_ms };

	if (reinject->smtpc != NULL && smtpc_usable(reinject->smtpc))
		return 0;
	smtpc_close(reinject->smtpc);
	reinject->smtpc = NULL;
	return smtpc_open(&options, &reinject->smtpc, why);
}

/* Where the message goes, and whose it is said to be. */
static enum verdict
compose_envelope(struct txn *txn, struct rcpt *rcpt, struct smtpc_mail *mail)
{
	mail->params = reinject_params(txn);
	mail->sender = txn->sender;
	mail->rcpts[0].params = reinject_rcpt_params(txn, rcpt);
	mail->rcpts[0].address = rcpt->address;
	if (rcpt->plan.kind != PLAN_FORWARD)
		return MAIL_OK;
	mail->rcpts[0].address = rcpt->plan.address;
	return reinject_sender(txn, rcpt, &mail->sender);
}

enum verdict
reinject_hand_over(struct reinject *reinject, struct rcpt *rcpt,
    struct smtpc_mail *mail, struct slice head)
{
	struct smtpc_part parts[PARTS];

	mail->parts = parts;
	mail->n_parts = PARTS;
	if (compose_parts(reinject->txn, rcpt, head, parts) < 0 ||
	    connect_next(reinject, &rcpt->why) < 0)
		return MAIL_TEMPFAIL;
	return smtpc_send(reinject->smtpc, mail, &rcpt->why);
}

static enum verdict
hand_over(struct reinject *reinject, struct rcpt *rcpt, struct slice head)
{
	struct smtpc_rcpt to = { 0 };
	struct smtpc_mail mail = { .rcpts = &to, .n_rcpts = 1 };

	if (compose_envelope(reinject->txn, rcpt, &mail) != MAIL_OK ||
	    reinject_hand_over(reinject, rcpt, &mail, head) != MAIL_OK)
		return rcpt->why.verdict;
	(void)why_say(&rcpt->why, 250, "2.0.0", "sent on");
	why_detail(&rcpt->why, "sent on as <%.*s>", SLICE_FMT(mail.sender));
	return MAIL_OK;
}

enum verdict
reinject_mail(
    struct reinject *reinject, struct smtpc_mail *mail, struct why *why)
{
	if (connect_next(reinject, why) < 0)
		return MAIL_TEMPFAIL;
	return smtpc_send(reinject->smtpc, mail, why);
}

/* It has left the house, so that is the answer; without the mark a retry
 * would send it twice, but after this 250 there is none. */
static void
mark(struct reinject *reinject, struct slice delivery, struct slice action)
{
	struct why why = { 0 };

	if (ledger_mark(reinject->txn->lmtpd->pool, delivery, action, &why) < 0)
		log_event(LOG_WARNING, txn_queue_id(reinject->txn),
		    "not-marked", LOG_SLICE("name", delivery), LOG_WHY(&why));
}

enum verdict
reinject_once(struct reinject *reinject, struct slice delivery,
    struct slice action, struct smtpc_mail *mail, struct why *why)
{
	int r = ledger_has(reinject->txn->lmtpd->pool, delivery, action, why);

	if (r < 0)
		return MAIL_TEMPFAIL;
	if (r > 0)
		return why_say(why, 250, "2.0.0", "was sent on before");
	if (reinject_mail(reinject, mail, why) != MAIL_OK)
		return why->verdict;
	mark(reinject, delivery, action);
	return why_say(why, 250, "2.0.0", "sent on");
}

static void
send_and_mark(struct reinject *reinject, struct rcpt *rcpt)
{
	struct slice head = { NULL, 0 };

	if (compose_head(reinject, rcpt, &head) != MAIL_OK ||
	    hand_over(reinject, rcpt, head) != MAIL_OK)
		return;
	mark(reinject, rcpt->name, sent);
}

void
reinject_send(struct reinject *reinject, struct rcpt *rcpt)
{
	int r = ledger_has(
	    reinject->txn->lmtpd->pool, rcpt->name, sent, &rcpt->why);

	if (r == 0)
		send_and_mark(reinject, rcpt);
	else if (r > 0)
		(void)why_say(&rcpt->why, 250, "2.0.0", "was sent on before");
}

void
reinject_done(struct reinject *reinject)
{
	smtpc_close(reinject->smtpc);
}
