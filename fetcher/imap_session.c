#include "fetcher/imap_session.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/clock.h"

enum {
	HEARD_MAX = 400,
	/* A list of a million messages, with room. */
	EVENTS_MAX = 20 * 1000 * 1000,
};

void
imap_session_init(struct imap_session *s, struct run *run)
{
	s->run = run;
	s->commands = 0;
	s->caps = (struct buf)BUF_INIT(IMAP_CAPS_MAX);
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
	s->events = 0;
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

/* Messages have a limit of their own. */
static int
count_event(struct imap_session *s, const struct imap_event *event)
{
	if (event->kind == IMAP_BODY || ++s->events <= EVENTS_MAX)
		return 1;
	return trouble_say(
	    &s->run->trouble, "PROTOCOL", "an answer without end");
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
			return count_event(s, event_out);
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
