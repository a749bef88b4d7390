#include "core/sender.h"

#include <errno.h>
#include <limits.h>

static int
fail(const char *function, struct why *why)
{
	(void)why_say(why, 451, "4.3.0", "directory trouble, try later");
	why_detail(why, "hauspost.%s() answered what makes no sense", function);
	return -EPROTO;
}

static bool
has_shape(const struct rows *rows, size_t columns)
{
	return rows->n == 1 && rows->columns == columns;
}

/* --- account() -------------------------------------------------------- */

enum { A_MAILBOX, A_PACKAGE, A_BULK, A_LOCKED, A_COLUMNS };

static bool
read_bulk(struct slice word, enum sender_bulk *bulk_out)
{
	static const char *const words[] = {
		[SENDER_BULK_MOVE] = "move",
		[SENDER_BULK_REFUSE] = "refuse",
		[SENDER_BULK_LEAVE] = "leave",
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (slice_eq(word, slice_of(words[i]))) {
			*bulk_out = (enum sender_bulk)i;
			return true;
		}
	}
	return false;
}

int
sender_account_read(const struct rows *rows, struct sender_account *account_out,
    struct why *why)
{
	struct sender_account account = { .bulk = SENDER_BULK_LEAVE };

	if (!has_shape(rows, A_COLUMNS))
		return fail("account", why);
	account.mailbox = rows_cell(rows, 0, A_MAILBOX);
	account.package = rows_cell(rows, 0, A_PACKAGE);
	account.locked = slice_eq(rows_cell(rows, 0, A_LOCKED), SLICE("t"));
	if (account.mailbox.n > 0 &&
	    (account.package.n == 0 ||
		!read_bulk(rows_cell(rows, 0, A_BULK), &account.bulk)))
		return fail("account", why);
	*account_out = account;
	return 0;
}

/* --- may_send() ------------------------------------------------------- */

enum { R_CODE, R_DSN, R_REPLY, R_SIZE_LIMIT, R_INSTEAD, R_COLUMNS };

/* RFC 3463: the class of both codes is the same. */
static bool
read_code(const struct rows *rows, struct why *why_out)
{
	struct slice dsn = rows_cell(rows, 0, R_DSN);
	unsigned long long code;

	if (!slice_number(rows_cell(rows, 0, R_CODE), 599, &code) ||
	    code < 200 || dsn.n < 5 || dsn.n >= WHY_DSN_MAX ||
	    (unsigned long long)(dsn.p[0] - '0') != code / 100)
		return false;
	(void)why_say(why_out, (int)code, dsn.p, "%.*s",
	    SLICE_FMT(rows_cell(rows, 0, R_REPLY)));
	return true;
}

int
sender_right_read(
    const struct rows *rows, struct sender_right *right_out, struct why *why)
{
	struct sender_right right = { .size_limit = 0 };
	struct slice limit;
	unsigned long long bytes = 0;

	if (!has_shape(rows, R_COLUMNS) || !read_code(rows, &right.why))
		return fail("may_send", why);
	limit = rows_cell(rows, 0, R_SIZE_LIMIT);
	if (limit.n > 0 && !slice_number(limit, INT64_MAX, &bytes))
		return fail("may_send", why);
	right.size_limit = (int64_t)bytes;
	right.instead = rows_cell(rows, 0, R_INSTEAD);
	*right_out = right;
	return 0;
}
