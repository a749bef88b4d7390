#include "lmtpd/front/receipt.h"

#include "core/digest.h"
#include "core/dsn.h"
#include "core/log.h"
#include "core/smtpc.h"

enum {
	/* The header goes back as well, but a bomb of one does not. */
	HEADER_MAX = 32 * 1024,
	RECEIPT_MAX = HEADER_MAX + 8192,
};

/* --- writing ---------------------------------------------------------- */

/*
 * Names this report and parts it: the same for a repeat, and nothing that a
 * message could contain by chance or by intent of who does not know it.
 */
static void
token_of(const struct receipt *receipt, char token[DIGEST_TEXT + 1])
{
	const struct slice parts[] = { receipt->heading->queue_id,
		receipt->heading->sender, receipt->original, receipt->header };

	digest_text(SLICE("hauspost receipt"), parts,
	    sizeof parts / sizeof *parts, token);
}

static void
add_head(struct buf *to, const struct receipt *receipt, const char *token)
{
	const struct heading *h = receipt->heading;

	heading_add(to, "From: Mail delivery <MAILER-DAEMON@", h->node, ">\n");
	heading_add(to, "To: <", h->sender, ">\n");
	(void)buf_add_text(to, "Subject: Delivered: your message\nDate: ");
	heading_add_date(to, h->arrival);
	(void)buf_addf(
	    to, "\nMessage-ID: <receipt.%s@%.*s>\n", token, SLICE_FMT(h->node));
	(void)buf_addf(to,
	    "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\n"
	    "\tboundary=\"%s\"\n\n",
	    token);
}

static void
add_text(struct buf *to, const struct receipt *receipt, const char *token)
{
	(void)buf_addf(to,
	    "--%s\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n",
	    token);
	heading_add(
	    to, "Your message was delivered to <", receipt->original, ">.\n\n");
}

/* RFC 3464 2.2 and 2.3. */
static void
add_status(struct buf *to, const struct receipt *receipt, const char *token)
{
	const struct heading *h = receipt->heading;
	const char *type = h->utf8 ? "utf-8" : "rfc822";

	(void)buf_addf(to, "--%s\nContent-Type: message/%sdelivery-status\n\n",
	    token, h->utf8 ? "global-" : "");
	heading_add(to, "Reporting-MTA: dns; ", h->node, "\n");
	if (receipt->envid.n > 0)
		heading_add(to, "Original-Envelope-Id: ", receipt->envid, "\n");
	(void)buf_add_text(to, "Arrival-Date: ");
	heading_add_date(to, h->arrival);
	(void)buf_addf(to, "\n\nOriginal-Recipient: %s; ", type);
	heading_add(to, "", receipt->original, "\n");
	(void)buf_addf(to, "Final-Recipient: %s; ", type);
	heading_add(to, "", receipt->original, "\n");
	(void)buf_add_text(to, "Action: delivered\nStatus: 2.0.0\n\n");
}

static void
add_header(struct buf *to, const struct receipt *receipt, const char *token)
{
	struct slice header = slice_head(receipt->header, HEADER_MAX);

	(void)buf_addf(to, "--%s\nContent-Type: %s\n\n", token,
	    receipt->heading->utf8 ? "message/global-headers"
				   : "text/rfc822-headers");
	(void)buf_add_slice(to, header);
	(void)buf_addf(to, "\n--%s--\n", token);
}

struct slice
receipt_write(struct arena *arena, const struct receipt *receipt)
{
	AUTO_BUF struct buf text = BUF_INIT(RECEIPT_MAX);
	char token[DIGEST_TEXT + 1];

	token_of(receipt, token);
	add_head(&text, receipt, token);
	add_text(&text, receipt, token);
	add_status(&text, receipt, token);
	add_header(&text, receipt, token);
	return arena_slice(arena, buf_slice(&text));
}

/* --- sending ---------------------------------------------------------- */

/* RFC 3461 4.1: never about a message that is itself a report. */
static bool
is_due(const struct txn *txn, const struct rcpt *rcpt)
{
	return (rcpt->notify & NOTIFY_SUCCESS) != 0 && txn->sender.n > 0 &&
	       (rcpt->plan.kind == PLAN_STORE ||
		   rcpt->plan.kind == PLAN_PROGRAM) &&
	       rcpt->why.verdict == MAIL_OK && !rcpt->was_there;
}

static bool
any_due(const struct txn *txn)
{
	for (const struct rcpt *rcpt = txn->first; rcpt != NULL;
	     rcpt = rcpt->next) {
		if (is_due(txn, rcpt))
			return true;
	}
	return false;
}

static enum verdict
send_one(
    struct txn *txn, struct smtpc *smtpc, struct slice text, struct why *why)
{
	const struct smtpc_part part = SMTPC_OCTETS(text);
	struct smtpc_rcpt to = { .address = txn->sender,
		.params = SLICE("NOTIFY=NEVER") };

	return smtpc_send(smtpc,
	    &(struct smtpc_mail){
		.params = txn->mail.utf8 ? SLICE("BODY=8BITMIME SMTPUTF8")
					 : SLICE("BODY=8BITMIME"),
		.rcpts = &to,
		.n_rcpts = 1,
		.parts = &part,
		.n_parts = 1 },
	    why);
}

static void
send_due(struct txn *txn, struct smtpc *smtpc, const struct heading *heading)
{
	struct receipt receipt = { .heading = heading,
		.header = message_header(&txn->message) };
	struct why why = { 0 };

	(void)dsn_plain(&txn->arena, txn->mail.envid, &receipt.envid);
	for (struct rcpt *rcpt = txn->first; rcpt != NULL; rcpt = rcpt->next) {
		if (!is_due(txn, rcpt))
			continue;
		receipt.original = rcpt->original;
		if (send_one(txn, smtpc, receipt_write(&txn->arena, &receipt),
			&why) != MAIL_OK)
			log_event(LOG_WARNING, txn_queue_id(txn),
			    "receipt-lost", LOG_SLICE("orig", rcpt->original),
			    LOG_WHY(&why));
	}
}

void
receipt_send(struct txn *txn, const struct heading *heading)
{
	const struct settings *settings = txn->lmtpd->settings;
	const struct smtpc_options options = { SMTPC_SMTP, settings->reinject,
		settings->common.node, settings->reinject_timeout_ms };
	struct smtpc *smtpc = NULL;
	struct why why = { 0 };

	if (!any_due(txn))
		return;
	if (smtpc_open(&options, &smtpc, &why) < 0)
		log_event(LOG_WARNING, txn_queue_id(txn), "receipts-lost",
		    LOG_WHY(&why));
	else
		send_due(txn, smtpc, heading);
	smtpc_close(smtpc);
}
