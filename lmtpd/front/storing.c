#include "lmtpd/front/storing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lmtpd/front/copies.h"
#include "lmtpd/front/deeds.h"
#include "lmtpd/front/ledger.h"
#include "lmtpd/front/quota.h"

static const struct slice stored = { "stored", 6 };

static bool
can_come_again(const struct txn *txn)
{
	return txn->mail.hauspost.key.n > 0 || txn->client.ident[0] != '\0';
}

/*
 * A key is remembered longer than a file stays in its Maildir, where the
 * owner may have deleted it by the time the fetcher tries again.
 */
static bool
was_stored_before(struct txn *txn, struct rcpt *rcpt)
{
	int r = 0;

	if (txn->mail.hauspost.key.n > 0 && !txn->mail.hauspost.first)
		r = ledger_has(
		    txn->lmtpd->pool, rcpt->name, stored, &rcpt->why);
	if (r > 0)
		(void)why_say(&rcpt->why, 250, "2.0.0", "duplicate suppressed");
	return r != 0;
}

/* False: the names do not fit their fields, which is the directory's fault. */
static bool
fill_request(
    struct storing *s, const struct rcpt *rcpt, struct store_request *request)
{
	const struct command_hauspost *told = &s->txn->mail.hauspost;

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
head_for(struct storing *s, const struct rcpt *rcpt)
{
	struct arena *arena = &s->txn->arena;

	if (rcpt->plan.by_owner && heading_has(s->header, SLICE("Delivered-To"),
				       rcpt->plan.own_address))
		return heading_return_path(arena, s->heading);
	return heading_final(
	    arena, s->heading, rcpt->plan.own_address, rcpt->original);
}

/*
 * Whether an earlier attempt may have brought it. Who gives keys says which of
 * them are new; of other mail the table knows.
 */
static bool
may_be_there(struct txn *txn, struct rcpt *rcpt)
{
	bool perhaps = attempts_note(
	    &txn->lmtpd->shared->attempts, rcpt->name, txn->arrival);

	rcpt->noted = true;
	if (txn->mail.hauspost.key.n > 0)
		return !txn->mail.hauspost.first;
	return perhaps;
}

/* True when the job is to be run; otherwise the recipient has its result. */
static bool
prepare_job(struct storing *s, struct rcpt *rcpt, struct store_job *job)
{
	struct txn *txn = s->txn;

	if (was_stored_before(txn, rcpt))
		return false;
	job->head = head_for(s, rcpt);
	if (!fill_request(s, rcpt, &job->request)) {
		(void)why_say(
		    &rcpt->why, 451, "4.3.5", "mailbox can not be named");
		return false;
	}
	if (can_come_again(txn) && may_be_there(txn, rcpt))
		job->request.hints |= STORE_LOOK_IN_CUR;
	return true;
}

/* The owner of a mailbox without a script may have recipes for it. */
static void
set_conditions(const struct filter *filter, struct store_request *request)
{
	request->hints &= ~(uint32_t)(STORE_IF_SCRIPT | STORE_UNLESS_PROCMAIL);
	if (filter->guessed)
		request->hints |= STORE_IF_SCRIPT;
	request->script = filter->own;
	if (!filter->has_own && filter->rcpt->plan.procmail_if_any)
		request->hints |= STORE_UNLESS_PROCMAIL;
}

static void
take_result(struct storing *s, struct rcpt *rcpt, const struct store_job *job)
{
	struct lmtpd *lmtpd = s->txn->lmtpd;

	if (job->answer.error == ECANCELED) {
		rcpt->plan.kind = PLAN_PROGRAM;
		rcpt->why = (struct why){ 0 }; /* no result yet */
		return;
	}
	rcpt->why = job->why;
	if (job->why.verdict != MAIL_TEMPFAIL && rcpt->filtered.n > 0)
		why_detail(
		    &rcpt->why, "sieve: %.*s", SLICE_FMT(rcpt->filtered));
	if (job->why.verdict != MAIL_OK) {
		if (job->answer.error == EDQUOT)
			quota_full(s->txn, rcpt);
		return;
	}
	rcpt->was_there = job->answer.was_there != 0;
	if (rcpt->was_there)
		figures_add(&lmtpd->shared->figures, FIGURE_REPEATED, 1);
	quota_note(s->txn, rcpt, &job->answer);
	/* Not marked is not done: the fetcher comes again, the name is there.
	 */
	if (s->txn->mail.hauspost.key.n > 0)
		(void)ledger_mark_stored(lmtpd->pool, rcpt->name, &rcpt->why);
}

/* What its scripts did with the message, and by which line. */
static struct slice
print_actions(struct arena *arena, const struct filter *filter)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct slice printed;

	if (out == NULL)
		return SLICE("");
	for (const struct sieve_action *a = filter->actions; a; a = a->next)
		sieve_action_print(a, out);
	(void)fclose(out);
	for (char *end = text; (end = strchr(end, '\n')) != NULL;)
		*end = ';';
	printed = arena_slice(
	    arena, slice_head((struct slice){ text, n }, n > 0 ? n - 1 : 0));
	free(text);
	return printed;
}

/* True: it is one store, and left to us. */
static bool
follow(struct storing *s, struct filter *filter, struct store_job *job)
{
	enum filter_result result = filter_run(filter);
	struct txn *txn = s->txn;

	set_conditions(filter, &job->request);
	if (result == FILTER_NOTHING || result == FILTER_DEFER)
		return result == FILTER_NOTHING;
	figures_add(&txn->lmtpd->shared->figures, FIGURE_FILTERED, 1);
	filter->rcpt->filtered = print_actions(&txn->arena, filter);
	if (result == FILTER_PLACE && copies_place(filter, job))
		return true;
	if (result == FILTER_PLAN)
		deeds_do(filter, s->reinject, job);
	take_result(s, filter->rcpt, job);
	return false;
}

/*
 * Asks the mailbox' scripts, and does what they say. True: that is one store
 * like any other, and left to us.
 */
static bool
is_one_store(
    struct storing *s, struct rcpt *rcpt, struct store_job *job, bool ask)
{
	struct filter filter = { .txn = s->txn,
		.rcpt = rcpt,
		.head = job->head,
		.arena = &s->filtering,
		.ask = ask };
	bool left;

	if (s->txn->mail.hauspost.placed) /* its place is known */
		return true;
	left = follow(s, &filter, job);
	filter_done(&filter);
	arena_reset(&s->filtering);
	return left;
}

/* The script that we went by is not the active one, or its folder is gone. */
static bool
was_guessed_wrong(const struct store_job *job)
{
	return (job->answer.error == ECANCELED &&
		   job->answer.hint == STORE_IF_SCRIPT) ||
	       (job->answer.error == ENOENT && job->request.folder[0] != '\0');
}

static void
store_by_asking(struct storing *s, struct rcpt *rcpt, struct store_job *job)
{
	uint32_t hints = job->request.hints & STORE_LOOK_IN_CUR;

	*job = (struct store_job){ .head = job->head, .request.hints = hints };
	rcpt->filtered = SLICE("");
	(void)fill_request(s, rcpt, &job->request);
	if (!is_one_store(s, rcpt, job, true))
		return;
	store_deliver(s->txn->lmtpd->store, &s->txn->message, job, 1);
	take_result(s, rcpt, job);
}

void
storing_run(struct storing *s)
{
	struct txn *txn = s->txn;
	struct store_job *jobs =
	    arena_calloc(&txn->arena, txn->n_rcpts, sizeof *jobs);
	struct rcpt **of = arena_calloc(&txn->arena, txn->n_rcpts, sizeof *of);
	size_t n = 0;

	for (struct rcpt *rcpt = txn->first; rcpt != NULL; rcpt = rcpt->next) {
		if (rcpt->why.verdict != 0 || rcpt->plan.kind != PLAN_STORE)
			continue;
		if (prepare_job(s, rcpt, &jobs[n]) &&
		    is_one_store(s, rcpt, &jobs[n], false))
			of[n++] = rcpt;
		else
			jobs[n] = (struct store_job){ 0 };
	}
	if (n > 0)
		store_deliver(txn->lmtpd->store, &txn->message, jobs, n);
	for (size_t i = 0; i < n; i++) {
		if (was_guessed_wrong(&jobs[i]))
			store_by_asking(s, of[i], &jobs[i]);
		else
			take_result(s, of[i], &jobs[i]);
	}
}
