#include "cli/pickle.h"

#include <stdlib.h>

#include "tests/unit/test.h"

/* Compares with JSON, or says that there is none for NULL. */
static void
expect(struct slice octets, const char *wanted)
{
	json_t *value = pickle_read(octets);
	char *text;

	if (wanted == NULL) {
		assert_null(value);
		return;
	}
	assert_non_null(value);
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(text, wanted);
	free(text);
	json_decref(value);
}

static const struct {
	const char *name;
	struct slice octets;
	const char *json;
} cases[] = {
	{ "a dictionary of protocol 2", SLICE("\x80\2}q\0(U\1aK\1U\1bK\2u."),
	    "{\"a\":1,\"b\":2}" },
	{ "one pair at a time", SLICE("}U\1aK\1s."), "{\"a\":1}" },
	{ "a key that is no text", SLICE("}K\1K\2s."), "{}" },
	{ "lists", SLICE("](K\1K\2eK\3a."), "[1,2,3]" },
	{ "tuples", SLICE("(K\1(K\2tt."), "[1,[2]]" },
	{ "a text twice", SLICE("]U\2hiq\1ah\1a."), "[\"hi\",\"hi\"]" },
	{ "ISO 8859-1", SLICE("U\1\xE4."), "\"\xC3\xA4\"" },
	{ "an object is nothing", SLICE("(K\1cos\nsystem\no."), "null" },
	{ "a call is nothing", SLICE("cos\nsystem\nU\2id\x85R."), "null" },
	{ "nothing", SLICE(""), NULL },
	{ "no end", SLICE("K\1"), NULL },
	{ "two results", SLICE("K\1K\2."), NULL },
	{ "an unknown code", SLICE("~."), NULL },
	{ "a mark is no value", SLICE("(."), NULL },
	{ "a mark in a list", SLICE("](a."), NULL },
	{ "a mark in a dictionary", SLICE("}U\1a(s."), NULL },
	{ "a mark in a pair", SLICE("(K\1\x86."), NULL },
	{ "append to a number", SLICE("K\1K\2a."), NULL },
	{ "a pair into a list", SLICE("]U\1aK\1s."), NULL },
	{ "half a pair", SLICE("}(U\1au."), NULL },
	{ "no mark", SLICE("]K\1e."), NULL },
	{ "no list below the mark", SLICE("(K\1e."), NULL },
	{ "an empty stack", SLICE("0."), NULL },
	{ "what was not remembered", SLICE("h\7."), NULL },
	{ "a text that ends early", SLICE("U\5hi."), NULL },
	{ "another protocol", SLICE("\x80\4."), NULL },
};

static void
pickles_become_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		expect(cases[i].octets, cases[i].json);
	}
}

/* A call for each level would be needed to release them. */
static void
containers_nest_so_deep_and_no_deeper(void **state)
{
	static const struct {
		const char *name, *one;
	} ways[] = {
		{ "tuples", "\x85" },
		{ "pairs", "N\x86" },
	};
	static char octets[100000];

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		size_t n = 0, step = strlen(ways[i].one);
		json_t *deep;

		CASE(ways[i].name);
		octets[n++] = 'N';
		for (; n + step < sizeof octets; n += step)
			(void)memcpy(octets + n, ways[i].one, step);
		octets[n] = '.';
		expect((struct slice){ octets, n + 1 }, NULL);
		n = 1 + step * PICKLE_DEPTH_MAX;
		octets[n] = '.';
		deep = pickle_read((struct slice){ octets, n + 1 });
		assert_non_null(deep);
		json_decref(deep);
	}
}

static void
lists_in_lists_count_as_well(void **state)
{
	char octets[2 * (PICKLE_DEPTH_MAX + 2) + 1];
	size_t levels = PICKLE_DEPTH_MAX + 2, n = 0;

	(void)state;
	for (size_t i = 0; i < levels; i++)
		octets[n++] = ']';
	for (size_t i = 1; i < levels; i++)
		octets[n++] = 'a';
	octets[n++] = '.';
	expect((struct slice){ octets, n }, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pickles_become_json),
		cmocka_unit_test(containers_nest_so_deep_and_no_deeper),
		cmocka_unit_test(lists_in_lists_count_as_well),
	};

	return cmocka_run_group_tests_name("cli/pickle", tests, NULL, NULL);
}
