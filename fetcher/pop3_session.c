#include "fetcher/pop3_session.h"

#include <errno.h>

#include "fetcher/login.h"

enum { CAPS_MAX = 64 * 1024, DELAY_MAX_S = 86400 };

void
pop3_session_init(struct pop3_session *s, struct run *run)
{
	s->run = run;
	s->caps = SLICE("");
	pop3_init(&s->pop3);
	stream_init(&s->stream, run->connection, &run->trouble);
	if (run->job->trace)
		stream_trace(&s->stream, run->job->account);
}

void
pop3_session_done(struct pop3_session *s)
{
	pop3_done(&s->pop3);
	stream_done(&s->stream);
}

/* --- commands --------------------------------------------------------- */

static void
hear(const struct pop3_session *s, const struct pop3_event *event)
{
	if (event->kind == POP3_OK || event->kind == POP3_ERR)
		stream_heard(&s->stream, event->octets.n > 0 ? event->octets
					 : event->kind == POP3_OK
					     ? SLICE("+OK")
					     : SLICE("-ERR"));
}

int
pop3_session_event(struct pop3_session *s, struct pop3_event *event_out)
{
	for (;;) {
		int r;

		*event_out = pop3_next(&s->pop3, &s->stream.input);
		if (event_out->kind == POP3_BROKEN)
			return trouble_say(&s->run->trouble, "PROTOCOL", "%.*s",
			    SLICE_FMT(event_out->octets));
		if (event_out->kind != POP3_NEED_MORE) {
			hear(s, event_out);
			return 0;
		}
		r = s->stream.out.n > 0 ? stream_flush(&s->stream) : 0;
		if (r == 0)
			r = stream_fill(&s->stream);
		if (r < 0)
			return r;
	}
}

int
pop3_session_ask(
    struct pop3_session *s, const char *command, struct pop3_event *reply_out)
{
	pop3_expect(&s->pop3, false);
	(void)buf_addf(&s->stream.out, "%s\r\n", command);
	return pop3_session_event(s, reply_out);
}

int
pop3_session_list(struct pop3_session *s, const char *command, struct buf *text,
    struct pop3_event *reply_out)
{
	struct pop3_event event;
	int r;

	pop3_expect(&s->pop3, true);
	(void)buf_addf(&s->stream.out, "%s\r\n", command);
	r = pop3_session_event(s, reply_out);
	if (r < 0 || reply_out->kind != POP3_OK)
		return r;
	do {
		r = pop3_session_event(s, &event);
		if (r == 0 && event.kind == POP3_TEXT)
			(void)buf_add_slice(text, event.octets);
	} while (r == 0 && event.kind != POP3_TEXT_END);
	if (r == 0 && buf_failed(text))
		r = trouble_say(&s->run->trouble, "PROTOCOL",
		    "the list of messages is too long");
	return r;
}

/* --- capabilities ----------------------------------------------------- */

struct slice
pop3_session_offers(const struct pop3_session *s, struct slice capability)
{
	struct slice lines = s->caps, line, word;

	while (slice_cut(&lines, '\n', &line)) {
		line = slice_trim(line);
		if (slice_cut(&line, ' ', &word) &&
		    slice_eq_nocase(word, capability))
			return line.p != NULL ? line : SLICE("");
	}
	return (struct slice){ NULL, 0 };
}

/* Old servers refuse CAPA; then nothing is offered. */
static int
ask_caps(struct pop3_session *s)
{
	AUTO_BUF struct buf text = BUF_INIT(CAPS_MAX);
	struct pop3_event reply;
	int r = pop3_session_list(s, "CAPA", &text, &reply);

	if (r == 0 && reply.kind == POP3_OK)
		s->caps = arena_slice(&s->run->arena, buf_slice(&text));
	return r;
}

/* --- login ------------------------------------------------------------ */

/* What the words in brackets mean (RFC 2449 8, RFC 3206). */
static int
say_refused(struct pop3_session *s, struct slice words)
{
	struct trouble *trouble = &s->run->trouble;
	const char *code = "AUTH";

	if (slice_starts_nocase(words, SLICE("[IN-USE]")))
		code = "INUSE";
	else if (slice_starts_nocase(words, SLICE("[LOGIN-DELAY")))
		code = "INUSE";
	else if (slice_starts_nocase(words, SLICE("[SYS/TEMP]")))
		code = "GREETING";
	return trouble_say(trouble, code, "%.*s", SLICE_FMT(words));
}

static int
exchange(void *arg, struct slice line, struct login_reply *reply_out)
{
	struct pop3_session *s = arg;
	struct pop3_event event;
	int r;

	pop3_expect(&s->pop3, false);
	(void)buf_add_slice(&s->stream.out, line);
	(void)buf_add_text(&s->stream.out, "\r\n");
	s->stream.secret = true;
	r = stream_flush(&s->stream);
	s->stream.secret = false;
	if (r == 0)
		r = pop3_session_event(s, &event);
	if (r < 0)
		return r;
	reply_out->kind = event.kind == POP3_OK	   ? LOGIN_IN
			  : event.kind == POP3_ERR ? LOGIN_REFUSED
						   : LOGIN_CHALLENGE;
	reply_out->words = event.octets;
	return 0;
}

/* A line end in a name or password would be another command. */
static int
say_user_and_pass(struct pop3_session *s)
{
	const struct sasl_login *login = &s->run->login;
	AUTO_LOGIN_LINE struct buf line = login_line();
	struct login_reply reply;
	int r;

	if (!login_is_one_line(login))
		return trouble_say(
		    &s->run->trouble, "AUTH", "line end in the password");
	(void)buf_addf(&line, "USER %.*s", SLICE_FMT(login->user));
	r = exchange(s, buf_slice(&line), &reply);
	if (r == 0 && reply.kind == LOGIN_IN) {
		buf_reset(&line);
		(void)buf_addf(&line, "PASS %.*s", SLICE_FMT(login->secret));
		r = exchange(s, buf_slice(&line), &reply);
	}
	if (r == 0 && reply.kind != LOGIN_IN)
		r = say_refused(s, reply.words);
	return r;
}

/* RFC 1939 7: the greeting holds a timestamp in angle brackets. */
static int
say_apop(struct pop3_session *s)
{
	const struct sasl_login *login = &s->run->login;
	AUTO_BUF struct buf line = BUF_INIT(SASL_ANSWER_MAX);
	struct slice said = connection_said(s->run->connection);
	struct login_reply reply;
	long from = slice_find(said, '<'), to = slice_find(said, '>');
	char hex[33];
	int r;

	if (from < 0 || to < from || !login_is_one_line(login))
		return trouble_say(
		    &s->run->trouble, "AUTH_NONE", "APOP is not offered");
	sasl_apop(slice_tail(slice_head(said, (size_t)to + 1), (size_t)from),
	    login->secret, hex);
	(void)buf_addf(&line, "APOP %.*s %s", SLICE_FMT(login->user), hex);
	r = exchange(s, buf_slice(&line), &reply);
	if (r == 0 && reply.kind != LOGIN_IN)
		r = say_refused(s, reply.words);
	return r;
}

static int
say_auth(struct pop3_session *s, struct slice offered)
{
	const struct job *job = s->run->job;
	struct login login = {
		.mechanism = sasl_choose(job->auth.p, offered,
		    s->run->login.is_token, job->tls != TLS_NONE),
		.login = &s->run->login,
		.initial_max = 255, /* RFC 2449 4, less "AUTH NAME " */
		.begin = "AUTH",
		.exchange = exchange,
		.arg = s,
		.trouble = &s->run->trouble,
	};
	int r;

	if (login.mechanism == SASL_NONE)
		return trouble_say(&s->run->trouble, "AUTH_NONE",
		    "offered: %.*s", SLICE_FMT(offered));
	r = login_run(&login);
	return r > 0 ? say_refused(s, slice_of(login.refusal)) : r;
}

/* RFC 2449 6.5: who comes back sooner is turned away. */
static void
note_login_delay(struct pop3_session *s)
{
	struct slice words = pop3_session_offers(s, SLICE("LOGIN-DELAY"));
	unsigned long long seconds;
	struct slice number;

	if (words.p != NULL && slice_cut(&words, ' ', &number) &&
	    slice_number(number, DELAY_MAX_S, &seconds))
		s->run->trouble.wait_s = (int)seconds;
}

int
pop3_session_login(struct pop3_session *s)
{
	struct slice auth = s->run->job->auth, offered;
	bool any = slice_eq(auth, SLICE("auto"));
	int r = ask_caps(s);

	if (r < 0)
		return r;
	offered = pop3_session_offers(s, SLICE("SASL"));
	if (slice_eq(auth, SLICE("APOP")))
		r = say_apop(s);
	else if (slice_eq(auth, SLICE("USER")) ||
		 (any && !s->run->login.is_token && offered.n == 0))
		r = say_user_and_pass(s);
	else
		r = say_auth(s, offered);
	/* Some tell PIPELINING only to those who are in. */
	if (r == 0)
		r = ask_caps(s);
	if (r == 0)
		note_login_delay(s);
	return r;
}
