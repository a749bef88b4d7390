#include "listmgr/session.h"

#include "core/lmtp.h"
#include "core/log.h"

#include "listmgr/txn.h"

static void
on_hello(void *guest, struct slice peer)
{
	(void)guest, (void)peer;
}

static struct command_xforward *
on_client(void *guest)
{
	struct txn *txn = guest;

	return &txn->client;
}

static enum verdict
on_mail(void *guest, struct slice args, struct why *why)
{
	return txn_mail(guest, args, why);
}

static enum verdict
on_rcpt(void *guest, struct slice args, struct why *why)
{
	return txn_rcpt(guest, args, why);
}

static void
on_text(void *guest, struct slice text)
{
	struct txn *txn = guest;

	message_add(&txn->message, text);
}

static void
on_end(void *guest, struct lmtp *lmtp)
{
	struct txn *txn = guest;

	txn_deliver(txn);
	for (const struct rcpt *r = txn->first; r != NULL; r = r->next)
		lmtp_say(lmtp, &r->why);
}

static void
on_reset(void *guest)
{
	txn_reset(guest);
}

static void
on_lost(void *guest, const char *state, const char *detail)
{
	const struct txn *txn = guest;

	log_event(LOG_NOTICE, txn_queue_id(txn), "lost-peer",
	    LOG_TEXT("state", state), LOG_SLICE("from", txn->sender),
	    LOG_TEXT("detail", detail));
}

static const struct lmtp_service service = {
	.offers = "250-XFORWARD NAME ADDR IDENT\r\n",
	.hello = on_hello,
	.client = on_client,
	.mail = on_mail,
	.rcpt = on_rcpt,
	.text = on_text,
	.end = on_end,
	.reset = on_reset,
	.lost = on_lost,
};

void
session_serve(struct listmgr *listmgr, int fd)
{
	const struct settings *settings = listmgr->settings;
	const struct lmtp_host host = { settings->common.node,
		settings->idle_timeout_ms, settings->size_max_bytes,
		listmgr->stop_fd };
	struct txn txn;

	txn_init(&txn, listmgr);
	lmtp_serve(&host, &service, &txn, fd);
	txn_done(&txn);
}
