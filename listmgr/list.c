#include "listmgr/list.h"

#include <errno.h>
#include <stddef.h>

#include "core/list_url.h"

static const struct db_stmt by_name = { "list_by_name",
	"SELECT * FROM hauspost.list_settings($1, $2)", 2 };
static const struct db_stmt by_id = { "list_by_id",
	"SELECT s.* FROM hauspost.list_named($1::bigint) AS l, "
	"hauspost.list_settings(l.name, l.domain) AS s",
	1 };

static const char *const languages[] = { "de", "en", NULL };
static const char *const policies[] = { "open", "members", "moderated",
	"announce", NULL };
static const char *const fanouts[] = { "shared", "personal", NULL };
static const char *const dmarcs[] = { "auto", "always", "never", "wrap", NULL };
static const char *const archives[] = { "off", "members", "public", NULL };

enum { NAMED = 1 };
#define COUNT_OF(names) (sizeof(names) / sizeof *(names)-NAMED)
_Static_assert(COUNT_OF(languages) == LIST_LANGUAGES &&
		   COUNT_OF(policies) == LIST_POLICIES &&
		   COUNT_OF(fanouts) == LIST_FANOUTS &&
		   COUNT_OF(dmarcs) == LIST_DMARCS &&
		   COUNT_OF(archives) == LIST_ARCHIVES,
    "name every choice");

enum kind { TEXT, NUMBER, FLAG, CHOICE };

/* The columns of hauspost.list_settings(), in their order. */
static const struct column {
	enum kind kind;
	size_t place;
	const char *const *names; /* of a choice */
} columns[] = {
#define PLACE(field) offsetof(struct list, field)
	{ NUMBER, PLACE(id), NULL },
	{ TEXT, PLACE(name), NULL },
	{ TEXT, PLACE(domain), NULL },
	{ TEXT, PLACE(address), NULL },
	{ TEXT, PLACE(list_id), NULL },
	{ TEXT, PLACE(title), NULL },
	{ TEXT, PLACE(description), NULL },
	{ CHOICE, PLACE(language), languages },
	{ CHOICE, PLACE(policy), policies },
	{ NUMBER, PLACE(held_days), NULL },
	{ CHOICE, PLACE(fanout), fanouts },
	{ TEXT, PLACE(prefix), NULL },
	{ TEXT, PLACE(footer), NULL },
	{ TEXT, PLACE(reply_to_address), NULL },
	{ FLAG, PLACE(reply_to_force), NULL },
	{ CHOICE, PLACE(dmarc), dmarcs },
	{ FLAG, PLACE(sender_header), NULL },
	{ FLAG, PLACE(anonymous), NULL },
	{ FLAG, PLACE(tell_owners), NULL },
	{ FLAG, PLACE(tell_author), NULL },
	{ NUMBER, PLACE(digest_posts), NULL },
	{ NUMBER, PLACE(digest_bytes), NULL },
	{ NUMBER, PLACE(digest_hour), NULL },
	{ CHOICE, PLACE(archive), archives },
};
enum { COLUMNS_N = sizeof columns / sizeof *columns };

const char *
list_language_name(enum list_language language)
{
	return languages[language];
}

/* Enumerations are unsigned int for gcc and clang, as none is negative. */
static int
read_choice(struct slice text, const char *const *names, unsigned *choice_out)
{
	for (unsigned i = 0; names[i] != NULL; i++)
		if (slice_eq(text, slice_of(names[i]))) {
			*choice_out = i;
			return 0;
		}
	return -EPROTO;
}

static int
read_column(struct arena *arena, const struct db_result *result, int i,
    struct list *list)
{
	const struct column *column = &columns[i];
	void *place = (char *)list + column->place;
	struct slice text = db_text(result, 0, i);

	switch (column->kind) {
	case TEXT:
		*(struct slice *)place = arena_slice(arena, text);
		return 0;
	case NUMBER:
		*(long long *)place = db_number(result, 0, i);
		return 0;
	case FLAG:
		*(bool *)place = db_flag(result, 0, i);
		return 0;
	case CHOICE:
		break;
	}
	return read_choice(text, column->names, place);
}

/* The column holds a word or an address. */
static void
settle_reply_to(struct list *list)
{
	struct slice *address = &list->reply_to_address;

	list->reply_to = LIST_REPLY_ADDRESS;
	if (slice_eq(*address, SLICE("none")))
		list->reply_to = LIST_REPLY_NONE;
	else if (slice_eq(*address, SLICE("list")))
		list->reply_to = LIST_REPLY_LIST;
	if (list->reply_to != LIST_REPLY_ADDRESS)
		*address = (struct slice){ "", 0 };
}

static struct slice
page_of(const struct lists *lists, struct arena *arena, const struct list *list)
{
	if (lists->web[0] == '\0')
		return (struct slice){ "", 0 };
	return list_url(arena, slice_of(lists->web), list->address);
}

static int
read_list(const struct lists *lists, const struct db_result *result,
    struct arena *arena, struct list *list_out)
{
	struct list list = { 0 };
	int r = 0;

	for (int i = 0; r == 0 && i < COLUMNS_N; i++)
		r = read_column(arena, result, i, &list);
	if (r < 0)
		return r;
	settle_reply_to(&list);
	list.page = page_of(lists, arena, &list);
	*list_out = list;
	return 1;
}

static int
find(const struct lists *lists, const struct db_stmt *stmt,
    const struct slice *params, struct arena *arena, struct list *list_out,
    struct why *why)
{
	struct db_result *result;
	int r = db_ask(lists->db, stmt, params, &result, why);

	if (r < 0)
		return r;
	r = db_rows(result);
	if (r > 0)
		r = read_list(lists, result, arena, list_out);
	db_done(result);
	return r < 0 ? why_fail(why, -r, "settings of a list") : r;
}

int
list_find(const struct lists *lists, struct slice name, struct slice domain,
    struct arena *arena, struct list *list_out, struct why *why)
{
	const struct slice params[] = { name, domain };

	return find(lists, &by_name, params, arena, list_out, why);
}

int
list_find_id(const struct lists *lists, long long id, struct arena *arena,
    struct list *list_out, struct why *why)
{
	const struct slice params[] = { db_number_param(arena, id) };

	return find(lists, &by_id, params, arena, list_out, why);
}

struct slice
list_sub_address(
    struct arena *arena, const struct list *list, const char *extension)
{
	return slice_of(arena_printf(arena, "%.*s+%s@%.*s",
	    SLICE_FMT(list->name), extension, SLICE_FMT(list->domain)));
}
