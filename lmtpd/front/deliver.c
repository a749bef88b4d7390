#include "lmtpd/front/deliver.h"

#include <errno.h>
#include <stdio.h>

#include "core/clock.h"
#include "lmtpd/front/deeds.h"
#include "lmtpd/front/dotforward.h"
#include "lmtpd/front/heading.h"
#include "lmtpd/front/include.h"
#include "lmtpd/front/ledger.h"
#include "lmtpd/front/name.h"
#include "lmtpd/front/program.h"
#include "lmtpd/front/quota.h"
#include "lmtpd/front/receipt.h"
#include "lmtpd/front/reinject.h"
#include "lmtpd/front/report.h"

static const struct slice stored = { "stored", 6 };

/* What the steps below share. */
struct delivery {
	struct txn *txn;
	struct reinject *reinject;
	struct arena filtering; /* for one recipient at a time */
	struct slice secret;
	struct heading heading;
	struct plan_message facts;
	long start_ms;
};

/* --- names ------------------------------------------------------------ */

/*
 * XFORWARD tells the queue id of mail that came by SMTP. Of what the sendmail
 * command and Postfix itself (a bounce) put into the queue it tells nothing,
 * but their header does; without an id a retry would be delivered again.
 */
static void
learn_queue_id(struct txn *txn, struct slice header)
{
	struct slice id = heading_queue_id(header, txn->lmtpd->node);

	if (txn->client.ident[0] == '\0' && id.n <= QUEUE_ID_MAX)
		(void)snprintf(txn->client.ident, sizeof txn->client.ident,
		    "%.*s", SLICE_FMT(id));
}

/*
 * Seconds that are the same at every attempt: what the fetcher says, or the
 * date that Postfix wrote when the message entered its queue. The hour of the
 * attempt only serves mail that nobody will bring again under the same id.
 */
static time_t
arrival_of(const struct txn *txn, struct slice header)
{
	time_t arrival;

	if (txn->mail.hauspost.date > 0)
		return (time_t)txn->mail.hauspost.date;
	if (heading_arrival(header, slice_of(txn->client.ident), &arrival) == 1)
		return arrival;
	return time(NULL);
}

static struct slice
delivery_id(struct txn *txn)
{
	if (txn->mail.hauspost.key.n > 0)
		return txn->mail.hauspost.key;
	if (txn->client.ident[0] != '\0')
		return slice_of(txn->client.ident);
	return name_unique_id(&txn->arena);
}

static bool
can_come_again(const struct txn *txn)
{
	return txn->mail.hauspost.key.n > 0 || txn->client.ident[0] != '\0';
}

static void
name_deliveries(struct delivery *d)
{
	struct txn *txn = d->txn;
	struct slice id = delivery_id(txn);

	for (struct rcpt *rcpt = txn->first; rcpt != NULL; rcpt = rcpt->next) {
		const struct name_source from = { txn->arrival, id,
			rcpt->original, rcpt->plan.leaf };

		rcpt->name =
		    name_make(&txn->arena, d->secret, txn->lmtpd->node, &from);
	}
}

/* --- storing ---------------------------------------------------------- */

/*
 * A key is remembered longer than a file stays in its Maildir, where the
 * owner may have deleted it by the time the fetcher tries again.
 */
static bool
was_stored_before(struct txn *txn, struct rcpt *rcpt)
{
	int r = 0;

	if (txn->mail.hauspost.key.n > 0)
		r = ledger_has(
		    txn->lmtpd->pool, rcpt->name, stored, &rcpt->why);
	if (r > 0)
		(void)why_say(&rcpt->why, 250, "2.0.0", "duplicate suppressed");
	return r != 0;
}

/* False: the names do not fit their fields, which is the directory's fault. */
static bool
fill_request(
    struct delivery *d, const struct rcpt *rcpt, struct store_request *request)
{
	const struct command_hauspost *told = &d->txn->mail.hauspost;

	if (told->folder.n > 0)
		request->hints |= STORE_CREATE_FOLDER;
	request->quota_bytes = (uint64_t)rcpt->plan.quota_bytes;
	return store_set_text(request->mailbox, sizeof request->mailbox,
		   rcpt->plan.mailbox) &&
	       store_set_text(
		   request->name, sizeof request->name, rcpt->name) &&
	       store_set_text(
		   request->folder, sizeof request->folder, told->folder) &&
	       store_set_text(
		   request->flags, sizeof request->flags, told->flags);
}

/* What a program of ours had from us has our fields on it. */
static struct slice
head_for(struct delivery *d, const struct rcpt *rcpt)
{
	struct arena *arena = &d->txn->arena;

	if (rcpt->plan.by_owner &&
	    heading_has(
		d->facts.header, SLICE("Delivered-To"), rcpt->plan.own_address))
		return heading_return_path(arena, &d->heading);
	return heading_final(
	    arena, &d->heading, rcpt->plan.own_address, rcpt->original);
}

/* True when the job is to be run; otherwise the recipient has its result. */
static bool
prepare_job(struct delivery *d, struct rcpt *rcpt, struct store_job *job)
{
	struct txn *txn = d->txn;

	if (was_stored_before(txn, rcpt))
		return false;
	job->head = head_for(d, rcpt);
	if (!fill_request(d, rcpt, &job->request)) {
		(void)why_say(
		    &rcpt->why, 451, "4.3.5", "mailbox can not be named");
		return false;
	}
	if (can_come_again(txn)) {
		rcpt->noted = true;
		if (attempts_note(&txn->lmtpd->shared->attempts, rcpt->name,
			txn->arrival))
			job->request.hints |= STORE_LOOK_IN_CUR;
	}
	return true;
}

/* The owner of a mailbox without a script may have recipes for it. */
static void
set_conditions(const struct filter *filter, struct store_job *job)
{
	uint32_t *hints = &job->request.hints;

	*hints &= ~(uint32_t)STORE_UNLESS_SCRIPT;
	if (filter->unasked)
		*hints |= STORE_UNLESS_SCRIPT;
	if (!filter->has_own && filter->rcpt->plan.procmail_if_any)
		*hints |= STORE_UNLESS_PROCMAIL;
	else
		*hints &= ~(uint32_t)STORE_UNLESS_PROCMAIL;
}

static void
take_result(struct delivery *d, struct rcpt *rcpt, const struct store_job *job)
{
	struct lmtpd *lmtpd = d->txn->lmtpd;

	if (job->answer.error == ECANCELED) {
		rcpt->plan.kind = PLAN_PROGRAM;
		rcpt->why = (struct why){ 0 }; /* no result yet */
		return;
	}
	rcpt->why = job->why;
	if (job->why.verdict != MAIL_OK) {
		if (job->answer.error == EDQUOT)
			quota_full(d->txn, rcpt);
		return;
	}
	rcpt->was_there = job->answer.was_there != 0;
	if (rcpt->was_there)
		figures_add(&lmtpd->shared->figures, FIGURE_REPEATED, 1);
	quota_note(d->txn, rcpt, &job->answer);
	/* Not marked is not done: the fetcher comes again, the name is there.
	 */
	if (d->txn->mail.hauspost.key.n > 0)
		(void)ledger_mark(lmtpd->pool, rcpt->name, stored, &rcpt->why);
}

/*
 * Asks the mailbox' scripts, and does what they say. True: they leave it to
 * us, to store the message like any other.
 */
static bool
is_as_it_was(struct delivery *d, struct rcpt *rcpt, struct store_job *job)
{
	enum filter_result result;
	struct filter filter;

	if (d->txn->mail.hauspost.placed) /* its place is known */
		return true;
	result = filter_run(&filter, d->txn, rcpt, job->head, &d->filtering);
	set_conditions(&filter, job);
	if (result == FILTER_PLAN) {
		deeds_do(&filter, d->reinject, job);
		take_result(d, rcpt, job);
	}
	filter_done(&filter);
	arena_reset(&d->filtering);
	return result == FILTER_NOTHING;
}

/* The storer has met a script that we did not know of. */
static bool
is_for_script(const struct store_job *job)
{
	return job->answer.error == ECANCELED &&
	       job->answer.hint == STORE_UNLESS_SCRIPT;
}

static void
store_by_script(struct delivery *d, struct rcpt *rcpt, struct store_job *job)
{
	struct lmtpd *lmtpd = d->txn->lmtpd;

	scripted_note(&lmtpd->scripted, rcpt->plan.mailbox, true);
	job->answer = (struct store_answer){ 0 };
	job->why = (struct why){ 0 };
	if (!is_as_it_was(d, rcpt, job))
		return;
	store_deliver(lmtpd->store, &d->txn->message, job, 1);
	take_result(d, rcpt, job);
}

static void
store_all(struct delivery *d)
{
	struct txn *txn = d->txn;
	struct store_job *jobs =
	    arena_calloc(&txn->arena, txn->n_rcpts, sizeof *jobs);
	struct rcpt **of = arena_calloc(&txn->arena, txn->n_rcpts, sizeof *of);
	size_t n = 0;

	for (struct rcpt *rcpt = txn->first; rcpt != NULL; rcpt = rcpt->next) {
		if (rcpt->why.verdict != 0 || rcpt->plan.kind != PLAN_STORE)
			continue;
		if (prepare_job(d, rcpt, &jobs[n]) &&
		    is_as_it_was(d, rcpt, &jobs[n]))
			of[n++] = rcpt;
	}
	if (n > 0)
		store_deliver(txn->lmtpd->store, &txn->message, jobs, n);
	for (size_t i = 0; i < n; i++) {
		if (is_for_script(&jobs[i]))
			store_by_script(d, of[i], &jobs[i]);
		else
			take_result(d, of[i], &jobs[i]);
	}
}

/* --- everything else -------------------------------------------------- */

static struct programs
programs_of(struct delivery *d)
{
	return (struct programs){ d->txn, &d->heading,
		d->start_ms + d->txn->lmtpd->settings->run_timeout_ms };
}

/* What a ~/.forward leaves for the mailbox is stored with the others. */
static void
follow_forward_files(struct delivery *d)
{
	const struct programs programs = programs_of(d);

	for (struct rcpt *rcpt = d->txn->first; rcpt != NULL;
	     rcpt = rcpt->next) {
		if (rcpt->why.verdict == 0 && rcpt->plan.forward_file)
			dotforward_follow(&programs, d->reinject, rcpt);
	}
}

static void
finish_other(const struct programs *programs, struct reinject *reinject,
    struct rcpt *rcpt)
{
	switch (rcpt->plan.kind) {
	case PLAN_DISCARD:
		(void)why_say(&rcpt->why, 250, "2.0.0", "discarded");
		break;
	case PLAN_PROGRAM:
		program_deliver(programs, rcpt);
		break;
	case PLAN_INCLUDE:
		include_deliver(programs, reinject, rcpt);
		break;
	default:
		reinject_send(reinject, rcpt);
		break;
	}
}

static void
finish_others(struct delivery *d)
{
	const struct programs programs = programs_of(d);

	for (struct rcpt *rcpt = d->txn->first; rcpt != NULL;
	     rcpt = rcpt->next) {
		if (rcpt->why.verdict == 0)
			finish_other(&programs, d->reinject, rcpt);
	}
}

static void
deliver_all(struct delivery *d)
{
	struct reinject reinject = REINJECT_INIT(d->txn, &d->heading);

	d->reinject = &reinject;
	follow_forward_files(d);
	store_all(d);
	finish_others(d);
	reinject_done(&reinject);
	arena_done(&d->filtering);
}

/* The same answer for all, when it has nothing to do with the recipient. */
static void
answer_all(struct txn *txn, const struct why *why)
{
	for (struct rcpt *rcpt = txn->first; rcpt != NULL; rcpt = rcpt->next)
		rcpt->why = *why;
}

static void
check_plans(struct delivery *d)
{
	struct rcpt *rcpt;

	for (rcpt = d->txn->first; rcpt != NULL; rcpt = rcpt->next)
		(void)plan_check(&rcpt->plan, &d->facts, &rcpt->why);
}

static void
read_message(struct delivery *d)
{
	struct txn *txn = d->txn;
	struct slice header = message_header(&txn->message);

	learn_queue_id(txn, header);
	txn->arrival = arrival_of(txn, header);
	d->facts = (struct plan_message){ header, heading_hops(header),
		txn->message.size_bytes };
	d->heading = (struct heading){ txn->sender, txn->peer, txn->lmtpd->node,
		slice_of(txn->client.ident), txn->arrival, txn->mail.utf8 };
}

void
deliver(struct txn *txn)
{
	struct delivery d = {
		.txn = txn, .filtering = ARENA_INIT, .start_ms = clock_ms()
	};
	struct why why = { 0 };

	if (message_finish(&txn->message, &why) != MAIL_OK ||
	    lmtpd_secret(txn->lmtpd, SECRET_NAME, &d.secret, &why) != MAIL_OK) {
		answer_all(txn, &why);
	} else {
		read_message(&d);
		name_deliveries(&d);
		check_plans(&d);
		deliver_all(&d);
	}
	report(txn, clock_ms() - d.start_ms);
	receipt_send(txn, &d.heading);
}

void
deliver_heard(struct txn *txn)
{
	struct rcpt *rcpt;

	for (rcpt = txn->first; rcpt != NULL; rcpt = rcpt->next) {
		if (rcpt->noted && rcpt->why.verdict != MAIL_TEMPFAIL)
			attempts_forget(&txn->lmtpd->shared->attempts,
			    rcpt->name, txn->arrival);
	}
}
