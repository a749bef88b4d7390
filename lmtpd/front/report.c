#include "lmtpd/front/report.h"

#include "core/header.h"
#include "core/log.h"
#include "core/trail.h"

enum { MESSAGE_ID_SHOWN_MAX = 250 };

struct outcome {
	const char *word;
	enum figure figure;
};

static struct outcome
outcome_of(const struct rcpt *rcpt)
{
	static const struct outcome done[PLAN_KINDS] = {
		[PLAN_STORE] = { "delivered", FIGURE_DELIVERED },
		[PLAN_PROGRAM] = { "piped", FIGURE_DELIVERED },
		[PLAN_INCLUDE] = { "spread", FIGURE_SENT_ON },
		[PLAN_FORWARD] = { "forwarded", FIGURE_SENT_ON },
		[PLAN_EXPAND] = { "requeued", FIGURE_SENT_ON },
		[PLAN_DISCARD] = { "discarded", FIGURE_DELIVERED },
	};

	if (rcpt->why.verdict == MAIL_PERMFAIL)
		return (struct outcome){ "refused", FIGURE_REFUSED };
	if (rcpt->why.verdict != MAIL_OK)
		return (struct outcome){ "deferred", FIGURE_DEFERRED };
	return done[rcpt->plan.kind];
}

static struct slice
message_id(const struct txn *txn)
{
	struct header_field field;

	if (!header_find(
		message_header(&txn->message), SLICE("Message-ID"), &field))
		return (struct slice){ NULL, 0 };
	return slice_head(field.value, MESSAGE_ID_SHOWN_MAX);
}

/* A slice that is not set would be logged as a number. */
static struct slice
or_empty(struct slice s)
{
	return s.p != NULL ? s : (struct slice){ "", 0 };
}

static void
report_one(const struct txn *txn, const struct rcpt *rcpt, struct slice id,
    long took_ms)
{
	const struct outcome outcome = outcome_of(rcpt);
	const struct why *why = &rcpt->why;
	struct shared *shared = txn->lmtpd->shared;

	log_event(why->verdict == MAIL_OK ? LOG_INFO : LOG_NOTICE,
	    txn_queue_id(txn), outcome.word, LOG_SLICE("from", txn->sender),
	    LOG_SLICE("to", rcpt->address), LOG_SLICE("orig", rcpt->original),
	    LOG_SLICE("mailbox", or_empty(rcpt->plan.mailbox)),
	    LOG_SLICE("next", or_empty(rcpt->plan.address)),
	    LOG_TEXT("dsn", why->dsn),
	    LOG_NUM("size", (long long)txn->message.size_bytes),
	    LOG_NUM("ms", took_ms), LOG_SLICE("name", or_empty(rcpt->name)),
	    LOG_TEXT("reply", why->verdict == MAIL_OK ? "" : why->reply),
	    LOG_TEXT("detail", why->detail));
	figures_add(&shared->figures, outcome.figure, 1);
	trail_add(txn->lmtpd->trail,
	    &(struct trail_event){ .queue_id = slice_of(txn->client.ident),
		.message_id = id,
		.client = slice_of(txn->client.addr),
		.sender = txn->sender,
		.recipient = rcpt->original,
		.leaf = rcpt->plan.leaf,
		.event = slice_of(outcome.word),
		.mailbox = rcpt->plan.mailbox,
		.reason = slice_of(why->detail),
		.size_bytes = (long long)txn->message.size_bytes,
		.why = why });
}

void
report(const struct txn *txn, long took_ms)
{
	struct slice id = message_id(txn);

	for (const struct rcpt *rcpt = txn->first; rcpt != NULL;
	     rcpt = rcpt->next)
		report_one(txn, rcpt, id, took_ms);
	figures_add(&txn->lmtpd->shared->figures, FIGURE_BYTES,
	    (long long)txn->message.size_bytes);
}
