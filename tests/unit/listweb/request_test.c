#include "tests/unit/test.h"

#include <stdlib.h>

#include "listweb/request.h"

#define TOKEN "abcdefghijklmnopqrstuvwxyz"

static int
ask(struct arena *arena, const char *method, const char *uri,
    struct request *request)
{
	char *env[] = { arena_printf(arena, "REQUEST_METHOD=%s", method),
		arena_printf(arena, "REQUEST_URI=%s", uri), NULL };

	return request_read(arena, env, request);
}

static void
a_path_leads_to_its_route(void **state)
{
	static const struct {
		const char *uri;
		enum route route;
	} cases[] = {
		{ "/", ROUTE_INDEX },
		{ "/?q=1", ROUTE_INDEX },
		{ "/style.css", ROUTE_STYLE },
		{ "/me", ROUTE_OWN },
		{ "/me/", ROUTE_OWN },
		{ "/c/" TOKEN, ROUTE_CONFIRM },
		{ "/u/" TOKEN "234", ROUTE_LEAVE },
		{ "/h/" TOKEN "?x", ROUTE_WAITING },
		{ "/l/news@x.example", ROUTE_LIST },
		{ "/l/news@x.example/", ROUTE_LIST },
		{ "/l/news%40x.example/search?q=x", ROUTE_SEARCH },
		{ "/l/news@x.example/2026-11/", ROUTE_MONTH },
		{ "/l/news@x.example/2026-11/mbox.gz", ROUTE_MONTH_MBOX },
		{ "/l/news@x.example/2026-13", ROUTE_MESSAGE },
		{ "/l/news@x.example/2026-11@x/", ROUTE_MESSAGE },
		{ "/l/news@x.example/a%2Fraw@x/", ROUTE_MESSAGE },
		{ "/l/news@x.example/a@x/raw", ROUTE_RAW },
		{ "/l/news@x.example/a@x/thread", ROUTE_THREAD },
		{ "/l/news@x.example/a@x/mbox.gz", ROUTE_THREAD_MBOX },
		{ "/l/news@x.example/a@x/0", ROUTE_PART },
		{ "/l/news@x.example/a@x/99999999999999", ROUTE_NONE },
		{ "/l/news@x.example/a@x/b", ROUTE_NONE },
		{ "/l/news@x.example/a@x/1/2", ROUTE_NONE },
		{ "/l/news@x.example/a@x/1/2/3", ROUTE_NONE },
		{ "/l/", ROUTE_NONE },
		{ "/l", ROUTE_NONE },
		{ "//", ROUTE_NONE },
		{ "", ROUTE_NONE },
		{ "me", ROUTE_NONE },
		{ "/ME", ROUTE_NONE },
		{ "/c/short", ROUTE_NONE },
		{ "/c/" TOKEN "1", ROUTE_NONE },
		{ "/l/a%00@x", ROUTE_NONE },
		{ "/l/a%0A@x", ROUTE_NONE },
		{ "/l/a%FF@x", ROUTE_NONE },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request request;
		int status = ask(&arena, "GET", cases[i].uri, &request);

		CASE(cases[i].uri);
		assert_string_equal(
		    route_name(request.route), route_name(cases[i].route));
		assert_int_equal(
		    status, cases[i].route == ROUTE_NONE ? 404 : 0);
	}
	arena_done(&arena);
}

static void
parts_are_decoded_once_and_one_by_one(void **state)
{
	struct arena arena = ARENA_INIT;
	struct request request;

	(void)state;
	assert_int_equal(
	    ask(&arena, "GET", "/l/News@x.example/a%2Fb%2520%C3%BC@x/17",
		&request),
	    0);
	assert_slice(request.list, "News@x.example");
	assert_slice(request.message_id, "a/b%20ü@x");
	assert_int_equal(request.number, 17);
	assert_int_equal(
	    ask(&arena, "GET", "/c/ABCDEFGHIJKLMNOPQRSTUVWXYZ", &request), 0);
	assert_slice(request.token, TOKEN);
	arena_done(&arena);
}

static void
only_some_pages_take_a_form(void **state)
{
	static const struct {
		const char *method, *uri;
		int status;
	} cases[] = {
		{ "HEAD", "/", 0 }, { "POST", "/", 405 }, { "PUT", "/me", 405 },
		{ "GET", "/l/a@x/b@x/remove", 405 },
		{ "POST", "/me", 415 }, /* there is no Content-Type */
	};
	struct arena arena = ARENA_INIT;
	struct request request;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].uri);
		assert_int_equal(
		    ask(&arena, cases[i].method, cases[i].uri, &request),
		    cases[i].status);
	}
	arena_done(&arena);
}

static void
a_cookie_among_others_is_the_session(void **state)
{
	static const struct {
		const char *name, *cookies, *session;
	} cases[] = {
		{ "alone", REQUEST_COOKIE "=" TOKEN, TOKEN },
		{ "among others", "a=b; " REQUEST_COOKIE "=" TOKEN ";c",
		    TOKEN },
		{ "another's", "x" REQUEST_COOKIE "=" TOKEN, "" },
		{ "what is no token", REQUEST_COOKIE "=" TOKEN "'--", "" },
		{ "none", "", "" },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *env[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/",
			arena_printf(
			    &arena, "HTTP_COOKIE=%s", cases[i].cookies),
			NULL };
		struct request request;

		CASE(cases[i].name);
		assert_int_equal(request_read(&arena, env, &request), 0);
		assert_slice(request.session, cases[i].session);
	}
	arena_done(&arena);
}

static void
one_click_is_said_in_two_ways(void **state)
{
	static const struct {
		const char *name, *body;
		bool said;
	} cases[] = {
		{ "a form", "List-Unsubscribe=One-Click", true },
		{ "a form with more", "a=b&List-Unsubscribe=One-Click", true },
		{ "a part",
		    "--x\r\nContent-Disposition: form-data; "
		    "name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--",
		    true },
		{ "nothing", "", false },
		{ "another word", "List-Unsubscribe=Two", false },
		{ "another field", "X-List-Unsubscribe=One-Click", false },
		{ "another part", "name=\"x\"\r\n\r\nOne-Click", false },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request request = { .route = ROUTE_LEAVE };

		CASE(cases[i].name);
		request_take_body(&arena, slice_of(cases[i].body), &request);
		assert_int_equal(request.one_click, cases[i].said);
	}
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_leads_to_its_route),
		cmocka_unit_test(parts_are_decoded_once_and_one_by_one),
		cmocka_unit_test(only_some_pages_take_a_form),
		cmocka_unit_test(a_cookie_among_others_is_the_session),
		cmocka_unit_test(one_click_is_said_in_two_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
