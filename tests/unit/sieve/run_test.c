#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sieve/sieve.h"

static const char message_text[] = "From: anna@example.org\r\n"
				   "To: fred@example.com\r\n"
				   "Subject: hello\r\n"
				   "\r\n"
				   "body\r\n";

/* Everything a run needs, and what came of it as text. */
struct world {
	struct arena arena;
	struct sieve_envelope envelope;
	struct sieve_environment environment;
	struct sieve_callbacks callbacks;
	struct sieve_result result;
	const char *message;
	char plan[2048];
};

static struct sieve_program *
compile(const char *script)
{
	struct sieve_options options = { sieve_extensions_all(), NULL };
	struct sieve_program *program = NULL;
	struct sieve_errors errors;

	sieve_errors_init(&errors);
	if (sieve_compile(slice_of(script), &options, &program, &errors) < 0)
		print_message("%s\n", errors.list[0].text);
	assert_non_null(program);
	sieve_errors_done(&errors);
	return program;
}

static void
setup(struct world *world)
{
	*world = (struct world){ .arena = ARENA_INIT };
	world->message = message_text;
	world->envelope.from = SLICE("anna@example.org");
	world->envelope.to = SLICE("fred@example.com");
	sieve_environment_init(&world->environment);
}

static void
run(struct world *world, const char *const *scripts, size_t n)
{
	struct sieve_program *programs[4];
	struct sieve_job job = { .programs = programs,
		.n_programs = n,
		.message =
		    sieve_message_new(&world->arena, slice_of(world->message)),
		.envelope = &world->envelope,
		.environment = &world->environment,
		.callbacks = &world->callbacks,
		.context = world };
	FILE *out = fmemopen(world->plan, sizeof world->plan, "w");

	for (size_t i = 0; i < n; i++)
		programs[i] = compile(scripts[i]);
	(void)sieve_run(&job, &world->arena, &world->result);
	/* A result does not look into the programs. */
	for (size_t i = 0; i < n; i++)
		sieve_program_unref(programs[i]);
	for (const struct sieve_action *a = world->result.actions; a != NULL;
	     a = a->next)
		sieve_action_print(a, out);
	(void)fclose(out);
	sieve_message_done(job.message);
}

static const struct {
	const char *name;
	const char *scripts[3];
	const char *plan;
	enum sieve_status status;
} cases[] = {
	{ "nothing said: kept", { "" }, "keep \"INBOX\" (implicit)\n",
	    SIEVE_OK },
	{ "discard is told when it is all", { "discard;" }, "discard\n",
	    SIEVE_OK },
	{ "discard and a redirect: just the redirect",
	    { "redirect \"a@b.example\"; discard;" }, "redirect a@b.example\n",
	    SIEVE_OK },
	{ "fileinto INBOX is a keep",
	    { "require \"fileinto\"; fileinto \"inbox\"; keep;" },
	    "keep \"INBOX\"\n", SIEVE_OK },
	{ "a redirect twice is one, whatever its case",
	    { "redirect \"a@b.example\"; redirect \"A@b.example\";" },
	    "redirect a@b.example\n", SIEVE_OK },
	{ "an error leaves a keep and nothing by halves",
	    { "require [\"fileinto\", \"ihave\"]; redirect \"a@b.example\";"
	      "fileinto \"x\"; error \"no\";" },
	    "keep \"INBOX\" (implicit)\n", SIEVE_FAILED },
	{ "the next script decides what the first one kept",
	    { "keep;", "require \"fileinto\"; fileinto \"x\";" },
	    "fileinto \"x\"\n", SIEVE_OK },
	{ "a script that did not keep is the last one",
	    { "discard;", "require \"fileinto\"; fileinto \"x\";" },
	    "discard\n", SIEVE_OK },
	{ "stop ends one script, not the row",
	    { "stop; discard;", "require \"fileinto\"; fileinto \"x\";" },
	    "fileinto \"x\"\n", SIEVE_OK },
	{ "what the first script did stays when the second one fails",
	    { "require [\"fileinto\", \"copy\"]; fileinto :copy \"x\";",
		"require \"ihave\"; discard; error \"no\";" },
	    "fileinto \"x\"\nkeep \"INBOX\" (implicit)\n", SIEVE_FAILED },
	{ "flags of one script are not those of the next",
	    { "require \"imap4flags\"; addflag \"x\";", "keep;" },
	    "keep \"INBOX\"\n", SIEVE_OK },
};

static void
scripts_make_plans(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world world;
		size_t n = 0;

		CASE(cases[i].name);
		while (n < 3 && cases[i].scripts[n] != NULL)
			n++;
		setup(&world);
		run(&world, cases[i].scripts, n);
		assert_string_equal(world.plan, cases[i].plan);
		assert_int_equal(world.result.status, cases[i].status);
		arena_done(&world.arena);
	}
}

/* ---- Callbacks that cannot answer ---- */

static int
away(void *context, struct slice name)
{
	(void)context, (void)name;
	return -EIO;
}

static int
away_use(void *context, struct slice mailbox, struct slice use)
{
	(void)context, (void)mailbox, (void)use;
	return -EIO;
}

static int
away_metadata(void *context, struct slice mailbox, struct slice annotation,
    struct slice *value_out)
{
	(void)context, (void)mailbox, (void)annotation, (void)value_out;
	return -EIO;
}

static int
away_include(void *context, bool global, struct slice name,
    struct sieve_program **program_out)
{
	(void)context, (void)global, (void)name, (void)program_out;
	return -EIO;
}

static const char *const questions[] = {
	"require \"mailbox\"; if mailboxexists \"a\" { discard; }",
	"require \"special-use\"; if specialuse_exists \"\\\\Junk\" {}",
	"require \"mailboxid\"; if mailboxidexists \"F1\" { discard; }",
	"require \"mboxmetadata\"; if metadata \"a\" \"/b\" \"c\" {}",
	"require \"servermetadata\"; if servermetadataexists \"/b\" {}",
	"require \"include\"; include \"a\";",
	"require \"duplicate\"; if duplicate :uniqueid \"a\" { discard; }",
	"require \"vacation\"; vacation \"away\";",
	"require \"extlists\"; if header :list \"from\" \"a\" { discard; }",
	"require \"extlists\"; if valid_ext_list \"a\" { discard; }",
};

static void
an_answer_that_is_not_to_be_had_defers(void **state)
{
	const struct sieve_callbacks callbacks = { .mailbox_exists = away,
		.special_use = away_use,
		.mailbox_id = away,
		.metadata = away_metadata,
		.include = away_include,
		.duplicate_seen = away,
		.vacation_seen = away,
		.my_address = away,
		.list_contains = away_use,
		.list_exists = away };

	(void)state;
	for (size_t i = 0; i < COUNT(questions); i++) {
		struct world world;

		CASE(questions[i]);
		setup(&world);
		world.callbacks = callbacks;
		run(&world, &questions[i], 1);
		assert_int_equal(world.result.status, SIEVE_DEFER);
		assert_non_null(world.result.error.text);
		arena_done(&world.arena);
	}
}

/* ---- Budgets ---- */

static void
steps_left_to_the_mailbox_are_the_budget(void **state)
{
	static const char *const script[] = {
		"if header \"subject\" \"x\" { discard; }"
	};
	struct world world;

	(void)state;
	setup(&world);
	run(&world, script, 1);
	assert_int_equal(world.result.status, SIEVE_OK);
	assert_in_range(world.result.steps, 2, 4);
	arena_done(&world.arena);

	setup(&world);
	world.environment.steps = 1;
	run(&world, script, 1);
	assert_int_equal(world.result.status, SIEVE_FAILED);
	assert_string_equal(world.result.limit, "steps");
	assert_string_equal(world.plan, "keep \"INBOX\" (implicit)\n");
	arena_done(&world.arena);
}

static void
a_body_beyond_8_mb_is_not_looked_at(void **state)
{
	static const char *const script[] = {
		"require \"body\"; if body :raw :contains \"x\" { discard; }"
	};
	struct world world;
	size_t n = SIEVE_BODY_SCAN_MAX + 100;
	char *text = malloc(n + 1);

	(void)state;
	(void)memset(text, 'a', n);
	(void)memcpy(text, "A: b\n\n", 6);
	text[n] = '\0';
	setup(&world);
	world.message = text;
	run(&world, script, 1);
	assert_string_equal(world.result.limit, "body");
	assert_string_equal(world.plan, "keep \"INBOX\" (implicit)\n");
	arena_done(&world.arena);
	free(text);
}

/* Multiparts inside each other, or beside each other. */
static char *
parts(size_t n, bool nested)
{
	char *text = malloc(n * 80 + 200), *p = text;

	p += sprintf(p, "Content-Type: multipart/mixed; boundary=b0\n\n");
	for (size_t i = 0; i < n && nested; i++)
		p += sprintf(p,
		    "--b%zu\nContent-Type: multipart/mixed; "
		    "boundary=b%zu\n\n",
		    i, i + 1);
	for (size_t i = 0; i < n && !nested; i++)
		p += sprintf(p, "--b0\n\nx\n");
	return text;
}

static void
a_message_of_too_many_parts_is_kept(void **state)
{
	static const char *const script[] = {
		"require \"body\"; if body :contains \"y\" { discard; }"
	};

	(void)state;
	for (int nested = 0; nested < 2; nested++) {
		struct world world;
		char *text = parts(nested ? 60 : 1100, nested);

		setup(&world);
		world.message = text;
		run(&world, script, 1);
		assert_string_equal(world.result.limit, "parts");
		assert_string_equal(world.plan, "keep \"INBOX\" (implicit)\n");
		arena_done(&world.arena);
		free(text);
	}
}

/* ---- Marks ---- */

static void
marks_are_given_back(void **state)
{
	static const char *const script[] = {
		"require [\"duplicate\", \"vacation\"];"
		"if duplicate :uniqueid \"a\" :seconds 60 { discard; }"
		"vacation :days 3 \"away\";"
	};
	struct world world;
	const struct sieve_action *a;

	(void)state;
	setup(&world);
	run(&world, script, 1);
	assert_non_null(world.result.duplicates);
	assert_int_equal(world.result.duplicates->period_s, 60);
	a = world.result.actions;
	assert_int_equal(a->type, SIEVE_VACATION);
	assert_int_equal(a->vacation.period_s, 3 * 86400);
	assert_true(a->vacation.key.n > 0);
	arena_done(&world.arena);
}

/* ---- My addresses ---- */

static int
is_of_example_com(void *context, struct slice address)
{
	(void)context;
	return slice_eq_nocase(
	    slice_tail(address, address.n - 12), SLICE("@example.com"));
}

static const struct {
	const char *name, *from, *to;
	bool answered;
} my_addresses[] = {
	{ "an address that the caller knows", "anna@example.org",
	    "sales@example.com", true },
	{ "an address that nobody knows", "anna@example.org",
	    "sales@example.net", false },
	{ "my own message", "sales@example.com", "sales@example.com", false },
};

static void
the_caller_knows_my_addresses(void **state)
{
	static const char *const script[] = {
		"require \"vacation\"; vacation \"away\";"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(my_addresses); i++) {
		struct world world;

		CASE(my_addresses[i].name);
		setup(&world);
		world.envelope.from = slice_of(my_addresses[i].from);
		world.envelope.to = SLICE("box@mx.example");
		world.message = arena_printf(
		    &world.arena, "To: %s\r\n\r\n", my_addresses[i].to);
		world.callbacks.my_address = is_of_example_com;
		run(&world, script, 1);
		assert_int_equal(strstr(world.plan, "vacation") != NULL,
		    my_addresses[i].answered);
		arena_done(&world.arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_make_plans),
		cmocka_unit_test(an_answer_that_is_not_to_be_had_defers),
		cmocka_unit_test(steps_left_to_the_mailbox_are_the_budget),
		cmocka_unit_test(a_body_beyond_8_mb_is_not_looked_at),
		cmocka_unit_test(a_message_of_too_many_parts_is_kept),
		cmocka_unit_test(marks_are_given_back),
		cmocka_unit_test(the_caller_knows_my_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
