/*
 * hauspost sieve - try Sieve scripts, and see what they do with a message.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cli/command.h"
#include "cli/filter.h"
#include "core/scope.h"

enum { CHECK_ALL };
enum { WHY_FROM, WHY_TO, WHY_SCRIPT };

static const struct command_option check_options[] = {
	{ .name = "all",
	    .help = "as a default script, which may use every extension" },
	{ .name = NULL },
};

static const struct command_option why_options[] = {
	{ .name = "from",
	    .value = "ADDRESS",
	    .help = "envelope sender (default: the message's Return-Path)" },
	{ .name = "to",
	    .value = "ADDRESS",
	    .help = "whom it was written to (default: its X-Original-To)" },
	{ .name = "script",
	    .value = "FILE",
	    .help = "in place of the mailbox' own script" },
	{ .name = NULL },
};

/* --- check ------------------------------------------------------------ */

static json_t *
error_json(const struct sieve_error *error)
{
	return json_pack("{s:i, s:i, s:s}", "line", (int)error->line, "column",
	    (int)error->column, "text", error->text);
}

static void
show_errors(
    const struct cli *cli, const char *file, const struct sieve_errors *errors)
{
	json_t *list = json_array();

	for (size_t i = 0; i < errors->n; i++) {
		const struct sieve_error *error = &errors->list[i];

		(void)json_array_append_new(list, error_json(error));
		if (cli->json)
			continue;
		(void)printf("%s:%u:%u: ", file, error->line, error->column);
		say_text(stdout, slice_of(error->text));
		(void)fputc('\n', stdout);
	}
	if (cli->json)
		say_json(json_incref(list));
	json_decref(list);
}

static int
check_run(struct cli *cli, const struct args *args)
{
	const struct sieve_options options = { args->values[CHECK_ALL] != NULL
						   ? sieve_extensions_all()
						   : sieve_extensions_default(),
		NULL };
	struct sieve_program *program = NULL;
	struct sieve_errors errors;
	struct slice script;
	int code = cli_read_octets(cli, args->operands[0], &script);

	if (code != EX_OK)
		return code;
	sieve_errors_init(&errors);
	if (sieve_compile(script, &options, &program, &errors) < 0)
		code = EX_DATAERR;
	show_errors(cli, args->operands[0], &errors);
	if (code == EX_OK && !cli->json)
		(void)printf(
		    "%s: %zu octets, no errors\n", args->operands[0], script.n);
	sieve_errors_done(&errors);
	sieve_program_unref(program);
	return code;
}

/* --- extensions ------------------------------------------------------- */

static int
extensions_run(struct cli *cli, const struct args *args)
{
	sieve_extension_set set = sieve_extensions_default();
	struct slice names, name, bad;
	json_t *list;

	if (args->n > 0 &&
	    sieve_extensions_parse(slice_of(args->operands[0]), &set, &bad) < 0)
		return say_failure(
		    EX_DATAERR, "there is no extension %.*s", SLICE_FMT(bad));
	names = sieve_extension_names(set, &cli->arena);
	if (!cli->json) {
		(void)printf("%.*s\n", SLICE_FMT(names));
		return EX_OK;
	}
	list = json_array();
	while (slice_cut(&names, ' ', &name))
		(void)json_array_append_new(list, json_stringn(name.p, name.n));
	say_json(list);
	return EX_OK;
}

/* --- why -------------------------------------------------------------- */

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static int
why_run(struct cli *cli, const struct args *args)
{
	struct filter_question question = { .mailbox =
						slice_of(args->operands[0]),
		.from = slice_of(or_empty(args->values[WHY_FROM])),
		.to = slice_of(or_empty(args->values[WHY_TO])) };
	struct db *db;
	int code = cli_read_octets(cli, args->operands[1], &question.message);

	if (code == EX_OK && args->values[WHY_SCRIPT] != NULL)
		code = cli_read_octets(
		    cli, args->values[WHY_SCRIPT], &question.script);
	if (code == EX_OK)
		code = cli_connect(cli, cli->config.role, &db);
	if (code != EX_OK)
		return code;
	code = filter_try(cli, db, &question);
	db_close(db);
	return code;
}

const struct command sieve_commands[] = {
	{ .words = "sieve check",
	    .operands = "FILE",
	    .least = 1,
	    .most = 1,
	    .purpose = "has a Sieve script errors?",
	    .options = check_options,
	    .run = check_run },
	{ .words = "sieve extensions",
	    .operands = "[LIST]",
	    .most = 1,
	    .purpose = "what scripts may require, as Dovecot's setting",
	    .details = "LIST is a value of the setting sieve_extensions, "
		       "which may only change the\ndefault one: "
		       "\"+editheader -regex\".",
	    .run = extensions_run },
	{ .words = "sieve why",
	    .operands = "MAILBOX MESSAGE",
	    .least = 2,
	    .most = 2,
	    .purpose = "what the scripts of a mailbox do with a message",
	    .details =
		"MESSAGE is a file, \"-\" is stdin. Runs what would run at "
		"delivery, prints every\nstep with its outcome and its cost, "
		"then the plan. Nothing is stored or sent.",
	    .options = why_options,
	    .run = why_run },
	{ .words = NULL },
};
