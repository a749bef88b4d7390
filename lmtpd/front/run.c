#include "lmtpd/front/run.h"

#include <errno.h>
#include <sysexits.h>

#include "core/clock.h"
#include "core/endpoint.h"
#include "core/io.h"
#include "core/packet.h"
#include "core/scope.h"

enum {
	EX_REFUSED_QMAIL = 100, /* qmail-command(8): a permanent error */
	OUTPUT_SHOWN_MAX = 200, /* octets in a reply */
};

/* --- asking ----------------------------------------------------------- */

/* The answer and its output are one packet. */
static int
read_answer(int socket, struct arena *arena, struct run *run)
{
	char *packet = arena_alloc(arena, sizeof run->answer + RUN_OUTPUT_MAX);
	AUTO_CLOSE int no_fd = -1;
	ssize_t n = packet_receive(
	    socket, packet, sizeof run->answer + RUN_OUTPUT_MAX, &no_fd);

	if (n <= 0)
		return n == 0 ? -ECONNRESET : (int)n;
	if ((size_t)n < sizeof run->answer)
		return -EPROTO;
	(void)memcpy(&run->answer, packet, sizeof run->answer);
	if (run->answer.version != RUN_VERSION ||
	    run->answer.output_size != (size_t)n - sizeof run->answer)
		return -EPROTO;
	run->answer.detail[RUN_DETAIL_MAX - 1] = '\0';
	run->output = (struct slice){ packet + sizeof run->answer,
		run->answer.output_size };
	return 0;
}

int
run_ask(struct arena *arena, const char *endpoint, long deadline_ms,
    struct run *run, struct why *why)
{
	long left_ms = deadline_ms - clock_ms();
	struct iovec part = { &run->request, sizeof run->request };
	AUTO_CLOSE int socket = -1;
	int r;

	if (left_ms <= 0)
		return why_fail(why, ETIMEDOUT, "runner: no time left");
	socket = endpoint_connect_packets(endpoint, left_ms, why);
	if (socket < 0)
		return socket;
	io_receive_timeout(socket, left_ms);
	run->request.version = RUN_VERSION;
	r = packet_send(socket, &part, 1, run->message_fd);
	if (r == 0)
		r = read_answer(socket, arena, run);
	if (r == -EAGAIN)
		r = -ETIMEDOUT;
	return r < 0 ? why_fail(why, -r, "runner: wait for the answer") : 0;
}

/* --- what an end means ------------------------------------------------- */

/* sysexits(3); enhanced codes are RFC 3463's. */
static const struct meaning {
	int status;
	const char *dsn, *text;
} meanings[] = {
	{ EX_USAGE, "5.3.5", "the program was called in a wrong way" },
	{ EX_DATAERR, "5.6.0", "the program can not read the message" },
	{ EX_NOINPUT, "5.3.5", "the program misses a file" },
	{ EX_NOUSER, "5.1.1", "no such user" },
	{ EX_NOHOST, "5.1.2", "no such host" },
	{ EX_UNAVAILABLE, "5.3.0", "service not available" },
	{ EX_CANTCREAT, "5.2.0", "the program can not create a file" },
	{ EX_PROTOCOL, "5.5.0", "protocol error" },
	{ EX_NOPERM, "5.7.1", "not permitted" },
	{ EX_CONFIG, "5.3.5", "the program is set up wrong" },
	{ 0, "5.3.0", "the program failed" }, /* any other */
};

static const struct meaning *
meaning_of(int status)
{
	const struct meaning *m = meanings;

	while (m->status != 0 && m->status != status)
		m++;
	return m;
}

static bool
is_refusal(int status)
{
	return (status >= EX__BASE && status <= EX__MAX &&
		   status != EX_TEMPFAIL) ||
	       status == EX_REFUSED_QMAIL;
}

/* procmail's own remarks name paths, which are no stranger's business. */
static struct slice
skip_remarks(struct slice output)
{
	while (slice_starts_nocase(output, SLICE("procmail: "))) {
		long end = slice_find(output, '\n');

		output = slice_tail(output, end < 0 ? output.n : (size_t)end);
		output = slice_trim(output);
	}
	return output;
}

/* The first line that says anything; only printable ASCII of it. */
static void
first_line(struct slice output, char text[OUTPUT_SHOWN_MAX + 1])
{
	struct slice line = skip_remarks(slice_trim(output));
	long end = slice_find(line, '\n');
	size_t n = 0;

	line = slice_head(line, end >= 0 && end < OUTPUT_SHOWN_MAX
				    ? (size_t)end
				    : OUTPUT_SHOWN_MAX);
	line = slice_trim(line);
	for (; n < line.n; n++)
		text[n] =
		    line.p[n] >= ' ' && line.p[n] < 0x7f ? line.p[n] : '?';
	text[n] = '\0';
}

static enum verdict
say_exit(int status, struct slice output, struct why *why)
{
	const struct meaning *meaning = meaning_of(status);
	char line[OUTPUT_SHOWN_MAX + 1];

	if (status == EX_OK)
		return why_say(why, 250, "2.0.0", "taken by a program");
	first_line(output, line);
	if (!is_refusal(status))
		(void)why_say(why, 451, "4.3.0", "a program asks for patience");
	else if (line[0] == '\0')
		(void)why_say(why, 550, meaning->dsn, "%s", meaning->text);
	else
		(void)why_say(
		    why, 550, meaning->dsn, "%s: %s", meaning->text, line);
	why_detail(why, "exit status %d: %s", status, line);
	return why->verdict;
}

static enum verdict
say_failed(const struct run_answer *answer, struct why *why)
{
	if (answer->status == EAGAIN)
		(void)why_say(why, 451, "4.3.2",
		    "too many programs are running, try again later");
	else
		(void)why_say(why, 451, "4.3.5",
		    "the recipient's program can not be run at present");
	why_detail(why, "runner: %s", answer->detail);
	return MAIL_TEMPFAIL;
}

enum verdict
run_say(const struct run_answer *answer, struct slice output, struct why *why)
{
	switch (answer->end) {
	case RUN_EXITED:
		return say_exit(answer->status, output, why);
	case RUN_KILLED:
		(void)why_say(why, 451, "4.3.0", "a program was killed");
		why_detail(why, "signal %d", answer->status);
		return MAIL_TEMPFAIL;
	case RUN_TIMED_OUT:
		return why_say(
		    why, 451, "4.3.0", "a program took too much time");
	default:
		return say_failed(answer, why);
	}
}
