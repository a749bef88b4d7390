#include "lmtpd/front/gather.h"

#include <errno.h>
#include <sys/stat.h>

#include "core/log.h"
#include "core/scope.h"
#include "lmtpd/front/author.h"

static struct lmtpd *
lmtpd_of(const struct filter *filter)
{
	return filter->txn->lmtpd;
}

/* --- defaults ---------------------------------------------------------- */

static void
take_book(struct filter *filter, const struct library_book *book)
{
	filter->books[filter->n_books++] = *book;
	filter->programs[filter->n_programs++] = book->program;
}

/* One that can't be compiled is the admin's to mend. */
bool
gather_default(struct filter *filter, const struct script *script,
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
		    gather_default(filter, script, &book))
			take_book(filter, &book);
	}
}

/* --- the own one ------------------------------------------------------- */

/* A link that leads nowhere we may go is as good as no script. */
static int
take_no_own(struct filter *filter, int r, const struct why *why)
{
	const struct store_script none = { 0 };

	scripted_note(
	    &lmtpd_of(filter)->scripted, filter->rcpt->plan.mailbox, &none);
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

/* 1 and the script, 0 there is none, -errno: the storer is away. */
static int
ask_own(struct filter *filter, struct library_book *book_out)
{
	struct lmtpd *lmtpd = lmtpd_of(filter);
	struct slice mailbox = filter->rcpt->plan.mailbox;
	AUTO_CLOSE int fd = -1;
	struct why why = { 0 }; /* that there is none is no result */
	int r = store_script(lmtpd->store, mailbox, SLICE(""), &fd, &why);

	if (r <= 0)
		return take_no_own(filter, r, &why);
	r = library_read(
	    lmtpd->library, fd, lmtpd->extensions, filter->arena, book_out);
	if (r < 0)
		return why_fail(
		    &filter->rcpt->why, -r, "read the active script");
	scripted_note(&lmtpd->scripted, mailbox, &book_out->file);
	return 1;
}

/* The one that was active last time, or none: the storer will check. */
static bool
guess_own(struct filter *filter, struct library_book *book_out)
{
	struct lmtpd *lmtpd = lmtpd_of(filter);

	filter->own =
	    scripted_last(&lmtpd->scripted, filter->rcpt->plan.mailbox);
	filter->guessed = filter->own.inode == 0 ||
			  library_recall(lmtpd->library, &filter->own,
			      filter->arena, book_out);
	return filter->guessed;
}

/* 0 or -errno. */
static int
take_own(struct filter *filter)
{
	struct library_book book = { 0 };
	int r;

	if (!filter->ask && guess_own(filter, &book))
		r = filter->own.inode != 0;
	else
		r = ask_own(filter, &book);
	if (r <= 0)
		return r;
	filter->has_own = true;
	if (book.program != NULL)
		take_book(filter, &book);
	else
		author_tell_error(
		    filter->txn, filter->rcpt, SLICE(""), &book.error);
	return 0;
}

bool
gather_guessed_right(const struct filter *filter)
{
	AUTO_CLOSE int fd = -1;
	struct why why = { 0 };
	struct store_script now;
	struct stat st;
	int r = store_script(lmtpd_of(filter)->store,
	    filter->rcpt->plan.mailbox, SLICE(""), &fd, &why);

	if (r <= 0 || fstat(fd, &st) < 0)
		return r == 0 && filter->own.inode == 0;
	now = store_script_of(&st);
	return store_script_eq(&now, &filter->own);
}

/* --- all of them -------------------------------------------------------- */

static bool
may_have_own(const struct filter *filter)
{
	return !slice_eq(filter->rcpt->plan.filter, SLICE("none"));
}

int
gather_scripts(struct filter *filter)
{
	struct rcpt *rcpt = filter->rcpt;
	int r = directory_scripts(lmtpd_of(filter)->directory, filter->arena,
	    rcpt->plan.mailbox, addr_domain_part(rcpt->original),
	    &filter->scripts, &rcpt->why);

	if (r < 0)
		return r;
	take_defaults(filter, SCRIPT_BEFORE);
	if (may_have_own(filter))
		r = take_own(filter);
	take_defaults(filter, SCRIPT_AFTER);
	return r;
}

const struct script *
gather_vacation(const struct filter *filter)
{
	for (size_t i = 0; i < filter->scripts.n; i++) {
		if (filter->scripts.list[i].place == SCRIPT_VACATION)
			return &filter->scripts.list[i];
	}
	return NULL;
}
