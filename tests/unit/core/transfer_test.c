#include "tests/unit/test.h"

#include <errno.h>

#include "core/transfer.h"

static void
encodings_are_known_by_their_names(void **state)
{
	static const struct {
		const char *header;
		enum transfer transfer;
	} cases[] = {
		{ "", TRANSFER_7BIT },
		{ "Content-Transfer-Encoding: 7BIT\n", TRANSFER_7BIT },
		{ "Content-Transfer-Encoding: 8bit\n", TRANSFER_8BIT },
		{ "Content-Transfer-Encoding: binary\n", TRANSFER_8BIT },
		{ "Content-Transfer-Encoding: Quoted-Printable\n",
		    TRANSFER_QUOTED },
		{ "Content-Transfer-Encoding: base64;\n", TRANSFER_BASE64 },
		{ "Content-Transfer-Encoding: x-uuencode\n", TRANSFER_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
		    transfer_of(slice_of(cases[i].header)), cases[i].transfer);
}

static void
decoding_is_lenient(void **state)
{
	static const struct {
		const char *name;
		enum transfer transfer;
		const char *from, *to;
	} cases[] = {
		{ "plain text is left alone", TRANSFER_8BIT, "a=20b", "a=20b" },
		{ "codes of both cases", TRANSFER_QUOTED, "=C3=bc=3D",
		    "\xC3\xBC=" },
		{ "soft breaks, with blanks and CR", TRANSFER_QUOTED,
		    "a=\nb= \t\r\nc", "abc" },
		{ "a soft break at the very end", TRANSFER_QUOTED, "a=", "a" },
		{ "what is no code stays", TRANSFER_QUOTED, "a=zz=4",
		    "a=zz=4" },
		{ "base64 in lines", TRANSFER_BASE64, "SGFs\nbG8=\n", "Hallo" },
		{ "octets that are no base64", TRANSFER_BASE64, "SG!Fs b\x80G8",
		    "Hallo" },
		{ "nothing behind the padding", TRANSFER_BASE64,
		    "SGE=bG8=", "Ha" },
		{ "nothing", TRANSFER_BASE64, "", "" },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_slice(transfer_decode(&arena, cases[i].transfer,
				 slice_of(cases[i].from)),
		    cases[i].to);
	}
	arena_done(&arena);
}

static void
encoding_keeps_lines_short(void **state)
{
	static const struct {
		const char *name, *from, *quoted;
	} cases[] = {
		{ "ASCII", "a b\n", "a b\n" },
		{ "umlauts and =", "\xC3\xBC=\n", "=C3=BC=3D\n" },
		{ "blanks at the ends of lines", "a \nb\t", "a=20\nb=09" },
		{ "dots and From in front", ".x\nFrom y", "=2Ex\n=46rom y" },
		{ "a long line",
		    "0123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789\n",
		    "0123456789012345678901234567890123456789"
		    "01234567890123456789012345678901234=\n56789\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf to = BUF_INIT(1000);

		CASE(cases[i].name);
		assert_int_equal(
		    transfer_add_quoted(&to, slice_of(cases[i].from)), 0);
		assert_slice(buf_slice(&to), cases[i].quoted);
		buf_free(&to);
	}
}

static void
what_was_encoded_comes_back(void **state)
{
	struct arena arena = ARENA_INIT;
	struct buf base64 = BUF_INIT(4000), quoted = BUF_INIT(4000);
	struct buf small = BUF_INIT(10);
	char octets[1000];
	struct slice all = { octets, sizeof octets };

	(void)state;
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (char)(i * 7);
	assert_int_equal(transfer_add_base64(&base64, all), 0);
	assert_int_equal(transfer_add_quoted(&quoted, all), 0);
	assert_true(slice_eq(
	    transfer_decode(&arena, TRANSFER_BASE64, buf_slice(&base64)), all));
	assert_true(slice_eq(
	    transfer_decode(&arena, TRANSFER_QUOTED, buf_slice(&quoted)), all));
	assert_int_equal(transfer_add_base64(&small, all), -EMSGSIZE);
	assert_int_equal(transfer_add_quoted(&small, all), -EMSGSIZE);
	buf_free(&base64);
	buf_free(&quoted);
	buf_free(&small);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodings_are_known_by_their_names),
		cmocka_unit_test(decoding_is_lenient),
		cmocka_unit_test(encoding_keeps_lines_short),
		cmocka_unit_test(what_was_encoded_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
