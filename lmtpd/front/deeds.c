#include "lmtpd/front/deeds.h"

#include "core/log.h"
#include "lmtpd/front/copies.h"
#include "lmtpd/front/letters.h"
#include "lmtpd/front/marks.h"

enum { REASON_MAX = 300 }; /* octets that a reply line holds besides */

struct deeds {
	struct filter *filter;
	struct store_job *job;
	struct copies copies;
	struct letters letters;
};

static struct arena *
arena_of(const struct deeds *d)
{
	return d->filter->arena;
}

/* --- sending ---------------------------------------------------------- */

/* The owner hears of what never goes out; the mail itself is kept. */
static bool
give_up(struct deeds *d, const char *what, const struct why *why)
{
	copies_complain(&d->copies,
	    arena_printf(arena_of(d), "%s was refused: %s", what, why->reply));
	return copies_keep(&d->copies);
}

static bool
send_on(struct deeds *d, const struct sieve_action *action)
{
	struct why why = { 0 };

	if (action->redirect.is_list)
		(void)why_say(&why, 550, "5.1.1", "there is no such list");
	else
		(void)letters_redirect(&d->letters, action, &why);
	if (why.verdict == MAIL_PERMFAIL)
		return give_up(d,
		    arena_printf(arena_of(d), "redirect to %.*s",
			SLICE_FMT(action->redirect.address)),
		    &why);
	if (why.verdict != MAIL_OK)
		d->job->why = why;
	return why.verdict == MAIL_OK;
}

/* A letter that its recipient's server refuses is nobody's trouble. */
static bool
take_letter(struct deeds *d, const struct why *why)
{
	if (why->verdict == MAIL_PERMFAIL)
		log_event(LOG_NOTICE, txn_queue_id(d->filter->txn),
		    "letter-refused",
		    LOG_SLICE("mailbox", d->filter->rcpt->plan.mailbox),
		    LOG_WHY(why));
	else if (why->verdict != MAIL_OK)
		d->job->why = *why;
	return why->verdict != MAIL_TEMPFAIL;
}

static bool
reply(struct deeds *d, const struct sieve_vacation *vacation)
{
	struct why why = { 0 };
	struct slice text;

	if (letters_reply(&d->letters, vacation, &text, &why) == MAIL_OK &&
	    text.n > 0 && vacation->has_fcc)
		copies_file(&d->copies, &vacation->fcc, text, "vacation");
	return take_letter(d, &why);
}

static bool
notify(struct deeds *d, const struct sieve_notify *notification)
{
	struct why why = { 0 };
	struct slice text;

	if (letters_notify(&d->letters, notification, &text, &why) == MAIL_OK &&
	    notification->has_fcc)
		copies_file(&d->copies, &notification->fcc, text, "notify");
	return take_letter(d, &why);
}

static bool
send_one(struct deeds *d, const struct sieve_action *action)
{
	switch (action->type) {
	case SIEVE_REDIRECT:
		return send_on(d, action);
	case SIEVE_VACATION:
		return reply(d, &action->vacation);
	case SIEVE_NOTIFY:
		return notify(d, &action->notify);
	default:
		return true;
	}
}

static bool
send_all(struct deeds *d)
{
	const struct sieve_action *a = d->filter->actions;

	while (a != NULL && send_one(d, a))
		a = a->next;
	return a == NULL;
}

/* --- refusing --------------------------------------------------------- */

/* RFC 5429 2.1.2: what a reply line can say; strangers' servers read ASCII. */
static bool
fits_reply(struct slice reason)
{
	for (size_t i = 0; i < reason.n; i++) {
		if (reason.p[i] < ' ' || reason.p[i] > '~')
			return false;
	}
	return reason.n <= REASON_MAX;
}

static struct slice
as_reply(struct arena *arena, struct slice reason)
{
	char *text;

	reason = slice_head(slice_trim(reason), REASON_MAX);
	text = arena_strndup(arena, reason.p, reason.n);
	for (size_t i = 0; i < reason.n; i++) {
		if (text[i] < ' ' || text[i] > '~')
			text[i] =
			    text[i] == '\n' || text[i] == '\r' ? ' ' : '?';
	}
	return (struct slice){ text, reason.n };
}

static void
refuse(struct deeds *d, const struct sieve_action *action)
{
	struct why *why = &d->job->why;
	struct slice reason = slice_trim(action->reason);

	if (action->type == SIEVE_REJECT && !fits_reply(reason)) {
		if (letters_refuse(&d->letters, reason, why) == MAIL_OK)
			d->filter->rcpt->plan.kind = PLAN_DISCARD;
		return;
	}
	reason = as_reply(arena_of(d), reason);
	(void)why_say(why, 550, "5.7.1", "%.*s", SLICE_FMT(reason));
}

static const struct sieve_action *
find_refusal(const struct filter *filter)
{
	const struct sieve_action *a = filter->actions;

	while (a != NULL && a->type != SIEVE_REJECT && a->type != SIEVE_EREJECT)
		a = a->next;
	return a;
}

/* --- all of it -------------------------------------------------------- */

/* The mail is safe by now: a mark that is missing only repeats it. */
static void
mark_duplicates(const struct deeds *d)
{
	struct txn *txn = d->filter->txn;
	const struct rcpt *rcpt = d->filter->rcpt;
	struct why why = { 0 };

	for (const struct sieve_mark *m = d->filter->duplicates; m != NULL;
	     m = m->next) {
		const struct mark mark = { rcpt->plan.mailbox, m->key,
			m->period_s };

		if (marks_add_duplicate(
			txn->lmtpd->pool, &mark, rcpt->name, &why) < 0)
			log_event(LOG_WARNING, txn_queue_id(txn), "not-marked",
			    LOG_SLICE("name", rcpt->name), LOG_WHY(&why));
	}
}

void
deeds_do(
    struct filter *filter, struct reinject *reinject, struct store_job *job)
{
	struct deeds d = { .filter = filter, .job = job };
	const struct sieve_action *refusal = find_refusal(filter);

	copies_init(&d.copies, filter, job);
	d.letters = (struct letters){ filter, reinject, &d.copies.edited };
	if (refusal != NULL) {
		refuse(&d, refusal);
	} else if (copies_stage(&d.copies) && send_all(&d)) {
		copies_show(&d.copies);
		if (job->why.verdict == MAIL_OK)
			mark_duplicates(&d);
	}
	copies_done(&d.copies);
}
