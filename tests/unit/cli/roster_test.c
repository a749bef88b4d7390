#include "tests/unit/test.h"

#include "cli/pickle.h"
#include "cli/roster.h"

#define OCTETS(literal)                                                        \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}

/* Members as a sorted text of JSON, so that a case is one line. */
static void
assert_entries(const json_t *entries, const char *wanted)
{
	char *text = json_dumps(entries, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, wanted);
	free(text);
}

static void
files_of_members_are_read(void **state)
{
	static const struct {
		const char *name, *text;
		const char *entries; /* NULL: refused */
	} cases[] = {
		{ "lines", "# members\na@b\n\nAnna B <c@d>\r\n\"E, F\" <e@f>\n",
		    "[{\"address\":\"a@b\"},"
		    "{\"address\":\"c@d\",\"name\":\"Anna B\"},"
		    "{\"address\":\"e@f\",\"name\":\"E, F\"}]" },
		{ "what is no address goes on to the database", "nobody\n",
		    "[{\"address\":\"nobody\"}]" },
		{ "CSV with a header",
		    "Name,Email,Age,mode\n\"B, \"\"A\"\"\",a@b,7,digest\n"
		    ",c@d\n\n",
		    "[{\"address\":\"a@b\",\"mode\":\"digest\","
		    "\"name\":\"B, \\\"A\\\"\"},{\"address\":\"c@d\"}]" },
		{ "CSV with quotes that do not end", "address\n\"a@b\n",
		    "[{\"address\":\"a@b\"}]" },
		{ "our own JSON",
		    "[{\"address\":\"a@b\",\"mode\":\"nomail\",\"role\":"
		    "\"owner\",\"state\":\"disabled_user\",\"language\":null,"
		    "\"joined\":\"2020-01-01\",\"x\":1}]",
		    "[{\"address\":\"a@b\",\"joined\":\"2020-01-01\","
		    "\"mode\":\"nomail\",\"role\":\"owner\","
		    "\"state\":\"disabled_user\"}]" },
		{ "JSON of Mailman 3",
		    "{\"start\":0,\"entries\":["
		    "{\"address\":\"http://localhost:8001/3.1/addresses/a@b\","
		    "\"email\":\"a@b\",\"delivery_mode\":\"mime_digests\","
		    "\"display_name\":\"Anna\",\"role\":\"member\"},"
		    "{\"email\":\"c@d\",\"delivery_mode\":\"regular\","
		    "\"delivery_status\":\"by_bounces\"},"
		    "{\"email\":\"e@f\",\"delivery_status\":\"by_user\","
		    "\"preferred_language\":\"fr\"},"
		    "{\"email\":\"g@h\",\"role\":\"nonmember\"}]}",
		    "[{\"address\":\"a@b\",\"mode\":\"digest\",\"name\":"
		    "\"Anna\",\"role\":\"member\"},"
		    "{\"address\":\"c@d\",\"mode\":\"normal\","
		    "\"state\":\"disabled_bounce\"},"
		    "{\"address\":\"e@f\",\"mode\":\"nomail\"}]" },
		{ "JSON that is none", "[{", NULL },
		{ "JSON without members", "{\"total_size\": 0}", NULL },
		{ "JSON of something else", "[1, \"a@b\", []]", NULL },
		{ "nobody", "# nobody\n", NULL },
		{ "octets that are no text", "a@b\xFF\n", NULL },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *entries = json_array();
		const char *problem;

		CASE(cases[i].name);
		problem = roster_read(&arena, slice_of(cases[i].text), entries);
		assert_int_equal(problem == NULL, cases[i].entries != NULL);
		if (problem == NULL)
			assert_entries(entries, cases[i].entries);
		json_decref(entries);
	}
	arena_done(&arena);
}

static void
a_list_of_mailman_2_is_read(void **state)
{
	/* Protocol 1, as Mailman 2.1 writes config.pck. */
	static const char config[] = "}q\x01("
				     "U\x07members}q\x02(U\x03"
				     "a@bq\x03K\x00U\x03"
				     "c@dU\x03"
				     "C@du"
				     "U\x0e"
				     "digest_members}(U\x03"
				     "e@fK\x00u"
				     "U\x09usernames}(h\x03U\x06J\xFCrgenu"
				     "U\x08language}(h\x03U\x02"
				     "deU\x03"
				     "c@dU\x02"
				     "fru"
				     "U\x0f"
				     "delivery_status}(U\x03"
				     "c@d(K\x04GAAAAAAAAt"
				     "U\x03"
				     "e@f(K\x02K\x00tu"
				     "U\x05owner](U\x03"
				     "A@BU\x03"
				     "o@pe"
				     "U\x0b"
				     "bounce_info}(U\x03"
				     "c@d(iMailman.Bouncer\n_BounceInfo\n"
				     "}(U\x05scoreK\x01ubu"
				     "U\x07privateI01\nu.";
	struct arena arena = ARENA_INIT;
	json_t *entries = json_array();

	(void)state;
	assert_null(roster_read(
	    &arena, (struct slice){ config, sizeof config - 1 }, entries));
	assert_entries(entries,
	    "[{\"address\":\"a@b\",\"language\":\"de\",\"mode\":\"normal\","
	    "\"name\":\"J\xC3\xBCrgen\",\"role\":\"owner\"},"
	    "{\"address\":\"C@d\",\"mode\":\"normal\","
	    "\"state\":\"disabled_bounce\"},"
	    "{\"address\":\"e@f\",\"mode\":\"nomail\"},"
	    "{\"address\":\"o@p\",\"mode\":\"nomail\",\"role\":\"owner\"}]");
	json_decref(entries);
	arena_done(&arena);
}

static void
pickles_are_data_only(void **state)
{
	static const struct {
		const char *name;
		struct slice octets;
		const char *json; /* NULL: refused */
	} cases[] = {
		{ "a call is not made",
		    OCTETS("\x80\x02}U\x01"
			   "acos\nsystem\n(U\x02lstRs."),
		    "{\"a\":null}" },
		{ "tuples of protocol 2",
		    OCTETS("\x80\x02}U\x01"
			   "aK\x01K\x02\x86s."),
		    "{\"a\":[1,2]}" },
		{ "true, false and a long number",
		    OCTETS("\x80\x02](\x88\x89\x8a\x02"
			   "xxe."),
		    "[1,0,null]" },
		{ "a key that is no text is left out", OCTETS("}K\x01K\x02s."),
		    "{}" },
		{ "a list that holds itself",
		    OCTETS("]q\x00]h\x00"
			   "aa."),
		    "[[null]]" },
		{ "an empty stack", OCTETS("}0."), NULL },
		{ "a mark that is missing", OCTETS("]e."), NULL },
		{ "a text that is cut off",
		    OCTETS("}U\x09"
			   "ab"),
		    NULL },
		{ "a memo without that", OCTETS("}h\x05."), NULL },
		{ "a code that nobody knows", OCTETS("}\xff."), NULL },
		{ "a newer protocol", OCTETS("\x80\x04}."), NULL },
		{ "no end", OCTETS("}"), NULL },
		{ "two values", OCTETS("}}."), NULL },
		{ "nothing", OCTETS(""), NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *value;

		CASE(cases[i].name);
		value = pickle_read(cases[i].octets);
		if (cases[i].json == NULL)
			assert_null(value);
		else
			assert_entries(value, cases[i].json);
		json_decref(value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_members_are_read),
		cmocka_unit_test(a_list_of_mailman_2_is_read),
		cmocka_unit_test(pickles_are_data_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
