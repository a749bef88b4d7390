/*
 * hauspost trail - the life of a message, from RCPT to disk or departure.
 */
#include <string.h>

#include "cli/command.h"

enum { OPTION_PACKAGE, OPTION_LAST };

static const struct command_option trail_options[] = {
	{ .name = "package",
	    .value = "NAME",
	    .help = "only what came to it or was sent by it" },
	{ .name = "last",
	    .value = "NUMBER",
	    .help = "of so many steps (default: 100)" },
	{ .name = NULL },
};

static const struct db_stmt ask_trail = { "trail_of",
	"SELECT to_jsonb(t) FROM hauspost.trail_of($1, $2, $3::integer) AS t",
	3 };

/* --- printing --------------------------------------------------------- */

static const char *
text_of(const json_t *step, const char *key)
{
	const char *text = json_string_value(json_object_get(step, key));

	return text != NULL ? text : "";
}

/* "    word value", if there is one. */
static void
print_detail(const char *word, const char *value)
{
	if (value[0] == '\0')
		return;
	(void)printf("    %-7s ", word);
	say_text(stdout, slice_of(value));
	(void)putchar('\n');
}

/* 2026-11-24T10:00:00.123456+00:00 as people read it, in UTC or so. */
static void
print_time(const char *at)
{
	struct slice text = slice_head(slice_of(at), 23);

	for (size_t i = 0; i < text.n; i++)
		(void)putchar(text.p[i] == 'T' ? ' ' : text.p[i]);
}

static void
print_answer(const json_t *step)
{
	long long code = json_integer_value(json_object_get(step, "code"));

	if (code == 0)
		return;
	(void)printf("    %-7s %lld ", "answer", code);
	say_text(stdout, slice_of(text_of(step, "dsn")));
	(void)putchar(' ');
	say_text(stdout, slice_of(text_of(step, "reply")));
	(void)putchar('\n');
}

static void
print_path(const json_t *step)
{
	const json_t *path = json_object_get(step, "path"), *hop;
	size_t i;

	if (json_array_size(path) == 0)
		return;
	(void)printf("    %-7s ", "via");
	json_array_foreach(path, i, hop)
	{
		(void)fputs(i > 0 ? " > " : "", stdout);
		say_text(stdout, slice_of(json_string_value(hop)));
	}
	(void)putchar('\n');
}

static void
print_head(const json_t *step)
{
	print_time(text_of(step, "at"));
	(void)printf("  ");
	say_text(stdout, slice_of(text_of(step, "queue_id")));
	(void)printf("  ");
	say_text(stdout, slice_of(text_of(step, "event")));
	if (text_of(step, "recipient")[0] != '\0') {
		(void)printf("  <");
		say_text(stdout, slice_of(text_of(step, "recipient")));
		(void)putchar('>');
	}
	(void)putchar('\n');
}

/* The sender is told where it changes, not at each step. */
static void
print_step(const json_t *step, const json_t *before)
{
	static const struct {
		const char *word, *key;
	} details[] = {
		{ "from", "sender" },
		{ "login", "login" },
		{ "client", "client" },
		{ "class", "class" },
		{ "id", "message_id" },
	};

	print_head(step);
	for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
		const char *value = text_of(step, details[i].key);

		if (before == NULL ||
		    strcmp(value, text_of(before, details[i].key)) != 0)
			print_detail(details[i].word, value);
	}
	print_path(step);
	print_detail("as", text_of(step, "leaf"));
	print_detail("mailbox", text_of(step, "mailbox"));
	print_answer(step);
	print_detail("why", text_of(step, "why"));
}

static void
print_steps(struct cli *cli, const struct db_result *rows)
{
	json_t *all = json_array(), *step, *before = NULL;
	size_t i;

	for (int row = 0; row < db_rows(rows); row++) {
		struct slice text = db_text(rows, row, 0);

		(void)json_array_append_new(
		    all, json_loadb(text.p, text.n, 0, NULL));
	}
	if (cli->json) {
		say_json(all);
		return;
	}
	json_array_foreach(all, i, step)
	{
		print_step(step, before);
		before = step;
	}
	json_decref(all);
}

/* --- the command ------------------------------------------------------ */

static int
show(struct cli *cli, struct db *db, const struct args *args)
{
	const char *package = args->values[OPTION_PACKAGE];
	const char *last = args->values[OPTION_LAST];
	const struct slice params[] = { slice_of(args->operands[0]),
		package != NULL ? slice_of(package) : DB_NULL,
		slice_of(last != NULL ? last : "100") };
	struct db_result *rows;
	struct why why = { 0 };
	int code = EX_OK, r = db_run(db, &ask_trail, params, &rows, &why);

	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	if (db_rows(rows) == 0)
		code = say_failure(
		    EX_NOUSER, "nothing is known of %s", args->operands[0]);
	else
		print_steps(cli, rows);
	db_done(rows);
	return code;
}

static int
trail_run(struct cli *cli, const struct args *args)
{
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = show(cli, db, args);
	db_close(db);
	return code;
}

const struct command trail_commands[] = {
	{ .words = "trail",
	    .operands = "ID|ADDRESS|MESSAGE-ID",
	    .least = 1,
	    .most = 1,
	    .purpose = "the life of a message",
	    .details = "Each step with the reason for it: what was refused, "
		       "by what way it came to a mailbox,\nwhere it went. A "
		       "queue id shows the same message in other queues, too.",
	    .options = trail_options,
	    .run = trail_run },
	{ .words = NULL },
};
