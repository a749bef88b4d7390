#include "lmtpd/front/world.h"

#include "core/folder_name.h"
#include "core/scope.h"
#include "lmtpd/front/marks.h"
#include "lmtpd/front/mine.h"
#include "lmtpd/front/place.h"

enum {
	/* Addresses of one message that the directory is asked about; the
	 * reader of a mail to more of them is not really addressed. */
	LOOKUPS_MAX = 50,
};

_Static_assert((int)FOLDER_NAME_MAX == (int)STORE_FOLDER_MAX,
    "the storer takes every folder that has a name");

static const struct slice known_senders = { "urn:hauspost:known-senders", 26 };

static struct lmtpd *
lmtpd_of(const struct world *world)
{
	return world->txn->lmtpd;
}

/* --- mailboxes -------------------------------------------------------- */

static int
mailbox_exists(void *context, struct slice name)
{
	struct world *world = context;
	struct slice folder;
	int r;

	if (folder_name(world->arena, name, &folder) < 0)
		return 0;
	r = store_look(lmtpd_of(world)->store, world->rcpt->plan.mailbox,
	    folder, &world->why);
	return r == -ENOTSUP ? 0 : r;
}

static int
special_use(void *context, struct slice mailbox, struct slice use)
{
	struct slice name = place_special_use(use);

	if (name.n == 0 || (mailbox.n > 0 && !slice_eq(mailbox, name)))
		return 0;
	return mailbox_exists(context, name);
}

/* --- scripts ---------------------------------------------------------- */

/* 1 when it can be run: whoever includes a broken one has the error. */
static int
give(struct library_book *book, struct sieve_program **program_out)
{
	*program_out = book->program; /* with its reference */
	return book->program != NULL;
}

static int
include_global(
    struct world *world, struct slice name, struct sieve_program **program_out)
{
	const struct script *script = scripts_find(world->scripts, name);
	struct library_book book;

	if (script == NULL)
		return 0;
	library_text(
	    lmtpd_of(world)->library, script->text, world->arena, &book);
	return give(&book, program_out);
}

static int
include_personal(
    struct world *world, struct slice name, struct sieve_program **program_out)
{
	struct lmtpd *lmtpd = lmtpd_of(world);
	AUTO_CLOSE int fd = -1;
	struct library_book book;
	int r;

	/* Without a name it would be the active script itself. */
	if (name.n == 0 || name.p[0] == '.' || slice_find(name, '/') >= 0)
		return 0;
	r = store_script(
	    lmtpd->store, world->rcpt->plan.mailbox, name, &fd, &world->why);
	if (r <= 0)
		return r == -ENOTSUP ? 0 : r;
	r = library_read(
	    lmtpd->library, fd, lmtpd->extensions, world->arena, &book);
	if (r < 0)
		return why_fail(&world->why, -r, "read an included script");
	return give(&book, program_out);
}

static int
include(void *context, bool global, struct slice name,
    struct sieve_program **program_out)
{
	if (global)
		return include_global(context, name, program_out);
	return include_personal(context, name, program_out);
}

/* --- marks, addresses, lists ------------------------------------------ */

static int
duplicate_seen(void *context, struct slice key)
{
	struct world *world = context;
	const struct mark mark = { world->rcpt->plan.mailbox, key, 0 };

	return marks_is_duplicate(
	    lmtpd_of(world)->pool, &mark, world->rcpt->name, &world->why);
}

static int
my_address(void *context, struct slice address)
{
	struct world *world = context;
	struct lmtpd *lmtpd = lmtpd_of(world);
	enum mine mine;

	if (world->lookups++ >= LOOKUPS_MAX)
		return 0;
	if (mine_address(lmtpd->directory, world->rcpt->plan.mailbox, address,
		&mine, &world->why) < 0)
		return -1;
	return mine == MINE ||
	       (mine == MINE_BY_CATCH_ALL && lmtpd->settings->reply_catch_all);
}

static int
list_exists(void *context, struct slice list)
{
	(void)context;
	return slice_eq(list, known_senders);
}

static int
list_contains(void *context, struct slice list, struct slice value)
{
	struct world *world = context;

	if (!slice_eq(list, known_senders))
		return 0;
	return marks_knows_sender(lmtpd_of(world)->pool,
	    world->rcpt->plan.mailbox, value, &world->why);
}

const struct sieve_callbacks world_callbacks = {
	.mailbox_exists = mailbox_exists,
	.special_use = special_use,
	.include = include,
	.duplicate_seen = duplicate_seen,
	.my_address = my_address,
	.list_exists = list_exists,
	.list_contains = list_contains,
};
