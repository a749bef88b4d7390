#include "cli/filter.h"

#include <stdio.h>

#include "cli/filter_source.h"
#include "core/beneath.h"
#include "core/folder_name.h"
#include "core/header.h"
#include "core/scope.h"

static const struct db_stmt find_home = { "sieve_home",
	"SELECT home, filter FROM hauspost.mailbox WHERE name = $1", 1 };
static const struct db_stmt find_scripts = { "sieve_scripts",
	"SELECT place, name, script FROM hauspost.sieve($1, $2)", 2 };
static const struct db_stmt is_duplicate = { "sieve_duplicate",
	"SELECT 1 FROM hauspost.duplicate_seen"
	" WHERE mailbox = $1 AND key = $2 AND until > now()",
	2 };
static const struct db_stmt was_answered = { "sieve_answered",
	"SELECT 1 FROM hauspost.vacation_sent"
	" WHERE mailbox = $1 AND key = $2 AND until > now()",
	2 };
static const struct db_stmt is_my_address = { "sieve_address",
	"SELECT 1 WHERE $1 = ANY (hauspost.mailboxes_of($2))", 2 };
static const struct db_stmt is_known = { "sieve_known",
	"SELECT 1 WHERE hauspost.knows_sender($1, $2)", 2 };

struct trial {
	struct cli *cli;
	struct db *db;
	const struct filter_question *question;
	struct sources sources;
	const struct sieve_program *shown; /* whose steps were printed last */
	json_t *steps, *plan;
};

/* --- questions of the scripts ----------------------------------------- */

/* 1 there is a row, 0 none. What can't be asked here is "no". */
static int
ask(struct trial *trial, const struct db_stmt *stmt, struct slice what)
{
	const struct slice params[] = { trial->question->mailbox, what };
	struct db_result *result;
	struct why why = { 0 };
	int n;

	if (db_run(trial->db, stmt, params, &result, &why) < 0)
		return 0;
	n = db_rows(result);
	db_done(result);
	return n > 0;
}

static int
duplicate_seen(void *context, struct slice key)
{
	return ask(context, &is_duplicate, key);
}

static int
vacation_seen(void *context, struct slice key)
{
	return ask(context, &was_answered, key);
}

static int
my_address(void *context, struct slice address)
{
	return ask(context, &is_my_address, address);
}

static int
list_exists(void *context, struct slice list)
{
	(void)context;
	return slice_eq(list, SLICE("urn:hauspost:known-senders"));
}

static int
list_contains(void *context, struct slice list, struct slice value)
{
	return list_exists(context, list) ? ask(context, &is_known, value) : 0;
}

static int
mailbox_exists(void *context, struct slice name)
{
	struct trial *trial = context;
	struct arena *arena = &trial->cli->arena;
	AUTO_CLOSE int fd = -1;
	struct slice folder;

	if (trial->sources.home_fd < 0 || folder_name(arena, name, &folder) < 0)
		return 0;
	fd = beneath_directory(trial->sources.home_fd,
	    arena_printf(arena, "Maildir%s%.*s", folder.n > 0 ? "/." : "",
		SLICE_FMT(folder)));
	return fd >= 0;
}

static int
include(void *context, bool global, struct slice name,
    struct sieve_program **program_out)
{
	struct trial *trial = context;

	return sources_include(&trial->sources, global, name, program_out);
}

/* --- what is shown ---------------------------------------------------- */

static struct slice
line_of(struct slice text, unsigned line)
{
	struct slice found = { "", 0 };

	for (unsigned i = 0; i < line && slice_cut(&text, '\n', &found); i++)
		;
	return slice_head(slice_trim(found), 100);
}

static const char *const outcomes[] = { "failed", "no", "yes", "done" };

static void
print_step(const struct trial *trial, const struct sieve_trace *t)
{
	const struct source *source = sources_find(&trial->sources, t->program);

	if (t->program != trial->shown)
		(void)printf("%s:\n", source->title);
	(void)printf("%5u  %*s%s: %s (%lu)  ", t->line, 2 * (int)t->depth, "",
	    t->word, outcomes[t->outcome + 1], t->cost_octets);
	say_text(stdout, line_of(source->text, t->line));
	(void)fputc('\n', stdout);
}

static void
on_trace(void *context, const struct sieve_trace *t)
{
	struct trial *trial = context;

	if (!trial->cli->json)
		print_step(trial, t);
	(void)json_array_append_new(
	    trial->steps, json_pack("{s:s, s:i, s:s, s:s, s:i, s:i}", "script",
			      sources_find(&trial->sources, t->program)->title,
			      "line", (int)t->line, "word", t->word, "outcome",
			      outcomes[t->outcome + 1], "depth", (int)t->depth,
			      "cost", (int)t->cost_octets));
	trial->shown = t->program;
}

static void
on_log(void *context, struct slice text)
{
	const struct trial *trial = context;

	if (trial->cli->json)
		return;
	(void)fputs("       ", stdout);
	say_text(stdout, text);
	(void)fputc('\n', stdout);
}

static char *
action_text(struct trial *trial, const struct sieve_action *action)
{
	char *text = NULL, *copy;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (out == NULL)
		return arena_strdup(&trial->cli->arena, "?");
	sieve_action_print(action, out);
	(void)fclose(out);
	copy = arena_strndup(&trial->cli->arena, text, n > 0 ? n - 1 : 0);
	free(text);
	return copy;
}

static void
show_action(struct trial *trial, const struct sieve_action *action)
{
	const char *text = action_text(trial, action);

	(void)json_array_append_new(trial->plan, json_string(text));
	if (trial->cli->json)
		return;
	(void)fputs("→ ", stdout);
	say_text(stdout, slice_of(text));
	(void)fputc('\n', stdout);
}

/* --- the run ---------------------------------------------------------- */

static const struct sieve_callbacks callbacks = {
	.mailbox_exists = mailbox_exists,
	.include = include,
	.duplicate_seen = duplicate_seen,
	.vacation_seen = vacation_seen,
	.my_address = my_address,
	.list_exists = list_exists,
	.list_contains = list_contains,
	.on_trace = on_trace,
	.on_log = on_log,
};

/* What a field of the message says, without "<>". */
static struct slice
field(const struct filter_question *question, struct slice name)
{
	struct header_field found;

	if (!header_find(question->message, name, &found))
		return (struct slice){ "", 0 };
	if (found.value.n >= 2 && found.value.p[0] == '<')
		return slice_head(
		    slice_tail(found.value, 1), found.value.n - 2);
	return found.value;
}

static struct sieve_envelope
envelope_of(const struct filter_question *question)
{
	struct sieve_envelope envelope = { .from = question->from,
		.to = question->to };

	if (envelope.from.n == 0)
		envelope.from = field(question, SLICE("Return-Path"));
	if (envelope.to.n == 0)
		envelope.to = field(question, SLICE("X-Original-To"));
	return envelope;
}

/* The sources from first on. */
static int
run(struct trial *trial, struct sieve_message *message, size_t first,
    struct sieve_result *result)
{
	const struct sieve_envelope envelope = envelope_of(trial->question);
	struct sieve_program *programs[SOURCES_MAX];
	struct sieve_environment environment;
	struct sieve_job job = { .programs = programs,
		.n_programs = trial->sources.n - first,
		.message = message,
		.envelope = &envelope,
		.environment = &environment,
		.callbacks = &callbacks,
		.context = trial };

	for (size_t i = first; i < trial->sources.n; i++)
		programs[i - first] = trial->sources.list[i].program;
	sieve_environment_init(&environment);
	if (sieve_run(&job, &trial->cli->arena, result) == SIEVE_OK)
		return EX_OK;
	return say_failure(
	    EX_DATAERR, "line %u: %s", result->error.line, result->error.text);
}

/* As lmtpd has it: a mailbox answers what it keeps or sends on, once. */
static bool
may_answer(const struct sieve_result *result)
{
	bool kept = false;

	for (const struct sieve_action *a = result->actions; a; a = a->next) {
		if (a->type == SIEVE_VACATION)
			return false;
		kept |= a->type == SIEVE_KEEP || a->type == SIEVE_FILEINTO ||
			a->type == SIEVE_REDIRECT;
	}
	return kept;
}

static int
answer(struct trial *trial, struct sieve_message *message)
{
	size_t first = trial->sources.n;
	struct sieve_result result;
	int code;

	sources_add_defaults(&trial->sources, SCRIPT_VACATION);
	if (trial->sources.n == first)
		return EX_OK;
	code = run(trial, message, first, &result);
	for (const struct sieve_action *a = result.actions; a; a = a->next) {
		if (a->type == SIEVE_VACATION)
			show_action(trial, a);
	}
	return code;
}

static int
run_all(struct trial *trial)
{
	struct sieve_message *message =
	    sieve_message_new(&trial->cli->arena, trial->question->message);
	struct sieve_result result;
	int code = run(trial, message, 0, &result);

	for (const struct sieve_action *a = result.actions; a; a = a->next)
		show_action(trial, a);
	if (may_answer(&result) && answer(trial, message) != EX_OK)
		code = EX_DATAERR;
	sieve_message_done(message);
	return code;
}

static int
try_scripts(struct trial *trial, bool own)
{
	int code;

	sources_add_defaults(&trial->sources, SCRIPT_BEFORE);
	if (own)
		sources_add_own(&trial->sources, trial->question->script);
	sources_add_defaults(&trial->sources, SCRIPT_AFTER);
	trial->steps = json_array();
	trial->plan = json_array();
	code = run_all(trial);
	if (trial->cli->json)
		say_json(json_pack(
		    "{s:O, s:O}", "steps", trial->steps, "plan", trial->plan));
	json_decref(trial->steps);
	json_decref(trial->plan);
	sources_done(&trial->sources);
	return code;
}

static int
with_scripts(struct trial *trial, bool own)
{
	struct slice to = envelope_of(trial->question).to;
	const struct slice params[] = { trial->question->mailbox,
		slice_tail(to, (size_t)(slice_rfind(to, '@') + 1)) };
	struct why why = { 0 };
	int code, r = db_run(trial->db, &find_scripts, params,
		      &trial->sources.directory, &why);

	if (r < 0)
		return say_refusal(trial->db, r, NULL, &why);
	code = try_scripts(trial, own);
	db_done(trial->sources.directory);
	return code;
}

int
filter_try(
    struct cli *cli, struct db *db, const struct filter_question *question)
{
	struct trial trial = { .cli = cli,
		.db = db,
		.question = question,
		.sources = { .cli = cli, .home_fd = -1 } };
	struct db_result *rows;
	struct why why = { 0 };
	bool own;
	int code, r = db_run(db, &find_home, &question->mailbox, &rows, &why);

	if (r < 0)
		return say_refusal(db, r, NULL, &why);
	if (db_rows(rows) == 0) {
		db_done(rows);
		return say_failure(EX_NOUSER, "there is no mailbox %.*s",
		    SLICE_FMT(question->mailbox));
	}
	trial.sources.home_fd = beneath_start(db_text(rows, 0, 0).p);
	own = !slice_eq(db_text(rows, 0, 1), SLICE("none"));
	db_done(rows);
	code = with_scripts(&trial, own);
	scope_close(&trial.sources.home_fd);
	return code;
}
