#include "fetcher/pop3_run.h"

#include <errno.h>

#include "fetcher/pop3_session.h"

enum {
	LIST_MAX = 96 * 1024 * 1024, /* a million messages with long uids */
	MESSAGES_MAX = 1000000,
	UID_MAX = 512, /* RFC 1939 has 70, some servers more */
	/* RETR commands under way, and octets of their messages: while lmtpd
	 * is slow the server must not wait so long that it hangs up. */
	RETR_WINDOW = 32,
	RETR_BYTES_MAX = 1024 * 1024,
	DELE_WINDOW = 100,
	STEPS_MAX = 1000,
};

struct mailbox {
	struct listing listing;
	struct slice *numbers; /* as RETR and DELE want them */
	uint64_t *sizes;
	struct item *items;
	size_t n_items;
};

/* --- what there is ---------------------------------------------------- */

/* The next line with anything in it. */
static bool
next_line(struct slice *text, struct slice *line_out)
{
	while (slice_cut(text, '\n', line_out)) {
		*line_out = slice_trim(*line_out);
		if (line_out->n > 0)
			return true;
	}
	return false;
}

static size_t
count_lines(struct slice text)
{
	size_t n = 0;

	for (struct slice line; next_line(&text, &line); n++)
		;
	return n;
}

static int
say_bad_list(struct pop3_session *s, struct slice line)
{
	return trouble_say(&s->run->trouble, "PROTOCOL", "in a list: %.*s",
	    SLICE_FMT(slice_head(line, 80)));
}

/* "12 whqtswO00WBw418f9t5JxYwZ", and a uid may have blanks in it. */
static int
read_uids(struct pop3_session *s, struct slice text, struct mailbox *box)
{
	struct arena *arena = &s->run->arena;
	size_t n = count_lines(text);
	struct slice line, number;

	if (n > MESSAGES_MAX)
		return trouble_say(&s->run->trouble, "PROTOCOL",
		    "more than %d messages", MESSAGES_MAX);
	box->numbers = arena_calloc(arena, n, sizeof *box->numbers);
	box->sizes = arena_calloc(arena, n, sizeof *box->sizes);
	box->listing.uids = arena_calloc(arena, n, sizeof number);
	box->listing.sizes = arena_calloc(arena, n, sizeof number);
	for (size_t i = 0; next_line(&text, &line); i++) {
		unsigned long long place;

		if (!slice_cut(&line, ' ', &number) ||
		    !slice_number(number, UINT32_MAX, &place) ||
		    !slice_is_text(line) || line.n == 0 || line.n > UID_MAX)
			return say_bad_list(s, line);
		box->numbers[i] = arena_slice(arena, number);
		box->listing.uids[i] = arena_slice(arena, line);
		box->listing.sizes[i] = SLICE("0");
	}
	box->listing.n = n;
	return 0;
}

/*
 * Both lists are in the order of the numbers. A server that mixes them leaves
 * messages without a size: that costs a limit, the search would cost hours.
 */
static bool
find_number(const struct mailbox *box, struct slice number, size_t *at)
{
	for (size_t i = 0; i < box->listing.n && i < STEPS_MAX; i++) {
		size_t place = (*at + i) % box->listing.n;

		if (slice_eq(box->numbers[place], number)) {
			*at = place;
			return true;
		}
	}
	return false;
}

static int
read_sizes(struct pop3_session *s, struct slice text, struct mailbox *box)
{
	struct slice line, number, octets;
	size_t at = 0;

	while (next_line(&text, &line)) {
		unsigned long long size;

		if (!slice_cut(&line, ' ', &number) ||
		    !slice_cut(&line, ' ', &octets) ||
		    !slice_number(octets, INT64_MAX, &size))
			return say_bad_list(s, line);
		if (!find_number(box, number, &at))
			continue;
		box->listing.sizes[at] = arena_slice(&s->run->arena, octets);
		box->sizes[at++] = size;
	}
	return 0;
}

static int
ask_uids(struct pop3_session *s, struct mailbox *box)
{
	AUTO_BUF struct buf text = BUF_INIT(LIST_MAX);
	struct pop3_event reply;
	int r = pop3_session_list(s, "UIDL", &text, &reply);

	if (r == 0 && reply.kind != POP3_OK)
		return trouble_say(&s->run->trouble, "NO_UIDL", "%.*s",
		    SLICE_FMT(reply.octets));
	return r == 0 ? read_uids(s, buf_slice(&text), box) : r;
}

static int
ask_sizes(struct pop3_session *s, struct mailbox *box)
{
	AUTO_BUF struct buf text = BUF_INIT(LIST_MAX);
	struct pop3_event reply;
	int r = pop3_session_list(s, "LIST", &text, &reply);

	if (r == 0 && reply.kind != POP3_OK)
		return trouble_say(&s->run->trouble, "PROTOCOL", "LIST: %.*s",
		    SLICE_FMT(reply.octets));
	return r == 0 ? read_sizes(s, buf_slice(&text), box) : r;
}

/* How many are to be fetched in this session; the others in another. */
static size_t
limit_session(struct run *run, const struct mailbox *box)
{
	size_t most = (size_t)run->fetcher->settings->session_messages;
	size_t fetch = 0;

	for (size_t i = 0; i < box->n_items; i++)
		fetch += !box->items[i].remove;
	if (run->job->leave_days == JOB_LEAVE_FOR_EVER || fetch <= most)
		return fetch;
	run->more = true;
	return most;
}

/* --- fetching --------------------------------------------------------- */

struct retrieval {
	struct pop3_session *s;
	const struct mailbox *box;
	struct item **wanted;
	size_t n, sent, window;
	uint64_t bytes; /* of what is under way */
};

static void
ask_more(struct retrieval *r, size_t done)
{
	while (r->sent < r->n && r->sent - done < r->window) {
		size_t place = r->wanted[r->sent]->place;

		if (r->sent > done &&
		    r->bytes + r->box->sizes[place] > RETR_BYTES_MAX)
			break;
		(void)buf_addf(&r->s->stream.out, "RETR %.*s\r\n",
		    SLICE_FMT(r->box->numbers[place]));
		r->bytes += r->box->sizes[place];
		r->sent++;
	}
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
fetch_one(struct retrieval *r, struct item *item)
{
	struct intake *intake = &r->s->run->intake;
	struct pop3_event reply;
	struct parcel *parcel;
	int error;

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
	int error = 0;

	for (size_t done = 0; done < r->n && error == 0; done++) {
		ask_more(r, done);
		error = fetch_one(r, r->wanted[done]);
		r->bytes -= r->box->sizes[r->wanted[done]->place];
	}
	return error;
}

static int
fetch(struct pop3_session *s, const struct mailbox *box)
{
	struct run *run = s->run;
	struct retrieval r = { .s = s, .box = box };
	size_t n = limit_session(run, box);
	int error, settled;

	r.window = pop3_session_offers(s, SLICE("PIPELINING")).p != NULL
		       ? RETR_WINDOW
		       : 1;
	r.wanted = arena_calloc(&run->arena, n, sizeof(struct item *));
	for (size_t i = 0; r.n < n; i++) {
		if (!box->items[i].remove)
			r.wanted[r.n++] = &box->items[i];
	}
	error = items_total(&run->items, n);
	if (error == 0)
		error = fetch_all(&r);
	settled = intake_settle(&run->intake);
	return error < 0 ? error : settled;
}

/* --- deleting --------------------------------------------------------- */

struct deletion {
	struct pop3_session *s;
	const struct mailbox *box;
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
		if (!run_removes(d->s->run, &d->box->items[i]))
			continue;
		pop3_expect(&d->s->pop3, false);
		r = pop3_session_event(d->s, &reply);
		if (r == 0 && reply.kind == POP3_OK)
			d->ids[d->n++] = db_number_param(
			    &d->s->run->arena, d->box->items[i].id);
	}
	return r;
}

static int
mark_all(struct deletion *d)
{
	const struct mailbox *box = d->box;
	int r = 0;

	for (size_t from = 0, to; from < box->n_items && r == 0; from = to) {
		to = from + DELE_WINDOW < box->n_items ? from + DELE_WINDOW
						       : box->n_items;
		for (size_t i = from; i < to; i++) {
			if (run_removes(d->s->run, &box->items[i]))
				(void)buf_addf(&d->s->stream.out,
				    "DELE %.*s\r\n",
				    SLICE_FMT(
					box->numbers[box->items[i].place]));
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

static int
serve(struct pop3_session *s)
{
	struct mailbox box = { .listing = {
				   .folder = SLICE(""), .whole = true } };
	struct deletion d = { .s = s, .box = &box };
	int r = ask_uids(s, &box);

	if (r == 0)
		r = ask_sizes(s, &box);
	if (r == 0)
		r = items_list(
		    &s->run->items, &box.listing, &box.items, &box.n_items);
	if (r == 0)
		r = fetch(s, &box);
	if (r < 0)
		return r; /* without QUIT: nothing is deleted */
	d.ids = arena_calloc(&s->run->arena, box.n_items, sizeof *d.ids);
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
