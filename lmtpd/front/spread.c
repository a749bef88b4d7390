#include "lmtpd/front/spread.h"

#include "core/addr.h"
#include "core/digest.h"
#include "core/log.h"
#include "lmtpd/front/owner.h"

int
spread_start(struct spread *spread, const struct programs *programs,
    struct reinject *reinject, struct rcpt *rcpt)
{
	struct txn *txn = programs->txn;

	*spread = (struct spread){ .programs = programs,
		.reinject = reinject,
		.rcpt = rcpt,
		.trouble = BUF_INIT(SPREAD_TROUBLE_MAX) };
	return ledger_read(txn->lmtpd->pool, &txn->arena, rcpt->name,
	    &spread->done, &rcpt->why);
}

/* --- trouble ---------------------------------------------------------- */

void
spread_trouble(struct spread *spread, struct slice entry, const char *reason)
{
	/* A report that is full names enough of them. */
	heading_add(&spread->trouble, "    ", slice_head(entry, 200), ": ");
	heading_add(&spread->trouble, "", slice_of(reason), "\n");
}

void
spread_end(struct spread *spread, const char *what)
{
	struct txn *txn = spread->programs->txn;
	const struct plan *plan = &spread->rcpt->plan;

	if (spread->trouble.n > 0)
		owner_tell(txn, plan, SLICE("entries"),
		    arena_printf(&txn->arena,
			"Of the recipients in %s,\n"
			"which get the mail for %.*s,\n"
			"these are no good:\n%s",
			what, SLICE_FMT(plan->own_address),
			buf_text(&spread->trouble)));
	buf_free(&spread->trouble);
}

static void
count(struct spread *spread, struct slice entry, const struct why *why)
{
	tally_add(&spread->tally, why);
	if (why->verdict == MAIL_PERMFAIL)
		spread_trouble(spread, entry, why->reply);
}

/* --- what is done ----------------------------------------------------- */

static struct slice
sent_to(struct arena *arena, struct slice address)
{
	return slice_of(arena_printf(arena, "sent %.*s", SLICE_FMT(address)));
}

/* A digest, since a program's text may be longer than a key of the table. */
static struct slice
ran_as(struct arena *arena, struct slice program)
{
	static const struct slice key = { "hauspost: programs", 18 };
	char text[DIGEST_TEXT + 1];

	digest_text(key, &program, 1, text);
	return slice_of(arena_printf(arena, "ran %s", text));
}

static void
mark(struct spread *spread, const struct ledger *done)
{
	struct txn *txn = spread->programs->txn;
	struct why why = { 0 };

	if (done->n > 0 && ledger_mark_all(txn->lmtpd->pool, &txn->arena,
			       spread->rcpt->name, done, &why) < 0)
		log_event(LOG_WARNING, txn_queue_id(txn), "not-marked",
		    LOG_SLICE("name", spread->rcpt->name), LOG_WHY(&why));
}

/* --- addresses -------------------------------------------------------- */

bool
spread_address(
    struct spread *spread, struct slice entry, struct slice *address_out)
{
	struct txn *txn = spread->programs->txn;
	struct addr addr;

	if (slice_find(entry, '@') < 0)
		entry = slice_of(arena_printf(&txn->arena, "%.*s@%.*s",
		    SLICE_FMT(entry), SLICE_FMT(txn->lmtpd->node)));
	if (addr_parse(&txn->arena, entry, txn->mail.utf8, &addr) < 0 ||
	    addr_is_null(&addr)) {
		spread_trouble(spread, entry, "not an address");
		return false;
	}
	*address_out = addr_text(&txn->arena, &addr);
	return true;
}

/* An envelope for those who do not have it; the others count as good. */
static struct smtpc_mail
address_rest(struct spread *spread, const struct spread_mail *mail)
{
	struct arena *arena = &spread->programs->txn->arena;
	struct smtpc_mail rest = { .sender = mail->sender,
		.params = mail->params,
		.rcpts = arena_calloc(arena, mail->n, sizeof *rest.rcpts) };

	for (size_t i = 0; i < mail->n; i++) {
		struct slice address = mail->addresses[i];

		if (ledger_shows(&spread->done, sent_to(arena, address)))
			spread->tally.good++;
		else
			rest.rcpts[rest.n_rcpts++] =
			    (struct smtpc_rcpt){ .address = address,
				    .params = mail->rcpt_params };
	}
	return rest;
}

static void
take_results(struct spread *spread, const struct smtpc_mail *mail)
{
	struct arena *arena = &spread->programs->txn->arena;
	struct ledger done = {
		arena_calloc(arena, mail->n_rcpts, sizeof *done.actions), 0
	};

	for (size_t i = 0; i < mail->n_rcpts; i++) {
		const struct smtpc_rcpt *to = &mail->rcpts[i];

		/* Not even asked: the whole has failed. */
		count(spread, to->address,
		    to->why.verdict != 0 ? &to->why : &spread->rcpt->why);
		if (to->why.verdict == MAIL_OK)
			done.actions[done.n++] = sent_to(arena, to->address);
	}
	mark(spread, &done);
}

void
spread_send(struct spread *spread, const struct spread_mail *mail)
{
	struct rcpt *rcpt = spread->rcpt;
	struct smtpc_mail rest = address_rest(spread, mail);
	struct slice head = heading_onward(&spread->programs->txn->arena,
	    spread->programs->heading, rcpt->plan.own_address, rcpt->original);

	if (rest.n_rcpts == 0)
		return;
	(void)reinject_hand_over(spread->reinject, rcpt, &rest, head);
	take_results(spread, &rest);
	rcpt->why = (struct why){ 0 };
}

/* --- programs --------------------------------------------------------- */

void
spread_run(struct spread *spread, struct slice program, size_t index)
{
	struct arena *arena = &spread->programs->txn->arena;
	struct slice action = ran_as(arena, program);
	struct run run = { .request.op = RUN_FORWARD_PROGRAM,
		.request.index = (uint32_t)index };
	struct why why = { 0 };

	if (ledger_shows(&spread->done, action)) {
		spread->tally.good++;
		return;
	}
	(void)program_run(spread->programs, spread->rcpt, &run, &why);
	count(spread, program, &why);
	if (why.verdict == MAIL_OK)
		mark(spread, &(struct ledger){ &action, 1 });
}
