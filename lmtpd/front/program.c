#include "lmtpd/front/program.h"

#include <errno.h>

#include "core/log.h"
#include "core/scope.h"
#include "lmtpd/front/ledger.h"
#include "lmtpd/front/owner.h"

static const struct slice ran = { "ran", 3 };

/* --- requests --------------------------------------------------------- */

/* Half an address would be another one: what does not fit is left out. */
static void
set_text(char to[RUN_TEXT_MAX + 1], struct slice text)
{
	if (!store_set_text(to, RUN_TEXT_MAX + 1, text))
		to[0] = '\0';
}

static int
fill_request(const struct txn *txn, const struct rcpt *rcpt,
    struct run_request *request, struct why *why)
{
	set_text(request->sender, txn->sender);
	set_text(request->recipient, rcpt->original);
	set_text(request->detail, rcpt->plan.detail);
	if (!store_set_text(
		request->leaf, sizeof request->leaf, rcpt->plan.leaf))
		return why_fail(why, ENAMETOOLONG, "name the leaf");
	return 0;
}

static int
ask(const struct programs *programs, const struct rcpt *rcpt, struct run *run,
    struct why *why)
{
	struct txn *txn = programs->txn;
	int r = fill_request(txn, rcpt, &run->request, why);

	if (r < 0)
		return r;
	return run_ask(&txn->arena, txn->lmtpd->settings->runner,
	    programs->deadline_ms, run, why);
}

int
program_read(const struct programs *programs, const struct rcpt *rcpt,
    struct run *run, struct why *why)
{
	run->message_fd = -1;
	return ask(programs, rcpt, run, why);
}

/* --- running ---------------------------------------------------------- */

/* Many at once are no trouble of the owner's, the next attempt finds room. */
static bool
is_trouble(const struct run_answer *answer)
{
	return (answer->end == RUN_FAILED && answer->status != EAGAIN) ||
	       answer->end == RUN_TIMED_OUT;
}

static void
tell_owner(struct txn *txn, const struct plan *plan, const struct why *why)
{
	owner_tell(txn, plan, SLICE("program"),
	    arena_printf(&txn->arena,
		"A program that is to get the mail for\n%.*s\n"
		"could not do its work: %s (%s).\n"
		"The mail waits for some days, then it goes back to its\n"
		"senders.\n",
		SLICE_FMT(plan->own_address), why->reply, why->detail));
}

enum verdict
program_run(const struct programs *programs, const struct rcpt *rcpt,
    struct run *run, struct why *why)
{
	struct txn *txn = programs->txn;
	struct slice head = heading_final(&txn->arena, programs->heading,
	    rcpt->plan.own_address, rcpt->original);
	AUTO_CLOSE int message_fd = message_copy(&txn->message, head, why);

	if (message_fd < 0)
		return MAIL_TEMPFAIL;
	run->message_fd = message_fd;
	if (ask(programs, rcpt, run, why) < 0)
		return MAIL_TEMPFAIL;
	(void)run_say(&run->answer, run->output, why);
	if (is_trouble(&run->answer))
		tell_owner(txn, &rcpt->plan, why);
	return why->verdict;
}

static void
run_and_mark(const struct programs *programs, struct rcpt *rcpt)
{
	struct txn *txn = programs->txn;
	struct run run = { .request.op = RUN_PROGRAM };
	struct why why = { 0 };

	if (program_run(programs, rcpt, &run, &rcpt->why) != MAIL_OK)
		return;
	/* It has the message, so that is the answer, see reinject.c. */
	if (ledger_mark(txn->lmtpd->pool, rcpt->name, ran, &why) < 0)
		log_event(LOG_WARNING, txn_queue_id(txn), "not-marked",
		    LOG_SLICE("name", rcpt->name), LOG_WHY(&why));
}

void
program_deliver(const struct programs *programs, struct rcpt *rcpt)
{
	int r =
	    ledger_has(programs->txn->lmtpd->pool, rcpt->name, ran, &rcpt->why);

	if (r < 0)
		return;
	rcpt->was_there = r > 0;
	if (r == 0)
		run_and_mark(programs, rcpt);
	else
		(void)why_say(
		    &rcpt->why, 250, "2.0.0", "was taken by a program before");
}
