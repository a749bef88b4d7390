#include "lmtpd/front/deeds.h"

#include <errno.h>

#include "core/folder_name.h"
#include "core/log.h"
#include "lmtpd/front/author.h"
#include "lmtpd/front/letters.h"
#include "lmtpd/front/marks.h"
#include "lmtpd/front/place.h"

enum {
	REASON_MAX = 300,   /* octets that a reply line holds besides */
	COMPLAINTS_MAX = 8, /* told of one message; more say nothing new */
};

struct deeds {
	struct filter *filter;
	struct store_job *job; /* the pattern, and in the end the result */
	struct edited edited;
	struct letters letters;
	struct store_talk talk;
	size_t n_copies, n_stored, n_there;  /* planned; done; there before */
	bool for_procmail;		     /* what is kept in the INBOX */
	const struct sieve_edit *first_edit; /* of the first place … */
	unsigned n_edits;		     /* … and others so far */
	/* Told at the end, when no connection to the storer is held. */
	const char *complaints[COMPLAINTS_MAX];
	size_t n_complaints;
};

static struct arena *
arena_of(const struct deeds *d)
{
	return d->filter->arena;
}

static void
complain(struct deeds *d, const char *text)
{
	if (d->n_complaints < COMPLAINTS_MAX)
		d->complaints[d->n_complaints++] = text;
}

/* --- places ----------------------------------------------------------- */

/* The mailbox to file into: that of the special use, if there is one. */
static int
find_mailbox(const struct deeds *d, const struct sieve_store *store,
    struct slice *mailbox_out)
{
	struct slice use = place_special_use(store->special_use);
	int r = 0;

	if (use.n > 0)
		r = store_look(d->filter->txn->lmtpd->store,
		    d->filter->rcpt->plan.mailbox, use, &d->job->why);
	if (r < 0 && r != -ENOTSUP)
		return r;
	*mailbox_out = r > 0 ? use : store->mailbox;
	return 0;
}

static int
find_folder(
    struct deeds *d, const struct sieve_store *store, struct store_job *to)
{
	struct slice mailbox, folder;
	int r = find_mailbox(d, store, &mailbox);

	if (r < 0)
		return r;
	if (folder_name(arena_of(d), mailbox, &folder) < 0) {
		complain(d, arena_printf(arena_of(d),
				"no folder can be called \"%.*s\"",
				SLICE_FMT(mailbox)));
		folder = SLICE("");
	}
	if (store->create)
		to->request.hints |= STORE_CREATE_FOLDER;
	(void)store_set_text(
	    to->request.folder, sizeof to->request.folder, folder);
	return 0;
}

/* System flags are letters at once, keywords are asked for. */
static int
find_flags(const struct deeds *d, const struct sieve_store *store,
    struct store_job *to)
{
	struct place_flags flags =
	    place_flags(arena_of(d), store->flags, store->n_flags);
	char letters[STORE_FLAGS_MAX + 1] = "";
	int r = 0;

	if (flags.keywords.n > 0)
		r = store_keywords(d->filter->txn->lmtpd->store, &to->request,
		    flags.keywords, letters, &d->job->why);
	if (r < 0 && r != -ENOTSUP)
		return r;
	(void)store_set_text(to->request.flags, sizeof to->request.flags,
	    place_letters(arena_of(d), flags.letters, slice_of(letters)));
	return 0;
}

/* --- storing ---------------------------------------------------------- */

/*
 * The same file name for every retry, another for each version, as two of
 * them may go into one folder. The first is called like any delivery.
 */
static void
name_version(
    struct deeds *d, const struct sieve_edit *edit, struct store_job *to)
{
	struct slice name = d->filter->rcpt->name;

	if (d->n_copies++ == 0)
		d->first_edit = edit;
	else if (edit != d->first_edit)
		name = slice_of(arena_printf(
		    arena_of(d), "%.*s.e%u", SLICE_FMT(name), ++d->n_edits));
	(void)store_set_text(to->request.name, sizeof to->request.name, name);
}

/* Where it goes and what it is called; false: job->why says why not. */
static bool
prepare(struct deeds *d, const struct sieve_store *store,
    const struct sieve_edit *edit, struct store_job *to)
{
	*to = (struct store_job){ .request = d->job->request,
		.head = d->job->head };
	name_version(d, edit, to);
	return find_folder(d, store, to) == 0 && find_flags(d, store, to) >= 0;
}

/* Mail for a folder that is not there is kept in the INBOX. */
static void
fall_back(struct deeds *d, struct message *message, struct store_job *to)
{
	complain(d, arena_printf(arena_of(d),
			"there is no folder \"%s\" and :create was not said",
			to->request.folder));
	to->request.folder[0] = '\0';
	to->request.flags[0] = '\0'; /* letters of another folder */
	store_stage(&d->talk, message, to);
}

static bool
stage(struct deeds *d, struct message *message, struct store_job *to)
{
	store_stage(&d->talk, message, to);
	if (to->answer.error == ENOENT && to->request.folder[0] != '\0')
		fall_back(d, message, to);
	if (to->answer.error == ECANCELED) {
		d->for_procmail = true; /* when all else is done */
		return true;
	}
	if (to->why.verdict != MAIL_OK) {
		d->job->why = to->why;
		d->job->answer = to->answer;
		return false;
	}
	d->n_stored++;
	d->n_there += to->answer.was_there != 0;
	return true;
}

static bool
stage_copy(struct deeds *d, const struct sieve_edit *edit, struct store_job *to)
{
	struct message *message =
	    edited_message(&d->edited, edit, &d->job->why);

	return message != NULL && stage(d, message, to);
}

static bool
is_copy(const struct sieve_action *action)
{
	return action->type == SIEVE_KEEP || action->type == SIEVE_FILEINTO;
}

/*
 * Everything that is to be asked first: who stages holds a connection to the
 * storer, and must not wait for a second one.
 */
static bool
prepare_all(struct deeds *d, struct store_job *jobs)
{
	const struct sieve_action *a = d->filter->actions;

	for (; a != NULL; a = a->next) {
		if (is_copy(a) && !prepare(d, &a->store, a->edit, jobs++))
			return false;
	}
	return true;
}

static bool
stage_all(struct deeds *d)
{
	struct store_job *jobs =
	    arena_calloc(arena_of(d), SIEVE_ACTIONS_MAX + 1, sizeof *jobs);
	const struct sieve_action *a = d->filter->actions;

	if (!prepare_all(d, jobs))
		return false;
	for (; a != NULL; a = a->next) {
		if (is_copy(a) && !stage_copy(d, a->edit, jobs++))
			return false;
	}
	return true;
}

static bool
keep_in_inbox(struct deeds *d)
{
	const struct sieve_store inbox = { .mailbox = SLICE("INBOX") };
	struct store_job to;

	return d->n_stored > 0 ||
	       (prepare(d, &inbox, NULL, &to) && stage_copy(d, NULL, &to));
}

/* --- sending ---------------------------------------------------------- */

/* A copy of what was sent. That it can't be filed is no reason to send again.
 */
static void
file_letter(struct deeds *d, const struct sieve_store *store, struct slice text,
    const char *kind)
{
	struct txn *txn = d->filter->txn;
	struct store_job to;
	struct message letter;
	struct slice line;
	bool done = prepare(d, store, d->first_edit, &to);

	message_init(&letter, txn->lmtpd->settings->spool);
	message_reset(&letter, text.n);
	while (slice_cut(&text, '\n', &line)) {
		message_add(&letter,
		    slice_head(line,
			line.n - (line.n > 0 && line.p[line.n - 1] == '\r')));
		message_add(&letter, SLICE("\n"));
	}
	(void)store_set_text(to.request.name, sizeof to.request.name,
	    slice_of(arena_printf(arena_of(d), "%.*s.%s",
		SLICE_FMT(d->filter->rcpt->name), kind)));
	to.head = SLICE("");
	to.request.hints &= ~(uint32_t)STORE_UNLESS_PROCMAIL;
	done = done && message_finish(&letter, &to.why) == MAIL_OK &&
	       stage(d, &letter, &to);
	if (!done)
		log_event(LOG_WARNING, txn_queue_id(txn), "copy-not-filed",
		    LOG_SLICE("mailbox", d->filter->rcpt->plan.mailbox),
		    LOG_WHY(&to.why));
	message_done(&letter);
}

/* The owner hears of what never goes out; the mail itself is kept. */
static bool
give_up(struct deeds *d, const char *what, const struct why *why)
{
	complain(d,
	    arena_printf(arena_of(d), "%s was refused: %s", what, why->reply));
	return keep_in_inbox(d);
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
		file_letter(d, &vacation->fcc, text, "vacation");
	return take_letter(d, &why);
}

static bool
notify(struct deeds *d, const struct sieve_notify *notification)
{
	struct why why = { 0 };
	struct slice text;

	if (letters_notify(&d->letters, notification, &text, &why) == MAIL_OK &&
	    notification->has_fcc)
		file_letter(d, &notification->fcc, text, "notify");
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

static bool
is_discarded(const struct filter *filter)
{
	return filter->actions == NULL ||
	       filter->actions->type == SIEVE_DISCARD;
}

static void
tell_author(const struct deeds *d)
{
	for (size_t i = 0; i < d->n_complaints; i++)
		author_tell(d->filter->txn, d->filter->rcpt, d->complaints[i]);
}

static void
show(struct deeds *d)
{
	struct store_job *job = d->job;

	if (d->n_stored == 0) {
		job->answer = (struct store_answer){ .usage_bytes = -1,
			.usage_messages = -1 };
		(void)why_say(&job->why, 250, "2.0.0", "done as filtered");
		if (is_discarded(d->filter))
			d->filter->rcpt->plan.kind = PLAN_DISCARD;
	} else if (store_commit(&d->talk, &job->answer, &job->why) == MAIL_OK) {
		(void)why_say(&job->why, 250, "2.0.0", "delivered");
		job->answer.was_there = d->n_there == d->n_stored;
	}
	if (job->why.verdict != MAIL_OK)
		return;
	mark_duplicates(d);
	if (d->for_procmail)
		job->answer.error = ECANCELED;
}

void
deeds_do(
    struct filter *filter, struct reinject *reinject, struct store_job *job)
{
	struct deeds d = { .filter = filter,
		.job = job,
		.talk = STORE_TALK_INIT(filter->txn->lmtpd->store) };
	const struct sieve_action *refusal = find_refusal(filter);

	edited_init(&d.edited, filter);
	d.letters = (struct letters){ filter, reinject, &d.edited };
	if (refusal != NULL)
		refuse(&d, refusal);
	else if (stage_all(&d) && send_all(&d))
		show(&d);
	store_talk_end(&d.talk);
	tell_author(&d);
	edited_done(&d.edited);
}
