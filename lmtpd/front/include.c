#include "lmtpd/front/include.h"

#include "core/forward_file.h"
#include "lmtpd/front/owner.h"
#include "lmtpd/front/spread.h"

/* --- the file --------------------------------------------------------- */

/* Our peer, and the owner, hear that it waits. */
static void
say_unusable(struct txn *txn, struct rcpt *rcpt, const char *detail)
{
	(void)why_say(&rcpt->why, 451, "4.3.5",
	    "the list of this address can not be read at present");
	why_detail(&rcpt->why, "include: %s", detail);
	owner_tell(txn, &rcpt->plan, SLICE("include"),
	    arena_printf(&txn->arena,
		"The file with the members of %.*s\n"
		"can not be used: %s.\n"
		"Mail to them waits for some days, then it goes back to its\n"
		"senders.\n",
		SLICE_FMT(rcpt->plan.own_address), detail));
}

/* 0 and the file's text, or -1 and rcpt->why. */
static int
read_file(
    const struct programs *programs, struct rcpt *rcpt, struct slice *text_out)
{
	struct run run = { .request.op = RUN_READ_INCLUDE };

	if (program_read(programs, rcpt, &run, &rcpt->why) < 0)
		return -1;
	if (run.answer.end == RUN_EXITED && run.answer.status == 0) {
		*text_out = run.output;
		return 0;
	}
	if (run.answer.end == RUN_FAILED)
		say_unusable(programs->txn, rcpt, run.answer.detail);
	else
		(void)run_say(&run.answer, run.output, &rcpt->why);
	return -1;
}

/* --- members ---------------------------------------------------------- */

static void
collect_members(struct spread *spread, const struct forward_entry *entries,
    size_t n, struct spread_mail *mail)
{
	for (size_t i = 0; i < n; i++) {
		const struct forward_entry *entry = &entries[i];

		if (entry->kind != FORWARD_ADDRESS)
			spread_trouble(spread, entry->text,
			    "only addresses can stand in the file");
		else if (spread_address(
			     spread, entry->text, &mail->addresses[mail->n]))
			mail->n++;
	}
}

struct slice
include_bounce_address(
    struct arena *arena, const struct plan *plan, struct slice node)
{
	return slice_of(arena_printf(arena, "%.*s+bounces@%.*s",
	    SLICE_FMT(plan->owner), SLICE_FMT(node)));
}

/* A bounce or a report has no sender, and must not get one. */
static struct slice
sender_of(struct txn *txn, const struct plan *plan)
{
	if (txn->sender.n == 0)
		return txn->sender;
	return include_bounce_address(&txn->arena, plan, txn->lmtpd->node);
}

/* ORCPT, RET and ENVID are the poster's, and end here (RFC 3461 5.2.7.3). */
static void
send_to_members(
    struct spread *spread, const struct forward_entry *entries, size_t n)
{
	struct txn *txn = spread->programs->txn;
	struct spread_mail mail = {
		.sender = sender_of(txn, &spread->rcpt->plan),
		.params = txn->mail.utf8 ? SLICE("BODY=8BITMIME SMTPUTF8")
					 : SLICE("BODY=8BITMIME"),
		.addresses =
		    arena_calloc(&txn->arena, n, sizeof *mail.addresses),
	};

	collect_members(spread, entries, n, &mail);
	spread_send(spread, &mail);
}

static void
spread_over(struct spread *spread, struct slice text)
{
	struct txn *txn = spread->programs->txn;
	struct forward_entry *entries;
	ssize_t n = forward_file_parse(&txn->arena, text, &entries);

	if (n < 0) {
		say_unusable(txn, spread->rcpt, "it has too many members");
		return;
	}
	send_to_members(spread, entries, (size_t)n);
	if (!tally_say(&spread->tally, &spread->rcpt->why))
		say_unusable(txn, spread->rcpt, "it has no members");
}

void
include_deliver(const struct programs *programs, struct reinject *reinject,
    struct rcpt *rcpt)
{
	struct spread spread;
	struct slice text;

	if (read_file(programs, rcpt, &text) < 0 ||
	    spread_start(&spread, programs, reinject, rcpt) < 0)
		return;
	spread_over(&spread, text);
	spread_end(&spread, "the file");
}
