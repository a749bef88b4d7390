#include "lmtpd/front/filter.h"

#include "core/log.h"
#include "core/scope.h"
#include "lmtpd/front/author.h"
#include "lmtpd/front/gather.h"
#include "lmtpd/front/heading.h"
#include "lmtpd/front/mine.h"

enum { OLD_NEWS_S = 24 * 60 * 60 };

static struct lmtpd *
lmtpd_of(const struct filter *filter)
{
	return filter->txn->lmtpd;
}

/* --- what a script sees ----------------------------------------------- */

static void
set_environment(struct filter *filter)
{
	const struct txn *txn = filter->txn;
	struct sieve_environment *e = &filter->environment;
	struct slice node = txn->lmtpd->node;
	const struct sieve_item items[] = {
		{ SLICE("host"), node },
		{ SLICE("domain"),
		    slice_tail(node, (size_t)(slice_find(node, '.') + 1)) },
		{ SLICE("remote-ip"), slice_of(txn->client.addr) },
		{ SLICE("remote-host"), slice_of(txn->client.name) },
	};
	struct sieve_item *copy = arena_alloc(filter->arena, sizeof items);

	(void)memcpy(copy, items, sizeof items);
	sieve_environment_init(e);
	e->items = copy;
	e->n_items = sizeof items / sizeof *items;
	e->addresses = &filter->rcpt->plan.own_address;
	e->n_addresses = 1;
	e->mailbox_name = filter->rcpt->plan.mailbox;
	e->steps = allowance_left(&lmtpd_of(filter)->shared->allowance,
	    filter->rcpt->plan.mailbox, e->now);
	/* They stop loops, and tell where a message came from. */
	e->undeletable_fields =
	    SLICE("Received Auto-Submitted Delivered-To Return-Path");
}

static const char *
notify_words(unsigned notify)
{
	return notify == NOTIFY_NEVER ? "NEVER" : "";
}

static int
look_at_message(struct filter *filter)
{
	struct txn *txn = filter->txn;
	int r = view_open(&filter->view, filter->arena, filter->head,
	    &txn->message, &filter->rcpt->why);

	if (r < 0)
		return r;
	filter->message = sieve_message_new(filter->arena, filter->view.octets);
	filter->envelope = (struct sieve_envelope){ .from = txn->sender,
		.to = filter->rcpt->original,
		.notify = slice_of(notify_words(filter->rcpt->notify)),
		.orcpt = filter->rcpt->orcpt,
		.ret = txn->mail.ret,
		.envid = txn->mail.envid };
	filter->world = (struct world){ .txn = txn,
		.rcpt = filter->rcpt,
		.scripts = &filter->scripts,
		.arena = filter->arena };
	set_environment(filter);
	return 0;
}

/* --- running ---------------------------------------------------------- */

/* Together they are what crashes, or does not. */
static uint64_t
id_of(const struct library_book *books, size_t n)
{
	uint64_t id = n;

	for (size_t i = 0; i < n; i++)
		id = (id ^ books[i].id) * 0x9E3779B97F4A7C15u;
	return id;
}

static void
run_job(struct filter *filter, struct sieve_program *const *programs, size_t n,
    struct sieve_result *result)
{
	struct shared *shared = lmtpd_of(filter)->shared;
	const struct sieve_job job = { .programs = programs,
		.n_programs = n,
		.message = filter->message,
		.envelope = &filter->envelope,
		.environment = &filter->environment,
		.callbacks = &world_callbacks,
		.context = &filter->world };

	(void)sieve_run(&job, filter->arena, result);
	allowance_use(&shared->allowance, filter->rcpt->plan.mailbox,
	    filter->environment.now, result->steps);
}

/* False: deferred. */
static bool
take_status(struct filter *filter, const struct sieve_result *result)
{
	if (result->status == SIEVE_DEFER) {
		filter->rcpt->why = filter->world.why;
		if (filter->world.why.verdict == 0)
			(void)why_say(&filter->rcpt->why, 451, "4.3.0",
			    "filter trouble, try later");
		return false;
	}
	if (result->status == SIEVE_FAILED)
		author_tell_error(
		    filter->txn, filter->rcpt, SLICE(""), &result->error);
	return true;
}

/* They crashed a worker. True: they are not run. */
static bool
is_set_aside(struct filter *filter, uint64_t id)
{
	if (!suspects_is_aside(&lmtpd_of(filter)->shared->suspects, id))
		return false;
	author_tell(filter->txn, filter->rcpt,
	    "the script was running when the mail server crashed, and is set "
	    "aside until it is changed");
	return true;
}

/* False: deferred. */
static bool
run_scripts(struct filter *filter)
{
	struct suspects *suspects = &lmtpd_of(filter)->shared->suspects;
	uint64_t id = id_of(filter->books, filter->n_books);
	struct sieve_result result = { 0 };

	if (is_set_aside(filter, id))
		filter->n_programs = 0; /* nothing to run is a keep */
	suspects_begin(suspects, id);
	run_job(filter, filter->programs, filter->n_programs, &result);
	suspects_end();
	filter->actions = result.actions;
	filter->duplicates = result.duplicates;
	return take_status(filter, &result);
}

/* --- the automatic reply ---------------------------------------------- */

static bool
has_action(const struct filter *filter, enum sieve_action_type type)
{
	for (const struct sieve_action *a = filter->actions; a; a = a->next) {
		if (a->type == type)
			return true;
	}
	return false;
}

/* Who is answered can tell that his mail arrived: so it must have. */
static bool
may_answer(const struct filter *filter)
{
	return !has_action(filter, SIEVE_VACATION) &&
	       (has_action(filter, SIEVE_KEEP) ||
		   has_action(filter, SIEVE_FILEINTO) ||
		   has_action(filter, SIEVE_REDIRECT));
}

/* Actions belong to the run's arena, which is ours as well. */
static void
append(struct filter *filter, const struct sieve_action *action)
{
	struct sieve_action *copy =
	    arena_new(filter->arena, struct sieve_action);
	const struct sieve_action **last = &filter->actions;

	*copy = *action;
	copy->next = NULL;
	while (*last != NULL)
		last = (const struct sieve_action **)&(*last)->next;
	*last = copy;
}

/* False: deferred. */
static bool
run_vacation(struct filter *filter)
{
	struct sieve_result result = { 0 };

	run_job(filter, &filter->vacation.program, 1, &result);
	if (!take_status(filter, &result))
		return false;
	for (const struct sieve_action *a = result.actions; a; a = a->next) {
		if (a->type == SIEVE_VACATION)
			append(filter, a);
	}
	return true;
}

static void
drop_vacation(struct filter *filter)
{
	const struct sieve_action **link = &filter->actions;

	while (*link != NULL) {
		if ((*link)->type == SIEVE_VACATION)
			*link = (*link)->next;
		else
			link = (const struct sieve_action **)&(*link)->next;
	}
}

/*
 * Also where the message names the address: that of a catch-all may be made
 * up. False: deferred.
 */
static bool
check_catch_all(struct filter *filter)
{
	struct lmtpd *lmtpd = lmtpd_of(filter);
	struct rcpt *rcpt = filter->rcpt;
	enum mine mine;

	if (lmtpd->settings->reply_catch_all ||
	    !has_action(filter, SIEVE_VACATION))
		return true;
	if (mine_address(lmtpd->directory, rcpt->plan.mailbox, rcpt->original,
		&mine, &rcpt->why) < 0)
		return false;
	if (mine == MINE_BY_CATCH_ALL)
		drop_vacation(filter);
	return true;
}

/*
 * What is fetched from elsewhere may have lain there for years, and who wrote
 * it waits for no answer any more. Below the fetcher's own Received stands
 * that of the other provider.
 */
static bool
is_old_news(const struct filter *filter)
{
	const struct txn *txn = filter->txn;
	time_t arrived;

	return txn->mail.hauspost.key.n > 0 &&
	       (heading_received(message_header(&txn->message), 1, &arrived) ==
		       0 ||
		   arrived < txn->arrival - OLD_NEWS_S);
}

/* --- all of it -------------------------------------------------------- */

/* The message as it came, once: that the storer can do in one step. */
static bool
is_one_place(const struct filter *filter)
{
	const struct sieve_action *a = filter->actions;

	return a != NULL && a->next == NULL &&
	       (a->type == SIEVE_KEEP || a->type == SIEVE_FILEINTO) &&
	       a->edit == NULL && filter->duplicates == NULL;
}

static enum filter_result
result_of(const struct filter *filter)
{
	const struct sieve_action *a = filter->actions;

	if (!is_one_place(filter))
		return FILTER_PLAN;
	if (a->type == SIEVE_KEEP && a->store.n_flags == 0)
		return FILTER_NOTHING;
	return filter->ask ? FILTER_PLAN : FILTER_PLACE;
}

static bool
run_all(struct filter *filter)
{
	const struct script *vacation = gather_vacation(filter);

	if (!run_scripts(filter))
		return false;
	if (vacation != NULL && may_answer(filter) &&
	    gather_default(filter, vacation, &filter->vacation) &&
	    !run_vacation(filter))
		return false;
	if (is_old_news(filter))
		drop_vacation(filter);
	return check_catch_all(filter);
}

static enum filter_result
run(struct filter *filter)
{
	if (gather_scripts(filter) < 0)
		return FILTER_DEFER;
	if (filter->n_books == 0 && gather_vacation(filter) == NULL)
		return FILTER_NOTHING;
	if (look_at_message(filter) < 0 || !run_all(filter))
		return FILTER_DEFER;
	return result_of(filter);
}

static enum filter_result
run_again(struct filter *filter)
{
	filter_done(filter);
	*filter = (struct filter){ .txn = filter->txn,
		.rcpt = filter->rcpt,
		.head = filter->head,
		.arena = filter->arena,
		.ask = true };
	return run(filter);
}

enum filter_result
filter_run(struct filter *filter)
{
	enum filter_result result = run(filter);

	/* What leaves the house or is discarded, no storer would check. */
	if (result == FILTER_PLAN && filter->guessed) {
		if (!gather_guessed_right(filter))
			return run_again(filter);
		filter->guessed = false;
	}
	return result;
}

void
filter_done(struct filter *filter)
{
	if (filter->message != NULL)
		sieve_message_done(filter->message);
	view_close(&filter->view);
	for (size_t i = 0; i < filter->n_books; i++)
		library_done(&filter->books[i]);
	library_done(&filter->vacation);
}
