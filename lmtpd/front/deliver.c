#include "lmtpd/front/deliver.h"

#include <stdio.h>

#include "core/clock.h"
#include "lmtpd/front/dotforward.h"
#include "lmtpd/front/heading.h"
#include "lmtpd/front/include.h"
#include "lmtpd/front/name.h"
#include "lmtpd/front/program.h"
#include "lmtpd/front/receipt.h"
#include "lmtpd/front/reinject.h"
#include "lmtpd/front/report.h"
#include "lmtpd/front/storing.h"

/* What the steps below share. */
struct delivery {
	struct txn *txn;
	struct reinject *reinject;
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
	struct storing storing = { d->txn, &reinject, &d->heading,
		d->facts.header, ARENA_INIT };

	d->reinject = &reinject;
	follow_forward_files(d);
	storing_run(&storing);
	finish_others(d);
	reinject_done(&reinject);
	arena_done(&storing.filtering);
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
	struct delivery d = { .txn = txn, .start_ms = clock_ms() };
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
