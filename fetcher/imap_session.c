#include "fetcher/imap_session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/program.h"
#include "fetcher/imap_name.h"
#include "fetcher/login.h"

enum { CAPS_MAX = 16 * 1024, HEARD_MAX = 400 };

void
imap_session_init(struct imap_session *s, struct run *run)
{
	s->run = run;
	s->commands = 0;
	s->caps = (struct buf)BUF_INIT(CAPS_MAX);
	imap_init(&s->imap, run->job->max_size + 65536);
	s->heard = (struct buf)BUF_INIT(HEARD_MAX);
	stream_init(&s->stream, run->connection, &run->trouble);
	if (run->job->trace)
		stream_trace(&s->stream, run->job->account);
}

void
imap_session_done(struct imap_session *s)
{
	imap_done(&s->imap);
	buf_free(&s->caps);
	buf_free(&s->heard);
	stream_done(&s->stream);
}

/* --- commands --------------------------------------------------------- */

static int
begin(struct imap_session *s, const char *format, va_list args)
{
	char text[4096];
	int n = vsnprintf(text, sizeof text, format, args);

	(void)snprintf(s->tag, sizeof s->tag, "H%u", ++s->commands);
	if (n >= (int)sizeof text)
		return trouble_say(
		    &s->run->trouble, "PROTOCOL", "command too long");
	(void)buf_addf(&s->stream.out, "%s %s\r\n", s->tag, text);
	return stream_flush(&s->stream);
}

int
imap_session_begin(struct imap_session *s, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = begin(s, format, args);
	va_end(args);
	return r;
}

int
imap_session_do(struct imap_session *s, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = begin(s, format, args);
	va_end(args);
	if (r == 0)
		r = imap_session_end(s);
	return r == 0 ? imap_session_want(s, "PROTOCOL") : r;
}

/* A response as one line, messages left out. */
static void
hear(struct imap_session *s, const struct imap_event *event)
{
	static const char *const shown[] = {
		[IMAP_OPEN] = "(",
		[IMAP_CLOSE] = ")",
		[IMAP_NIL] = "NIL ",
		[IMAP_BODY_END] = "{…} ",
		[IMAP_CONTINUE] = "+ ",
	};

	if (!s->stream.traced)
		return;
	if (event->kind < sizeof shown / sizeof *shown &&
	    shown[event->kind] != NULL)
		(void)buf_add_text(&s->heard, shown[event->kind]);
	if (event->kind == IMAP_STATUS)
		(void)buf_addf(&s->heard, "%.*s %.*s ", SLICE_FMT(event->tag),
		    SLICE_FMT(event->word));
	if (event->kind == IMAP_ATOM || event->kind == IMAP_STRING ||
	    event->kind == IMAP_STATUS)
		(void)buf_addf(&s->heard, "%.*s ",
		    SLICE_FMT(slice_head(event->text, HEARD_MAX / 2)));
	if (event->kind == IMAP_END || event->kind == IMAP_STATUS ||
	    event->kind == IMAP_CONTINUE) {
		stream_heard(&s->stream, buf_slice(&s->heard));
		buf_reset(&s->heard);
	}
}

static int
say_broken(struct imap_session *s, const struct imap_event *event)
{
	return trouble_say(
	    &s->run->trouble, "PROTOCOL", "%.*s", SLICE_FMT(event->text));
}

static int
next_event(struct imap_session *s, struct imap_event *event_out)
{
	for (;;) {
		int r;

		*event_out = imap_next(&s->imap, &s->stream.input);
		if (event_out->kind == IMAP_BROKEN)
			return say_broken(s, event_out);
		if (event_out->kind != IMAP_NEED_MORE) {
			hear(s, event_out);
			return 1;
		}
		r = stream_fill(&s->stream);
		if (r < 0)
			return r;
	}
}

/* 1 there is more to it, 0 it ends the command, negative: trouble. */
static int
take_status(struct imap_session *s, const struct imap_event *event_out)
{
	if (event_out->kind != IMAP_STATUS)
		return 1;
	if (slice_eq(event_out->tag, slice_of(s->tag))) {
		s->ok = slice_eq_nocase(event_out->word, SLICE("OK"));
		(void)snprintf(s->words, sizeof s->words, "%.*s",
		    SLICE_FMT(event_out->text));
		return 0;
	}
	if (slice_eq_nocase(event_out->word, SLICE("BYE")))
		return trouble_say(&s->run->trouble, "CONNECT", "BYE %.*s",
		    SLICE_FMT(event_out->text));
	return 1;
}

int
imap_session_next(struct imap_session *s, struct imap_event *event_out)
{
	int r = next_event(s, event_out);

	return r < 0 ? r : take_status(s, event_out);
}

int
imap_session_wait(struct imap_session *s, struct imap_event *event_out,
    long wait_ms, int wake_fd)
{
	long until_ms = clock_ms() + wait_ms;
	int r = CONNECTION_READABLE;

	while (r == CONNECTION_READABLE) {
		*event_out = imap_next(&s->imap, &s->stream.input);
		if (event_out->kind == IMAP_BROKEN)
			return say_broken(s, event_out);
		if (event_out->kind != IMAP_NEED_MORE) {
			hear(s, event_out);
			r = take_status(s, event_out);
			return r < 0 ? r : CONNECTION_READABLE;
		}
		r = stream_await(&s->stream, until_ms - clock_ms(), wake_fd);
	}
	return r;
}

int
imap_session_end(struct imap_session *s)
{
	struct imap_event event;
	int r;

	while ((r = imap_session_next(s, &event)) > 0)
		;
	return r;
}

int
imap_session_want(struct imap_session *s, const char *code)
{
	return s->ok ? 0 : trouble_say(&s->run->trouble, code, "%s", s->words);
}

/* --- capabilities ----------------------------------------------------- */

static int
ask_caps(struct imap_session *s)
{
	struct imap_event event;
	bool mine = false;
	int r = imap_session_begin(s, "CAPABILITY");

	if (r < 0)
		return r;
	buf_reset(&s->caps);
	while ((r = imap_session_next(s, &event)) > 0) {
		if (event.kind == IMAP_END)
			mine = false;
		if (event.kind != IMAP_ATOM)
			continue;
		if (mine)
			(void)buf_addf(
			    &s->caps, "%.*s ", SLICE_FMT(event.text));
		mine = mine || slice_eq_nocase(event.text, SLICE("CAPABILITY"));
	}
	return r == 0 ? imap_session_want(s, "PROTOCOL") : r;
}

bool
imap_session_offers(const struct imap_session *s, struct slice capability)
{
	struct slice words = buf_slice(&s->caps), word;

	while (slice_cut(&words, ' ', &word)) {
		if (slice_eq_nocase(word, capability))
			return true;
	}
	return false;
}

/* The words behind AUTH=. */
static void
list_mechanisms(const struct imap_session *s, struct buf *to)
{
	struct slice words = buf_slice(&s->caps), word;

	while (slice_cut(&words, ' ', &word)) {
		if (slice_starts_nocase(word, SLICE("AUTH=")))
			(void)buf_addf(
			    to, "%.*s ", SLICE_FMT(slice_tail(word, 5)));
	}
}

/* --- login ------------------------------------------------------------ */

/* RFC 5530 says why. */
static int
say_refused(struct imap_session *s, struct slice words)
{
	const char *code = "AUTH";

	if (slice_starts_nocase(words, SLICE("[UNAVAILABLE]")))
		code = "GREETING";
	else if (slice_starts_nocase(words, SLICE("[INUSE]")) ||
		 slice_starts_nocase(words, SLICE("[LIMIT]")))
		code = "INUSE";
	return trouble_say(&s->run->trouble, code, "%.*s", SLICE_FMT(words));
}

static int
exchange(void *arg, struct slice line, struct login_reply *reply_out)
{
	struct imap_session *s = arg;
	struct imap_event event;
	int r;

	(void)buf_add_slice(&s->stream.out, line);
	(void)buf_add_text(&s->stream.out, "\r\n");
	s->stream.secret = true;
	r = stream_flush(&s->stream);
	s->stream.secret = false;
	while (r == 0) {
		r = imap_session_next(s, &event);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		if (event.kind == IMAP_CONTINUE) {
			reply_out->kind = LOGIN_CHALLENGE;
			reply_out->words = event.text;
			return 0;
		}
		r = 0;
	}
	reply_out->kind = s->ok ? LOGIN_IN : LOGIN_REFUSED;
	reply_out->words = slice_of(s->words);
	return r;
}

static int
authenticate(struct imap_session *s, enum sasl_mechanism mechanism)
{
	char begin[64];
	struct login login = { .mechanism = mechanism,
		.login = &s->run->login,
		.begin = begin,
		.exchange = exchange,
		.arg = s,
		.trouble = &s->run->trouble };
	int r;

	(void)snprintf(s->tag, sizeof s->tag, "H%u", ++s->commands);
	(void)snprintf(begin, sizeof begin, "%s AUTHENTICATE", s->tag);
	if (imap_session_offers(s, SLICE("SASL-IR")))
		login.initial_max = SASL_ANSWER_MAX;
	r = login_run(&login);
	return r > 0 ? say_refused(s, slice_of(login.refusal)) : r;
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	}
	return true;
}

/* The last resort, for servers without SASL. */
static int
say_login(struct imap_session *s)
{
	const struct sasl_login *login = &s->run->login;
	AUTO_BUF struct buf line = BUF_INIT(SASL_ANSWER_MAX);
	struct login_reply reply;
	struct arena arena = ARENA_INIT;
	int r;

	if (!login_is_one_line(login) || !is_ascii(login->user) ||
	    !is_ascii(login->secret))
		return trouble_say(&s->run->trouble, "AUTH_NONE",
		    "LOGIN takes no such name or password");
	(void)snprintf(s->tag, sizeof s->tag, "H%u", ++s->commands);
	(void)buf_addf(&line, "%s LOGIN %s %s", s->tag,
	    imap_name_quote(&arena, login->user).p,
	    imap_name_quote(&arena, login->secret).p);
	arena_done(&arena);
	r = exchange(s, buf_slice(&line), &reply);
	if (r == 0 && reply.kind != LOGIN_IN)
		r = say_refused(s, reply.words);
	return r;
}

static int
log_in(struct imap_session *s)
{
	const struct job *job = s->run->job;
	AUTO_BUF struct buf offered = BUF_INIT(CAPS_MAX);
	enum sasl_mechanism mechanism;
	bool any = slice_eq(job->auth, SLICE("auto"));

	list_mechanisms(s, &offered);
	mechanism = sasl_choose(job->auth.p, buf_slice(&offered),
	    s->run->login.is_token, job->tls != TLS_NONE);
	if (mechanism != SASL_NONE)
		return authenticate(s, mechanism);
	if ((any || slice_eq(job->auth, SLICE("USER"))) &&
	    !s->run->login.is_token &&
	    !imap_session_offers(s, SLICE("LOGINDISABLED")))
		return say_login(s);
	return trouble_say(
	    &s->run->trouble, "AUTH_NONE", "offered: %s", buf_text(&offered));
}

/* Some providers turn clients away that do not say who they are. */
static int
say_who_we_are(struct imap_session *s)
{
	int r;

	if (!imap_session_offers(s, SLICE("ID")))
		return 0;
	r = imap_session_begin(s,
	    "ID (\"name\" \"Hauspost\" \"version\" \"%s\")", HAUSPOST_VERSION);
	return r == 0 ? imap_session_end(s) : r;
}

int
imap_session_login(struct imap_session *s)
{
	struct slice said = connection_said(s->run->connection);
	int r;

	if (slice_starts_nocase(said, SLICE("* PREAUTH")))
		return trouble_say(&s->run->trouble, "PROTOCOL",
		    "PREAUTH: somebody is logged in already");
	r = ask_caps(s);
	if (r == 0)
		r = log_in(s);
	if (r == 0)
		r = ask_caps(s);
	return r == 0 ? say_who_we_are(s) : r;
}
