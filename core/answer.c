#include "core/answer.h"

#include <errno.h>
#include <stdio.h>

enum {
	CODE_MAX = 599,
	RECIPIENT_MAX = 600, /* a leaf's local part and its domain */
};

static const char *const kind_names[] = {
	[LEAF_UNEXPANDED] = "",
	[LEAF_MAILBOX] = "mailbox",
	[LEAF_PROGRAM] = "program",
	[LEAF_EXTERNAL] = "external",
	[LEAF_FORWARD] = "forward",
	[LEAF_BULK] = "bulk",
	[LEAF_LIST] = "list",
	[LEAF_SRS] = "srs",
	[LEAF_REJECT] = "reject",
	[LEAF_DISCARD] = "discard",
};
_Static_assert(
    sizeof kind_names / sizeof *kind_names == LEAF_KINDS, "name every kind");

const char *
leaf_kind_name(enum leaf_kind kind)
{
	return kind_names[kind];
}

/* --- verdicts --------------------------------------------------------- */

enum verdict
leaf_say(const struct leaf *leaf, struct why *why)
{
	return why_say(
	    why, leaf->code, leaf->dsn.p, "%.*s", SLICE_FMT(leaf->reply));
}

static const struct leaf *
first_of_class(const struct leaf *leaves, size_t n, enum verdict verdict)
{
	for (size_t i = 0; i < n; i++) {
		if (leaves[i].code / 100 == (int)verdict)
			return &leaves[i];
	}
	return NULL;
}

enum verdict
answer_verdict(const struct leaf *leaves, size_t n, struct why *why)
{
	const struct leaf *leaf = first_of_class(leaves, n, MAIL_OK);

	if (leaf == NULL)
		leaf = first_of_class(leaves, n, MAIL_TEMPFAIL);
	if (leaf == NULL)
		leaf = first_of_class(leaves, n, MAIL_PERMFAIL);
	if (leaf == NULL)
		return why_say(why, 451, "4.3.0", "directory gave no answer");
	return leaf_say(leaf, why);
}

/* --- reading ---------------------------------------------------------- */

/* What does not make sense is noted here and told once, at the end. */
struct reader {
	const struct rows *rows;
	size_t row;
	const char *trouble;
};

static void
doubt(struct reader *reader, const char *trouble)
{
	if (reader->trouble == NULL)
		reader->trouble = trouble;
}

static struct slice
text(const struct reader *reader, size_t column)
{
	return rows_cell(reader->rows, reader->row, column);
}

static int64_t
number(struct reader *reader, size_t column, int64_t max)
{
	struct slice s = text(reader, column);
	unsigned long long n = 0;

	if (s.n > 0 && !slice_number(s, (unsigned long long)max, &n))
		doubt(reader, "a number that is none");
	return (int64_t)n;
}

static enum leaf_kind
kind(struct reader *reader, size_t column)
{
	struct slice name = text(reader, column);

	for (int k = 0; k < LEAF_KINDS; k++) {
		if (slice_eq(name, slice_of(kind_names[k])))
			return (enum leaf_kind)k;
	}
	doubt(reader, "an unknown kind of leaf");
	return LEAF_REJECT;
}

/* RFC 3463: class "." subject "." detail, and the class is the code's. */
static void
check_code(struct reader *reader, int code, struct slice dsn)
{
	int verdict = code / 100;

	if (verdict != MAIL_OK && verdict != MAIL_TEMPFAIL &&
	    verdict != MAIL_PERMFAIL)
		doubt(reader, "a code that is no answer");
	else if (dsn.n < 5 || dsn.n >= WHY_DSN_MAX || dsn.p[1] != '.' ||
		 dsn.p[0] != '0' + verdict)
		doubt(reader, "an enhanced code that does not fit");
}

/* It goes into the queue, so it must stand in an SMTP command. */
static void
check_recipient(struct reader *reader, struct slice recipient)
{
	if (recipient.n == 0)
		doubt(reader, "a leaf without a recipient");
	if (recipient.n > RECIPIENT_MAX)
		doubt(reader, "a recipient that is too long");
	for (size_t i = 0; i < recipient.n; i++) {
		if ((unsigned char)recipient.p[i] < ' ' ||
		    recipient.p[i] == 0x7f)
			doubt(reader, "a recipient with control characters");
	}
}

static int
finish(const struct reader *reader, const char *function, struct why *why)
{
	if (reader->trouble == NULL)
		return 0;
	(void)why_say(why, 451, "4.3.0", "directory trouble, try later");
	why_detail(why, "hauspost.%s() answered %s", function, reader->trouble);
	return -EPROTO;
}

static bool
has_shape(struct reader *reader, size_t columns)
{
	if (reader->rows->n > 0 && reader->rows->columns == columns)
		return true;
	doubt(reader, "no rows, or other columns");
	return false;
}

/* --- resolve() -------------------------------------------------------- */

enum {
	A_KIND,
	A_QUEUE_RECIPIENT,
	A_SRS_RECIPIENT,
	A_MAILBOX,
	A_NODE,
	A_DETAIL,
	A_ORIGINAL,
	A_CODE,
	A_DSN,
	A_REPLY,
	A_SIZE_LIMIT,
	A_PATH, /* hops, joined by newlines */
	A_FORWARDER,
	A_TARGET_ID,
	A_PACKAGE,
	A_COLUMNS
};

static void
read_path(struct arena *arena, struct slice path, struct leaf *leaf)
{
	size_t n = 1;

	if (path.n == 0)
		return;
	for (size_t i = 0; i < path.n; i++)
		n += path.p[i] == '\n';
	leaf->path = arena_calloc(arena, n, sizeof *leaf->path);
	while (slice_cut(&path, '\n', &leaf->path[leaf->path_n]))
		leaf->path_n++;
}

static void
check_leaf(struct reader *reader, const struct leaf *leaf)
{
	check_code(reader, leaf->code, leaf->dsn);
	if (leaf->kind == LEAF_UNEXPANDED)
		doubt(reader, "a leaf without a kind");
	if (leaf->kind == LEAF_REJECT && leaf_is_good(leaf))
		doubt(reader, "a rejection that accepts");
	if (leaf_is_good(leaf) && leaf->kind != LEAF_DISCARD)
		check_recipient(reader, leaf->queue_recipient);
	if (leaf->srs_recipient.n > 0)
		check_recipient(reader, leaf->srs_recipient);
	if (leaf->kind == LEAF_MAILBOX && leaf->mailbox.n == 0)
		doubt(reader, "a mailbox without a name");
}

static void
read_leaf(struct reader *reader, struct arena *arena, struct leaf *leaf)
{
	leaf->kind = kind(reader, A_KIND);
	leaf->queue_recipient = text(reader, A_QUEUE_RECIPIENT);
	leaf->srs_recipient = text(reader, A_SRS_RECIPIENT);
	leaf->mailbox = text(reader, A_MAILBOX);
	leaf->node = text(reader, A_NODE);
	leaf->detail = text(reader, A_DETAIL);
	leaf->original = text(reader, A_ORIGINAL);
	leaf->code = (int)number(reader, A_CODE, CODE_MAX);
	leaf->dsn = text(reader, A_DSN);
	leaf->reply = text(reader, A_REPLY);
	leaf->size_limit = number(reader, A_SIZE_LIMIT, INT64_MAX);
	read_path(arena, text(reader, A_PATH), leaf);
	leaf->forwarder = text(reader, A_FORWARDER);
	leaf->target_id = number(reader, A_TARGET_ID, INT64_MAX);
	leaf->package = text(reader, A_PACKAGE);
	check_leaf(reader, leaf);
}

int
answer_read(struct arena *arena, const struct rows *rows,
    struct answer *answer_out, struct why *why)
{
	struct reader reader = { .rows = rows };
	struct answer answer = { .n = rows->n };

	if (has_shape(&reader, A_COLUMNS)) {
		answer.leaves =
		    arena_calloc(arena, rows->n, sizeof *answer.leaves);
		for (; reader.row < rows->n; reader.row++)
			read_leaf(&reader, arena, &answer.leaves[reader.row]);
	}
	if (finish(&reader, "resolve", why) < 0)
		return -EPROTO;
	*answer_out = answer;
	return 0;
}

/* --- leaf() ----------------------------------------------------------- */

enum {
	L_KIND,
	L_MAILBOX,
	L_NODE,
	L_DETAIL,
	L_ADDRESS,
	L_FORWARDER,
	L_CODE,
	L_DSN,
	L_REPLY,
	L_SIZE_LIMIT,
	L_QUOTA,
	L_QUOTA_HARD,
	L_FILTER,
	L_PROGRAM,
	L_OWNER,
	L_FORWARD_FILE,
	L_COLUMNS
};

static void
read_limits(struct reader *reader, struct leaf_target *target)
{
	target->size_limit = number(reader, L_SIZE_LIMIT, INT64_MAX);
	target->quota_bytes = number(reader, L_QUOTA, INT64_MAX);
	target->quota_hard_bytes = number(reader, L_QUOTA_HARD, INT64_MAX);
}

static void
read_target(struct reader *reader, struct leaf_target *target)
{
	target->kind = kind(reader, L_KIND);
	target->mailbox = text(reader, L_MAILBOX);
	target->node = text(reader, L_NODE);
	target->detail = text(reader, L_DETAIL);
	target->address = text(reader, L_ADDRESS);
	target->forwarder = text(reader, L_FORWARDER);
	target->code = (int)number(reader, L_CODE, CODE_MAX);
	target->dsn = text(reader, L_DSN);
	target->reply = text(reader, L_REPLY);
	target->filter = text(reader, L_FILTER);
	target->program = text(reader, L_PROGRAM);
	target->owner = text(reader, L_OWNER);
	target->forward_file =
	    slice_eq(text(reader, L_FORWARD_FILE), SLICE("t"));
	read_limits(reader, target);
	if (target->kind != LEAF_UNEXPANDED)
		check_code(reader, target->code, target->dsn);
	if (target->kind == LEAF_MAILBOX && target->mailbox.n == 0)
		doubt(reader, "a mailbox without a name");
}

int
leaf_target_read(
    const struct rows *rows, struct leaf_target *target_out, struct why *why)
{
	struct reader reader = { .rows = rows };
	struct leaf_target target = { 0 };

	if (has_shape(&reader, L_COLUMNS))
		read_target(&reader, &target);
	if (finish(&reader, "leaf", why) < 0)
		return -EPROTO;
	*target_out = target;
	return 0;
}

/* --- domain_class() --------------------------------------------------- */

enum { D_CLASS, D_NEXTHOP, D_COLUMNS };

int
domain_class_read(
    const struct rows *rows, struct domain_class *class_out, struct why *why)
{
	struct reader reader = { .rows = rows };
	struct domain_class found = { 0 };

	if (has_shape(&reader, D_COLUMNS)) {
		found.class = text(&reader, D_CLASS);
		found.nexthop = text(&reader, D_NEXTHOP);
		if (found.class.n > 0 &&
		    !slice_eq(found.class, SLICE("virtual")) &&
		    !slice_eq(found.class, SLICE("relay")))
			doubt(&reader, "an unknown class of domain");
	}
	if (finish(&reader, "domain_class", why) < 0)
		return -EPROTO;
	*class_out = found;
	return 0;
}

/* --- max_size() and quota() ------------------------------------------- */

enum { S_BYTES, S_COLUMNS };

int
max_size_read(const struct rows *rows, int64_t *bytes_out, struct why *why)
{
	struct reader reader = { .rows = rows };
	int64_t bytes = 0;

	if (has_shape(&reader, S_COLUMNS))
		bytes = number(&reader, S_BYTES, INT64_MAX);
	if (finish(&reader, "max_size", why) < 0)
		return -EPROTO;
	*bytes_out = bytes;
	return 0;
}

enum { Q_MAILBOX, Q_CODE, Q_DSN, Q_REPLY, Q_COLUMNS };

static void
put_quota(struct reader *reader, struct leaf *leaves, size_t n)
{
	struct slice mailbox = text(reader, Q_MAILBOX);

	for (size_t i = 0; i < n; i++) {
		if (!leaf_is_good(&leaves[i]) ||
		    !slice_eq(leaves[i].mailbox, mailbox))
			continue;
		leaves[i].code = (int)number(reader, Q_CODE, CODE_MAX);
		leaves[i].dsn = text(reader, Q_DSN);
		leaves[i].reply = text(reader, Q_REPLY);
	}
}

int
quota_read(
    const struct rows *rows, struct leaf *leaves, size_t n, struct why *why)
{
	struct reader reader = { .rows = rows };

	if (rows->n > 0 && has_shape(&reader, Q_COLUMNS)) {
		for (; reader.row < rows->n; reader.row++)
			check_code(&reader,
			    (int)number(&reader, Q_CODE, CODE_MAX),
			    text(&reader, Q_DSN));
	}
	if (finish(&reader, "quota", why) < 0)
		return -EPROTO;
	for (reader.row = 0; reader.row < rows->n; reader.row++)
		put_quota(&reader, leaves, n);
	return 0;
}
