/*
 * vnd.dovecot.testsuite: the commands and tests of a test file.
 */
#include "sieve/tools/svtest/testsuite.h"

#include "sieve/action.h"
#include "sieve/compile.h"
#include "sieve/match.h"
#include "sieve/message.h"
#include "sieve/text.h"
#include "sieve/tools/files.h"

/* No loop of a script has this name: the block of the test ends. */
static const struct slice test_block = { "<test>", 6 };

static struct testsuite *
suite_of(const struct run *run)
{
	return run->context;
}

/* ---- test, test_fail ---- */

struct one_string {
	const struct text *text;
};

/* Each test has the whole budget and an empty plan. */
static void
begin(struct run *run)
{
	struct testsuite *suite = suite_of(run);

	run->cost = 0;
	run->body_scanned = 0;
	run->n_includes = 0;
	run->vacation_line = 0;
	suite->failure = (struct slice){ "", 0 };
	suite->doubt = NULL;
}

static void
report(struct run *run, struct slice name, int flow)
{
	struct testsuite *suite = suite_of(run);

	if (flow == RUN_FAIL)
		suite->failure = slice_of(run->error.text);
	if (suite->failure.n == 0) {
		suite->passed++;
		(void)printf("passed: %.*s\n", SLICE_FMT(name));
	} else if (suite->doubt != NULL) {
		suite->skipped++;
		(void)printf(
		    "skipped (%s): %.*s\n", suite->doubt, SLICE_FMT(name));
	} else {
		suite->failed++;
		(void)printf("failed: %.*s: line %u: %.*s\n", SLICE_FMT(name),
		    run->at.line, SLICE_FMT(suite->failure));
	}
}

static int
test_run(struct run *run, const struct node *node)
{
	const struct one_string *args = node->args;
	struct slice name = text_value(run, args->text);
	int flow;

	begin(run);
	flow = run_block(run, node->block);
	report(run, name, flow);
	/* What broke this block is no reason for the next one. */
	run->status = SIEVE_OK;
	run->limit = NULL;
	return FLOW_NEXT;
}

static int
fail(struct run *run, struct slice reason)
{
	suite_of(run)->failure =
	    reason.n > 0 ? arena_slice(run->arena, reason) : SLICE("it failed");
	run->breaking = test_block;
	return FLOW_BREAK;
}

static int
test_fail_run(struct run *run, const struct node *node)
{
	const struct one_string *args = node->args;

	return fail(run, text_value(run, args->text));
}

/* ---- test_set ---- */

struct two_strings {
	const struct text *first, *second;
};

static void
show_message(struct run *run, struct slice octets)
{
	run_replace_message(run, octets); /* freed with the run */
	run->received = run->message;
	run->edit = NULL;
	run->edited = run->body_replaced = run->enclosed = false;
}

static struct slice
bare(struct slice address)
{
	address = slice_trim(address);
	if (address.n >= 2 && address.p[0] == '<' &&
	    address.p[address.n - 1] == '>')
		return slice_head(slice_tail(address, 1), address.n - 2);
	return address;
}

static int
test_set_run(struct run *run, const struct node *node)
{
	const struct two_strings *args = node->args;
	struct slice item = text_value(run, args->first);
	struct slice value = text_copy(run, args->second);

	if (slice_eq_nocase(item, SLICE("message")))
		show_message(run, value);
	else if (slice_eq_nocase(item, SLICE("envelope.from")))
		run->envelope.from = bare(value);
	else if (slice_eq_nocase(item, SLICE("envelope.to")))
		run->envelope.to = bare(value);
	else if (slice_eq_nocase(item, SLICE("envelope.orig_to")))
		run->envelope.to = bare(value);
	else if (slice_eq_nocase(item, SLICE("envelope.auth")))
		run->envelope.auth = value;
	else
		return run_fail(
		    run, "test_set: unknown item \"%.*s\"", ERRORS_WORD(item));
	return FLOW_NEXT;
}

/* ---- Compiling and running scripts ---- */

static int
test_script_compile_run(struct run *run, const struct node *node)
{
	const struct one_string *args = node->args;
	struct testsuite *suite = suite_of(run);
	struct sieve_program *program = NULL;

	world_forget_errors(suite);
	if (!world_compile(suite, text_value(run, args->text), &program))
		return 0;
	sieve_program_unref(suite->program);
	suite->program = program;
	return 1;
}

static void
clear_plan(struct run *run)
{
	action_drop_from(run, &run->actions);
	run->n_redirects = 0;
	run->implicit_keep = true;
	run->duplicates = NULL;
	run->duplicates_end = &run->duplicates;
	suite_of(run)->from_script = false;
}

/* The result of a script becomes the plan of the test. */
static void
take_plan(struct run *run, const struct sieve_result *result)
{
	struct sieve_action *a = (struct sieve_action *)result->actions;

	*run->actions_end = a;
	for (; a != NULL; a = a->next) {
		run->actions_end = &a->next;
		run->n_actions++;
	}
	run->duplicates = (struct sieve_mark *)result->duplicates;
	suite_of(run)->from_script = true;
}

static int
run_programs(struct run *run, struct sieve_program *const *programs, size_t n)
{
	struct testsuite *suite = suite_of(run);
	struct sieve_message *message = sieve_message_new(run->arena,
	    sieve_edit_message(run_edit(run), run->received, run->arena));
	struct sieve_job job = { .programs = programs,
		.n_programs = n,
		.message = message,
		.envelope = &run->envelope,
		.environment = &suite->environment,
		.callbacks = &suite->callbacks,
		.context = suite };
	struct sieve_result result;

	world_forget_errors(suite);
	(void)sieve_run(&job, run->arena, &result);
	sieve_message_done(message);
	take_plan(run, &result);
	if (result.status == SIEVE_OK)
		return 1;
	world_error(suite, slice_of(result.error.text));
	return 0;
}

struct script_run {
	bool append_result;
};

static int
test_script_run_run(struct run *run, const struct node *node)
{
	const struct script_run *args = node->args;
	struct testsuite *suite = suite_of(run);

	if (suite->program == NULL)
		return run_fail(run, "no script was compiled");
	if (!args->append_result)
		clear_plan(run);
	return run_programs(run, &suite->program, 1);
}

struct string_list {
	const struct texts *list;
};

static int
test_multiscript_run(struct run *run, const struct node *node)
{
	const struct string_list *args = node->args;
	struct sieve_program **programs =
	    arena_calloc(run->arena, args->list->n, sizeof *programs);
	size_t n = 0;
	int r = 0;

	world_forget_errors(suite_of(run));
	while (n < args->list->n &&
	       world_compile(suite_of(run),
		   text_value(run, &args->list->list[n]), &programs[n]))
		n++;
	if (n == args->list->n) {
		clear_plan(run);
		r = run_programs(run, programs, n);
	}
	while (n > 0)
		sieve_program_unref(programs[--n]);
	return r;
}

/* ---- Programs by name ---- */

static int
test_binary_save_run(struct run *run, const struct node *node)
{
	const struct one_string *args = node->args;
	struct testsuite *suite = suite_of(run);

	if (suite->program == NULL)
		return run_fail(run, "no script was compiled");
	world_set(suite, &suite->saved, SLICE(""), text_value(run, args->text),
	    SLICE(""));
	suite->saved->program = sieve_program_ref(suite->program);
	return FLOW_NEXT;
}

static int
test_binary_load_run(struct run *run, const struct node *node)
{
	const struct one_string *args = node->args;
	struct testsuite *suite = suite_of(run);
	struct slice name = text_value(run, args->text);

	for (struct entry *e = suite->saved; e != NULL; e = e->next) {
		if (!slice_eq(e->name, name))
			continue;
		sieve_program_unref(suite->program);
		suite->program = sieve_program_ref(e->program);
		return FLOW_NEXT;
	}
	return run_fail(
	    run, "no program was saved as \"%.*s\"", ERRORS_WORD(name));
}

/* ---- Results ---- */

static int
test_result_execute_run(struct run *run, const struct node *node)
{
	(void)node;
	return world_execute(suite_of(run), run);
}

static int
test_result_reset_run(struct run *run, const struct node *node)
{
	(void)node;
	clear_plan(run);
	suite_of(run)->sent = NULL;
	run->vacation_line = 0;
	return FLOW_NEXT;
}

static int
test_result_print_run(struct run *run, const struct node *node)
{
	(void)node;
	for (const struct sieve_action *a = run->actions; a; a = a->next)
		sieve_action_print(a, stdout);
	return FLOW_NEXT;
}

struct indexed {
	const uint64_t *index;
};

/* The name of an action, and another one it goes by. */
static int
action_value(struct matching *m, const struct sieve_action *action)
{
	static const char *const names[][2] = { { "keep", "store" },
		{ "fileinto", "store" }, { "redirect", NULL },
		{ "discard", NULL }, { "reject", NULL },
		{ "ereject", "reject" }, { "vacation", NULL },
		{ "notify", NULL } };
	const char *other = names[action->type][1];
	int r = matching_value(m, slice_of(names[action->type][0]));

	if (r != 0 || other == NULL || m->match->type == MATCH_COUNT)
		return r;
	return matching_value(m, slice_of(other));
}

/* The implicit keep is not an action of the script. */
static int
test_result_action_run(struct run *run, const struct node *node)
{
	const struct indexed *args = node->args;
	struct matching m;
	uint64_t n = 0;
	int r = 0;

	matching_start(&m, run, node->match);
	for (const struct sieve_action *a = run->actions; a && r == 0;
	     a = a->next) {
		if (a->line == 0 && a->type != SIEVE_DISCARD)
			continue;
		if (args->index == NULL || ++n == *args->index)
			r = action_value(&m, a);
	}
	return r < 0 ? RUN_FAIL : matching_end(&m);
}

/* ---- Messages ---- */

struct test_message {
	int from_folder; /* 0: sent */
	const struct text *folder;
	const uint64_t *index;
};

enum { MESSAGE_SMTP = 1, MESSAGE_FOLDER };

static int
test_message_test(struct run *run, const struct node *node)
{
	const struct test_message *args = node->args;
	struct testsuite *suite = suite_of(run);
	const struct mail *list = suite->sent, *mail;
	struct mailbox *mailbox;

	if (args->from_folder == MESSAGE_FOLDER) {
		mailbox = world_mailbox(suite, text_value(run, args->folder));
		list = mailbox != NULL ? mailbox->mails : NULL;
	}
	mail = world_mail(list, *args->index);
	if (mail == NULL)
		return 0;
	show_message(run, mail->octets);
	if (args->from_folder != MESSAGE_FOLDER) {
		run->envelope.from = mail->from;
		run->envelope.to = mail->to;
	}
	return 1;
}

static int
test_message_run(struct run *run, const struct node *node)
{
	if (test_message_test(run, node) > 0)
		return FLOW_NEXT;
	return fail(run, SLICE("there is no such message"));
}

/* ---- Errors ---- */

/*
 * Engines word their errors each in its own way. When a script did fail but
 * the text or number is not what the test expects, a block that fails for it
 * is in doubt, not wrong.
 */
static int
test_error_run(struct run *run, const struct node *node)
{
	const struct indexed *args = node->args;
	struct testsuite *suite = suite_of(run);
	struct matching m;
	uint64_t n = 0;
	int r = 0;

	matching_start(&m, run, node->match);
	for (struct text_entry *e = suite->errors; e && r == 0; e = e->next) {
		if (args->index == NULL || ++n == *args->index)
			r = matching_value(&m, e->text);
	}
	if (r >= 0)
		r = matching_end(&m);
	if (r == 0 && suite->errors != NULL && suite->doubt == NULL)
		suite->doubt =
		    node->match->type == MATCH_COUNT ? "count" : "text";
	return r;
}

/* ---- Settings and mailboxes ---- */

static int
test_config_set_run(struct run *run, const struct node *node)
{
	const struct two_strings *args = node->args;
	struct testsuite *suite = suite_of(run);

	world_set(suite, &suite->settings, SLICE(""),
	    text_value(run, args->first), text_value(run, args->second));
	config_apply(suite);
	return FLOW_NEXT;
}

static int
test_config_unset_run(struct run *run, const struct node *node)
{
	const struct one_string *args = node->args;
	struct testsuite *suite = suite_of(run);

	world_set(suite, &suite->settings, SLICE(""),
	    text_value(run, args->text), SLICE(""));
	config_apply(suite);
	return FLOW_NEXT;
}

struct reload {
	const struct text *extension;
};

static int
test_config_reload_run(struct run *run, const struct node *node)
{
	(void)node;
	config_apply(suite_of(run)); /* settings count at once anyway */
	return FLOW_NEXT;
}

static int
test_mailbox_create_run(struct run *run, const struct node *node)
{
	const struct one_string *args = node->args;

	world_create_mailbox(suite_of(run), text_value(run, args->text));
	return FLOW_NEXT;
}

static int
test_mailbox_delete_run(struct run *run, const struct node *node)
{
	const struct one_string *args = node->args;

	world_delete_mailbox(suite_of(run), text_value(run, args->text));
	return FLOW_NEXT;
}

struct metadata_set {
	const struct text *mailbox, *annotation, *value;
};

static int
test_imap_metadata_set_run(struct run *run, const struct node *node)
{
	const struct metadata_set *args = node->args;
	struct testsuite *suite = suite_of(run);

	world_set(suite, &suite->annotations, text_or_empty(run, args->mailbox),
	    text_value(run, args->annotation), text_value(run, args->value));
	return FLOW_NEXT;
}

/* ---- Strings: %{file:NAME}, ${tst.path} ---- */

static bool
path_value(struct run *run, struct slice name, struct slice *out)
{
	if (!slice_eq_nocase(name, SLICE("path")))
		return false;
	*out = slice_of(suite_of(run)->folder);
	return true;
}

/* What stands between "%{" and "}"; false: it stands for itself. */
static bool
substitute(struct compiler *compiler, struct slice inner, struct buf *to)
{
	long colon = slice_find(inner, ':');
	struct slice kind =
	    colon < 0 ? inner : slice_head(inner, (size_t)colon);
	struct slice name =
	    colon < 0 ? SLICE("") : slice_tail(inner, (size_t)colon + 1);

	(void)compiler;
	if (slice_eq(kind, SLICE("file")))
		(void)buf_addf(to, "[FILE: %.*s]", SLICE_FMT(name));
	else if (slice_eq(kind, SLICE("mailbox")))
		(void)buf_addf(to, "[MAILBOX: %.*s]", SLICE_FMT(name));
	else
		return false;
	return true;
}

static bool
rewrite(struct compiler *compiler, struct slice *text)
{
	AUTO_BUF struct buf to = BUF_INIT(FILES_MAX);
	struct slice rest = *text;
	bool changed = false;

	while (rest.n > 0) {
		struct slice inner = slice_tail(rest, 2);
		long end = slice_find(inner, '}');

		if (rest.p[0] == '%' && rest.n > 1 && rest.p[1] == '{' &&
		    end >= 0 &&
		    substitute(compiler, slice_head(inner, (size_t)end), &to)) {
			rest = slice_tail(inner, (size_t)end + 1);
			changed = true;
			continue;
		}
		(void)buf_add_char(&to, rest.p[0]);
		rest = slice_tail(rest, 1);
	}
	if (changed)
		*text = arena_slice(compiler->arena, buf_slice(&to));
	return true;
}

/* ---- Tables ---- */

static const struct sieve_param text_params[] = {
	PARAM("text", VALUE_STRING, struct one_string, text),
	PARAM_END,
};
static const struct sieve_param two_params[] = {
	PARAM("item", VALUE_STRING, struct two_strings, first),
	PARAM("value", VALUE_STRING, struct two_strings, second),
	PARAM_END,
};
static const struct sieve_param list_params[] = {
	PARAM("scripts", VALUE_STRINGS, struct string_list, list),
	PARAM_END,
};
static const struct sieve_param keys_params[] = {
	PARAM_KEYS(VALUE_KEYS),
	PARAM_END,
};
static const struct sieve_param message_params[] = {
	PARAM("index", VALUE_NUMBER, struct test_message, index),
	PARAM_END,
};
static const struct sieve_param metadata_params[] = {
	PARAM("annotation", VALUE_STRING, struct metadata_set, annotation),
	PARAM("value", VALUE_STRING, struct metadata_set, value),
	PARAM_END,
};

static const struct sieve_tag run_tags[] = {
	TAG_FLAG("append_result", GROUP_OWN, struct script_run, append_result),
	TAG_END,
};
static const struct sieve_tag index_tags[] = {
	TAG_VALUE("index", GROUP_OWN, VALUE_NUMBER, struct indexed, index),
	TAG_END,
};
static const struct sieve_tag message_tags[] = {
	TAG_CHOICE(
	    "smtp", GROUP_OWN, struct test_message, from_folder, MESSAGE_SMTP),
	TAG_CHOICE_OF("folder", GROUP_OWN, VALUE_CHOICE_STRING,
	    struct test_message, from_folder, MESSAGE_FOLDER, folder),
	TAG_END,
};
static const struct sieve_tag reload_tags[] = {
	TAG_VALUE(
	    "extension", GROUP_OWN, VALUE_STRING, struct reload, extension),
	TAG_END,
};
static const struct sieve_tag metadata_tags[] = {
	TAG_VALUE(
	    "mailbox", GROUP_OWN, VALUE_STRING, struct metadata_set, mailbox),
	TAG_END,
};

#define COMMAND(its_name, s, its_params, its_run)                              \
	{                                                                      \
		.name = its_name, .type = WORD_COMMAND, .size = sizeof(s),     \
		.params = its_params, .run = its_run                           \
	}
#define TEST(its_name, s, its_params, its_run)                                 \
	{                                                                      \
		.name = its_name, .type = WORD_TEST, .size = sizeof(s),        \
		.params = its_params, .run = its_run                           \
	}

static const struct sieve_word words[] = {
	{ "test", WORD_COMMAND, .block = true,
	    .size = sizeof(struct one_string), .params = text_params,
	    .run = test_run },
	COMMAND("test_fail", struct one_string, text_params, test_fail_run),
	COMMAND("test_set", struct two_strings, two_params, test_set_run),
	TEST("test_script_compile", struct one_string, text_params,
	    test_script_compile_run),
	{ "test_script_run", WORD_TEST, .size = sizeof(struct script_run),
	    .tags = run_tags, .run = test_script_run_run },
	TEST("test_multiscript", struct string_list, list_params,
	    test_multiscript_run),
	COMMAND("test_binary_save", struct one_string, text_params,
	    test_binary_save_run),
	COMMAND("test_binary_load", struct one_string, text_params,
	    test_binary_load_run),
	{ "test_result_execute", WORD_TEST, .run = test_result_execute_run },
	{ "test_result_reset", WORD_COMMAND, .run = test_result_reset_run },
	{ "test_result_print", WORD_COMMAND, .run = test_result_print_run },
	{ "test_result_action", WORD_TEST, .groups = GROUP_MATCH,
	    .size = sizeof(struct indexed), .params = keys_params,
	    .tags = index_tags, .run = test_result_action_run },
	{ "test_message", WORD_TEST, .size = sizeof(struct test_message),
	    .params = message_params, .tags = message_tags,
	    .run = test_message_test },
	{ "test_message", WORD_COMMAND, .size = sizeof(struct test_message),
	    .params = message_params, .tags = message_tags,
	    .run = test_message_run },
	{ "test_error", WORD_TEST, .groups = GROUP_MATCH,
	    .size = sizeof(struct indexed), .params = keys_params,
	    .tags = index_tags, .run = test_error_run },
	COMMAND("test_config_set", struct two_strings, two_params,
	    test_config_set_run),
	COMMAND("test_config_unset", struct one_string, text_params,
	    test_config_unset_run),
	{ "test_config_reload", WORD_COMMAND, .size = sizeof(struct reload),
	    .tags = reload_tags, .run = test_config_reload_run },
	COMMAND("test_mailbox_create", struct one_string, text_params,
	    test_mailbox_create_run),
	COMMAND("test_mailbox_delete", struct one_string, text_params,
	    test_mailbox_delete_run),
	{ "test_imap_metadata_set", WORD_COMMAND,
	    .size = sizeof(struct metadata_set), .params = metadata_params,
	    .tags = metadata_tags, .run = test_imap_metadata_set_run },
	WORD_END,
};

const struct sieve_extension ext_testsuite = {
	.name = "vnd.dovecot.testsuite",
	.words = words,
	.namespace = "tst",
	.namespace_value = path_value,
	.rewrite = rewrite,
};

/* ---- A file ---- */

static struct sieve_program *
compile_file(const char *path)
{
	static const struct sieve_extension *const more[] = { &ext_testsuite,
		NULL };
	struct sieve_options options = { sieve_extensions_all(), more };
	struct sieve_program *program = NULL;

	return files_compile(path, &options, &program) == EX_OK ? program
								: NULL;
}

static const char *
folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return "";
	return arena_strndup(arena, path, (size_t)(slash - path) + 1);
}

static void
suite_done(struct testsuite *suite)
{
	sieve_program_unref(suite->program);
	for (struct entry *e = suite->saved; e != NULL; e = e->next)
		sieve_program_unref(e->program);
	arena_done(&suite->arena);
}

static bool
run_suite(struct testsuite *suite, struct sieve_program *program)
{
	struct sieve_envelope envelope = { .from = SLICE("sender@example.com"),
		.to = SLICE("recipient@example.com") };
	struct sieve_job job = { .programs = &program,
		.n_programs = 1,
		.message = sieve_message_new(&suite->arena, SLICE("")),
		.envelope = &envelope,
		.environment = &suite->environment,
		.callbacks = &suite->callbacks,
		.context = suite };
	struct sieve_result result;

	if (sieve_run(&job, &suite->arena, &result) == SIEVE_OK)
		return true;
	(void)fprintf(stderr, "%s:%u: %s\n", suite->path, result.error.line,
	    result.error.text);
	return false;
}

bool
testsuite_run_file(struct testsuite *suite, const char *path)
{
	struct sieve_program *program = compile_file(path);
	bool ok = false;

	if (program == NULL)
		return false;
	suite->path = path;
	suite->arena = (struct arena)ARENA_INIT;
	suite->folder = folder_of(&suite->arena, path);
	world_init(suite);
	config_apply(suite);
	ok = run_suite(suite, program);
	sieve_program_unref(program);
	suite_done(suite);
	return ok;
}
