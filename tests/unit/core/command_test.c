#include "tests/unit/test.h"

#include "core/command.h"

static void
verbs_have_no_case(void **state)
{
	static const struct {
		const char *name, *line;
		enum command_verb verb;
		const char *args;
	} cases[] = {
		{ "upper case", "LHLO a.example", COMMAND_LHLO, "a.example" },
		{ "lower case", "mail from:<>", COMMAND_MAIL, "from:<>" },
		{ "blanks around", "  Rcpt  to:<a@b>  ", COMMAND_RCPT,
		    "to:<a@b>" },
		{ "a verb alone", "DATA", COMMAND_DATA, "" },
		{ "EHLO is not LMTP's", "EHLO a", COMMAND_HELO, "a" },
		{ "a verb that begins like one", "RSETX", COMMAND_UNKNOWN, "" },
		{ "nothing", "", COMMAND_UNKNOWN, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct command got = command_read(slice_of(cases[i].line));

		CASE(cases[i].name);
		assert_int_equal(got.verb, cases[i].verb);
		assert_slice(got.args, cases[i].args);
	}
}

/* code 0: accepted, and the sender reads back as `sender`. */
static void
mail_tells_the_sender(void **state)
{
	static const struct {
		const char *name, *args;
		bool trusted;
		int code;
		const char *sender;
	} cases[] = {
		{ "an address", "FROM:<a@example.org>", false, 0,
		    "a@example.org" },
		{ "the null sender", "FROM:<>", false, 0, "" },
		{ "a blank behind the colon", "FROM: <a@b.example>", false, 0,
		    "a@b.example" },
		{ "a > in a quoted local part", "FROM:<\"a>b\"@b.example>",
		    false, 0, "\"a>b\"@b.example" },
		{ "a quoted quote", "FROM:<\"a\\\"> b\"@b.example>", false, 0,
		    "\"a\\\"> b\"@b.example" },
		{ "all parameters of strangers",
		    "FROM:<a@b.example> SIZE=5 BODY=8BITMIME RET=HDRS "
		    "ENVID=x+2By SMTPUTF8",
		    false, 0, "a@b.example" },
		{ "parameters have no case", "from:<a@b.example> size=5", false,
		    0, "a@b.example" },
		{ "no angle brackets", "FROM:a@b.example", false, 501, "" },
		{ "an unclosed path", "FROM:<a@b.example", false, 501, "" },
		{ "no colon", "FROM <a@b.example>", false, 501, "" },
		{ "junk behind the path", "FROM:<a@b.example>x", false, 501,
		    "" },
		{ "no domain", "FROM:<a>", false, 501, "" },
		{ "8-bit without SMTPUTF8", "FROM:<\xc3\xa4@b.example>", false,
		    553, "" },
		{ "8-bit with SMTPUTF8", "FROM:<\xc3\xa4@b.example> SMTPUTF8",
		    false, 0, "\xc3\xa4@b.example" },
		{ "malformed UTF-8", "FROM:<\xc3@b.example> SMTPUTF8", false,
		    501, "" },
		{ "a size that is none", "FROM:<a@b.example> SIZE=-1", false,
		    501, "" },
		{ "a size beyond 64 bits",
		    "FROM:<a@b.example> SIZE=99999999999999999999", false, 501,
		    "" },
		{ "an unknown body", "FROM:<a@b.example> BODY=BINARYMIME",
		    false, 501, "" },
		{ "an unknown parameter (RFC 5321 4.1.1.11)",
		    "FROM:<a@b.example> X=1", false, 555, "" },
		{ "a stranger's key",
		    "FROM:<a@b.example> XHAUSPOST-KEY=k XHAUSPOST-DATE=1",
		    false, 555, "" },
		{ "our fetcher's key",
		    "FROM:<a@b.example> XHAUSPOST-KEY=k XHAUSPOST-DATE=1", true,
		    0, "a@b.example" },
		{ "a key that nobody has said before",
		    "FROM:<> XHAUSPOST-KEY=k XHAUSPOST-DATE=1 XHAUSPOST-FIRST",
		    true, 0, "" },
		{ "a word with a value it has not", "FROM:<> XHAUSPOST-FIRST=1",
		    true, 501, "" },
		{ "a key without date", "FROM:<a@b.example> XHAUSPOST-KEY=k",
		    true, 501, "" },
		{ "a key with a line end",
		    "FROM:<> XHAUSPOST-KEY=k+0A XHAUSPOST-DATE=1", true, 501,
		    "" },
		{ "flags out of order", "FROM:<> XHAUSPOST-FLAGS=SF", true, 501,
		    "" },
		{ "flags in order", "FROM:<> XHAUSPOST-FLAGS=FS", true, 0, "" },
		{ "an unknown word of ours", "FROM:<> XHAUSPOST-X=1", true, 555,
		    "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct command_mail mail;
		struct why why = { 0 };
		enum verdict verdict = command_mail(&arena,
		    slice_of(cases[i].args), cases[i].trusted, &mail, &why);

		CASE(cases[i].name);
		assert_int_equal(why.code, cases[i].code);
		assert_int_equal(verdict == MAIL_OK, cases[i].code == 0);
		if (verdict == MAIL_OK)
			assert_slice(
			    addr_text(&arena, &mail.sender), cases[i].sender);
		arena_done(&arena);
	}
}

static void
mail_parameters_are_kept(void **state)
{
	struct arena arena = ARENA_INIT;
	struct command_mail mail;
	struct why why;

	(void)state;
	assert_int_equal(
	    command_mail(&arena,
		SLICE("FROM:<a@b.example> SIZE=4711 RET=FULL ENVID=a+2Bb "
		      "XHAUSPOST-KEY=k+3D1 XHAUSPOST-DATE=1764000000 "
		      "XHAUSPOST-FOLDER=Lists.C XHAUSPOST-FLAGS=S"),
		true, &mail, &why),
	    MAIL_OK);
	assert_int_equal(mail.size_bytes, 4711);
	assert_slice(mail.ret, "FULL");
	assert_slice(mail.envid, "a+2Bb");
	assert_slice(mail.hauspost.key, "k=1");
	assert_int_equal(mail.hauspost.date, 1764000000);
	assert_slice(mail.hauspost.folder, "Lists.C");
	assert_slice(mail.hauspost.flags, "S");
	arena_done(&arena);
}

static void
rcpt_tells_the_recipient(void **state)
{
	static const struct {
		const char *name, *args;
		int code;
		const char *original;
		unsigned notify;
	} cases[] = {
		{ "an address", "TO:<a@example.org>", 0, "", 0 },
		{ "who was written to", "TO:<a@b.example> ORCPT=rfc822;x+2By@z",
		    0, "x+y@z", 0 },
		{ "a UTF-8 original", "TO:<a@b.example> ORCPT=utf-8;\xc3\xa4@z",
		    0, "\xc3\xa4@z", 0 },
		{ "an original of another type is nothing to us",
		    "TO:<a@b.example> ORCPT=x400;y", 0, "", 0 },
		{ "an original with a line end is none",
		    "TO:<a@b.example> ORCPT=rfc822;x+0AX-Evil:+20y", 0, "", 0 },
		{ "an original that is no UTF-8 is none",
		    "TO:<a@b.example> ORCPT=rfc822;x+FF", 0, "", 0 },
		{ "two notifications", "TO:<a@b.example> NOTIFY=SUCCESS,delay",
		    0, "", NOTIFY_SUCCESS | NOTIFY_DELAY },
		{ "no notification", "TO:<a@b.example> NOTIFY=NEVER", 0, "",
		    NOTIFY_NEVER },
		{ "NEVER does not go with others (RFC 3461 4.1)",
		    "TO:<a@b.example> NOTIFY=NEVER,DELAY", 501, "", 0 },
		{ "an unknown word", "TO:<a@b.example> NOTIFY=NOW", 501, "",
		    0 },
		{ "an empty list", "TO:<a@b.example> NOTIFY=", 501, "", 0 },
		{ "the null address", "TO:<>", 501, "", 0 },
		{ "an empty quoted local part is an address (CVE-2020-10967)",
		    "TO:<\"\"@b.example>", 0, "", 0 },
		{ "an unknown parameter", "TO:<a@b.example> X", 555, "", 0 },
		{ "8-bit without SMTPUTF8", "TO:<\xc3\xa4@b.example>", 553, "",
		    0 },
		{ "SQL in a local part is a local part",
		    "TO:<\"';DROP--\"@b.example>", 0, "", 0 },
		{ "a source route is ignored (RFC 5321 appendix C)",
		    "TO:<@x.example:a@b.example>", 0, "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct command_rcpt rcpt;
		struct why why = { 0 };
		enum verdict verdict = command_rcpt(
		    &arena, slice_of(cases[i].args), false, &rcpt, &why);

		CASE(cases[i].name);
		assert_int_equal(why.code, cases[i].code);
		assert_int_equal(verdict == MAIL_OK, cases[i].code == 0);
		if (verdict == MAIL_OK) {
			assert_slice(rcpt.original, cases[i].original);
			assert_int_equal(rcpt.notify, cases[i].notify);
		}
		arena_done(&arena);
	}
}

static void
xforward_tells_the_queue_id(void **state)
{
	struct command_xforward told = { .ident = "OLD", .name = "old" };
	struct arena arena = ARENA_INIT;
	struct why why;

	(void)state;
	assert_int_equal(
	    command_xforward(&arena,
		SLICE("NAME=[UNAVAILABLE] ADDR=192.0.2.1 PORT=1"), &told, &why),
	    MAIL_OK);
	assert_string_equal(told.ident, "OLD");
	assert_string_equal(told.name, "");
	assert_string_equal(told.addr, "192.0.2.1");
	assert_int_equal(
	    command_xforward(&arena, SLICE("IDENT=4F+2D1A"), &told, &why),
	    MAIL_OK);
	assert_string_equal(told.ident, "4F-1A");
	assert_int_equal(
	    command_xforward(&arena, SLICE("IDENT=a+0Ab"), &told, &why),
	    MAIL_PERMFAIL);
	assert_string_equal(told.ident, "4F-1A");
	assert_int_equal(
	    command_xforward(&arena, SLICE("NAME=a+20b"), &told, &why),
	    MAIL_OK); /* a stranger's odd name keeps no mail back */
	assert_int_equal(
	    command_xforward(&arena, SLICE(""), &told, &why), MAIL_PERMFAIL);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_have_no_case),
		cmocka_unit_test(mail_tells_the_sender),
		cmocka_unit_test(mail_parameters_are_kept),
		cmocka_unit_test(rcpt_tells_the_recipient),
		cmocka_unit_test(xforward_tells_the_queue_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
