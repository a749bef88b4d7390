#include "tests/unit/test.h"

#include <stdlib.h>

#include "core/buf.h"
#include "core/web.h"

struct peer {
	struct buf written;
};

static size_t
read_nothing(void *peer, char *octets, size_t n)
{
	(void)peer;
	(void)octets;
	(void)n;
	return 0;
}

static void
write_down(void *peer, struct slice octets)
{
	(void)buf_add_slice(&((struct peer *)peer)->written, octets);
}

static void
a_response_has_its_length_and_no_guessing(void **state)
{
	static const struct {
		const char *method, *want;
	} cases[] = {
		{ "GET", "Status: 404 Not Found\r\nContent-Type: text/plain\r\n"
			 "A: b\r\nX-Content-Type-Options: nosniff\r\n"
			 "Referrer-Policy: no-referrer\r\n"
			 "Content-Length: 4\r\n\r\nnone" },
		{ "HEAD",
		    "Status: 404 Not Found\r\nContent-Type: text/plain\r\n"
		    "A: b\r\nX-Content-Type-Options: nosniff\r\n"
		    "Referrer-Policy: no-referrer\r\n"
		    "Content-Length: 4\r\n\r\n" },
	};
	const struct web_response response = { 404, "text/plain", "A: b\r\n",
		SLICE("none") };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char method[32] = "REQUEST_METHOD=";
		char *env[] = { method, NULL };
		struct peer peer = { BUF_INIT(4096) };
		struct web_exchange exchange = { env, &peer, read_nothing,
			write_down };

		CASE(cases[i].method);
		(void)strcat(method, cases[i].method);
		web_respond(&exchange, &response);
		assert_slice(buf_slice(&peer.written), cases[i].want);
		buf_free(&peer.written);
	}
}

static void
a_type_is_compared_without_its_parameters(void **state)
{
	(void)state;
	assert_true(
	    web_is_type(SLICE(" Text/XML ; charset=utf-8"), "text/xml"));
	assert_true(web_is_type(SLICE("text/xml"), "text/xml"));
	assert_false(web_is_type(SLICE("text/xmlx"), "text/xml"));
	assert_false(web_is_type(SLICE(""), "text/xml"));
}

static void
a_length_is_a_number_within_its_limit(void **state)
{
	static const struct {
		const char *name;
		char *variable;
		bool good;
		size_t bytes;
	} cases[] = {
		{ "none is none", "X=1", true, 0 },
		{ "empty is none", "CONTENT_LENGTH=", true, 0 },
		{ "a number", "CONTENT_LENGTH=10", true, 10 },
		{ "above the limit", "CONTENT_LENGTH=11", false, 0 },
		{ "negative", "CONTENT_LENGTH=-1", false, 0 },
		{ "too long for any", "CONTENT_LENGTH=99999999999999999999",
		    false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *env[] = { cases[i].variable, NULL };
		size_t bytes = 0;

		CASE(cases[i].name);
		assert_int_equal(
		    web_body_length(env, 10, &bytes), cases[i].good);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_response_has_its_length_and_no_guessing),
		cmocka_unit_test(a_type_is_compared_without_its_parameters),
		cmocka_unit_test(a_length_is_a_number_within_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
