#include "tests/unit/test.h"

#include "listmgr/extension.h"

#define TOKEN "abcdefghijklmnopqrstuvwxyz"

static void
an_address_says_what_is_wanted(void **state)
{
	static const struct {
		const char *name, *text;
		enum extension_kind kind;
		const char *mode, *address, *token, *decision;
	} cases[] = {
		{ "nothing is a post", "", EXTENSION_POST, "", "", "", "" },
		{ "subscribe", "subscribe", EXTENSION_SUBSCRIBE, "normal", "",
		    "", "" },
		{ "case is one", "SubScribe-Digest", EXTENSION_SUBSCRIBE,
		    "digest", "", "", "" },
		{ "join is the same", "join-nomail", EXTENSION_SUBSCRIBE,
		    "nomail", "", "", "" },
		{ "another address keeps its case",
		    "subscribe-Anna.B=x.example", EXTENSION_SUBSCRIBE, "normal",
		    "Anna.B@x.example", "", "" },
		{ "leave", "leave", EXTENSION_UNSUBSCRIBE, "", "", "", "" },
		{ "the last = is the @", "unsubscribe-a=b=c.example",
		    EXTENSION_UNSUBSCRIBE, "", "a=b@c.example", "", "" },
		{ "confirm", "confirm-" TOKEN, EXTENSION_CONFIRM, "", "", TOKEN,
		    "" },
		{ "confirm with a plus", "CONFIRM+ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		    EXTENSION_CONFIRM, "", "", TOKEN, "" },
		{ "help", "help", EXTENSION_HELP, "", "", "", "" },
		{ "owner", "owner", EXTENSION_OWNER, "", "", "", "" },
		{ "a decision", "mod-" TOKEN "-member", EXTENSION_MODERATE, "",
		    "", TOKEN, "member" },
		{ "a bounce by token", "b-" TOKEN, EXTENSION_BOUNCE_TOKEN, "",
		    "", TOKEN, "" },
		{ "a probe's", "p-" TOKEN, EXTENSION_BOUNCE_PROBE, "", "",
		    TOKEN, "" },
		{ "a letter's", "c-" TOKEN, EXTENSION_BOUNCE_LETTER, "", "",
		    TOKEN, "" },
		{ "a mode", "set-normal", EXTENSION_SET, "normal", "", "", "" },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct extension got;

		CASE(cases[i].name);
		assert_int_equal(
		    extension_parse(&arena, slice_of(cases[i].text), &got), 0);
		assert_int_equal(got.kind, cases[i].kind);
		assert_slice(got.mode, cases[i].mode);
		assert_slice(got.address, cases[i].address);
		assert_slice(got.token, cases[i].token);
		assert_slice(got.decision, cases[i].decision);
	}
	arena_done(&arena);
}

static void
a_bounce_names_post_and_subscriber(void **state)
{
	static const struct {
		const char *name, *text;
		long long post;
		const char *mac, *address;
	} cases[] = {
		{ "plain", "b-7.abcdefgh-user=dom.example", 7, "abcdefgh",
		    "user@dom.example" },
		{ "a hyphen of the user's own",
		    "b-7.abcdefgh-a+b-c=good.example", 7, "abcdefgh",
		    "a+b-c@good.example" },
		{ "an = of the user's own", "b-12.ABCDEFG2-a=b=good.example",
		    12, "abcdefg2", "a=b@good.example" },
		{ "a blank in quotes", "b-1.aaaaaaaa-sp ace=good.example", 1,
		    "aaaaaaaa", "sp ace@good.example" },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct extension got;

		CASE(cases[i].name);
		assert_int_equal(
		    extension_parse(&arena, slice_of(cases[i].text), &got), 0);
		assert_int_equal(got.kind, EXTENSION_BOUNCE);
		assert_int_equal(got.first, cases[i].post);
		assert_slice(got.mac, cases[i].mac);
		assert_slice(got.address, cases[i].address);
	}
	arena_done(&arena);
}

static void
posts_are_asked_for_by_number(void **state)
{
	struct arena arena = ARENA_INIT;
	struct extension got;

	(void)state;
	assert_int_equal(extension_parse(&arena, SLICE("get-4"), &got), 0);
	assert_int_equal(got.first, 4);
	assert_int_equal(got.last, 4);
	assert_int_equal(extension_parse(&arena, SLICE("GET-4_17"), &got), 0);
	assert_int_equal(got.last, 17);
	arena_done(&arena);
}

static void
all_else_is_refused(void **state)
{
	static const char *const cases[] = { "x", "subscribe-", "subscribex",
		"subscribe-user", "subscribe-=x.example",
		"subscribe-user=", "confirm", "confirm-", "confirm-short",
		"confirm-abcdefghijklmnopqrstuvwxy1", "help-me", "owner+x",
		"mod-" TOKEN, "mod-" TOKEN "-yes", "mod--ok", "b-",
		"b-7.abcdefgh", "b-7.abcdefgh-user", "b-0.abcdefgh-a=b",
		"b-7.abcdefg1-a=b", "b-7.abc-a=b", "b-x.abcdefgh-a=b", "p-x",
		"get-", "get-0", "get-5_4", "get-5_x", "get-99999999999",
		"set-", "set-all" };
	struct arena arena = ARENA_INIT;
	struct extension got;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i]);
		assert_int_not_equal(
		    extension_parse(&arena, slice_of(cases[i]), &got), 0);
	}
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_says_what_is_wanted),
		cmocka_unit_test(a_bounce_names_post_and_subscriber),
		cmocka_unit_test(posts_are_asked_for_by_number),
		cmocka_unit_test(all_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
