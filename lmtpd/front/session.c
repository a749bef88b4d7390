#include "lmtpd/front/session.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/io.h"
#include "core/log.h"
#include "lmtpd/front/caller.h"
#include "lmtpd/front/deliver.h"
#include "lmtpd/front/proto.h"

/*
 * States:
 *	GREETED	 before LHLO
 *	READY	 between messages
 *	MAIL	 a sender was named, perhaps recipients
 *	DATA	 message text comes in
 *	OVER	 said goodbye, or lost the peer
 */
enum session_state {
	SESSION_GREETED,
	SESSION_READY,
	SESSION_MAIL,
	SESSION_DATA,
	SESSION_OVER,
	SESSION_STATES
};

static const char *const state_names[] = { "greeted", "ready", "mail", "data",
	"over" };
_Static_assert(sizeof state_names / sizeof *state_names == SESSION_STATES,
    "name every state");

enum {
	SESSION_INPUT = 64 * 1024,   /* octets per read of message text */
	SESSION_REPLIES = 32 * 1024, /* octets of replies per write */
	SESSION_ERRORS_MAX = 20,     /* as Postfix' smtpd_hard_error_limit */
	PEER_NAME_MAX = 255,
};

struct session {
	struct lmtpd *lmtpd;
	int fd;
	enum peer kind;
	struct arena arena; /* lives as long: the caller's mailbox */
	enum session_state state;
	struct proto proto;
	struct txn txn;
	struct buf replies;
	unsigned errors;
	bool unheard; /* replies to a message that were not yet acted upon */
	char peer[PEER_NAME_MAX + 1];
	char input[SESSION_INPUT];
};

/* --- replies ---------------------------------------------------------- */

static void
end_session(struct session *session)
{
	session->state = SESSION_OVER;
}

static int
flush_replies(struct session *session)
{
	struct buf *replies = &session->replies;
	int r = 0;

	if (replies->n > 0)
		r = io_send(session->fd, replies->p, replies->n,
		    session->lmtpd->settings->idle_timeout_ms);
	buf_reset(replies);
	return r;
}

static void
say(struct session *session, const struct why *why)
{
	struct buf *replies = &session->replies;

	if (replies->n > SESSION_REPLIES && flush_replies(session) < 0)
		end_session(session);
	(void)buf_addf(
	    replies, "%d %s %s\r\n", why->code, why->dsn, why->reply);
}

static void
say_text(struct session *session, int code, const char *dsn, const char *text)
{
	struct why why;

	(void)why_say(&why, code, dsn, "%s", text);
	say(session, &why);
}

/* A peer that makes nothing but errors is told to go. */
static void
say_error(struct session *session, int code, const char *dsn, const char *text)
{
	if (++session->errors < SESSION_ERRORS_MAX) {
		say_text(session, code, dsn, text);
		return;
	}
	say_text(session, 421, "4.7.0", "too many errors");
	end_session(session);
}

/* --- commands --------------------------------------------------------- */

static void
on_lhlo(struct session *session, struct slice args)
{
	/* A user's program must not give itself a queue id of Postfix'. */
	static const char *const offers[] = {
		[PEER_QUEUE] = "250-XFORWARD NAME ADDR IDENT\r\n",
		[PEER_TRUSTED] = ("250-XHAUSPOST KEY DATE FOLDER FLAGS\r\n"
				  "250-XFORWARD NAME ADDR IDENT\r\n"),
		[PEER_USER] = "250-XHAUSPOST FOLDER FLAGS\r\n",
	};
	struct buf *replies = &session->replies;
	const struct settings *settings = session->lmtpd->settings;

	if (args.n == 0 || args.n > PEER_NAME_MAX) {
		say_error(session, 501, "5.5.4", "syntax: LHLO host");
		return;
	}
	(void)memcpy(session->peer, args.p, args.n);
	session->peer[args.n] = '\0';
	session->txn.peer = (struct slice){ session->peer, args.n };
	txn_reset(&session->txn);
	session->state = SESSION_READY;
	(void)buf_addf(replies,
	    "250-%s\r\n250-PIPELINING\r\n250-SIZE %ld\r\n250-8BITMIME\r\n"
	    "250-SMTPUTF8\r\n250-DSN\r\n%s250 ENHANCEDSTATUSCODES\r\n",
	    settings->common.node, settings->size_max_bytes,
	    offers[session->kind]);
}

static void
on_mail(struct session *session, struct slice args)
{
	struct why why;

	if (session->state == SESSION_MAIL) {
		say_error(session, 503, "5.5.1", "sender already given");
		return;
	}
	if (txn_mail(&session->txn, args, session->kind != PEER_QUEUE, &why) ==
	    MAIL_OK)
		session->state = SESSION_MAIL;
	say(session, &why);
}

static void
on_rcpt(struct session *session, struct slice args)
{
	struct why why;

	if (session->state != SESSION_MAIL) {
		say_error(session, 503, "5.5.1", "MAIL first");
		return;
	}
	(void)txn_rcpt(&session->txn, args, &why);
	say(session, &why);
}

static void
on_data(struct session *session, struct slice args)
{
	if (session->state != SESSION_MAIL) {
		say_error(session, 503, "5.5.1", "MAIL and RCPT first");
	} else if (args.n > 0) {
		say_error(session, 501, "5.5.4", "syntax: DATA");
	} else if (session->txn.n_rcpts == 0) {
		/* RFC 2033 4.2: never an answer for nobody. */
		say_error(session, 503, "5.5.1", "no valid recipients");
	} else {
		proto_start_text(&session->proto);
		session->state = SESSION_DATA;
		(void)buf_add_text(&session->replies,
		    "354 end data with <CR><LF>.<CR><LF>\r\n");
	}
}

static void
reset(struct session *session)
{
	txn_reset(&session->txn);
	session->txn.client = (struct command_xforward){ 0 };
	if (session->state == SESSION_MAIL)
		session->state = SESSION_READY;
}

static void
on_xforward(struct session *session, struct slice args)
{
	struct txn *txn = &session->txn;
	struct why why;

	if (session->kind == PEER_USER) {
		say_error(session, 502, "5.5.1", "not for users' programs");
		return;
	}
	if (session->state == SESSION_MAIL) {
		say_error(
		    session, 503, "5.5.1", "mail transaction in progress");
		return;
	}
	if (command_xforward(&txn->arena, args, &txn->client, &why) == MAIL_OK)
		(void)why_say(&why, 250, "2.0.0", "ok");
	say(session, &why);
}

static void
on_quit(struct session *session)
{
	say_text(session, 221, "2.0.0", "bye");
	end_session(session);
}

/* What needs no LHLO before it. True: the command was one of these. */
static bool
on_simple_command(struct session *session, enum command_verb verb)
{
	switch (verb) {
	case COMMAND_NOOP:
		say_text(session, 250, "2.0.0", "ok");
		return true;
	case COMMAND_RSET:
		reset(session);
		say_text(session, 250, "2.0.0", "ok");
		return true;
	case COMMAND_QUIT:
		on_quit(session);
		return true;
	case COMMAND_VRFY:
		say_text(session, 252, "2.0.0", "send some mail to find out");
		return true;
	case COMMAND_HELO:
		/* RFC 2033 4.1: they MUST be refused. */
		say_error(session, 500, "5.5.1", "this is LMTP, say LHLO");
		return true;
	case COMMAND_UNKNOWN:
		say_error(session, 500, "5.5.2", "unknown command");
		return true;
	default:
		return false;
	}
}

static void
on_command(struct session *session, struct slice line)
{
	struct command command = command_read(line);

	if (on_simple_command(session, command.verb))
		return;
	if (command.verb == COMMAND_LHLO)
		on_lhlo(session, command.args);
	else if (session->state == SESSION_GREETED)
		say_error(session, 503, "5.5.1", "LHLO first");
	else if (command.verb == COMMAND_MAIL)
		on_mail(session, command.args);
	else if (command.verb == COMMAND_RCPT)
		on_rcpt(session, command.args);
	else if (command.verb == COMMAND_DATA)
		on_data(session, command.args);
	else
		on_xforward(session, command.args);
}

/* --- events ----------------------------------------------------------- */

static void
on_text_end(struct session *session)
{
	const struct rcpt *rcpt;

	deliver(&session->txn);
	for (rcpt = session->txn.first; rcpt != NULL; rcpt = rcpt->next)
		say(session, &rcpt->why);
	session->unheard = true;
	session->state = SESSION_READY;
}

/*
 * Whatever the peer sends behind our replies to a message proves that it read
 * them. Pipelined commands prove nothing, since those were sent before.
 */
static void
on_heard(struct session *session, bool proven)
{
	if (!session->unheard)
		return;
	if (proven)
		deliver_heard(&session->txn);
	session->unheard = false;
	reset(session);
}

static void
on_event(struct session *session, const struct proto_event *event)
{
	switch (event->kind) {
	case PROTO_LINE:
		on_command(session, event->octets);
		break;
	case PROTO_LINE_BAD:
		say_error(
		    session, 500, "5.5.2", "stray CR, LF or NUL in a command");
		break;
	case PROTO_LINE_LONG:
		say_error(session, 500, "5.5.6", "command too long");
		break;
	case PROTO_TEXT:
		message_add(&session->txn.message, event->octets);
		break;
	case PROTO_TEXT_END:
		on_text_end(session);
		break;
	case PROTO_NEED_MORE:
		break;
	}
}

static void
on_input(struct session *session, struct slice input)
{
	while (input.n > 0 && session->state != SESSION_OVER) {
		struct proto_event event = proto_next(&session->proto, &input);

		if (event.kind != PROTO_NEED_MORE)
			on_heard(session, false);
		on_event(session, &event);
	}
}

/* --- the connection --------------------------------------------------- */

static bool
between_messages(const struct session *session)
{
	return session->state == SESSION_GREETED ||
	       session->state == SESSION_READY;
}

/*
 * 0 there is input, -ECANCELED the worker ends, -ETIMEDOUT, -errno. Inside a
 * message nothing but the peer can end the wait, and recv() alone does it.
 */
static int
wait_input(const struct session *session)
{
	struct pollfd p[] = {
		{ .fd = session->fd, .events = POLLIN },
		{ .fd = session->lmtpd->stop_fd, .events = POLLIN },
	};
	int r;

	if (!between_messages(session))
		return 0;
	do {
		r = poll(p, 2, (int)session->lmtpd->settings->idle_timeout_ms);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (r == 0)
		return -ETIMEDOUT;
	return p[0].revents != 0 ? 0 : -ECANCELED;
}

/* Octets read, 0 at the end, or -errno. */
static ssize_t
receive(struct session *session)
{
	ssize_t n;
	int r = wait_input(session);

	if (r < 0)
		return r;
	do {
		n = recv(session->fd, session->input, SESSION_INPUT, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return n;
}

static void
on_lost(struct session *session, int error)
{
	if (error == -ETIMEDOUT)
		say_text(session, 421, "4.4.2", "no input for too long");
	else if (error == -ECANCELED)
		say_text(session, 421, "4.3.2", "shutting down");
	if (session->state == SESSION_DATA || session->state == SESSION_MAIL)
		log_event(LOG_NOTICE, txn_queue_id(&session->txn), "lost-peer",
		    LOG_TEXT("state", state_names[session->state]),
		    LOG_SLICE("from", session->txn.sender),
		    LOG_NUM("size", (long long)session->txn.message.size_bytes),
		    LOG_TEXT("detail",
			error == 0 ? "connection closed" : strerror(-error)));
	end_session(session);
}

static void
greet(struct session *session)
{
	struct why why = { 0 };

	if (session->kind == PEER_USER &&
	    caller_mailbox(session->lmtpd, session->fd, &session->arena,
		&session->txn.caller, &why) != MAIL_OK) {
		/* RFC 5321 3.1: 554 instead of a greeting. */
		say_text(session, why.verdict == MAIL_PERMFAIL ? 554 : 421,
		    why.dsn, why.reply);
		end_session(session);
		return;
	}
	(void)buf_addf(&session->replies, "220 %s LMTP hauspost\r\n",
	    session->lmtpd->settings->common.node);
}

static void
talk(struct session *session)
{
	io_receive_timeout(
	    session->fd, session->lmtpd->settings->idle_timeout_ms);
	greet(session);
	while (session->state != SESSION_OVER) {
		ssize_t n;

		if (flush_replies(session) < 0)
			return;
		n = receive(session);
		if (n <= 0) {
			on_lost(session, (int)n);
			continue;
		}
		on_heard(session, true);
		on_input(session, (struct slice){ session->input, (size_t)n });
	}
	(void)flush_replies(session);
}

void
session_serve(struct lmtpd *lmtpd, int fd, enum peer peer)
{
	struct session *session = malloc(sizeof *session);

	if (session == NULL)
		abort();
	(void)memset(session, 0, offsetof(struct session, input));
	session->lmtpd = lmtpd;
	session->fd = fd;
	session->kind = peer;
	session->replies = (struct buf)BUF_INIT(2 * SESSION_REPLIES);
	proto_init(&session->proto);
	txn_init(&session->txn, lmtpd);
	talk(session);
	txn_done(&session->txn);
	proto_done(&session->proto);
	buf_free(&session->replies);
	arena_done(&session->arena);
	free(session);
}

void
session_turn_away(const struct lmtpd *lmtpd, int fd)
{
	static const char text[] = "421 4.3.2 too many sessions, try later\r\n";

	figures_add(&lmtpd->shared->figures, FIGURE_TURNED_AWAY, 1);
	(void)send(fd, text, sizeof text - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}
