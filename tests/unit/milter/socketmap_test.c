#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>

#include "milter/socketmap.h"

static const struct {
	const char *name, *in;
	int r;
	const char *map, *key;
	size_t used;
} reads[] = {
	{ "a request", "19:virtual example.org,", 1, "virtual", "example.org",
	    23 },
	{ "two requests, the first", "7:relay x,7:relay y,", 1, "relay", "x",
	    10 },
	{ "an empty key", "6:relay ,", 1, "relay", "", 9 },
	{ "a key with blanks", "9:relay a b,", 1, "relay", "a b", 12 },
	{ "a key with commas and colons", "9:relay 1:,,", 1, "relay", "1:,",
	    12 },
	{ "nothing yet", "", 0, NULL, NULL, 0 },
	{ "a length so far", "12", 0, NULL, NULL, 0 },
	{ "no comma yet", "7:relay x", 0, NULL, NULL, 0 },
	{ "half a request", "19:virtual exam", 0, NULL, NULL, 0 },
	{ "no blank", "5:relay,", -EPROTO, NULL, NULL, 0 },
	{ "no comma", "7:relay x;", -EPROTO, NULL, NULL, 0 },
	{ "a length too many", "99999", -EPROTO, NULL, NULL, 0 },
	{ "more than we read", "1025:", -EPROTO, NULL, NULL, 0 },
	{ "a negative length", "-1:x,", -EPROTO, NULL, NULL, 0 },
	{ "no length", ":relay x,", -EPROTO, NULL, NULL, 0 },
	{ "no netstring at all", "GET / HTTP/1.0", -EPROTO, NULL, NULL, 0 },
};

static void
requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(reads); i++) {
		struct socketmap_request request;
		size_t used = 0;

		CASE(reads[i].name);
		assert_int_equal(
		    socketmap_read(slice_of(reads[i].in), &request, &used),
		    reads[i].r);
		if (reads[i].r != 1)
			continue;
		assert_slice(request.map, reads[i].map);
		assert_slice(request.key, reads[i].key);
		assert_int_equal(used, reads[i].used);
	}
}

static void
a_request_in_pieces_waits_for_each(void **state)
{
	const struct slice whole = SLICE("19:virtual example.org,");
	struct socketmap_request request;
	size_t used;

	(void)state;
	for (size_t n = 0; n < whole.n; n++)
		assert_int_equal(
		    socketmap_read(slice_head(whole, n), &request, &used), 0);
	assert_int_equal(socketmap_read(whole, &request, &used), 1);
}

static void
the_largest_request_fits_its_buffer(void **state)
{
	char octets[SOCKETMAP_FRAME_MAX + 1];
	struct socketmap_request request;
	size_t used;
	int n = snprintf(
	    octets, sizeof octets, "%d:relay ", (int)SOCKETMAP_REQUEST_MAX);

	(void)state;
	(void)memset(octets + n, 'x', sizeof octets - (size_t)n);
	octets[SOCKETMAP_FRAME_MAX - 1] = ',';
	assert_int_equal(
	    socketmap_read(
		(struct slice){ octets, SOCKETMAP_FRAME_MAX }, &request, &used),
	    1);
	assert_int_equal(used, SOCKETMAP_FRAME_MAX);
}

static void
answers(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(200);

	(void)state;
	socketmap_write(&out, SOCKETMAP_OK, SLICE("virtual"));
	socketmap_write(&out, SOCKETMAP_NOTFOUND, SLICE(""));
	socketmap_write(&out, SOCKETMAP_TEMP, SLICE("try later"));
	assert_string_equal(
	    buf_text(&out), "10:OK virtual,9:NOTFOUND ,14:TEMP try later,");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(a_request_in_pieces_waits_for_each),
		cmocka_unit_test(the_largest_request_fits_its_buffer),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests_name("socketmap", tests, NULL, NULL);
}
