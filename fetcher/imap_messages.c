#include "fetcher/imap_messages.h"

#include "fetcher/imap_fetch.h"
#include "fetcher/uid_set.h"

enum {
	BATCH_MESSAGES = 200,
	BATCH_BYTES = 4 * 1024 * 1024,
};

struct batch {
	struct imap_session *s;
	struct item *items;
	size_t n;
	struct parcel *parcel; /* the message that is arriving */
	bool *came;
};

static size_t
batch_length(const struct imap_messages *m, size_t from)
{
	uint64_t bytes = 0;
	size_t n = 0;

	while (from + n < m->n && n < BATCH_MESSAGES) {
		bytes += m->sizes[m->items[from + n].place];
		if (n > 0 && bytes > BATCH_BYTES)
			break;
		n++;
	}
	return n;
}

static uint32_t
uid_number(const struct item *item)
{
	unsigned long long n = 0;

	(void)slice_number(item->uid, UINT32_MAX, &n);
	return (uint32_t)n;
}

/* The server's date is the same at every attempt, too. */
static void
keep_state(struct item *item, const struct imap_fetch *fetch)
{
	(void)memcpy(item->flags, fetch->flags, sizeof item->flags);
	if (fetch->date > 0)
		item->arrival = fetch->date;
}

/* The message of a whole response belongs to that uid, if we asked for it. */
static int
finish_message(struct batch *b, const struct imap_fetch *fetch)
{
	struct intake *intake = &b->s->run->intake;
	struct parcel *parcel = b->parcel;

	b->parcel = NULL;
	for (size_t i = 0; i < b->n && parcel != NULL; i++) {
		if (uid_number(&b->items[i]) != fetch->uid || b->came[i])
			continue;
		b->came[i] = true;
		parcel->item = &b->items[i];
		if (b->s->run->job->import)
			keep_state(&b->items[i], fetch);
		return intake_close(intake, parcel);
	}
	if (parcel != NULL)
		intake_drop(intake, parcel);
	return 0;
}

static int
take_event(
    struct batch *b, struct imap_fetch *fetch, const struct imap_event *event)
{
	enum imap_fetch_kind kind = imap_fetch_take(fetch, event);
	int r;

	if (kind == IMAP_FETCH_BODY) {
		if (b->parcel == NULL)
			b->parcel = intake_open(&b->s->run->intake, NULL);
		message_add_raw(&b->parcel->message, event->text);
	}
	if (kind != IMAP_FETCH_DONE)
		return 0;
	r = finish_message(b, fetch);
	*fetch = imap_fetch_start();
	return r;
}

static int
read_batch(struct batch *b)
{
	struct imap_session *s = b->s;
	struct imap_fetch fetch = imap_fetch_start();
	struct imap_event event;
	int r, error = 0;

	while (error == 0 && (r = imap_session_next(s, &event)) > 0)
		error = take_event(b, &fetch, &event);
	if (error == 0)
		error = r;
	if (b->parcel != NULL)
		intake_drop(&s->run->intake, b->parcel);
	return error == 0 ? imap_session_want(s, "PROTOCOL") : error;
}

/* Deleted by somebody since, or empty; two more runs will ask again. */
static int
note_missing(struct batch *b)
{
	int r = 0;

	for (size_t i = 0; i < b->n && r == 0; i++) {
		if (!b->came[i])
			r = items_failed(&b->s->run->items, &b->items[i],
			    "the server did not send it", false);
	}
	return r;
}

static int
send_batch(struct imap_session *s, const struct imap_messages *m, size_t at,
    struct batch *b)
{
	AUTO_BUF struct buf set = BUF_INIT(UID_SET_TEXT_MAX + 64);
	uint32_t uids[BATCH_MESSAGES];
	size_t n = batch_length(m, at);

	for (size_t i = 0; i < n; i++)
		uids[i] = uid_number(&m->items[at + i]);
	*b = (struct batch){ .s = s, .items = m->items + at };
	b->n = uid_set_add(&set, uids, n);
	b->came = arena_calloc(&s->run->arena, b->n, sizeof *b->came);
	return imap_session_begin(s, "UID FETCH %s (UID%s BODY.PEEK[])",
	    buf_text(&set), s->run->job->import ? " FLAGS INTERNALDATE" : "");
}

/* While lmtpd takes its time, and no command is under way. */
static int
say_noop(void *arg)
{
	return imap_session_do(arg, "NOOP");
}

/*
 * One after the other: a server may answer two FETCH commands by turns, so
 * that nobody could tell which of them a message that is missing belongs to.
 */
static int
fetch_batches(struct imap_session *s, const struct imap_messages *m)
{
	struct batch b;
	int r = 0;

	for (size_t at = 0; at < m->n && r == 0; at += b.n) {
		r = send_batch(s, m, at, &b);
		if (r == 0)
			r = read_batch(&b);
		if (r == 0)
			r = note_missing(&b);
		s->run->intake.speak = say_noop;
		if (r == 0)
			r = intake_wait(&s->run->intake);
		s->run->intake.speak = NULL;
	}
	return r;
}

/* IMAP deletes by what is expired, so what is to be removed is no matter. */
static void
keep_wanted(struct imap_messages *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (!m->items[i].remove)
			m->items[n++] = m->items[i];
	}
	m->n = n;
}

int
imap_messages_fetch(struct imap_session *s, struct imap_messages *m)
{
	struct run *run = s->run;
	int r, settled;

	keep_wanted(m);
	/* In the middle of a response nobody waits: the server would. */
	run->intake.window = SIZE_MAX;
	run->intake.speaker = s;
	r = items_total(&run->items, m->n);
	if (r == 0)
		r = fetch_batches(s, m);
	run->intake.speak = r == 0 ? say_noop : NULL;
	settled = intake_settle(&run->intake);
	run->intake.speak = NULL;
	return r < 0 ? r : settled;
}
