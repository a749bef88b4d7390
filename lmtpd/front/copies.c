#include "lmtpd/front/copies.h"

#include <errno.h>

#include "core/folder_name.h"
#include "core/log.h"
#include "lmtpd/front/author.h"
#include "lmtpd/front/place.h"

static struct arena *
arena_of(const struct copies *c)
{
	return c->filter->arena;
}

void
copies_init(struct copies *c, struct filter *filter, struct store_job *job)
{
	*c = (struct copies){ .filter = filter,
		.job = job,
		.talk = STORE_TALK_INIT(filter->txn->lmtpd->store) };
	edited_init(&c->edited, filter);
}

void
copies_complain(struct copies *c, const char *text)
{
	if (c->n_complaints < COPIES_COMPLAINTS_MAX)
		c->complaints[c->n_complaints++] = text;
}

void
copies_done(struct copies *c)
{
	store_talk_end(&c->talk);
	edited_done(&c->edited);
	for (size_t i = 0; i < c->n_complaints; i++)
		author_tell(c->filter->txn, c->filter->rcpt, c->complaints[i]);
}

/* --- places ----------------------------------------------------------- */

/* The mailbox to file into: that of the special use, if there is one. */
static int
find_mailbox(const struct copies *c, const struct sieve_store *store,
    struct slice *mailbox_out)
{
	struct slice use = place_special_use(store->special_use);
	int r = 0;

	if (use.n > 0)
		r = store_look(c->filter->txn->lmtpd->store,
		    c->filter->rcpt->plan.mailbox, use, &c->job->why);
	if (r < 0 && r != -ENOTSUP)
		return r;
	*mailbox_out = r > 0 ? use : store->mailbox;
	return 0;
}

static int
find_folder(
    struct copies *c, const struct sieve_store *store, struct store_job *to)
{
	struct slice mailbox, folder;
	int r = find_mailbox(c, store, &mailbox);

	if (r < 0)
		return r;
	if (folder_name(arena_of(c), mailbox, &folder) < 0) {
		copies_complain(c, arena_printf(arena_of(c),
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
find_flags(const struct copies *c, const struct sieve_store *store,
    struct store_job *to)
{
	struct place_flags flags =
	    place_flags(arena_of(c), store->flags, store->n_flags);
	char letters[STORE_FLAGS_MAX + 1] = "";
	int r = 0;

	if (flags.keywords.n > 0)
		r = store_keywords(c->filter->txn->lmtpd->store, &to->request,
		    flags.keywords, letters, &c->job->why);
	if (r < 0 && r != -ENOTSUP)
		return r;
	(void)store_set_text(to->request.flags, sizeof to->request.flags,
	    place_letters(arena_of(c), flags.letters, slice_of(letters)));
	return 0;
}

/* --- storing ---------------------------------------------------------- */

/*
 * The same file name for every retry, another for each version, as two of
 * them may go into one folder. The first is called like any delivery.
 */
static void
name_version(
    struct copies *c, const struct sieve_edit *edit, struct store_job *to)
{
	struct slice name = c->filter->rcpt->name;

	if (c->n_copies++ == 0)
		c->first_edit = edit;
	else if (edit != c->first_edit)
		name = slice_of(arena_printf(
		    arena_of(c), "%.*s.e%u", SLICE_FMT(name), ++c->n_edits));
	(void)store_set_text(to->request.name, sizeof to->request.name, name);
}

/* Where it goes and what it is called; false: job->why says why not. */
static bool
prepare(struct copies *c, const struct sieve_store *store,
    const struct sieve_edit *edit, struct store_job *to)
{
	*to = (struct store_job){ .request = c->job->request,
		.head = c->job->head };
	name_version(c, edit, to);
	return find_folder(c, store, to) == 0 && find_flags(c, store, to) >= 0;
}

/* Mail for a folder that is not there is kept in the INBOX. */
static void
fall_back(struct copies *c, struct message *message, struct store_job *to)
{
	copies_complain(
	    c, arena_printf(arena_of(c),
		   "there is no folder \"%s\" and :create was not said",
		   to->request.folder));
	to->request.folder[0] = '\0';
	/* Letters of keywords are those of another folder. */
	to->request.flags[strspn(to->request.flags, "DFPRST")] = '\0';
	store_stage(&c->talk, message, to);
}

static bool
stage(struct copies *c, struct message *message, struct store_job *to)
{
	store_stage(&c->talk, message, to);
	if (to->answer.error == ENOENT && to->request.folder[0] != '\0')
		fall_back(c, message, to);
	if (to->answer.error == ECANCELED) {
		c->for_procmail = true;
		return true;
	}
	if (to->why.verdict != MAIL_OK) {
		c->job->why = to->why;
		c->job->answer = to->answer;
		return false;
	}
	c->n_stored++;
	c->n_there += to->answer.was_there != 0;
	return true;
}

bool
copies_place(struct filter *filter, struct store_job *job)
{
	struct copies c;
	struct store_job to;
	bool ok;

	copies_init(&c, filter, job);
	ok = prepare(&c, &filter->actions->store, NULL, &to);
	if (ok)
		job->request = to.request;
	copies_done(&c);
	return ok;
}

static bool
stage_copy(
    struct copies *c, const struct sieve_edit *edit, struct store_job *to)
{
	struct message *message =
	    edited_message(&c->edited, edit, &c->job->why);

	return message != NULL && stage(c, message, to);
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
prepare_all(struct copies *c, struct store_job *jobs)
{
	const struct sieve_action *a = c->filter->actions;

	for (; a != NULL; a = a->next) {
		if (is_copy(a) && !prepare(c, &a->store, a->edit, jobs++))
			return false;
	}
	return true;
}

bool
copies_stage(struct copies *c)
{
	struct store_job *jobs =
	    arena_calloc(arena_of(c), SIEVE_ACTIONS_MAX + 1, sizeof *jobs);
	const struct sieve_action *a = c->filter->actions;

	if (!prepare_all(c, jobs))
		return false;
	for (; a != NULL; a = a->next) {
		if (is_copy(a) && !stage_copy(c, a->edit, jobs++))
			return false;
	}
	return true;
}

bool
copies_keep(struct copies *c)
{
	const struct sieve_store inbox = { .mailbox = SLICE("INBOX") };
	struct store_job to;

	return c->n_stored > 0 ||
	       (prepare(c, &inbox, NULL, &to) && stage_copy(c, NULL, &to));
}

/* --- letters ---------------------------------------------------------- */

/* As the storer wants it: lines end in LF. */
static void
add_lines(struct message *letter, struct slice text)
{
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		if (line.n == 0 && text.p == NULL)
			break; /* behind the last line end */
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		message_add(letter, line);
		message_add(letter, SLICE("\n"));
	}
}

static bool
stage_letter(struct copies *c, struct message *letter, struct store_job *to,
    const char *kind)
{
	to->head = SLICE("");
	to->request.hints &= ~(uint32_t)STORE_UNLESS_PROCMAIL;
	(void)store_set_text(to->request.name, sizeof to->request.name,
	    slice_of(arena_printf(arena_of(c), "%.*s.%s",
		SLICE_FMT(c->filter->rcpt->name), kind)));
	return message_finish(letter, &to->why) == MAIL_OK &&
	       stage(c, letter, to);
}

void
copies_file(struct copies *c, const struct sieve_store *store,
    struct slice text, const char *kind)
{
	struct txn *txn = c->filter->txn;
	struct store_job to;
	struct message letter;

	message_init(&letter, txn->lmtpd->settings->spool);
	message_reset(&letter, text.n + 1); /* a last line end */
	add_lines(&letter, text);
	if (!prepare(c, store, c->first_edit, &to) ||
	    !stage_letter(c, &letter, &to, kind))
		log_event(LOG_WARNING, txn_queue_id(txn), "copy-not-filed",
		    LOG_SLICE("mailbox", c->filter->rcpt->plan.mailbox),
		    LOG_WHY(&to.why));
	message_done(&letter);
}

/* --- showing ----------------------------------------------------------- */

static bool
is_discarded(const struct filter *filter)
{
	return filter->actions == NULL ||
	       filter->actions->type == SIEVE_DISCARD;
}

/* Nothing was to be stored. */
static void
say_done(struct copies *c)
{
	c->job->answer =
	    (struct store_answer){ .usage_bytes = -1, .usage_messages = -1 };
	(void)why_say(&c->job->why, 250, "2.0.0", "done as filtered");
	if (is_discarded(c->filter))
		c->filter->rcpt->plan.kind = PLAN_DISCARD;
}

void
copies_show(struct copies *c)
{
	struct store_job *job = c->job;

	if (c->n_stored == 0) {
		say_done(c);
	} else if (store_commit(&c->talk, &job->answer, &job->why) == MAIL_OK) {
		(void)why_say(&job->why, 250, "2.0.0", "delivered");
		job->answer.was_there = c->n_there == c->n_stored;
	}
	if (c->for_procmail && job->why.verdict == MAIL_OK)
		job->answer.error = ECANCELED;
}
