/*
 * hauspost list … - mailing lists: their settings, and how they are doing.
 */
#include "cli/list.h"

#include <string.h>

#include "cli/object.h"
#include "cli/table.h"
#include "core/addr.h"

/* --- rows ------------------------------------------------------------- */

static const struct db_stmt list_select = { "list_select",
	"SELECT to_jsonb(l) || jsonb_build_object("
	" 'address', l.name || '@' || l.domain,"
	" 'members', (SELECT count(*) FROM hauspost.list_member AS m"
	"  WHERE m.list = l.id),"
	" 'owners', ARRAY(SELECT a.address FROM hauspost.list_member AS m"
	"  JOIN hauspost.list_address AS a ON a.id = m.address"
	"  WHERE m.list = l.id AND m.role = 'owner' ORDER BY a.key),"
	" 'last_post', (SELECT max(p.posted)::timestamptz(0)"
	"  FROM hauspost.list_post AS p WHERE p.list = l.id))"
	" FROM hauspost.list AS l"
	" WHERE ($1 IS NULL OR l.domain = $1)"
	"  AND ($2 IS NULL OR l.name || '@' || l.domain = $2)"
	" ORDER BY l.domain, l.name",
	2 };
/* "" takes a text away; NULL is what an option without one means. */
static const struct db_stmt list_update = { "list_update",
	"UPDATE hauspost.list AS l SET (title, description, language, policy,"
	" subscribe_policy, nonmember_action, spam_action, moderate_new, hold,"
	" held_days, max_size, max_recipients, allow_bcc, fanout, prefix,"
	" footer, reply_to, reply_to_force, dmarc, sender_header, anonymous,"
	" welcome, tell_owners, tell_author, digest_posts, digest_bytes,"
	" digest_hour, archive, robots, listed) ="
	" (SELECT coalesce(n.title, ''), coalesce(n.description, ''),"
	"   n.language, n.policy, n.subscribe_policy, n.nonmember_action,"
	"   n.spam_action, n.moderate_new, n.hold, n.held_days, n.max_size,"
	"   n.max_recipients, n.allow_bcc, n.fanout, coalesce(n.prefix, ''),"
	"   coalesce(n.footer, ''), n.reply_to, n.reply_to_force, n.dmarc,"
	"   n.sender_header, n.anonymous, n.welcome, n.tell_owners,"
	"   n.tell_author, n.digest_posts, n.digest_bytes, n.digest_hour,"
	"   n.archive, n.robots, n.listed"
	"  FROM jsonb_populate_record(l, $2::jsonb) AS n)"
	" WHERE l.name || '@' || l.domain = $1 RETURNING 1",
	2 };
static const struct db_stmt list_remove = { "list_remove",
	"DELETE FROM hauspost.list WHERE name || '@' || domain = $1"
	" RETURNING 1",
	1 };
static const struct db_stmt list_owners = { "list_owners",
	"SELECT hauspost.list_owners($1, $2::text[])", 2 };
static const struct db_stmt list_hold = { "list_hold",
	"UPDATE hauspost.list SET hold = $2::boolean"
	" WHERE id = (hauspost.list_named($1)).id",
	2 };
static const struct db_stmt list_held = { "list_held",
	"SELECT h.created::timestamptz(0), coalesce(h.author, h.sender),"
	" h.size_bytes, h.subject, h.reason"
	" FROM hauspost.list_held AS h"
	" WHERE h.list = (hauspost.list_named($1)).id AND h.decision IS NULL"
	" ORDER BY h.created",
	1 };
static const struct db_stmt list_stats = { "list_stats",
	"SELECT what, number FROM hauspost.list_stats($1)", 1 };

static const struct command_option list_options[] = {
	{ "title", "TEXT", "what people call it", "title", VALUE_TEXT },
	{ "description", "TEXT", "for its page", "description", VALUE_TEXT },
	{ "language", "de|en", "of its letters", "language", VALUE_TEXT },
	{ "policy", "WHO", "posts: open, members, moderated or announce",
	    "policy", VALUE_TEXT },
	{ "subscribe", "HOW", "open, moderated or closed", "subscribe_policy",
	    VALUE_TEXT },
	{ "nonmember", "WHAT", "reject, hold or discard posts of others",
	    "nonmember_action", VALUE_TEXT },
	{ "spam", "WHAT", "hold, discard or accept what is flagged",
	    "spam_action", VALUE_TEXT },
	{ "moderate-new", "NUMBER", "first posts of a member that wait",
	    "moderate_new", VALUE_NUMBER },
	{ "held-days", "NUMBER", "posts wait so long for a moderator",
	    "held_days", VALUE_NUMBER },
	{ "max-size", "SIZE", "of a post", "max_size", VALUE_SIZE },
	{ "max-recipients", "NUMBER", "more in To and Cc wait; 0: any number",
	    "max_recipients", VALUE_NUMBER },
	{ "allow-bcc", "yes|no", "posts that do not name the list pass",
	    "allow_bcc", VALUE_FLAG },
	{ "fanout", "HOW", "shared, or personal: one message each", "fanout",
	    VALUE_TEXT },
	{ "prefix", "TEXT", "of subjects: [news]; %n is the number", "prefix",
	    VALUE_TEXT },
	{ "footer", "TEXT", "below each post", "footer", VALUE_TEXT },
	{ "reply-to", "WHERE", "none, list or an address", "reply_to",
	    VALUE_TEXT },
	{ "reply-to-force", "yes|no", "the author's own goes", "reply_to_force",
	    VALUE_FLAG },
	{ "dmarc", "HOW", "auto, always, never or wrap", "dmarc", VALUE_TEXT },
	{ "sender-header", "yes|no", "adds Sender:", "sender_header",
	    VALUE_FLAG },
	{ "anonymous", "yes|no", "nothing says who wrote a post", "anonymous",
	    VALUE_FLAG },
	{ "welcome", "yes|no", "new members get a letter", "welcome",
	    VALUE_FLAG },
	{ "tell-owners", "yes|no", "who came and who left", "tell_owners",
	    VALUE_FLAG },
	{ "tell-author", "yes|no", "that his post waits", "tell_author",
	    VALUE_FLAG },
	{ "digest-posts", "NUMBER", "in one digest", "digest_posts",
	    VALUE_NUMBER },
	{ "digest-bytes", "SIZE", "or so large", "digest_bytes", VALUE_SIZE },
	{ "digest-hour", "HOUR", "or what is there then", "digest_hour",
	    VALUE_NUMBER },
	{ "archive", "WHO", "reads it: off, members or public", "archive",
	    VALUE_TEXT },
	{ "robots", "yes|no", "search engines may read it", "robots",
	    VALUE_FLAG },
	{ "listed", "yes|no", "on the page of all lists", "listed",
	    VALUE_FLAG },
	{ NULL, NULL, NULL, NULL, 0 },
};

static const struct object_column list_columns[] = {
	{ "address", true },
	{ "title", true },
	{ "description", false },
	{ "package", false },
	{ "list_id", false },
	{ "language", false },
	{ "policy", true },
	{ "subscribe_policy", false },
	{ "nonmember_action", false },
	{ "spam_action", false },
	{ "moderate_new", false },
	{ "hold", true },
	{ "held_days", false },
	{ "max_size", false },
	{ "max_recipients", false },
	{ "allow_bcc", false },
	{ "fanout", false },
	{ "prefix", false },
	{ "footer", false },
	{ "reply_to", false },
	{ "reply_to_force", false },
	{ "dmarc", false },
	{ "sender_header", false },
	{ "anonymous", false },
	{ "welcome", false },
	{ "tell_owners", false },
	{ "tell_author", false },
	{ "digest_posts", false },
	{ "digest_bytes", false },
	{ "digest_hour", false },
	{ "archive", true },
	{ "robots", false },
	{ "listed", false },
	{ "owners", false },
	{ "members", true },
	{ "last_post", true },
	{ NULL, false },
};

/* In lower case, the domain as its A-label. */
struct slice
list_name(struct cli *cli, struct slice given)
{
	struct addr addr;
	struct slice text = given;
	char *lower;

	if (addr_parse(&cli->arena, given, false, &addr) == 0)
		text = addr_text(&cli->arena, &addr);
	lower = arena_strndup(&cli->arena, text.p, text.n);
	for (size_t i = 0; i < text.n; i++)
		lower[i] = (char)ascii_lower((unsigned char)lower[i]);
	return (struct slice){ lower, text.n };
}

static struct slice
domain_name(struct cli *cli, struct slice given)
{
	struct slice name;

	return addr_domain(&cli->arena, given, &name) == 0 ? name : given;
}

/* The package is that of the domain, which the database knows. */
static void
complete(struct cli *cli, json_t *row, struct slice name, const char *second)
{
	long at = slice_rfind(name, '@');
	struct slice local = slice_head(name, at < 0 ? name.n : (size_t)at);
	struct slice domain = addr_domain_part(name);

	(void)cli;
	(void)second;
	(void)json_object_set_new(row, "name", json_stringn(local.p, local.n));
	(void)json_object_set_new(
	    row, "domain", json_stringn(domain.p, at < 0 ? 0 : domain.n));
}

static const struct object list = {
	.noun = "list",
	.columns = list_columns,
	.select = &list_select,
	.update = &list_update,
	.remove = &list_remove,
	.targets = &list_owners,
	.complete = complete,
	.name = list_name,
	.parent = domain_name,
};

/* --- asking and printing ------------------------------------------------ */

/* P0002: list_named() has found none. */
int
list_ask_on(struct cli *cli, struct db *db, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **rows_out)
{
	struct why why = { 0 };
	int r = db_run(db, stmt, params, rows_out, &why);

	say_warnings(cli, db);
	if (r == 0)
		return EX_OK;
	if (strcmp(db_sqlstate(db), "P0002") == 0)
		return say_failure(EX_NOUSER, "%s", db_message(db));
	return say_refusal(db, r, NULL, &why);
}

int
list_do_on(struct cli *cli, struct db *db, const struct db_stmt *stmt,
    const struct slice *params)
{
	return list_ask_on(cli, db, stmt, params, NULL);
}

int
list_ask(struct cli *cli, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **rows_out)
{
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = list_ask_on(cli, db, stmt, params, rows_out);
	db_close(db);
	return code;
}

int
list_do(struct cli *cli, const struct db_stmt *stmt, const struct slice *params)
{
	return list_ask(cli, stmt, params, NULL);
}

static json_t *
object_of(
    const struct db_result *rows, int row, const char *const *keys, size_t n)
{
	json_t *object = json_object();

	for (size_t c = 0; c < n; c++) {
		struct slice text = db_text(rows, row, (int)c);

		(void)json_object_set_new(object, keys[c],
		    db_is_null(rows, row, (int)c)
			? json_null()
			: json_stringn(text.p, text.n));
	}
	return object;
}

static void
print_json(const struct db_result *rows, const char *const *keys, size_t n)
{
	json_t *all = json_array();

	for (int i = 0; i < db_rows(rows); i++)
		(void)json_array_append_new(all, object_of(rows, i, keys, n));
	say_json(all);
}

static void
print_table(struct cli *cli, const struct db_result *rows,
    const char *const *titles, size_t n)
{
	struct table table = table_start(&cli->arena, n);
	struct slice *cells = arena_calloc(&cli->arena, n, sizeof *cells);

	table.headed = true;
	for (size_t c = 0; c < n; c++)
		cells[c] = slice_of(titles[c]);
	table_add(&table, cells);
	for (int i = 0; i < db_rows(rows); i++) {
		for (size_t c = 0; c < n; c++)
			cells[c] = db_text(rows, i, (int)c);
		table_add(&table, cells);
	}
	table_print(&table, stdout);
}

int
list_print(struct cli *cli, struct db_result *rows, const char *const *titles,
    size_t n)
{
	if (cli->json)
		print_json(rows, titles, n);
	else
		print_table(cli, rows, titles, n);
	db_done(rows);
	return EX_OK;
}

/* --- hold, held, stats -------------------------------------------------- */

static int
hold_run(struct cli *cli, const struct args *args)
{
	struct slice name = list_name(cli, slice_of(args->operands[0]));
	json_t *value = value_parse(VALUE_FLAG, args->operands[1]);
	bool hold = json_is_true(value);
	int code;

	if (value == NULL)
		return say_failure(
		    EX_USAGE, "write yes or no, not \"%s\"", args->operands[1]);
	json_decref(value);
	code = list_do(cli, &list_hold,
	    (struct slice[]){ name, hold ? SLICE("true") : SLICE("false") });
	if (code == EX_OK && !cli->json)
		(void)printf("list %s: posts %s\n", name.p,
		    hold ? "wait for a moderator" : "go out");
	return code;
}

static int
held_run(struct cli *cli, const struct args *args)
{
	static const char *const titles[] = { "since", "author", "size",
		"subject", "reason" };
	struct slice name = list_name(cli, slice_of(args->operands[0]));
	struct db_result *rows;
	int code = list_ask(cli, &list_held, &name, &rows);

	return code != EX_OK ? code
			     : list_print(cli, rows, titles,
				   sizeof titles / sizeof *titles);
}

static int
stats_run(struct cli *cli, const struct args *args)
{
	static const char *const titles[] = { "what", "number" };
	struct slice name = list_name(cli, slice_of(args->operands[0]));
	struct db_result *rows;
	int code = list_ask(cli, &list_stats, &name, &rows);

	return code != EX_OK ? code
			     : list_print(cli, rows, titles,
				   sizeof titles / sizeof *titles);
}

/* --- commands --------------------------------------------------------- */

#define OF_ONE .operands = "LIST", .least = 1, .most = 1

const struct command list_commands[] = {
	{ .words = "list create",
	    .operands = "LIST [OWNER…]",
	    .least = 1,
	    .most = COMMAND_ANY,
	    .purpose = "make a mailing list",
	    .details = "LIST is its address, in a domain of ours. Owners are "
		       "written to by LIST+owner@,\nand decide on posts and "
		       "requests that wait.",
	    .options = list_options,
	    .run = object_add,
	    .subject = &list },
	{ .words = "list list",
	    .operands = "[DOMAIN]",
	    .most = 1,
	    .purpose = "list all, or those of one domain",
	    .run = object_list,
	    .subject = &list },
	{ .words = "list show",
	    OF_ONE,
	    .purpose = "show all that is set for one",
	    .run = object_show,
	    .subject = &list },
	{ .words = "list set",
	    .operands = "LIST [OWNER…]",
	    .least = 1,
	    .most = COMMAND_ANY,
	    .purpose = "change one; owners come in addition",
	    .options = list_options,
	    .run = object_set,
	    .subject = &list },
	{ .words = "list remove",
	    OF_ONE,
	    .purpose = "remove one with its members; its archive stays",
	    .run = object_remove,
	    .subject = &list },
	{ .words = "list members",
	    OF_ONE,
	    .purpose = "show who is on it",
	    .options = list_members_options,
	    .run = list_members_run },
	{ .words = "list add",
	    .operands = "LIST ADDRESS…",
	    .least = 2,
	    .most = COMMAND_ANY,
	    .purpose = "add members, who have asked for it",
	    .options = list_add_options,
	    .run = list_add_run },
	{ .words = "list change",
	    .operands = "LIST ADDRESS",
	    .least = 2,
	    .most = 2,
	    .purpose = "change how one member gets posts, or may do",
	    .options = list_change_options,
	    .run = list_change_run },
	{ .words = "list drop",
	    .operands = "LIST ADDRESS…",
	    .least = 2,
	    .most = COMMAND_ANY,
	    .purpose = "take members off it",
	    .options = list_drop_options,
	    .run = list_drop_run },
	{ .words = "list import",
	    .operands = "LIST FILE",
	    .least = 2,
	    .most = 2,
	    .purpose = "add members out of a file, or of another list manager",
	    .details =
		"FILE is one of these, and is known by what is in it:\n"
		"  the folder of a list of mlmmj\n"
		"  config.pck of Mailman 2\n"
		"  JSON of Mailman 3 (members in its REST interface)\n"
		"  CSV or JSON, as hauspost list export writes it\n"
		"  lines with an address each (list_members, mailman members)\n"
		"Modes, roles, names and languages come along. \"-\" is stdin.",
	    .options = list_import_options,
	    .run = list_import_run },
	{ .words = "list export",
	    OF_ONE,
	    .purpose = "write its members as CSV, or with --json",
	    .run = list_export_run },
	{ .words = "list hold",
	    .operands = "LIST yes|no",
	    .least = 2,
	    .most = 2,
	    .purpose = "in an emergency, let all posts wait",
	    .run = hold_run },
	{ .words = "list held",
	    OF_ONE,
	    .purpose = "show the posts that wait for a moderator",
	    .run = held_run },
	{ .words = "list stats",
	    OF_ONE,
	    .purpose = "show members, posts and what waits, in numbers",
	    .run = stats_run },
	{ .words = NULL },
};
