#include "lmtpd/front/filter.h"

#include <errno.h>

#include "core/log.h"
#include "core/scope.h"
#include "lmtpd/front/author.h"
#include "lmtpd/front/heading.h"
#include "lmtpd/front/mine.h"

enum { OLD_NEWS_S = 24 * 60 * 60 };

static struct lmtpd *
lmtpd_of(const struct filter *filter)
{
	return filter->txn->lmtpd;
}

/* --- gathering scripts ------------------------------------------------ */

static void
take_book(struct filter *filter, const struct library_book *book)
{
	filter->books[filter->n_books++] = *book;
	filter->programs[filter->n_programs++] = book->program;
}

/* A default that can't be compiled is the admin's to mend. */
static bool
open_default(struct filter *filter, const struct script *script,
    struct library_book *book_out)
{
	library_text(
	    lmtpd_of(filter)->library, script->text, filter->arena, book_out);
	if (book_out->program != NULL)
		return true;
	log_event(LOG_ERR, txn_queue_id(filter->txn), "bad-default-script",
	    LOG_TEXT("place", script_place_name(script->place)),
	    LOG_SLICE("name", script->name),
	    LOG_NUM("line", book_out->error.line),
	    LOG_TEXT("detail", book_out->error.text));
	return false;
}

static void
take_defaults(struct filter *filter, enum script_place place)
{
	for (size_t i = 0; i < filter->scripts.n; i++) {
		const struct script *script = &filter->scripts.list[i];
		struct library_book book;

		if (script->place == place &&
		    filter->n_books < FILTER_BOOKS_MAX - 1 &&
		    open_default(filter, script, &book))
			take_book(filter, &book);
	}
}

/* r: why there is none. */
static int
take_no_own(struct filter *filter, int r, const struct why *why)
{
	if (r == -ENOTSUP) {
		author_tell(filter->txn, filter->rcpt,
		    "the active script can't be opened: a link must be "
		    "relative and lead to a file in the home");
		return 0;
	}
	if (r < 0)
		filter->rcpt->why = *why;
	return r;
}

/* 0, or -errno: the storer is away. */
static int
take_own(struct filter *filter)
{
	struct lmtpd *lmtpd = lmtpd_of(filter);
	struct rcpt *rcpt = filter->rcpt;
	AUTO_CLOSE int fd = -1;
	struct library_book book;
	struct why why = { 0 }; /* that there is none is no result */
	int r = store_script(
	    lmtpd->store, rcpt->plan.mailbox, SLICE(""), &fd, &why);

	scripted_note(&lmtpd->scripted, rcpt->plan.mailbox, r != 0);
	if (r <= 0)
		return take_no_own(filter, r, &why);
	filter->has_own = true;
	r = library_read(
	    lmtpd->library, fd, lmtpd->extensions, filter->arena, &book);
	if (r < 0)
		return why_fail(&rcpt->why, -r, "read the active script");
	if (book.program != NULL)
		take_book(filter, &book);
	else
		author_tell_error(filter->txn, rcpt, SLICE(""), &book.error);
	return 0;
}

static bool
may_have_own(const struct filter *filter)
{
	return !slice_eq(filter->rcpt->plan.filter, SLICE("none"));
}

static bool
nothing_is_known(const struct filter *filter)
{
	return filter->scripts.n == 0 &&
	       !scripted_has(&lmtpd_of(filter)->scripted,
		   filter->rcpt->plan.mailbox);
}

static int
gather(struct filter *filter)
{
	struct rcpt *rcpt = filter->rcpt;
	int r = directory_scripts(lmtpd_of(filter)->directory, filter->arena,
	    rcpt->plan.mailbox, addr_domain_part(rcpt->original), &filter->scripts,
	    &rcpt->why);

	if (r < 0)
		return r;
	take_defaults(filter, SCRIPT_BEFORE);
	if (may_have_own(filter)) {
		filter->unasked = nothing_is_known(filter);
		if (!filter->unasked)
			r = take_own(filter);
	}
	take_defaults(filter, SCRIPT_AFTER);
	return r;
}

static const struct script *
find_vacation(const struct filter *filter)
{
	for (size_t i = 0; i < filter->scripts.n; i++) {
		if (filter->scripts.list[i].place == SCRIPT_VACATION)
			return &filter->scripts.list[i];
	}
	return NULL;
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
look_at_message(struct filter *filter, struct slice head)
{
	struct txn *txn = filter->txn;
	int r = view_open(&filter->view, filter->arena, head, &txn->message,
	    &filter->rcpt->why);

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
	       (heading_received(
		    message_header(&txn->message), 1, &arrived) == 0 ||
		   arrived < txn->arrival - OLD_NEWS_S);
}

/* --- all of it -------------------------------------------------------- */

static bool
is_plain_keep(const struct filter *filter)
{
	const struct sieve_action *a = filter->actions;

	return a != NULL && a->next == NULL && a->type == SIEVE_KEEP &&
	       a->edit == NULL && a->store.n_flags == 0 &&
	       filter->duplicates == NULL;
}

static bool
run_all(struct filter *filter)
{
	const struct script *vacation = find_vacation(filter);

	if (!run_scripts(filter))
		return false;
	if (vacation != NULL && may_answer(filter) &&
	    open_default(filter, vacation, &filter->vacation) &&
	    !run_vacation(filter))
		return false;
	if (is_old_news(filter))
		drop_vacation(filter);
	return check_catch_all(filter);
}

enum filter_result
filter_run(struct filter *filter, struct txn *txn, struct rcpt *rcpt,
    struct slice head, struct arena *arena)
{
	*filter = (struct filter){ .txn = txn, .rcpt = rcpt, .arena = arena };
	if (gather(filter) < 0)
		return FILTER_DEFER;
	if (filter->n_books == 0 && find_vacation(filter) == NULL)
		return FILTER_NOTHING;
	if (look_at_message(filter, head) < 0 || !run_all(filter))
		return FILTER_DEFER;
	return is_plain_keep(filter) ? FILTER_NOTHING : FILTER_PLAN;
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
