#include "listmgr/edit_work.h"
#include "listmgr/heading.h"
#include "listmgr/line.h"

enum {
	ADDRESSES_READ = 1000, /* of To and Cc, when somebody is looked for */
	NAME_SHOWN = 100,
};

/* --- who wrote it ------------------------------------------------------- */

static bool
first_address(struct work *work, struct slice value, struct address *out)
{
	struct address_walk walk = address_start(work->arena, value);

	return address_next(&walk, out) && out->valid && out->domain.n > 0;
}

static void
count_authors(struct work *work)
{
	struct address_walk walk = address_start(work->arena, work->from);
	struct address one;

	while (address_next(&walk, &one)) {
		if (work->n_authors++ == 0)
			work->author = one;
	}
}

/* RFC 5322 3.6.2: where several wrote it, Sender says who sent it. */
void
edit_read_author(struct work *work)
{
	struct address sender;

	work->from = edit_value(work, SLICE("From"));
	work->reply_to = edit_value(work, SLICE("Reply-To"));
	work->cc = edit_value(work, SLICE("Cc"));
	count_authors(work);
	work->has_one_author = work->n_authors == 1 && work->author.valid;
	if (work->n_authors > 1 &&
	    first_address(work, edit_value(work, SLICE("Sender")), &sender)) {
		work->author = sender;
		work->has_one_author = true;
	}
}

/* --- where answers go --------------------------------------------------- */

static bool
names(struct work *work, struct slice value, struct slice wanted)
{
	struct address_walk walk = address_start(work->arena, value);
	struct address one;

	for (int i = 0; i < ADDRESSES_READ && address_next(&walk, &one); i++) {
		if (slice_eq_nocase(one.text, wanted))
			return true;
	}
	return false;
}

static struct slice
joined(struct work *work, struct slice first, struct slice second)
{
	if (first.n == 0 || second.n == 0)
		return first.n > 0 ? first : second;
	return slice_of(arena_printf(
	    work->arena, "%.*s,\n %.*s", SLICE_FMT(first), SLICE_FMT(second)));
}

void
edit_plan_reply_to(struct work *work)
{
	const struct list *list = work->list;
	struct slice wanted = list->reply_to == LIST_REPLY_LIST
				  ? list->address
				  : list->reply_to_address;
	struct slice kept = work->reply_to;

	if (list->reply_to == LIST_REPLY_NONE)
		return;
	if (list->reply_to_force || list->anonymous)
		kept = (struct slice){ "", 0 };
	else if (names(work, kept, wanted))
		return; /* so does the author */
	work->new_reply_to = joined(work,
	    slice_of(arena_printf(work->arena, "<%.*s>", SLICE_FMT(wanted))),
	    kept);
}

/*
 * With From of the list, "reply" would go to the list alone: the author
 * becomes Reply-To. Where the list has put itself there, "reply to all" would
 * lose the author: he becomes Cc.
 */
void
edit_keep_repliers(struct work *work)
{
	struct slice author = work->author.text;

	if (work->list->reply_to == LIST_REPLY_NONE) {
		if (work->reply_to.n == 0)
			work->new_reply_to = work->from;
		return;
	}
	if (names(work, work->cc, author) ||
	    names(work, work->new_reply_to, author) ||
	    names(work, edit_value(work, SLICE("To")), author))
		return;
	work->new_cc = joined(work, work->cc, work->from);
}

/* --- From --------------------------------------------------------------- */

/*
 * Filters punish a name that looks like another address than the one behind
 * it: its domain goes.
 */
static struct slice
author_name(const struct work *work)
{
	struct slice name = work->author.name;
	long at;

	if (name.n == 0)
		name = work->author.local;
	at = slice_find(name, '@');
	if (at > 0)
		name = slice_head(name, (size_t)at);
	return line_clean(work->arena, name, NAME_SHOWN);
}

void
edit_add_from(struct work *work, struct buf *to)
{
	struct slice title = heading_title(work->list);
	struct slice name = author_name(work);

	if (!work->list->anonymous && name.n > 0)
		title = slice_of(
		    arena_printf(work->arena, "%.*s %s %.*s", SLICE_FMT(name),
			work->list->language == LIST_DE ? "\xC3\xBC"
							  "ber"
							: "via",
			SLICE_FMT(title)));
	heading_add_mailbox(
	    work->arena, to, "From", title, work->list->address);
}
