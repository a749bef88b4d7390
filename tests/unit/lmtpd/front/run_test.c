#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/endpoint.h"
#include "lmtpd/front/run.h"

struct end_case {
	const char *name;
	uint32_t end;
	int32_t status;
	const char *output;
	int code;
	const char *dsn, *reply;
};

static const struct end_case end_cases[] = {
	{ "0 is done", RUN_EXITED, 0, "hello\n", 250, "2.0.0",
	    "taken by a program" },
	{ "T-175: 67 is no such user", RUN_EXITED, 67, "", 550, "5.1.1",
	    "no such user" },
	{ "77 is not permitted", RUN_EXITED, 77, "", 550, "5.7.1",
	    "not permitted" },
	{ "75 is tried again", RUN_EXITED, 75, "", 451, "4.3.0",
	    "a program asks for patience" },
	{ "64 to 78 are refusals", RUN_EXITED, 71, "", 550, "5.3.0",
	    "the program failed" },
	{ "so is qmail's 100", RUN_EXITED, 100, "", 550, "5.3.0",
	    "the program failed" },
	{ "what no convention names is tried again", RUN_EXITED, 1, "no\n", 451,
	    "4.3.0", "a program asks for patience" },
	{ "qmail's 111 as well", RUN_EXITED, 111, "", 451, "4.3.0",
	    "a program asks for patience" },
	{ "a shell that found no program (127)", RUN_EXITED, 127, "", 451,
	    "4.3.0", "a program asks for patience" },
	{ "a refusal has the program's first line", RUN_EXITED, 67,
	    "\n  moved to Rome \r\nsecond\n", 550, "5.1.1",
	    "no such user: moved to Rome" },
	{ "whose octets are no commands", RUN_EXITED, 67, "a\x1b[2J\xc3\xa4",
	    550, "5.1.1", "no such user: a?[2J??" },
	{ "procmail's remarks stay in the log", RUN_EXITED, 77,
	    "procmail: Couldn't read \"/srv\"\nprocmail: x\nno spam\n", 550,
	    "5.7.1", "not permitted: no spam" },
	{ "even when it says nothing else", RUN_EXITED, 77, "procmail: x", 550,
	    "5.7.1", "not permitted" },
	{ "a signal is tried again", RUN_KILLED, SIGSEGV, "", 451, "4.3.0",
	    "a program was killed" },
	{ "as is the time limit", RUN_TIMED_OUT, 0, "", 451, "4.3.0",
	    "a program took too much time" },
	{ "what did not begin is tried again", RUN_FAILED, ENOENT, "", 451,
	    "4.3.5", "the recipient's program can not be run at present" },
	{ "as is one of too many", RUN_FAILED, EAGAIN, "", 451, "4.3.2",
	    "too many programs are running, try again later" },
	{ "an end of another version", 99, 0, "", 451, "4.3.5",
	    "the recipient's program can not be run at present" },
};

static void
ends_have_meanings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(end_cases); i++) {
		const struct end_case *c = &end_cases[i];
		const struct run_answer answer = { .end = c->end,
			.status = c->status };
		struct why why = { 0 };

		CASE(c->name);
		(void)run_say(&answer, slice_of(c->output), &why);
		assert_int_equal(why.code, c->code);
		assert_string_equal(why.dsn, c->dsn);
		assert_string_equal(why.reply, c->reply);
	}
}

static void
a_long_line_is_cut(void **state)
{
	const struct run_answer answer = { .end = RUN_EXITED, .status = 67 };
	char line[1000];
	struct why why;

	(void)state;
	(void)memset(line, 'x', sizeof line);
	(void)run_say(&answer, (struct slice){ line, sizeof line }, &why);
	assert_int_equal(strlen(why.reply), strlen("no such user: ") + 200);
}

/* --- a runner that misbehaves ------------------------------------------ */

struct misbehaviour {
	const char *name;
	size_t octets; /* of its answer */
	uint32_t version, output_size;
	int result;
};

/* The child takes one request and answers as the case says. */
static pid_t
start_runner(const char *endpoint, const struct misbehaviour *m)
{
	struct why why;
	int listener = endpoint_listen_packets(endpoint, "", &why), peer;
	char packet[sizeof(struct run_answer) + 8] = { 0 };
	const struct run_answer answer = { .version = m->version,
		.output_size = m->output_size };
	pid_t pid = fork();

	assert_true(listener >= 0);
	if (pid > 0)
		(void)close(listener);
	if (pid > 0)
		return pid;
	(void)alarm(20);
	while ((peer = accept(listener, NULL, NULL)) < 0)
		(void)usleep(1000);
	(void)recv(
	    peer, &(struct run_request){ 0 }, sizeof(struct run_request), 0);
	(void)memcpy(packet, &answer, sizeof answer);
	if (m->octets > 0)
		(void)send(peer, packet, m->octets, 0);
	else if (m->result == -ETIMEDOUT)
		(void)pause();
	_exit(0);
}

static void
an_odd_runner_defers(void **state)
{
	static const struct misbehaviour cases[] = {
		{ "it ends without an answer", 0, 0, 0, -ECONNRESET },
		{ "it says nothing", 0, 0, 0, -ETIMEDOUT },
		{ "half an answer", 10, RUN_VERSION, 0, -EPROTO },
		{ "one of another version", sizeof(struct run_answer), 9, 0,
		    -EPROTO },
		{ "one that promises more", sizeof(struct run_answer) + 8,
		    RUN_VERSION, 9, -EPROTO },
		{ "one in order", sizeof(struct run_answer) + 8, RUN_VERSION, 8,
		    0 },
	};
	struct arena arena = ARENA_INIT;
	char endpoint[64];

	(void)state;
	(void)snprintf(
	    endpoint, sizeof endpoint, "unix:/tmp/run_test.%d", (int)getpid());
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct run run = { .message_fd = -1 };
		struct why why = { 0 };
		pid_t pid = start_runner(endpoint, &cases[i]);

		CASE(cases[i].name);
		assert_int_equal(
		    run_ask(&arena, endpoint, clock_ms() + 1000, &run, &why),
		    cases[i].result);
		assert_int_equal(why.code, cases[i].result < 0 ? 451 : 0);
		(void)kill(pid, SIGKILL);
	}
	(void)unlink(endpoint + strlen("unix:"));
	arena_done(&arena);
}

static void
no_runner_and_no_time_defer(void **state)
{
	struct arena arena = ARENA_INIT;
	struct run run = { .message_fd = -1 };
	struct why why = { 0 };

	(void)state;
	assert_true(run_ask(&arena, "unix:/nonexistent/s", clock_ms() + 1000,
			&run, &why) < 0);
	assert_int_equal(why.code, 451);
	assert_int_equal(
	    run_ask(&arena, "unix:/nonexistent/s", 0, &run, &why), -ETIMEDOUT);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_have_meanings),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(an_odd_runner_defers),
		cmocka_unit_test(no_runner_and_no_time_defer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
