/*
 * hauspost quarantine - mail that is over a limit that says "hold".
 *
 * It lies in Postfix' hold queue; the trail tells why, and whose it is.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/postfix.h"
#include "cli/table.h"

enum { OPTION_LOGIN };

static const struct command_option quarantine_options[] = {
	{ .name = "login",
	    .value = "NAME",
	    .help = "all that this mailbox has sent" },
	{ .name = NULL },
};

static const struct db_stmt ask_why = { "held_why",
	"SELECT login, package, reply FROM hauspost.trail"
	" WHERE queue_id = $1 AND event = 'held' ORDER BY at DESC LIMIT 1",
	1 };
static const struct db_stmt note = { "quarantine_note",
	"SELECT hauspost.note_quarantine($1, $2)", 2 };

/* One held message, with what the trail knows of it. */
struct held {
	const char *instance, *id, *sender;
	struct slice login, package, why;
	size_t recipients;
	long long arrival, size;
};

/* --- reading ---------------------------------------------------------- */

static int
ask_trail(struct cli *cli, struct db *db, struct held *held)
{
	struct slice id = slice_of(held->id);
	struct db_result *rows;
	struct why why = { 0 };
	int r = db_run(db, &ask_why, &id, &rows, &why);

	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	if (db_rows(rows) > 0) {
		held->login = arena_slice(&cli->arena, db_text(rows, 0, 0));
		held->package = arena_slice(&cli->arena, db_text(rows, 0, 1));
		held->why = arena_slice(&cli->arena, db_text(rows, 0, 2));
	}
	db_done(rows);
	return EX_OK;
}

static const char *
text_of(struct cli *cli, const json_t *message, const char *key)
{
	const char *text = json_string_value(json_object_get(message, key));

	return text != NULL ? arena_strdup(&cli->arena, text) : "";
}

static struct held
read_held(struct cli *cli, const struct postfix_held *from)
{
	const json_t *message = from->message;

	return (struct held){
		.instance = arena_strdup(&cli->arena, from->instance),
		.id = text_of(cli, message, "queue_id"),
		.sender = text_of(cli, message, "sender"),
		.recipients =
		    json_array_size(json_object_get(message, "recipients")),
		.arrival = json_integer_value(
		    json_object_get(message, "arrival_time")),
		.size = json_integer_value(
		    json_object_get(message, "message_size")),
	};
}

/* Within a second by id, which begins with its microseconds. */
static int
compare_arrival(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->arrival != y->arrival)
		return x->arrival < y->arrival ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* EX_OK and all that is held, oldest first. */
static int
read_all(struct cli *cli, struct db *db, struct held **all_out, size_t *n_out)
{
	struct postfix_held *queued;
	struct held *all;
	json_t *queue;
	int code = postfix_list_held(cli, &queue, &queued, n_out);

	if (code != EX_OK)
		return code;
	all = arena_calloc(&cli->arena, *n_out + 1, sizeof *all);
	for (size_t i = 0; i < *n_out && code == EX_OK; i++) {
		all[i] = read_held(cli, &queued[i]);
		code = ask_trail(cli, db, &all[i]);
	}
	json_decref(queue);
	if (code == EX_OK)
		qsort(all, *n_out, sizeof *all, compare_arrival);
	*all_out = all;
	return code;
}

/* --- list ------------------------------------------------------------- */

static struct slice
date_of(struct cli *cli, long long arrival)
{
	time_t at = (time_t)arrival;
	char text[32];
	struct tm tm;

	(void)strftime(
	    text, sizeof text, "%Y-%m-%d %H:%M:%S", localtime_r(&at, &tm));
	return slice_of(arena_strdup(&cli->arena, text));
}

static void
print_table(struct cli *cli, const struct held *all, size_t n)
{
	struct table table = table_start(&cli->arena, 6);

	table.headed = true;
	table_add(&table,
	    (const struct slice[]){ SLICE("id"), SLICE("since"), SLICE("login"),
		SLICE("sender"), SLICE("recipients"), SLICE("why") });
	for (size_t i = 0; i < n; i++)
		table_add(&table, (const struct slice[]){ slice_of(all[i].id),
				      date_of(cli, all[i].arrival),
				      all[i].login, slice_of(all[i].sender),
				      slice_of(arena_printf(&cli->arena, "%zu",
					  all[i].recipients)),
				      all[i].why });
	table_print(&table, stdout);
}

static void
print_json(const struct held *all, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list,
		    json_pack(
			"{s:s, s:s, s:I, s:I, s:s, s:I, s:s%, s:s%, s:s%}",
			"id", all[i].id, "instance", all[i].instance, "arrival",
			(json_int_t)all[i].arrival, "size",
			(json_int_t)all[i].size, "sender", all[i].sender,
			"recipients", (json_int_t)all[i].recipients, "login",
			all[i].login.n > 0 ? all[i].login.p : "",
			all[i].login.n, "package",
			all[i].package.n > 0 ? all[i].package.p : "",
			all[i].package.n, "why",
			all[i].why.n > 0 ? all[i].why.p : "", all[i].why.n));
	say_json(list);
}

/* --- what is meant ---------------------------------------------------- */

static bool
is_meant(const struct args *args, const struct held *held)
{
	const char *login = args->values[OPTION_LOGIN];

	if (login != NULL && slice_eq(held->login, slice_of(login)))
		return true;
	for (int i = 0; i < args->n; i++) {
		if (strcmp(args->operands[i], held->id) == 0)
			return true;
	}
	return false;
}

static size_t
keep_meant(const struct args *args, struct held *all, size_t n)
{
	size_t kept = 0;

	if (args->n == 0 && args->values[OPTION_LOGIN] == NULL)
		return n;
	for (size_t i = 0; i < n; i++) {
		if (is_meant(args, &all[i]))
			all[kept++] = all[i];
	}
	return kept;
}

/* --- commands --------------------------------------------------------- */

static int
list_held(struct cli *cli, struct db *db, const struct args *args)
{
	struct held *all;
	size_t n;
	int code = read_all(cli, db, &all, &n);

	if (code != EX_OK)
		return code;
	n = keep_meant(args, all, n);
	if (cli->json)
		print_json(all, n);
	else
		print_table(cli, all, n);
	return EX_OK;
}

/* What is to be done, and how the trail calls it. */
struct action {
	int (*run)(const char *instance, const char *queue_id);
	const char *event;
};

static const struct action release = { postfix_release, "released" };
static const struct action drop = { postfix_delete, "removed" };

static int
change(struct db *db, const struct action *action, const struct held *held)
{
	const struct slice params[] = { slice_of(held->id),
		slice_of(action->event) };
	struct why why = { 0 };
	int r, code = action->run(held->instance, held->id);

	if (code != EX_OK)
		return code;
	(void)printf("%s %s\n", held->id, action->event);
	r = db_run(db, &note, params, NULL, &why);
	return r < 0 ? say_refusal(db, r, held->id, &why) : EX_OK;
}

static int
change_all(struct cli *cli, struct db *db, const struct args *args)
{
	struct held *all;
	size_t n;
	int code;

	if (args->n == 0 && args->values[OPTION_LOGIN] == NULL)
		return say_failure(
		    EX_USAGE, "name messages by their ids, or use --login");
	code = read_all(cli, db, &all, &n);
	if (code != EX_OK)
		return code;
	n = keep_meant(args, all, n);
	if (n == 0)
		return say_failure(EX_NOUSER, "nothing of that is held");
	for (size_t i = 0; i < n && code == EX_OK; i++)
		code = change(db, args->subject, &all[i]);
	return code;
}

static int
quarantine_run(struct cli *cli, const struct args *args)
{
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	if (args->subject == NULL)
		code = list_held(cli, db, args);
	else
		code = change_all(cli, db, args);
	db_close(db);
	return code;
}

const struct command quarantine_commands[] = {
	{ .words = "quarantine list",
	    .operands = "[ID…]",
	    .most = COMMAND_ANY,
	    .purpose = "mail that is held because of a limit",
	    .options = quarantine_options,
	    .run = quarantine_run },
	{ .words = "quarantine release",
	    .operands = "[ID…]",
	    .most = COMMAND_ANY,
	    .purpose = "let it go out",
	    .options = quarantine_options,
	    .run = quarantine_run,
	    .subject = &release },
	{ .words = "quarantine drop",
	    .operands = "[ID…]",
	    .most = COMMAND_ANY,
	    .purpose = "delete it; nobody is told",
	    .options = quarantine_options,
	    .run = quarantine_run,
	    .subject = &drop },
	{ .words = NULL },
};
