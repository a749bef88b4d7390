/*
 * hauspost explain - where mail to an address would go, and why.
 */
#include "cli/command.h"
#include "cli/difference.h"
#include "cli/trial.h"

enum { OPTION_WITH };

static const struct command_option explain_options[] = {
	{ .name = "with",
	    .value = "FILE",
	    .help = "try the SQL in FILE (\"-\": stdin) and show the "
		    "difference" },
	{ .name = NULL },
};

static int
ask_all(struct cli *cli, struct db *db, const struct args *args,
    struct explanation **out)
{
	int code = EX_OK;

	*out = arena_calloc(&cli->arena, (size_t)args->n, sizeof **out);
	for (int i = 0; code == EX_OK && i < args->n; i++)
		code = explanation_ask(cli, db, args->operands[i], &(*out)[i]);
	return code;
}

/* Refused outweighs deferred, which outweighs deliverable. */
static int
worst(const struct explanation *all, int n)
{
	int code = EX_OK;

	for (int i = 0; i < n; i++) {
		int one = explanation_exit(&all[i]);

		if (one == EX_NOUSER || code == EX_OK)
			code = one;
	}
	return code;
}

/* --- as it is --------------------------------------------------------- */

static void
show(struct cli *cli, const struct explanation *all, int n)
{
	json_t *list;

	for (int i = 0; !cli->json && i < n; i++)
		explanation_print(cli, &all[i], stdout);
	if (!cli->json)
		return;
	list = json_array();
	for (int i = 0; i < n; i++)
		(void)json_array_append_new(list, explanation_json(&all[i]));
	say_json(list);
}

static int
explain_now(struct cli *cli, struct db *db, const struct args *args)
{
	struct explanation *all;
	int code = ask_all(cli, db, args, &all);

	if (code != EX_OK)
		return code;
	show(cli, all, args->n);
	return worst(all, args->n);
}

/* --- with a change ---------------------------------------------------- */

static void
show_change(struct cli *cli, const struct explanation *before,
    const struct explanation *after, int n)
{
	json_t *list;

	for (int i = 0; !cli->json && i < n; i++)
		difference_print(cli, &before[i], &after[i], stdout);
	if (!cli->json)
		return;
	list = json_array();
	for (int i = 0; i < n; i++)
		(void)json_array_append_new(
		    list, difference_json(&before[i], &after[i]));
	say_json(list);
}

static int
explain_with(struct cli *cli, struct db *db, const struct args *args)
{
	struct explanation *before, *after;
	int code = trial_begin(db);

	if (code == EX_OK)
		code = ask_all(cli, db, args, &before);
	if (code == EX_OK)
		code = trial_run(cli, db, args->values[OPTION_WITH]);
	if (code == EX_OK)
		code = ask_all(cli, db, args, &after);
	if (code == EX_OK)
		code = trial_end(db);
	if (code != EX_OK)
		return code;
	show_change(cli, before, after, args->n);
	return worst(after, args->n);
}

static int
explain_run(struct cli *cli, const struct args *args)
{
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	if (args->values[OPTION_WITH] != NULL)
		code = explain_with(cli, db, args);
	else
		code = explain_now(cli, db, args);
	db_close(db);
	return code;
}

const struct command explain_commands[] = {
	{ .words = "explain",
	    .operands = "ADDRESS…",
	    .least = 1,
	    .most = COMMAND_ANY,
	    .purpose = "where mail to an address goes, and why",
	    .details = "Shows each hop with the rule that led there and what "
		       "that rule won over, the\nleaves, and what SMTP "
		       "answers. Exit status: 0 deliverable, 67 refused, 75 "
		       "deferred.\nWith --with the change is tried in a "
		       "transaction that can't commit.",
	    .options = explain_options,
	    .run = explain_run },
	{ .words = NULL },
};
