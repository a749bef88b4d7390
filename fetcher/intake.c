#include "fetcher/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core/dsn.h"
#include "core/log.h"
#include "fetcher/imap_name.h"

enum {
	NOTE_EVERY = 50, /* of them in a transaction */
	HEAD_MAX = 4096,
};

void
intake_init(struct intake *intake)
{
	counter_init(&intake->counter);
	intake->window = INTAKE_WINDOW;
	intake->keyed = false;
	intake->taken = NULL;
	intake->n_taken = intake->n_delivered = 0;
}

static void
free_parcel(struct parcel *parcel)
{
	message_done(&parcel->message);
	arena_done(&parcel->arena);
	free(parcel);
}

static void
free_list(struct parcel *parcel)
{
	while (parcel != NULL) {
		struct parcel *next = (struct parcel *)parcel->letter.next;

		free_parcel(parcel);
		parcel = next;
	}
}

void
intake_done(struct intake *intake)
{
	size_t under_way;

	do {
		under_way = 0;
		free_list((struct parcel *)post_wait(intake->post,
		    &intake->counter, &under_way, intake->keep_alive_ms));
	} while (under_way > 0);
	free_list(intake->taken);
	counter_done(&intake->counter);
}

struct parcel *
intake_open(struct intake *intake, struct item *item)
{
	struct parcel *parcel = calloc(1, sizeof *parcel);

	if (parcel == NULL)
		abort();
	message_init(&parcel->message, intake->spool);
	parcel->item = item;
	return parcel;
}

void
intake_drop(struct intake *intake, struct parcel *parcel)
{
	(void)intake;
	free_parcel(parcel);
}

/* --- what is put above the message ------------------------------------ */

static void
add_clean(struct buf *to, struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		(void)buf_add_char(to, c < ' ' || c == 0x7f ? '?' : c);
	}
}

static const char *
protocol(const struct job *job)
{
	if (job->imap)
		return job->tls == TLS_NONE ? "IMAP" : "IMAPS";
	return job->tls == TLS_NONE ? "POP3" : "POP3S";
}

/* Nothing of the attempt in it: a repeat must be the same message. */
static void
add_received(
    const struct intake *intake, const struct item *item, struct buf *to)
{
	const struct job *job = intake->job;
	time_t arrival = (time_t)item->arrival;
	char date[64];
	struct tm tm;

	(void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000",
	    gmtime_r(&arrival, &tm));
	(void)buf_addf(to,
	    "Received: from %.*s\n\tby %s (Hauspost fetcher) with %s id "
	    "%lld\n\tfor <",
	    SLICE_FMT(job->host), intake->node, protocol(job), item->id);
	add_clean(to, job->original);
	(void)buf_addf(to, ">; %s\n", date);
}

static struct slice
make_head(const struct intake *intake, struct parcel *parcel)
{
	AUTO_BUF struct buf head = BUF_INIT(HEAD_MAX);

	add_received(intake, parcel->item, &head);
	(void)buf_addf(&head,
	    "X-Hauspost-Fetched: account=%lld; uid=", intake->job->account);
	add_clean(&head, slice_head(parcel->item->uid, 100));
	if (intake->folder.n > 0) {
		(void)buf_add_text(&head, "; folder=");
		add_clean(&head,
		    slice_head(
			imap_name_encode(&parcel->arena, intake->folder), 200));
	}
	(void)buf_add_char(&head, '\n');
	return arena_slice(&parcel->arena, buf_slice(&head));
}

static struct slice
hauspost_params(
    const struct intake *intake, const struct item *item, struct arena *arena)
{
	AUTO_BUF struct buf params = BUF_INIT(HEAD_MAX);

	(void)buf_addf(&params, "XHAUSPOST-KEY=fetch.%lld XHAUSPOST-DATE=%lld",
	    item->id, item->arrival);
	if (intake->place.n > 0)
		(void)buf_addf(&params, " XHAUSPOST-FOLDER=%.*s",
		    SLICE_FMT(dsn_xtext(arena, intake->place)));
	if (item->flags[0] != '\0')
		(void)buf_addf(&params, " XHAUSPOST-FLAGS=%s", item->flags);
	return arena_slice(arena, buf_slice(&params));
}

static void
address_letter(const struct intake *intake, struct parcel *parcel)
{
	const struct item *item = parcel->item;
	struct letter *letter = &parcel->letter;

	letter->message = &parcel->message;
	letter->head = make_head(intake, parcel);
	letter->sender = message_sender(&parcel->message, &parcel->arena);
	letter->recipient = intake->job->recipient;
	letter->params = slice_of(
	    arena_printf(&parcel->arena, "ORCPT=rfc822;%.*s NOTIFY=NEVER",
		SLICE_FMT(intake->job->original)));
	letter->hauspost = hauspost_params(intake, item, &parcel->arena);
	/* Within a run each is sent once: what goes wrong ends it. */
	letter->first = item->id > intake->job->last_item;
}

/* --- what comes back -------------------------------------------------- */

static struct parcel *
next_parcel(const struct parcel *parcel)
{
	return (struct parcel *)parcel->letter.next;
}

static void
list_taken(const struct intake *intake, struct items_batch *batch)
{
	struct arena *arena = intake->items->arena;

	*batch = (struct items_batch){
		.ids = arena_calloc(arena, intake->n_taken, sizeof *batch->ids),
		.hashes =
		    arena_calloc(arena, intake->n_taken, sizeof *batch->hashes),
	};
	for (struct parcel *p = intake->taken; p != NULL; p = next_parcel(p)) {
		batch->ids[batch->n] = db_number_param(arena, p->item->id);
		batch->hashes[batch->n++] = items_hash(intake->items, p->hash);
		batch->bytes += p->message.size_bytes;
	}
}

/* What can't be noted comes again, and lmtpd will know it. */
static int
note_taken(struct intake *intake)
{
	struct items_batch batch;
	int r;

	if (intake->n_taken == 0)
		return 0;
	list_taken(intake, &batch);
	r = items_delivered(intake->items, &batch);
	if (r < 0)
		return r;
	for (struct parcel *p = intake->taken; p != NULL; p = next_parcel(p))
		p->item->delivered = true;
	intake->n_delivered += intake->n_taken;
	free_list(intake->taken);
	intake->taken = NULL;
	intake->n_taken = 0;
	return 0;
}

static void
take(struct intake *intake, struct parcel *parcel)
{
	parcel->letter.next = (struct letter *)intake->taken;
	intake->taken = parcel;
	intake->n_taken++;
}

static void
log_item(const struct intake *intake, int level, const char *event,
    const struct parcel *parcel)
{
	log_event(level, NULL, event, LOG_NUM("account", intake->job->account),
	    LOG_NUM("item", parcel->item->id),
	    LOG_SLICE("to", intake->job->recipient),
	    LOG_NUM("size", (long long)parcel->message.size_bytes),
	    LOG_WHY(&parcel->letter.why));
}

/* A full mailbox is emptied some day; any other 5xx stays one. */
static bool
is_for_now(const struct why *why)
{
	return why->verdict != MAIL_PERMFAIL || strcmp(why->dsn, "5.2.2") == 0;
}

static int
settle_one(struct intake *intake, struct parcel *parcel)
{
	struct items *items = intake->items;
	const struct why *why = &parcel->letter.why;
	int r;

	intake->keyed = intake->keyed || parcel->letter.keyed;
	if (why->verdict == MAIL_OK) {
		log_item(intake, LOG_INFO, "fetched", parcel);
		take(intake, parcel);
		return 0;
	}
	log_item(intake, LOG_WARNING, "not-delivered", parcel);
	if (is_for_now(why))
		r = trouble_say(
		    items->trouble, "LMTP_TEMP", "%s %s", why->dsn, why->reply);
	else
		r = items_failed(items, parcel->item, why->reply, true);
	free_parcel(parcel);
	return r;
}

/* All of them, whatever becomes of one: none may be forgotten. */
static int
settle_all(struct intake *intake, struct letter *letter)
{
	int r = 0;

	while (letter != NULL) {
		struct letter *next = letter->next;
		int one = settle_one(intake, (struct parcel *)letter);

		if (r == 0)
			r = one;
		letter = next;
	}
	return r;
}

/* Until at most so many are under way, however long lmtpd takes. */
static int
collect(struct intake *intake, size_t most)
{
	size_t under_way;
	int r = 0, one;

	do {
		under_way = most;
		one =
		    settle_all(intake, post_wait(intake->post, &intake->counter,
					   &under_way, intake->keep_alive_ms));
		if (r == 0)
			r = one;
		if (r == 0 && under_way > most && intake->speak != NULL)
			r = intake->speak(intake->speaker);
	} while (under_way > most);
	return r;
}

static bool
is_full(struct intake *intake, size_t most)
{
	return post_under_way(&intake->counter) > most;
}

/* Who knows no repeats gets one at a time: a crash doubles no more than it. */
static int
make_room(struct intake *intake, size_t window)
{
	size_t most = intake->keyed ? window : 0;
	int r;

	/* Once it is full a quarter of it gets empty: to wait for each place
	 * would cost more than what is done in it. */
	r = collect(intake, is_full(intake, most) ? most - most / 4 : SIZE_MAX);

	if (r == 0 && intake->n_taken >= (intake->keyed ? NOTE_EVERY : 1))
		r = note_taken(intake);
	return r;
}

int
intake_wait(struct intake *intake)
{
	return make_room(intake, INTAKE_WINDOW);
}

/* --- one message ------------------------------------------------------ */

static int
refuse(struct intake *intake, struct parcel *parcel, const char *error)
{
	int r = items_failed(intake->items, parcel->item, error, true);

	log_event(LOG_WARNING, NULL, "given-up",
	    LOG_NUM("account", intake->job->account),
	    LOG_NUM("item", parcel->item->id), LOG_TEXT("why", error));
	free_parcel(parcel);
	return r < 0 ? r : items_hint(intake->items, "LOOP");
}

/* 1: lmtpd is to have it; 0: it came already; negative: trouble. */
static int
is_wanted(struct intake *intake, struct parcel *parcel)
{
	const struct message *message = &parcel->message;
	bool dedup = intake->job->dedup && message->has_id;
	int r = 0;

	if (message->error < 0)
		return trouble_say(intake->items->trouble, "INTERNAL",
		    "spool: %s", strerror(-message->error));
	if (parcel->item->doubtful || dedup)
		r = items_known(
		    intake->items, parcel->item, parcel->hash, dedup);
	return r < 0 ? r : r == 0;
}

int
intake_close(struct intake *intake, struct parcel *parcel)
{
	int r;

	message_disown(&parcel->message, slice_of(intake->node));
	message_finish(&parcel->message, parcel->hash);
	if (message_loops(&parcel->message))
		return refuse(intake, parcel, "it goes round in circles");
	r = is_wanted(intake, parcel);
	if (r < 0) {
		free_parcel(parcel);
		return r;
	}
	if (r == 0) {
		take(intake, parcel);
	} else {
		address_letter(intake, parcel);
		post_send(intake->post, &intake->counter, &parcel->letter);
	}
	return make_room(intake, intake->window);
}

int
intake_settle(struct intake *intake)
{
	int r = collect(intake, 0);
	int noted = note_taken(intake); /* also when another one failed */

	return r < 0 ? r : noted;
}
