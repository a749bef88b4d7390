#include "lmtpd/front/session.h"

#include "core/lmtp.h"
#include "core/log.h"
#include "lmtpd/front/caller.h"
#include "lmtpd/front/deliver.h"

struct guest {
	int fd;
	enum peer kind;
	struct arena arena; /* lives as long: the caller's mailbox */
	struct txn txn;
	char peer[HOST_TEXT_MAX + 1];
};

static enum verdict
on_greet(void *arg, struct why *why)
{
	struct guest *guest = arg;

	return caller_mailbox(guest->txn.lmtpd, guest->fd, &guest->arena,
	    &guest->txn.caller, why);
}

static void
on_hello(void *arg, struct slice peer)
{
	struct guest *guest = arg;

	(void)memcpy(guest->peer, peer.p, peer.n);
	guest->txn.peer = (struct slice){ guest->peer, peer.n };
}

static struct command_xforward *
on_client(void *arg)
{
	struct guest *guest = arg;

	return &guest->txn.client;
}

static enum verdict
on_mail(void *arg, struct slice args, struct why *why)
{
	struct guest *guest = arg;

	return txn_mail(&guest->txn, args, guest->kind != PEER_QUEUE, why);
}

static enum verdict
on_rcpt(void *arg, struct slice args, struct why *why)
{
	struct guest *guest = arg;

	return txn_rcpt(&guest->txn, args, why);
}

static void
on_text(void *arg, struct slice text)
{
	struct guest *guest = arg;

	message_add(&guest->txn.message, text);
}

static void
on_end(void *arg, struct lmtp *lmtp)
{
	struct guest *guest = arg;
	const struct rcpt *rcpt;

	deliver(&guest->txn);
	for (rcpt = guest->txn.first; rcpt != NULL; rcpt = rcpt->next)
		lmtp_say(lmtp, &rcpt->why);
}

static void
on_heard(void *arg)
{
	struct guest *guest = arg;

	deliver_heard(&guest->txn);
}

static void
on_reset(void *arg)
{
	struct guest *guest = arg;

	txn_reset(&guest->txn);
}

static void
on_lost(void *arg, const char *state, const char *detail)
{
	const struct guest *guest = arg;
	const struct txn *txn = &guest->txn;

	log_event(LOG_NOTICE, txn_queue_id(txn), "lost-peer",
	    LOG_TEXT("state", state), LOG_SLICE("from", txn->sender),
	    LOG_NUM("size", (long long)txn->message.size_bytes),
	    LOG_TEXT("detail", detail));
}

#define SERVICE                                                                \
	.hello = on_hello, .mail = on_mail, .rcpt = on_rcpt, .text = on_text,  \
	.end = on_end, .heard = on_heard, .reset = on_reset, .lost = on_lost

/* A user's program must not give itself a queue id of Postfix'. */
static const struct lmtp_service services[] = {
	[PEER_QUEUE] = { .offers = "250-XFORWARD NAME ADDR IDENT\r\n",
	    .client = on_client,
	    SERVICE },
	[PEER_TRUSTED] = { .offers = "250-XHAUSPOST KEY DATE FIRST FOLDER FLAGS\r\n"
				     "250-XFORWARD NAME ADDR IDENT\r\n",
	    .client = on_client,
	    SERVICE },
	[PEER_USER] = { .offers = "250-XHAUSPOST FOLDER FLAGS\r\n",
	    .greet = on_greet,
	    SERVICE },
};

void
session_serve(struct lmtpd *lmtpd, int fd, enum peer peer)
{
	const struct settings *settings = lmtpd->settings;
	const struct lmtp_host host = { settings->common.node,
		settings->idle_timeout_ms, settings->size_max_bytes,
		lmtpd->stop_fd };
	struct guest guest = { .fd = fd, .kind = peer, .arena = ARENA_INIT };

	txn_init(&guest.txn, lmtpd);
	lmtp_serve(&host, &services[peer], &guest, fd);
	txn_done(&guest.txn);
	arena_done(&guest.arena);
}

void
session_turn_away(const struct lmtpd *lmtpd, int fd)
{
	figures_add(&lmtpd->shared->figures, FIGURE_TURNED_AWAY, 1);
	lmtp_turn_away(fd);
}
