/*
 * What a session stands on, without Postfix and PostgreSQL: a directory whose
 * answers depend on the first letter of an address. The trail goes nowhere.
 *
 *	m… a mailbox        s… one that takes 1000 octets    f… forwarded
 *	n… nobody           a… the directory is away         else external
 *	SRS… a sender that was rewritten, with the key "key"
 *
 * Of domains only home.example is ours. None sends on spam.
 *
 * Logins: l… is locked, r… wants newsletters refused, v… left, u… is no
 * mailbox. All may send as what begins with m, and three recipients in all.
 */
#ifndef HAUSPOST_TESTS_UNIT_MILTER_FAKE_MILTER_H
#define HAUSPOST_TESTS_UNIT_MILTER_FAKE_MILTER_H

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/directory_source.h"
#include "core/log.h"
#include "core/notice.h"
#include "core/trail.h"
#include "milter/budget_source.h"
#include "milter/milter.h"

#define FAKE_NODE "h01.example"

enum { FAKE_COLUMNS = 15 };

static const char *const *
fake_cells(char letter)
{
	static const char *const mailbox[FAKE_COLUMNS] = { "mailbox",
		("xyz00-m@mbox." FAKE_NODE), "", "xyz00-m", FAKE_NODE, "", "",
		"250", "2.1.5", "ok", "", "mailbox:xyz00-m", "", "", "xyz00" };
	static const char *const small[FAKE_COLUMNS] = { "mailbox",
		("xyz00-s@mbox." FAKE_NODE), "", "xyz00-s", FAKE_NODE, "", "",
		"250", "2.1.5", "ok", "1000", "mailbox:xyz00-s", "", "",
		"xyz00" };
	static const char *const forwarded[FAKE_COLUMNS] = { "external",
		"x@else.example", ("D=x=else.example@forward." FAKE_NODE), "",
		FAKE_NODE, "", "", "250", "2.1.5", "ok", "", "",
		"f@example.org", "", "xyz00" };
	static const char *const nobody[FAKE_COLUMNS] = { "reject", "", "", "",
		"", "", "", "550", "5.1.1", "no such address here", "", "", "",
		"", "" };
	static const char *const external[FAKE_COLUMNS] = { "external",
		"z@else.example", "", "", "", "", "", "250", "2.1.5", "ok", "",
		"", "", "", "" };

	switch (letter) {
	case 'm':
		return mailbox;
	case 's':
		return small;
	case 'f':
		return forwarded;
	case 'n':
		return nobody;
	default:
		return external;
	}
}

static struct rows
fake_row(struct arena *arena, const char *const *cells, size_t n)
{
	struct rows rows = { 1, n, arena_calloc(arena, n, sizeof *rows.cells) };

	for (size_t i = 0; i < n; i++)
		rows.cells[i] = slice_of(cells[i]);
	return rows;
}

static struct rows
fake_leaf(struct arena *arena, struct slice address)
{
	const char *const srs[FAKE_COLUMNS] = { "srs",
		arena_printf(arena, "%.*s", SLICE_FMT(address)), "", "",
		FAKE_NODE, "", "", "250", "2.1.5", "ok", "", "", "", "",
		"xyz00" };

	if (slice_starts_nocase(address, SLICE("SRS")))
		return fake_row(arena, srs, FAKE_COLUMNS);
	return fake_row(
	    arena, fake_cells(address.n > 0 ? *address.p : '\0'), FAKE_COLUMNS);
}

static struct rows
fake_account(struct arena *arena, struct slice who)
{
	char letter = who.n > 0 ? *who.p : 'u';
	const char *bulk = letter == 'r' ? "refuse" : "move";
	const char *const mailbox[] = { arena_strndup(arena, who.p, who.n),
		"xyz00", letter == 'v' ? "leave" : bulk,
		letter == 'l' ? "t" : "f" };
	static const char *const unknown[] = { "", "", "", "" };

	return fake_row(arena, letter == 'u' ? unknown : mailbox, 4);
}

/* text: login, line end, address. */
static struct rows
fake_right(struct arena *arena, struct slice text)
{
	static const char *const allowed[] = { "250", "2.1.0", "ok", "", "" };
	static const char *const refused[] = { "550", "5.7.1",
		"login may not send as this address, but as m@example.org", "",
		"" };
	struct slice login;

	(void)slice_cut(&text, '\n', &login);
	return fake_row(
	    arena, text.n == 0 || text.p[0] == 'm' ? allowed : refused, 5);
}

static int
fake_ask(void *self, const struct directory_question *question,
    struct arena *arena, struct directory_reply *reply_out, struct why *why)
{
	static const char *const max_size[] = { "5000" };
	static const char *const ours[] = { "virtual", "" };
	static const char *const strange[] = { "", "" };
	static const char *const forwarding[] = { "home.example", "f",
		"6b6579" };
	struct slice text = question->text;
	struct rows *rows = &reply_out->rows;

	(void)self;
	*reply_out = (struct directory_reply){ .lasts_ms = LONG_MAX };
	if (question->query == DIRECTORY_DOMAIN)
		*rows = fake_row(arena,
		    slice_eq(text, SLICE("home.example")) ? ours : strange, 2);
	else if (question->query == DIRECTORY_FORWARDING)
		*rows = fake_row(arena, forwarding, 3);
	else if (question->query == DIRECTORY_MAX_SIZE)
		*rows = fake_row(arena, max_size, 1);
	else if (question->query == DIRECTORY_ACCOUNT)
		*rows = fake_account(arena, text);
	else if (question->query == DIRECTORY_MAY_SEND)
		*rows = fake_right(arena, text);
	if (question->query != DIRECTORY_RESOLVE)
		return 0;
	if (text.n > 0 && text.p[0] == 'a')
		return why_fail(why, ECONNRESET, "ask");
	*rows = fake_leaf(arena, text);
	return 0;
}

static int
fake_listen(void *self, struct why *why)
{
	(void)self;
	return why_fail(why, ENOSYS, "listen");
}

static int
fake_next(void *self, int stop_fd, struct slice *key_out, struct why *why)
{
	(void)self, (void)stop_fd, (void)key_out;
	return why_fail(why, ENOSYS, "hear");
}

static void
fake_close(void *self)
{
	(void)self;
}

/* What is left of three recipients; messages have no limit. */
static int fake_recipients = 3;

static int
fake_borrow(void *self, const struct budget_claim *claim, struct loan *loan_out,
    struct why *why)
{
	(void)self, (void)why;
	*loan_out =
	    (struct loan){ .granted = LOAN_NO_LIMIT, .lasts_ms = 60000 };
	if (claim->counts != BUDGET_RECIPIENTS)
		return 0;
	loan_out->granted = claim->n <= fake_recipients ? claim->n : 0;
	fake_recipients -= loan_out->granted;
	(void)why_say(&loan_out->why, 450, "4.7.1", "limit is reached");
	return 0;
}

static int
fake_meet(void *self, const struct budget_claim *claim, struct slice address,
    struct loan *loan_out, struct why *why)
{
	(void)self, (void)claim, (void)address, (void)why;
	*loan_out = (struct loan){ .granted = 1 };
	return 0;
}

static int
fake_give_back(
    void *self, const struct loan_rest *rests, size_t n, struct why *why)
{
	(void)self, (void)why;
	for (size_t i = 0; i < n; i++)
		fake_recipients += rests[i].n;
	return 0;
}

static void
fake_milter_open(struct milter *milter)
{
	const struct directory_source source = { NULL, fake_ask, fake_listen,
		fake_next, fake_close };
	const struct directory_settings settings = { 1, 1000, 1 << 20, 0 };
	const struct budget_source budget = { NULL, fake_borrow, fake_meet,
		fake_give_back, NULL };

	/* Log lines are not what is tested. */
	log_open("fake-milter", LOG_TO_SYSLOG, false);
	(void)setlogmask(LOG_MASK(LOG_EMERG));
	*milter = (struct milter){ .n_trusted = 0 };
	milter->config.common.node = FAKE_NODE;
	milter->directory = directory_new_on(&source, &settings, 1000, NULL);
	milter->pool = db_pool_new("host=/nonexistent", "nobody", 2, 1000);
	milter->trail = trail_start(milter->pool);
	milter->notices = notice_start(milter->pool);
	milter->bounces = notice_start(milter->pool);
	milter->budget_pool = db_pool_new("host=/nonexistent", "nobody", 2, 10);
	milter->budget = budget_start_on(&budget);
	milter->config.bulk_recipients = 2;
	milter->config.bulk_burst = 1000000;
	milter->config.bulk_port = 4587;
}

#endif
