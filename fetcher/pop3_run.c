#include "fetcher/pop3_run.h"

#include <inttypes.h>
#include <limits.h>

#include "core/clock.h"
#include "fetcher/pop3_list.h"

enum {
	/* Octets of the messages under way: while lmtpd is slow the server
	 * must not wait so long that it hangs up. */
	RETR_BYTES_MAX = 1024 * 1024,
	DELE_WINDOW = 100,
	NOOPS_MAX = UINT8_MAX,
};

struct work {
	struct pop3_mailbox box;
	struct item *items;
	size_t n;
};

/* How many are to be fetched in this session; the others in another. */
static size_t
limit_session(struct run *run, const struct work *work)
{
	size_t most = (size_t)run->fetcher->settings->session_messages;
	size_t fetch = 0;

	for (size_t i = 0; i < work->n; i++)
		fetch += !work->items[i].remove;
	if (run->job->leave_days == JOB_LEAVE_FOR_EVER || fetch <= most)
		return fetch;
	run->more = true;
	return most;
}

/* --- fetching --------------------------------------------------------- */

struct retrieval {
	struct pop3_session *s;
	const struct pop3_mailbox *box;
	struct item **wanted;
	size_t n, sent, window;
	uint64_t bytes; /* of what is under way */
	uint8_t *noops; /* NOOP commands that stand before each RETR */
	long end_ms;	/* then no more is asked for */
};

static void
ask_one(struct retrieval *r)
{
	size_t place = r->wanted[r->sent++]->place;

	(void)buf_addf(
	    &r->s->stream.out, "RETR %" PRIu32 "\r\n", r->box->numbers[place]);
	r->bytes += r->box->sizes[place];
}

static bool
may_ask(const struct retrieval *r, size_t done)
{
	if (r->sent == r->n || r->sent - done >= r->window)
		return false;
	return r->sent == done ||
	       r->bytes + r->box->sizes[r->wanted[r->sent]->place] <=
		   RETR_BYTES_MAX;
}

/* Many at a time, while as many are still under way: a command alone costs
 * both sides as much as a message. */
static int
ask_more(struct retrieval *r, size_t done)
{
	if (clock_ms() > r->end_ms && r->n > r->sent) {
		r->n = r->sent;
		r->s->run->more = true;
	}
	if (r->sent - done > r->window / 2)
		return 0;
	while (may_ask(r, done))
		ask_one(r);
	return r->s->stream.out.n > 0 ? stream_flush(&r->s->stream) : 0;
}

/* Its reply comes behind the messages that were asked for already. */
static int
say_noop(void *arg)
{
	struct retrieval *r = arg;

	if (r->noops[r->sent] == NOOPS_MAX)
		return 0;
	r->noops[r->sent]++;
	(void)buf_add_text(&r->s->stream.out, "NOOP\r\n");
	return stream_flush(&r->s->stream);
}

static int
read_noops(struct retrieval *r, size_t at)
{
	struct pop3_event reply;
	int error = 0;

	for (; r->noops[at] > 0 && error == 0; r->noops[at]--) {
		pop3_expect(&r->s->pop3, false);
		error = pop3_session_event(r->s, &reply);
	}
	return error;
}

static int
read_text(struct retrieval *r, struct parcel *parcel)
{
	uint64_t max = r->s->run->job->max_size + 65536; /* LIST may lie */
	struct pop3_event event;
	int error;

	for (;;) {
		error = pop3_session_event(r->s, &event);
		if (error < 0 || event.kind == POP3_TEXT_END)
			return error;
		message_add(&parcel->message, event.octets);
		if (parcel->message.size_bytes > max)
			return trouble_say(&r->s->run->trouble, "PROTOCOL",
			    "a message is longer than it was said to be");
	}
}

static int
fetch_one(struct retrieval *r, size_t place)
{
	struct item *item = r->wanted[place];
	struct intake *intake = &r->s->run->intake;
	struct pop3_event reply;
	struct parcel *parcel;
	int error = read_noops(r, place);

	if (error < 0)
		return error;
	pop3_expect(&r->s->pop3, true);
	error = pop3_session_event(r->s, &reply);
	if (error < 0)
		return error;
	if (reply.kind != POP3_OK)
		return items_failed(&r->s->run->items, item,
		    arena_strndup(&r->s->run->arena, reply.octets.p,
			slice_head(reply.octets, 200).n),
		    false);
	parcel = intake_open(intake, item);
	error = read_text(r, parcel);
	if (error < 0) {
		intake_drop(intake, parcel);
		return error;
	}
	return intake_close(intake, parcel);
}

static int
fetch_all(struct retrieval *r)
{
	int error = ask_more(r, 0);

	for (size_t done = 0; done < r->n && error == 0; done++) {
		error = fetch_one(r, done);
		r->bytes -= r->box->sizes[r->wanted[done]->place];
		if (error == 0)
			error = ask_more(r, done + 1);
	}
	return error;
}

/* The server hears from us while lmtpd takes its time. */
static int
settle(struct retrieval *r)
{
	struct intake *intake = &r->s->run->intake;
	int error = intake_settle(intake);

	intake->speak = NULL;
	return error;
}

/* What is deleted is deleted by QUIT only. */
static long
end_of_session(const struct run *run)
{
	return run->job->leave_days == JOB_LEAVE_FOR_EVER
		   ? LONG_MAX
		   : clock_ms() + run->fetcher->settings->quit_ms;
}

static void
choose_wanted(struct retrieval *r, const struct work *work, size_t n)
{
	struct arena *arena = &r->s->run->arena;

	r->wanted = arena_calloc(arena, n, sizeof(struct item *));
	r->noops = arena_calloc(arena, n + 1, sizeof *r->noops);
	for (size_t i = 0; r->n < n; i++) {
		if (!work->items[i].remove)
			r->wanted[r->n++] = &work->items[i];
	}
}

static int
fetch(struct pop3_session *s, const struct work *work)
{
	struct run *run = s->run;
	struct retrieval r = { .s = s,
		.box = &work->box,
		.window = pop3_window(s),
		.end_ms = end_of_session(run) };
	size_t n = limit_session(run, work), before = run->intake.n_delivered;
	int error, settled;

	choose_wanted(&r, work, n);
	run->intake.speak = say_noop;
	run->intake.speaker = &r;
	error = items_total(&run->items, n);
	if (error == 0)
		error = fetch_all(&r);
	settled = settle(&r);
	if (error == 0 && settled == 0)
		error = read_noops(&r, r.sent);
	if (run->job->partial && run->intake.n_delivered > before)
		run->more = true;
	return error < 0 ? error : settled;
}

/* --- deleting --------------------------------------------------------- */

struct deletion {
	struct pop3_session *s;
	const struct work *work;
	struct slice *ids; /* of those the server has marked */
	size_t n;
};

/* Replies to the commands for items from..to. */
static int
read_marks(struct deletion *d, size_t from, size_t to)
{
	struct pop3_event reply;
	int r = 0;

	for (size_t i = from; i < to && r == 0; i++) {
		if (!run_removes(d->s->run, &d->work->items[i]))
			continue;
		pop3_expect(&d->s->pop3, false);
		r = pop3_session_event(d->s, &reply);
		if (r == 0 && reply.kind == POP3_OK)
			d->ids[d->n++] = db_number_param(
			    &d->s->run->arena, d->work->items[i].id);
	}
	return r;
}

static int
mark_all(struct deletion *d)
{
	const struct work *work = d->work;
	size_t window = pop3_window(d->s) == 1 ? 1 : DELE_WINDOW;
	int r = 0;

	for (size_t from = 0, to; from < work->n && r == 0; from = to) {
		to = from + window < work->n ? from + window : work->n;
		for (size_t i = from; i < to; i++) {
			if (run_removes(d->s->run, &work->items[i]))
				(void)buf_addf(&d->s->stream.out,
				    "DELE %" PRIu32 "\r\n",
				    work->box.numbers[work->items[i].place]);
		}
		r = stream_flush(&d->s->stream);
		if (r == 0)
			r = read_marks(d, from, to);
	}
	return r;
}

/* Only now the server deletes, which is not done before it has said so. */
static int
quit(struct deletion *d)
{
	struct pop3_event reply;
	int r = pop3_session_ask(d->s, "QUIT", &reply);

	if (r == 0 && reply.kind == POP3_OK)
		r = items_gone(&d->s->run->items, d->ids, d->n);
	return r;
}

/* --- all -------------------------------------------------------------- */

/* RFC 2449 6.7: days after which the server deletes by itself. */
static int
tell_expiry(struct pop3_session *s)
{
	struct slice words = pop3_session_offers(s, SLICE("EXPIRE")), number;
	int leave = s->run->job->leave_days;
	unsigned long long days;

	if (leave == 0 || words.p == NULL || !slice_cut(&words, ' ', &number) ||
	    !slice_number(number, INT32_MAX, &days))
		return 0; /* "NEVER", too */
	if (days == 0)
		return items_hint(&s->run->items, "EXPIRE_NOW");
	if (leave != JOB_LEAVE_FOR_EVER && (unsigned long long)leave <= days)
		return 0;
	return items_hint(&s->run->items, "EXPIRE_SOON");
}

static int
serve(struct pop3_session *s)
{
	struct work work = { .n = 0 };
	struct deletion d = { .s = s, .work = &work };
	int r = tell_expiry(s);

	if (r == 0)
		r = pop3_list(s, &work.box);
	if (r == 0)
		r = items_list(
		    &s->run->items, &work.box.listing, &work.items, &work.n);
	if (r == 0)
		r = fetch(s, &work);
	if (r < 0)
		return r; /* without QUIT: nothing is deleted */
	d.ids = arena_calloc(&s->run->arena, work.n, sizeof *d.ids);
	r = mark_all(&d);
	return r == 0 ? quit(&d) : r;
}

int
pop3_run(struct run *run)
{
	struct pop3_session session;
	struct pop3_event reply;
	int r;

	pop3_session_init(&session, run);
	r = pop3_session_login(&session);
	if (r == 0 && run->job->test)
		r = pop3_session_ask(&session, "QUIT", &reply);
	else if (r == 0)
		r = serve(&session);
	pop3_session_done(&session);
	return r;
}
