/*
 * The client against a scripted server: the script says what comes in, in
 * which reads the server answers, and with what.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/endpoint.h"
#include "core/io.h"
#include "core/scope.h"
#include "core/smtp_reply.h"
#include "core/smtpc.h"

enum { WAIT_MS = 5000 };

/* One turn: the server waits until what came in ends so, then answers. */
struct turn {
	const char *until, *answer; /* answer NULL: hang up */
};

struct server {
	char endpoint[64];
	int listener;
	const struct turn *turns;
	size_t n;
	pthread_t thread;
	struct buf got; /* all that came in */
};

static bool
ends_with(const struct buf *buf, const char *end)
{
	size_t n = strlen(end);

	return n == 0 ||
	       (buf->n >= n && memcmp(buf->p + buf->n - n, end, n) == 0);
}

static void
play(struct server *server, int fd)
{
	char octets[65536];

	for (size_t i = 0; i < server->n; i++) {
		const struct turn *turn = &server->turns[i];

		while (!ends_with(&server->got, turn->until)) {
			ssize_t n =
			    io_receive(fd, octets, sizeof octets, WAIT_MS);

			if (n <= 0)
				return;
			(void)buf_add(&server->got, octets, (size_t)n);
		}
		if (turn->answer == NULL)
			return;
		(void)io_send(fd, turn->answer, strlen(turn->answer), WAIT_MS);
	}
	while (io_receive(fd, octets, sizeof octets, WAIT_MS) > 0)
		;
}

static void *
serve(void *arg)
{
	struct server *server = arg;
	struct timeval limit = { .tv_sec = 10 };
	int fd;

	(void)setsockopt(
	    server->listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	fd = accept(server->listener, NULL, NULL);
	if (fd >= 0) {
		play(server, fd);
		(void)close(fd);
	}
	return NULL;
}

static void
server_start(struct server *server, const struct turn *turns, size_t n)
{
	static int number;
	struct why why;

	(void)snprintf(server->endpoint, sizeof server->endpoint,
	    "unix:/tmp/hauspost-smtpc-%d-%d", (int)getpid(), number++);
	server->listener = endpoint_listen(server->endpoint, "", &why);
	assert_true(server->listener >= 0);
	/* accept() shall block. */
	assert_int_equal(fcntl(server->listener, F_SETFL, 0), 0);
	server->turns = turns;
	server->n = n;
	server->got = (struct buf)BUF_INIT(1 << 20);
	assert_int_equal(
	    pthread_create(&server->thread, NULL, serve, server), 0);
}

static void
server_end(struct server *server)
{
	(void)close(server->listener);
	(void)unlink(server->endpoint + 5);
	buf_free(&server->got);
}

static void
server_stop(struct server *server)
{
	(void)pthread_join(server->thread, NULL);
	server_end(server);
}

static struct smtpc *
open_to(const struct server *server, enum smtpc_protocol protocol)
{
	const struct smtpc_options options = { protocol, server->endpoint,
		"h01.hosting.example", WAIT_MS };
	struct smtpc *smtpc = NULL;
	struct why why;

	assert_int_equal(smtpc_open(&options, &smtpc, &why), 0);
	return smtpc;
}

#define GREETING                                                               \
	{                                                                      \
		"", "220 sink ESMTP\r\n"                                       \
	}
#define OFFERS                                                                 \
	{                                                                      \
		"EHLO h01.hosting.example\r\n",                                \
		    "250-sink\r\n250-PIPELINING\r\n250-DSN\r\n250 "            \
		    "8BITMIME\r\n"                                             \
	}

/* A client and the server that it talks to. */
struct talk {
	struct server server;
	struct smtpc *smtpc;
	struct smtpc_rcpt rcpts[2];
	struct why why;
};

static void
talk_start(struct talk *t, const struct turn *turns, size_t n,
    enum smtpc_protocol protocol)
{
	server_start(&t->server, turns, n);
	t->smtpc = open_to(&t->server, protocol);
}

static void
talk_end(struct talk *t)
{
	smtpc_close(t->smtpc);
	server_stop(&t->server);
}

/* Sends text to a@b and c@d. */
static enum verdict
send_text(struct talk *t, const char *text)
{
	const struct smtpc_part part = SMTPC_OCTETS(slice_of(text));
	struct smtpc_mail mail = { .sender = SLICE("s@example.org"),
		.params = SLICE("SIZE=99 RET=HDRS"),
		.rcpts = t->rcpts,
		.n_rcpts = 2,
		.parts = &part,
		.n_parts = 1 };

	t->rcpts[0] = (struct smtpc_rcpt){ .address = SLICE("a@b.example"),
		.params = SLICE("NOTIFY=NEVER") };
	t->rcpts[1] = (struct smtpc_rcpt){ .address = SLICE("c@d.example") };
	return smtpc_send(t->smtpc, &mail, &t->why);
}

#define ENVELOPE                                                               \
	"MAIL FROM:<s@example.org> RET=HDRS\r\n" /* SIZE was not offered */    \
	"RCPT TO:<a@b.example> NOTIFY=NEVER\r\nRCPT "                          \
	"TO:<c@d.example>\r\nDATA\r\n"

static void
a_pipelining_server_gets_the_envelope_at_once(void **state)
{
	static const struct turn turns[] = { GREETING, OFFERS,
		{ ENVELOPE, "250 2.1.0 ok\r\n250 2.1.5 ok\r\n"
			    "550 5.1.1 nobody\r\n354 go\r\n" },
		{ "Subject: x\r\n\r\n..dot\r\n...\r\nend\r\n.\r\n",
		    "250 2.0.0 queued\r\n" } };
	struct talk t;

	(void)state;
	talk_start(&t, turns, COUNT(turns), SMTPC_SMTP);
	assert_int_equal(send_text(&t, "Subject: x\n\n.dot\n..\nend"), MAIL_OK);
	assert_string_equal(t.rcpts[0].why.reply, "queued");
	assert_int_equal(t.rcpts[1].why.code, 550);
	assert_string_equal(t.rcpts[1].why.dsn, "5.1.1");
	assert_true(smtpc_usable(t.smtpc));
	talk_end(&t);
}

static void
a_server_without_pipelining_is_asked_step_by_step(void **state)
{
	static const struct turn turns[] = { GREETING,
		{ "EHLO h01.hosting.example\r\n", "250 old\r\n" },
		{ "MAIL FROM:<s@example.org>\r\n", "250 ok\r\n" },
		{ "RCPT TO:<a@b.example>\r\n", "250 ok\r\n" },
		{ "RCPT TO:<c@d.example>\r\n", "450 later\r\n" },
		{ "DATA\r\n", "354 go\r\n" },
		{ "x\r\n.\r\n", "250 queued\r\n" } };
	struct talk t;

	(void)state;
	talk_start(&t, turns, COUNT(turns), SMTPC_SMTP);
	assert_int_equal(send_text(&t, "x\n"), MAIL_OK);
	assert_int_equal(t.rcpts[1].why.verdict, MAIL_TEMPFAIL);
	assert_string_equal(t.rcpts[1].why.dsn, "4.0.0");
	talk_end(&t);
}

static void
lmtp_answers_each_recipient(void **state)
{
	static const struct turn turns[] = { GREETING,
		{ "LHLO h01.hosting.example\r\n",
		    "250-sink\r\n250 PIPELINING\r\n" },
		{ "DATA\r\n", "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n" },
		{ "x\r\n.\r\n", "250 stored\r\n452 4.2.2 full\r\n" } };
	struct talk t;

	(void)state;
	talk_start(&t, turns, COUNT(turns), SMTPC_LMTP);
	assert_int_equal(send_text(&t, "x\n"), MAIL_OK);
	assert_int_equal(t.rcpts[0].why.code, 250);
	assert_int_equal(t.rcpts[1].why.code, 452);
	talk_end(&t);
}

static void
a_refused_sender_refuses_all(void **state)
{
	static const struct turn turns[] = { GREETING, OFFERS,
		{ ENVELOPE, "550 5.7.1 not you\r\n503 no\r\n503 no\r\n"
			    "503 no\r\n" },
		{ "RSET\r\n", "250 ok\r\n" } };
	struct talk t;

	(void)state;
	talk_start(&t, turns, COUNT(turns), SMTPC_SMTP);
	assert_int_equal(send_text(&t, "x\n"), MAIL_PERMFAIL);
	assert_string_equal(t.rcpts[0].why.reply, "not you");
	assert_string_equal(t.rcpts[1].why.dsn, "5.7.1");
	assert_true(smtpc_usable(t.smtpc));
	talk_end(&t);
}

static void
a_go_ahead_without_a_taker_is_ended(void **state)
{
	static const struct turn turns[] = { GREETING, OFFERS,
		{ ENVELOPE, "250 ok\r\n550 no\r\n451 later\r\n354 go\r\n" },
		{ "DATA\r\n.\r\n", "554 no recipients\r\n" },
		{ "RSET\r\n", "250 ok\r\n" } };
	struct talk t;

	(void)state;
	talk_start(&t, turns, COUNT(turns), SMTPC_SMTP);
	assert_int_equal(send_text(&t, "x\n"), MAIL_TEMPFAIL);
	assert_int_equal(t.why.code, 451);
	assert_true(smtpc_usable(t.smtpc));
	talk_end(&t);
}

static void
a_connection_lost_after_the_dot_is_deferred(void **state)
{
	static const struct turn turns[] = { GREETING, OFFERS,
		{ ENVELOPE, "250 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n" },
		{ "x\r\n.\r\n", NULL } };
	struct talk t;

	(void)state;
	talk_start(&t, turns, COUNT(turns), SMTPC_SMTP);
	assert_int_equal(send_text(&t, "x\n"), MAIL_TEMPFAIL);
	assert_int_equal(t.rcpts[0].why.verdict, MAIL_TEMPFAIL);
	assert_int_equal(t.rcpts[1].why.code, 550);
	assert_false(smtpc_usable(t.smtpc));
	assert_int_equal(send_text(&t, "x\n"), MAIL_TEMPFAIL);
	talk_end(&t);
}

static void
a_stray_cr_never_ends_a_line(void **state)
{
	static const struct turn turns[] = { GREETING, OFFERS,
		{ ENVELOPE, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n" },
		{ "a \r\n b .\r\n..\r\nMAIL FROM:<x>\r\n.\r\n",
		    "250 queued\r\n" } };
	struct talk t;

	(void)state;
	talk_start(&t, turns, COUNT(turns), SMTPC_SMTP);
	assert_int_equal(
	    send_text(&t, "a\r\r\n\rb\r.\r\n.\r\nMAIL FROM:<x>"), MAIL_OK);
	talk_end(&t);
}

static void
a_line_end_in_an_address_is_refused(void **state)
{
	static const struct turn turns[] = { GREETING, OFFERS };
	const struct smtpc_part part = SMTPC_OCTETS(SLICE("x\n"));
	struct smtpc_rcpt rcpt = { .address = SLICE("a@b>\r\nDATA") };
	struct smtpc_mail mail = {
		.rcpts = &rcpt, .n_rcpts = 1, .parts = &part, .n_parts = 1
	};
	struct talk t;

	(void)state;
	talk_start(&t, turns, COUNT(turns), SMTPC_SMTP);
	assert_int_equal(smtpc_send(t.smtpc, &mail, &t.why), MAIL_PERMFAIL);
	rcpt.address = SLICE("a@b.example");
	mail.params = SLICE("SMTPUTF8");
	assert_int_equal(smtpc_send(t.smtpc, &mail, &t.why), MAIL_PERMFAIL);
	assert_string_equal(t.why.dsn, "5.6.7");
	talk_end(&t);
}

static void
a_server_that_refuses_service_or_talks_nonsense(void **state)
{
	static const struct turn busy[] = { { "", "421 4.3.2 busy\r\n" } };
	static const struct turn odd[] = { { "", "SSH-2.0-OpenSSH\r\n" } };
	static const struct {
		const struct turn *turns;
		int code;
	} cases[] = { { busy, 421 }, { odd, 451 } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct server server;
		struct smtpc_options options = { .helo = "h",
			.timeout_ms = WAIT_MS };
		struct smtpc *smtpc;
		struct why why;

		server_start(&server, cases[i].turns, 1);
		options.endpoint = server.endpoint;
		assert_int_equal(smtpc_open(&options, &smtpc, &why), -EPROTO);
		assert_int_equal(why.code, cases[i].code);
		server_stop(&server);
	}
}

static void
a_message_may_lie_in_a_file(void **state)
{
	static const struct turn turns[] = { GREETING, OFFERS,
		{ ENVELOPE, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n" },
		{ "\r\n.\r\n", "250 queued\r\n" } };
	struct smtpc_part parts[2] = { SMTPC_OCTETS(SLICE("Head: 1\n")) };
	struct smtpc_rcpt rcpt = { .address = SLICE("a@b.example"),
		.params = SLICE("NOTIFY=NEVER") };
	struct smtpc_rcpt rcpts[2] = { rcpt,
		{ .address = SLICE("c@d.example") } };
	struct smtpc_mail mail = { .sender = SLICE("s@example.org"),
		.params = SLICE("RET=HDRS"),
		.rcpts = rcpts,
		.n_rcpts = 2,
		.parts = parts,
		.n_parts = 2 };
	char path[] = "/tmp/hauspost-smtpc-XXXXXX";
	AUTO_CLOSE int fd = mkstemp(path);
	struct talk t;

	(void)state;
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(write(fd, ".line\n", 6), 6);
	parts[1] =
	    (struct smtpc_part){ .fd = fd, .offset = 6, .size = 6 * 19999 };
	talk_start(&t, turns, COUNT(turns), SMTPC_SMTP);
	assert_int_equal(smtpc_send(t.smtpc, &mail, &t.why), MAIL_OK);
	smtpc_close(t.smtpc);
	(void)pthread_join(t.server.thread, NULL);
	assert_true(t.server.got.n > 19999 * strlen("..line\r\n"));
	assert_non_null(memmem(
	    t.server.got.p, t.server.got.n, "Head: 1\r\n..line\r\n", 17));
	server_end(&t.server);
	/* A file that is shorter than promised ends without the dot. */
	parts[1].size += 7;
	talk_start(&t, turns, COUNT(turns), SMTPC_SMTP);
	assert_int_equal(smtpc_send(t.smtpc, &mail, &t.why), MAIL_TEMPFAIL);
	assert_false(smtpc_usable(t.smtpc));
	talk_end(&t);
}

static void
replies(void **state)
{
	static const struct {
		const char *name, *input;
		long used;
		int code;
		const char *dsn, *text;
	} cases[] = {
		{ "one line", "250 2.1.5 ok\r\nmore", 14, 250, "2.1.5", "ok" },
		{ "several lines", "250-a\r\n250-b\r\n250 c\r\n", 21, 250, "",
		    "c" },
		{ "a bare code", "354\r\n", 5, 354, "", "" },
		{ "a bare LF ends a line, too", "250 ok\n", 7, 250, "", "ok" },
		{ "an enhanced code of another class is text",
		    "450 5.1.1 x\r\n", 13, 450, "", "5.1.1 x" },
		{ "an incomplete one waits", "250-a\r\n250", 0, 0, NULL, NULL },
		{ "codes that differ", "250-a\r\n251 b\r\n", -EPROTO, 0, NULL,
		    NULL },
		{ "letters", "hello\r\n", -EPROTO, 0, NULL, NULL },
		{ "a code beyond 599", "600 x\r\n", -EPROTO, 0, NULL, NULL },
		{ "two digits", "25 x\r\n", -EPROTO, 0, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct smtp_reply reply;

		CASE(cases[i].name);
		assert_int_equal(
		    smtp_reply_parse(slice_of(cases[i].input), &reply),
		    cases[i].used);
		if (cases[i].used <= 0)
			continue;
		assert_int_equal(reply.code, cases[i].code);
		assert_slice(reply.dsn, cases[i].dsn);
		assert_slice(reply.text, cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipelining_server_gets_the_envelope_at_once),
		cmocka_unit_test(
		    a_server_without_pipelining_is_asked_step_by_step),
		cmocka_unit_test(lmtp_answers_each_recipient),
		cmocka_unit_test(a_refused_sender_refuses_all),
		cmocka_unit_test(a_go_ahead_without_a_taker_is_ended),
		cmocka_unit_test(a_connection_lost_after_the_dot_is_deferred),
		cmocka_unit_test(a_stray_cr_never_ends_a_line),
		cmocka_unit_test(a_line_end_in_an_address_is_refused),
		cmocka_unit_test(
		    a_server_that_refuses_service_or_talks_nonsense),
		cmocka_unit_test(a_message_may_lie_in_a_file),
		cmocka_unit_test(replies),
	};

	return cmocka_run_group_tests_name("core/smtpc", tests, NULL, NULL);
}
