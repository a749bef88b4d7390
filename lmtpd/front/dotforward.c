#include "lmtpd/front/dotforward.h"

#include <errno.h>

#include "core/forward_file.h"
#include "lmtpd/front/owner.h"
#include "lmtpd/front/spread.h"

/* --- the file --------------------------------------------------------- */

static void
tell_unusable(struct txn *txn, const struct plan *plan, const char *detail)
{
	owner_tell(txn, plan, SLICE("forward-file"),
	    arena_printf(&txn->arena,
		"The file .forward of the mailbox %.*s\n"
		"is not followed: %s.\n"
		"Mail stays in the mailbox.\n",
		SLICE_FMT(plan->mailbox), detail));
}

/* The file itself is at fault, and will be at the next attempt. */
static bool
is_unusable(int error)
{
	return error == EACCES || error == EPERM || error == EINVAL ||
	       error == EFBIG || error == ELOOP || error == EISDIR;
}

/* 1 and its text, 0 there is none to follow, -1 and rcpt->why. */
static int
read_file(
    const struct programs *programs, struct rcpt *rcpt, struct slice *text_out)
{
	struct run run = { .request.op = RUN_READ_FORWARD };

	if (program_read(programs, rcpt, &run, &rcpt->why) < 0)
		return -1;
	if (run.answer.end == RUN_EXITED && run.answer.status == 0) {
		*text_out = run.output;
		return 1;
	}
	if (run.answer.end == RUN_FAILED && run.answer.status == ENOENT)
		return 0;
	if (run.answer.end == RUN_FAILED && is_unusable(run.answer.status)) {
		tell_unusable(programs->txn, &rcpt->plan, run.answer.detail);
		return 0;
	}
	(void)run_say(&run.answer, run.output, &rcpt->why);
	return -1;
}

/* --- entries ---------------------------------------------------------- */

struct follow {
	struct spread spread;
	struct spread_mail mail; /* to the addresses so far */
	bool keep;		 /* a copy is for the mailbox */
};

/* Sent to himself, it would come back here and be a loop. */
static bool
is_own_name(const struct plan *plan, struct slice entry)
{
	return slice_eq_nocase(entry, plan->mailbox) ||
	       slice_eq_nocase(entry, plan->own_address);
}

static void
follow_address(struct follow *follow, struct slice entry)
{
	struct spread_mail *mail = &follow->mail;

	if (is_own_name(&follow->spread.rcpt->plan, entry))
		follow->keep = true;
	else if (spread_address(
		     &follow->spread, entry, &mail->addresses[mail->n]))
		mail->n++;
	else
		follow->keep = true;
}

static void
follow_other(struct follow *follow, struct slice entry)
{
	if (slice_eq(entry, SLICE("/dev/null"))) {
		follow->spread.tally.good++;
		return;
	}
	spread_trouble(&follow->spread, entry, "not possible here");
	follow->keep = true;
}

static void
follow_entry(
    struct follow *follow, const struct forward_entry *entry, size_t index)
{
	switch (entry->kind) {
	case FORWARD_ADDRESS:
		follow_address(follow, entry->text);
		break;
	case FORWARD_SELF:
		follow->keep = true;
		break;
	case FORWARD_PROGRAM:
		spread_run(&follow->spread, entry->text, index);
		break;
	case FORWARD_UNSUPPORTED:
		follow_other(follow, entry->text);
		break;
	}
}

static int
address_mail(struct follow *follow, size_t max)
{
	struct txn *txn = follow->spread.programs->txn;
	struct rcpt *rcpt = follow->spread.rcpt;
	struct spread_mail *mail = &follow->mail;

	rcpt->plan.forwarder = rcpt->original;
	mail->params = reinject_params(txn);
	mail->rcpt_params = reinject_rcpt_params(txn, rcpt);
	mail->addresses =
	    arena_calloc(&txn->arena, max, sizeof *mail->addresses);
	return reinject_sender(txn, rcpt, &mail->sender) == MAIL_OK ? 0 : -1;
}

/*
 * Later stands before keeping, since a copy that is in the mailbox would be
 * all that the next attempt finds done. Nothing at all: an empty file.
 */
static void
conclude(struct follow *follow)
{
	struct rcpt *rcpt = follow->spread.rcpt;
	const struct tally *tally = &follow->spread.tally;

	if (follow->keep && tally->later.verdict == 0)
		return;
	if (tally_say(tally, &rcpt->why))
		rcpt->plan.kind = PLAN_FORWARD;
}

static void
follow_entries(
    struct follow *follow, const struct forward_entry *entries, size_t n)
{
	if (address_mail(follow, n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		follow_entry(follow, &entries[i], i);
	spread_send(&follow->spread, &follow->mail);
	conclude(follow);
}

static void
follow_text(struct follow *follow, struct slice text)
{
	struct txn *txn = follow->spread.programs->txn;
	struct forward_entry *entries;
	ssize_t n = forward_file_parse(&txn->arena, text, &entries);

	if (n < 0)
		tell_unusable(
		    txn, &follow->spread.rcpt->plan, "it has too many entries");
	else
		follow_entries(follow, entries, (size_t)n);
}

/* Flagged mail, where its domain sends none on; when in doubt as well. */
static bool
stays_here(struct txn *txn, const struct rcpt *rcpt)
{
	struct why ignored;

	return forwarding_is_spam(message_header(&txn->message)) &&
	       forwarding_judge_spam(txn->lmtpd->directory, &txn->arena,
		   rcpt->original, &ignored) != MAIL_OK;
}

void
dotforward_follow(const struct programs *programs, struct reinject *reinject,
    struct rcpt *rcpt)
{
	struct follow follow = { .keep = false };
	struct slice text;

	if (stays_here(programs->txn, rcpt) ||
	    read_file(programs, rcpt, &text) <= 0 ||
	    spread_start(&follow.spread, programs, reinject, rcpt) < 0)
		return;
	follow_text(&follow, text);
	spread_end(&follow.spread, "~/.forward");
}
