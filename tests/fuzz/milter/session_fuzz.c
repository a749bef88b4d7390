/*
 * What an SMTP client can make Postfix say to us, in any order: one line per
 * callback, its first octet which. Recipients that we would add must stand in
 * an SMTP command, and their parameters as well.
 */
#include <stdint.h>
#include <stdlib.h>

#include "milter/session.h"
#include "tests/unit/milter/fake_milter.h"

static const char *const doors[] = { "inbound", "regular", "local", "list" };

/* Of who comes by the door for logins. */
static struct slice login;

static bool
is_clean(struct slice s, bool blanks)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c == 0x7f || (c == ' ' && !blanks))
			return false;
	}
	return true;
}

static void
check_plan(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_leaves; i++) {
		const struct plan_leaf *leaf = &plan->leaves[i];

		if (leaf->fate != FATE_QUEUED && leaf->fate != FATE_REJECTED)
			continue;
		if (leaf->recipient.n == 0 || leaf->recipient.n > ADDR_MAX ||
		    !is_clean(leaf->recipient, false) ||
		    !is_clean(slice_of(leaf->parameters), true))
			abort();
	}
}

static void
finish(struct session *session)
{
	struct why why = { 0 };
	struct plan plan;
	enum verdict verdict = session_end(session, SLICE("4F1A"), &plan, &why);

	check_plan(&plan);
	session_report(session, &plan, verdict, &why);
	session_abort(session);
}

/* text: an address, a blank, a parameter. */
static void
send_path(struct session *session, char what, struct slice text)
{
	struct arena arena = ARENA_INIT;
	long blank = slice_rfind(text, ' ');
	size_t n = blank < 0 ? text.n : (size_t)blank;
	char *parameters[] = { NULL, NULL };
	struct session_path path = { slice_of(arena_strndup(&arena, text.p, n)),
		parameters };
	struct why why = { 0 };

	if (blank >= 0)
		parameters[0] =
		    arena_strndup(&arena, text.p + n + 1, text.n - n - 1);
	if (what == 'M')
		(void)session_mail(session, &path, login, &why);
	else
		(void)session_rcpt(session, &path, &why);
	arena_done(&arena);
}

static void
send_line(struct session *session, struct slice line)
{
	struct slice text = slice_tail(line, 1);
	long colon = slice_find(text, ':');

	switch (line.n > 0 ? line.p[0] : '\0') {
	case 'M':
	case 'R':
		send_path(session, line.p[0], text);
		break;
	case 'H':
		if (colon > 0)
			session_header(session, slice_head(text, (size_t)colon),
			    slice_tail(text, (size_t)colon + 1));
		break;
	case 'B':
		session_body(session, text);
		break;
	case 'E':
		finish(session);
		break;
	default:
		session_abort(session);
		break;
	}
}

/*
 * Rows of the trail wait for a database that never comes, which looks like a
 * leak after each run and is then searched for, for most of the time.
 */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static struct milter milter;
	struct slice rest = { (const char *)octets, n }, line;
	struct session_peer peer = { .client_addr = SLICE("192.0.2.1") };
	struct session *session;

	if (milter.directory == NULL)
		fake_milter_open(&milter);
	if (n == 0)
		return 0;
	peer.daemon_name = slice_of(doors[octets[0] % 4]);
	login = octets[0] % 4 == 1 ? SLICE("vera") : SLICE("");
	fake_recipients = 3;
	rest = slice_tail(rest, 1);
	session = session_open(&milter, &peer);
	while (slice_cut(&rest, '\n', &line))
		send_line(session, line);
	finish(session);
	session_close(session);
	return 0;
}
