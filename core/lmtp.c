#include "core/lmtp.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/io.h"
#include "core/proto.h"

/*
 * States:
 *	GREETED	 before LHLO
 *	READY	 between messages
 *	MAIL	 a sender was named, perhaps recipients
 *	DATA	 message text comes in
 *	OVER	 said goodbye, or lost the peer
 */
enum lmtp_state {
	LMTP_GREETED,
	LMTP_READY,
	LMTP_MAIL,
	LMTP_DATA,
	LMTP_OVER,
	LMTP_STATES
};

static const char *const state_names[] = { "greeted", "ready", "mail", "data",
	"over" };
_Static_assert(sizeof state_names / sizeof *state_names == LMTP_STATES,
    "name every state");

enum {
	LMTP_INPUT = 64 * 1024,	  /* octets per read of message text */
	LMTP_REPLIES = 32 * 1024, /* octets of replies per write */
	LMTP_ERRORS_MAX = 20,	  /* as Postfix' smtpd_hard_error_limit */
};

struct lmtp {
	const struct lmtp_host *host;
	const struct lmtp_service *service;
	void *guest;
	int fd;
	enum lmtp_state state;
	struct proto proto;
	struct arena arena; /* of single commands */
	struct buf replies;
	unsigned errors;
	size_t rcpts; /* that were accepted */
	bool unheard; /* replies to a message that were not yet acted upon */
	char input[LMTP_INPUT];
};

/* --- replies ---------------------------------------------------------- */

static void
end_session(struct lmtp *lmtp)
{
	lmtp->state = LMTP_OVER;
}

static int
flush_replies(struct lmtp *lmtp)
{
	struct buf *replies = &lmtp->replies;
	int r = 0;

	if (replies->n > 0)
		r = io_send(lmtp->fd, replies->p, replies->n,
		    lmtp->host->idle_timeout_ms);
	buf_reset(replies);
	return r;
}

void
lmtp_say(struct lmtp *lmtp, const struct why *why)
{
	struct buf *replies = &lmtp->replies;

	if (replies->n > LMTP_REPLIES && flush_replies(lmtp) < 0)
		end_session(lmtp);
	(void)buf_addf(
	    replies, "%d %s %s\r\n", why->code, why->dsn, why->reply);
}

static void
say_text(struct lmtp *lmtp, int code, const char *dsn, const char *text)
{
	struct why why;

	(void)why_say(&why, code, dsn, "%s", text);
	lmtp_say(lmtp, &why);
}

/* A peer that makes nothing but errors is told to go. */
static void
say_error(struct lmtp *lmtp, int code, const char *dsn, const char *text)
{
	if (++lmtp->errors < LMTP_ERRORS_MAX) {
		say_text(lmtp, code, dsn, text);
		return;
	}
	say_text(lmtp, 421, "4.7.0", "too many errors");
	end_session(lmtp);
}

/* --- commands --------------------------------------------------------- */

static void
forget(struct lmtp *lmtp)
{
	lmtp->service->reset(lmtp->guest);
	lmtp->rcpts = 0;
	arena_reset(&lmtp->arena);
}

static void
on_lhlo(struct lmtp *lmtp, struct slice args)
{
	const struct lmtp_host *host = lmtp->host;

	if (args.n == 0 || args.n > HOST_TEXT_MAX) {
		say_error(lmtp, 501, "5.5.4", "syntax: LHLO host");
		return;
	}
	forget(lmtp);
	lmtp->service->hello(lmtp->guest, args);
	lmtp->state = LMTP_READY;
	(void)buf_addf(&lmtp->replies,
	    "250-%s\r\n250-PIPELINING\r\n250-SIZE %ld\r\n250-8BITMIME\r\n"
	    "250-SMTPUTF8\r\n250-DSN\r\n%s250 ENHANCEDSTATUSCODES\r\n",
	    host->name, host->size_max_bytes, lmtp->service->offers);
}

static void
on_mail(struct lmtp *lmtp, struct slice args)
{
	struct why why;

	if (lmtp->state == LMTP_MAIL) {
		say_error(lmtp, 503, "5.5.1", "sender already given");
		return;
	}
	if (lmtp->service->mail(lmtp->guest, args, &why) == MAIL_OK)
		lmtp->state = LMTP_MAIL;
	lmtp_say(lmtp, &why);
}

static void
on_rcpt(struct lmtp *lmtp, struct slice args)
{
	struct why why;

	if (lmtp->state != LMTP_MAIL) {
		say_error(lmtp, 503, "5.5.1", "MAIL first");
		return;
	}
	if (lmtp->service->rcpt(lmtp->guest, args, &why) == MAIL_OK)
		lmtp->rcpts++;
	lmtp_say(lmtp, &why);
}

static void
on_data(struct lmtp *lmtp, struct slice args)
{
	if (lmtp->state != LMTP_MAIL) {
		say_error(lmtp, 503, "5.5.1", "MAIL and RCPT first");
	} else if (args.n > 0) {
		say_error(lmtp, 501, "5.5.4", "syntax: DATA");
	} else if (lmtp->rcpts == 0) {
		/* RFC 2033 4.2: never an answer for nobody. */
		say_error(lmtp, 503, "5.5.1", "no valid recipients");
	} else {
		proto_start_text(&lmtp->proto);
		lmtp->state = LMTP_DATA;
		(void)buf_add_text(
		    &lmtp->replies, "354 end data with <CR><LF>.<CR><LF>\r\n");
	}
}

static struct command_xforward *
client_of(struct lmtp *lmtp)
{
	if (lmtp->service->client == NULL)
		return NULL;
	return lmtp->service->client(lmtp->guest);
}

static void
reset(struct lmtp *lmtp)
{
	struct command_xforward *client = client_of(lmtp);

	forget(lmtp);
	if (client != NULL)
		*client = (struct command_xforward){ 0 };
	if (lmtp->state == LMTP_MAIL)
		lmtp->state = LMTP_READY;
}

static void
on_xforward(struct lmtp *lmtp, struct slice args)
{
	struct command_xforward *client = client_of(lmtp);
	struct why why;

	if (client == NULL) {
		say_error(lmtp, 502, "5.5.1", "not for users' programs");
		return;
	}
	if (lmtp->state == LMTP_MAIL) {
		say_error(lmtp, 503, "5.5.1", "mail transaction in progress");
		return;
	}
	if (command_xforward(&lmtp->arena, args, client, &why) == MAIL_OK)
		(void)why_say(&why, 250, "2.0.0", "ok");
	lmtp_say(lmtp, &why);
}

static void
on_quit(struct lmtp *lmtp)
{
	say_text(lmtp, 221, "2.0.0", "bye");
	end_session(lmtp);
}

/* What needs no LHLO before it. True: the command was one of these. */
static bool
on_simple_command(struct lmtp *lmtp, enum command_verb verb)
{
	switch (verb) {
	case COMMAND_NOOP:
		say_text(lmtp, 250, "2.0.0", "ok");
		return true;
	case COMMAND_RSET:
		reset(lmtp);
		say_text(lmtp, 250, "2.0.0", "ok");
		return true;
	case COMMAND_QUIT:
		on_quit(lmtp);
		return true;
	case COMMAND_VRFY:
		say_text(lmtp, 252, "2.0.0", "send some mail to find out");
		return true;
	case COMMAND_HELO:
		/* RFC 2033 4.1: they MUST be refused. */
		say_error(lmtp, 500, "5.5.1", "this is LMTP, say LHLO");
		return true;
	case COMMAND_UNKNOWN:
		say_error(lmtp, 500, "5.5.2", "unknown command");
		return true;
	default:
		return false;
	}
}

static void
on_command(struct lmtp *lmtp, struct slice line)
{
	struct command command = command_read(line);

	if (on_simple_command(lmtp, command.verb))
		return;
	if (command.verb == COMMAND_LHLO)
		on_lhlo(lmtp, command.args);
	else if (lmtp->state == LMTP_GREETED)
		say_error(lmtp, 503, "5.5.1", "LHLO first");
	else if (command.verb == COMMAND_MAIL)
		on_mail(lmtp, command.args);
	else if (command.verb == COMMAND_RCPT)
		on_rcpt(lmtp, command.args);
	else if (command.verb == COMMAND_DATA)
		on_data(lmtp, command.args);
	else
		on_xforward(lmtp, command.args);
}

/* --- events ----------------------------------------------------------- */

static void
on_text_end(struct lmtp *lmtp)
{
	lmtp->service->end(lmtp->guest, lmtp);
	lmtp->unheard = true;
	lmtp->state = LMTP_READY;
}

/*
 * Whatever the peer sends behind our replies to a message proves that it read
 * them. Pipelined commands prove nothing, since those were sent before.
 */
static void
on_heard(struct lmtp *lmtp, bool proven)
{
	if (!lmtp->unheard)
		return;
	if (proven && lmtp->service->heard != NULL)
		lmtp->service->heard(lmtp->guest);
	lmtp->unheard = false;
	reset(lmtp);
}

static void
on_event(struct lmtp *lmtp, const struct proto_event *event)
{
	switch (event->kind) {
	case PROTO_LINE:
		on_command(lmtp, event->octets);
		break;
	case PROTO_LINE_BAD:
		say_error(
		    lmtp, 500, "5.5.2", "stray CR, LF or NUL in a command");
		break;
	case PROTO_LINE_LONG:
		say_error(lmtp, 500, "5.5.6", "command too long");
		break;
	case PROTO_TEXT:
		lmtp->service->text(lmtp->guest, event->octets);
		break;
	case PROTO_TEXT_END:
		on_text_end(lmtp);
		break;
	case PROTO_NEED_MORE:
		break;
	}
}

static void
on_input(struct lmtp *lmtp, struct slice input)
{
	while (input.n > 0 && lmtp->state != LMTP_OVER) {
		struct proto_event event = proto_next(&lmtp->proto, &input);

		if (event.kind != PROTO_NEED_MORE)
			on_heard(lmtp, false);
		on_event(lmtp, &event);
	}
}

/* --- the connection --------------------------------------------------- */

static bool
between_messages(const struct lmtp *lmtp)
{
	return lmtp->state == LMTP_GREETED || lmtp->state == LMTP_READY;
}

/*
 * 0 there is input, -ECANCELED the program ends, -ETIMEDOUT, -errno. Inside a
 * message nothing but the peer can end the wait, and recv() alone does it.
 */
static int
wait_input(const struct lmtp *lmtp)
{
	struct pollfd p[] = {
		{ .fd = lmtp->fd, .events = POLLIN },
		{ .fd = lmtp->host->stop_fd, .events = POLLIN },
	};
	int r;

	if (!between_messages(lmtp))
		return 0;
	do {
		r = poll(p, 2, (int)lmtp->host->idle_timeout_ms);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (r == 0)
		return -ETIMEDOUT;
	return p[0].revents != 0 ? 0 : -ECANCELED;
}

/* Octets read, 0 at the end, or -errno. */
static ssize_t
receive(struct lmtp *lmtp)
{
	ssize_t n;
	int r = wait_input(lmtp);

	if (r < 0)
		return r;
	do {
		n = recv(lmtp->fd, lmtp->input, LMTP_INPUT, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return n;
}

static void
on_lost(struct lmtp *lmtp, int error)
{
	if (error == -ETIMEDOUT)
		say_text(lmtp, 421, "4.4.2", "no input for too long");
	else if (error == -ECANCELED)
		say_text(lmtp, 421, "4.3.2", "shutting down");
	if (!between_messages(lmtp))
		lmtp->service->lost(lmtp->guest, state_names[lmtp->state],
		    error == 0 ? "connection closed" : strerror(-error));
	end_session(lmtp);
}

static void
greet(struct lmtp *lmtp)
{
	struct why why = { 0 };

	if (lmtp->service->greet != NULL &&
	    lmtp->service->greet(lmtp->guest, &why) != MAIL_OK) {
		/* RFC 5321 3.1: 554 instead of a greeting. */
		say_text(lmtp, why.verdict == MAIL_PERMFAIL ? 554 : 421,
		    why.dsn, why.reply);
		end_session(lmtp);
		return;
	}
	(void)buf_addf(
	    &lmtp->replies, "220 %s LMTP hauspost\r\n", lmtp->host->name);
}

static void
talk(struct lmtp *lmtp)
{
	io_receive_timeout(lmtp->fd, lmtp->host->idle_timeout_ms);
	greet(lmtp);
	while (lmtp->state != LMTP_OVER) {
		ssize_t n;

		if (flush_replies(lmtp) < 0)
			return;
		n = receive(lmtp);
		if (n <= 0) {
			on_lost(lmtp, (int)n);
			continue;
		}
		on_heard(lmtp, true);
		on_input(lmtp, (struct slice){ lmtp->input, (size_t)n });
	}
	(void)flush_replies(lmtp);
}

void
lmtp_serve(const struct lmtp_host *host, const struct lmtp_service *service,
    void *guest, int fd)
{
	struct lmtp *lmtp = malloc(sizeof *lmtp);

	if (lmtp == NULL)
		abort();
	(void)memset(lmtp, 0, offsetof(struct lmtp, input));
	lmtp->host = host;
	lmtp->service = service;
	lmtp->guest = guest;
	lmtp->fd = fd;
	lmtp->replies = (struct buf)BUF_INIT(2 * LMTP_REPLIES);
	proto_init(&lmtp->proto);
	talk(lmtp);
	proto_done(&lmtp->proto);
	buf_free(&lmtp->replies);
	arena_done(&lmtp->arena);
	free(lmtp);
}

void
lmtp_turn_away(int fd)
{
	static const char text[] = "421 4.3.2 too many sessions, try later\r\n";

	(void)send(fd, text, sizeof text - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}
