#include "tests/unit/test.h"

#include "core/buf.h"
#include "core/proto.h"

/*
 * What happened, as text: "<command>", "!" bad line, "#" long line, message
 * text between "{" and "}".
 */
struct record {
	struct buf said;
	bool in_text;
};

static void
note(struct record *record, struct proto *proto, const struct proto_event *e)
{
	struct buf *said = &record->said;

	switch (e->kind) {
	case PROTO_LINE:
		(void)buf_addf(said, "<%.*s>", SLICE_FMT(e->octets));
		if (!slice_eq(e->octets, SLICE("DATA")))
			break;
		proto_start_text(proto);
		(void)buf_add_char(said, '{');
		break;
	case PROTO_LINE_BAD:
		(void)buf_add_char(said, '!');
		break;
	case PROTO_LINE_LONG:
		(void)buf_add_char(said, '#');
		break;
	case PROTO_TEXT:
		(void)buf_add_slice(said, e->octets);
		break;
	case PROTO_TEXT_END:
		(void)buf_add_char(said, '}');
		break;
	case PROTO_NEED_MORE:
		break;
	}
}

/* Feeds input in pieces of at most step octets. */
static struct buf
run(struct slice input, size_t step)
{
	struct record record = { .said = BUF_INIT(1 << 20) };
	struct proto proto;

	proto_init(&proto);
	while (input.n > 0) {
		struct slice piece = slice_head(input, step);

		input = slice_tail(input, step);
		while (piece.n > 0) {
			struct proto_event e = proto_next(&proto, &piece);

			note(&record, &proto, &e);
		}
	}
	proto_done(&proto);
	return record.said;
}

struct proto_case {
	const char *name;
	struct slice input, want;
};

#define S(text)                                                                \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

static const struct proto_case cases[] = {
	{ "commands come one by one", S("LHLO a\r\nNOOP\r\n"),
	    S("<LHLO a><NOOP>") },
	{ "an empty command is one", S("\r\n"), S("<>") },
	{ "a command that ends in LF alone is bad", S("NOOP\nRSET\r\n"),
	    S("!<RSET>") },
	{ "a CR inside a command is bad", S("NO\rOP\r\nRSET\r\n"),
	    S("!<RSET>") },
	{ "two CRs at the end are bad", S("NOOP\r\r\nRSET\r\n"), S("!<RSET>") },
	{ "a NUL in a command is bad", S("NO\0P\r\nRSET\r\n"), S("!<RSET>") },
	{ "a command without its end is none yet", S("NOOP"), S("") },

	{ "a message ends with CRLF.CRLF", S("DATA\r\na\r\n.\r\nQUIT\r\n"),
	    S("<DATA>{a\n}<QUIT>") },
	{ "an empty message is a dot", S("DATA\r\n.\r\nQUIT\r\n"),
	    S("<DATA>{}<QUIT>") },
	{ "a message of one empty line", S("DATA\r\n\r\n.\r\n"),
	    S("<DATA>{\n}") },
	{ "a stuffed dot loses one dot (RFC 5321 4.5.2)",
	    S("DATA\r\n..\r\n..a\r\n.\r\n"), S("<DATA>{.\n.a\n}") },
	{ "a dot inside a line stays", S("DATA\r\na.\r\nb..c\r\n.\r\n"),
	    S("<DATA>{a.\nb..c\n}") },
	{ "a dot that begins a line falls even unstuffed",
	    S("DATA\r\n.a\r\n.\r\n"), S("<DATA>{a\n}") },
	{ "NULs and 8-bit octets pass", S("DATA\r\na\0\xff\r\n.\r\n"),
	    S("<DATA>{a\0\xff\n}") },
	{ "commands behind a message are commands again",
	    S("DATA\r\na\r\n.\r\nDATA\r\nb\r\n.\r\nNOOP\r\n"),
	    S("<DATA>{a\n}<DATA>{b\n}<NOOP>") },

	/* RFC 5321 4.1.1.4 and CVE-2023-51764: nothing else ends a message. */
	{ "LF.LF ends nothing", S("DATA\r\na\n.\nRSET\r\n.\r\n"),
	    S("<DATA>{a\n.\nRSET\n}") },
	{ "LF.CRLF ends nothing", S("DATA\r\na\n.\r\nRSET\r\n.\r\n"),
	    S("<DATA>{a\n.\nRSET\n}") },
	{ "CRLF.LF ends nothing", S("DATA\r\na\r\n.\nRSET\r\n.\r\n"),
	    S("<DATA>{a\n\nRSET\n}") },
	{ "CR.CR ends nothing", S("DATA\r\na\r.\rRSET\r\n.\r\n"),
	    S("<DATA>{a . RSET\n}") },
	{ "CRLF.CR ends nothing", S("DATA\r\na\r\n.\rRSET\r\n.\r\n"),
	    S("<DATA>{a\n RSET\n}") },
	{ "CR.CRLF ends nothing", S("DATA\r\na\r.\r\nRSET\r\n.\r\n"),
	    S("<DATA>{a .\nRSET\n}") },
	{ "CRLF.CRCRLF ends nothing", S("DATA\r\na\r\n.\r\r\nR\r\n.\r\n"),
	    S("<DATA>{a\n \nR\n}") },
	{ "CRCRLF.CRLF is the end behind a stray CR", S("DATA\r\na\r\r\n.\r\n"),
	    S("<DATA>{a \n}") },
	{ "CRLF.NUL CRLF ends nothing", S("DATA\r\na\r\n.\0\r\nR\r\n.\r\n"),
	    S("<DATA>{a\n\0\nR\n}") },
	{ "a line end that is cut by the end of input", S("DATA\r\na\r"),
	    S("<DATA>{a") },
};

static void
events_are_those_of_the_octets(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO_BUF struct buf got = run(cases[i].input, 1 << 20);

		CASE(cases[i].name);
		assert_int_equal(got.n, cases[i].want.n);
		assert_memory_equal(buf_text(&got), cases[i].want.p, got.n);
	}
}

static void
it_does_not_matter_how_octets_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t step = 1; step < cases[i].input.n; step++) {
			AUTO_BUF struct buf got = run(cases[i].input, step);

			CASE(cases[i].name);
			assert_int_equal(got.n, cases[i].want.n);
			assert_memory_equal(
			    buf_text(&got), cases[i].want.p, got.n);
		}
	}
}

static void
a_command_may_have_4096_octets(void **state)
{
	static const size_t steps[] = { 1, 100, 4095, 4096, 4097, 10000 };
	char line[2 * PROTO_LINE_MAX];

	(void)state;
	(void)memset(line, 'x', sizeof line);
	for (size_t i = 0; i < COUNT(steps); i++) {
		AUTO_BUF struct buf input = BUF_INIT(1 << 20);
		struct buf got;

		(void)buf_add(&input, line, PROTO_LINE_MAX - 2);
		(void)buf_add_text(&input, "\r\n");
		got = run(buf_slice(&input), steps[i]);
		assert_int_equal(got.n, PROTO_LINE_MAX); /* with < and > */
		buf_free(&got);

		buf_reset(&input);
		(void)buf_add(&input, line, PROTO_LINE_MAX - 1);
		(void)buf_add_text(&input, "\r\nNOOP\r\n");
		got = run(buf_slice(&input), steps[i]);
		assert_slice(buf_slice(&got), "#<NOOP>");
		buf_free(&got);

		buf_reset(&input);
		(void)buf_add(&input, line, sizeof line);
		(void)buf_add_text(&input, "\r\nNOOP\r\n");
		got = run(buf_slice(&input), steps[i]);
		assert_slice(buf_slice(&got), "#<NOOP>");
		buf_free(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_those_of_the_octets),
		cmocka_unit_test(it_does_not_matter_how_octets_are_cut),
		cmocka_unit_test(a_command_may_have_4096_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
