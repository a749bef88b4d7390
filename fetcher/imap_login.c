#include "fetcher/imap_login.h"

#include <stdio.h>

#include "core/program.h"
#include "fetcher/imap_name.h"
#include "fetcher/login.h"

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
	AUTO_BUF struct buf offered = BUF_INIT(IMAP_CAPS_MAX);
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
imap_login(struct imap_session *s)
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
