#include "fetcher/imap_idle.h"

#include "core/clock.h"
#include "fetcher/idlers.h"
#include "fetcher/imap_folder.h"

static const struct db_stmt may_idle = { "fetch-idle",
	"SELECT hauspost.fetch_idle($1::bigint, $2, $3::integer, $4::integer)",
	4 };

/* Who sends one message often sends the next at once. */
enum { MORE_MS = 2000 };

struct wait {
	const struct imap_idle *idle;
	int wake_fd;
	uint64_t next; /* UIDNEXT that was looked at */
};

/* What the run has done is done; 1 it may stay. */
static int
ask_leave(struct run *run)
{
	const struct settings *settings = run->fetcher->settings;
	struct arena *arena = &run->arena;
	const struct slice params[] = { run->items.account,
		slice_of(settings->common.node),
		db_number_param(arena, settings->idle_sessions_max),
		db_number_param(arena, settings->host_idle_max) };
	struct db_result *rows;
	struct why why = { 0 };
	int r;

	if (db_ask(run->fetcher->pool, &may_idle, params, &rows, &why) < 0)
		return trouble_ours(&run->trouble, &why);
	r = db_flag(rows, 0, 0);
	db_done(rows);
	return r;
}

/* "* 23 EXISTS" */
static bool
is_news(const struct imap_event *event)
{
	return event->kind == IMAP_ATOM &&
	       slice_eq_nocase(event->text, SLICE("EXISTS"));
}

/* CONNECTION_READABLE: there is news, or a server that never pauses. */
static int
await_news(struct wait *w)
{
	struct imap_session *s = w->idle->s;
	long until_ms = clock_ms() + s->run->fetcher->settings->reissue_ms;
	struct imap_event event;
	int r;

	do {
		r = imap_session_wait(
		    s, &event, until_ms - clock_ms(), w->wake_fd);
		if (r == CONNECTION_READABLE && is_news(&event))
			return r;
	} while (r == CONNECTION_READABLE && clock_ms() < until_ms);
	return r;
}

static int
await_more(struct wait *w)
{
	long until_ms = clock_ms() + MORE_MS;
	struct imap_event event;
	int r;

	do
		r = imap_session_wait(
		    w->idle->s, &event, until_ms - clock_ms(), w->wake_fd);
	while (r == CONNECTION_READABLE && clock_ms() < until_ms);
	return r;
}

/* 1: the server has said "+ idling". */
static int
begin_idle(struct imap_session *s)
{
	struct imap_event event;
	int r = imap_session_begin(s, "IDLE");

	while (r == 0 && (r = imap_session_next(s, &event)) > 0) {
		if (event.kind == IMAP_CONTINUE)
			return 1;
		r = 0;
	}
	return r;
}

static int
end_idle(struct imap_session *s)
{
	int r;

	(void)buf_add_text(&s->stream.out, "DONE\r\n");
	r = stream_flush(&s->stream);
	if (r == 0)
		r = imap_session_end(s);
	return r == 0 ? imap_session_want(s, "PROTOCOL") : r;
}

/* 1 look again, 0 the wait is over, negative: trouble. */
static int
wait_once(struct wait *w)
{
	struct imap_session *s = w->idle->s;
	uint64_t next;
	int r = imap_folder_watch(s, w->idle->folder, &next), came;

	if (r < 0)
		return r;
	if (r > 0 && next != w->next) {
		w->next = next;
		return 1; /* it came between the look and now */
	}
	r = begin_idle(s);
	if (r <= 0)
		return r;
	came = await_news(w);
	if (came == CONNECTION_READABLE)
		came = await_more(w);
	r = came < 0 ? came : end_idle(s);
	return r < 0 ? r : came != CONNECTION_WOKEN;
}

/* After some time many servers hang up on who waits. */
static bool
is_hang_up(struct run *run)
{
	if (run->trouble.code == NULL ||
	    strcmp(run->trouble.code, "CONNECT") != 0)
		return false;
	run->trouble = (struct trouble){ .code = NULL };
	return true;
}

static int
wait_if_allowed(struct wait *w, bool *gone_out)
{
	struct run *run = w->idle->s->run;
	struct arena kept = run_begin_round(run);
	int r = ask_leave(run);

	if (r > 0) {
		connection_extend(run->connection);
		r = wait_once(w);
		*gone_out = r < 0 && is_hang_up(run);
	}
	run_end_round(run, kept);
	return *gone_out ? 0 : r;
}

static int
wait_and_look(struct wait *w, bool *gone_out)
{
	int r;

	while ((r = wait_if_allowed(w, gone_out)) > 0) {
		r = w->idle->look(w->idle->s);
		if (r < 0)
			return r;
	}
	return r;
}

int
imap_idle(const struct imap_idle *idle, bool *gone_out)
{
	struct run *run = idle->s->run;
	struct idlers *idlers = run->fetcher->idlers;
	struct wait w = { .idle = idle };
	int r;

	*gone_out = false;
	if (!run->job->idle || run->fetcher->settings->idle_sessions_max == 0 ||
	    !imap_session_offers(idle->s, SLICE("IDLE")))
		return 0;
	w.wake_fd = idlers_enter(idlers, run->job->account);
	r = wait_and_look(&w, gone_out);
	idlers_leave(idlers, run->job->account, w.wake_fd);
	return r;
}
