#include "listmgr/report.h"

#include "core/bounce.h"
#include "core/entity.h"
#include "core/header.h"
#include "core/transfer.h"
#include "listmgr/line.h"
#include "sieve/encoded_word.h"

enum {
	DEPTH_MAX = 3,
	RECIPIENTS_MAX = 100, /* a return path names one */
	BODY_SEEN = 1000,     /* where a bounce without parts says what it is */
	STATUS_MAX = 9,	      /* "5.999.999" */
	POST_LARGE = 1024 * 1024,
};

static const char *const kind_names[] = { "answer", "notice", "policy", "size",
	"soft", "hard" };
_Static_assert(
    sizeof kind_names / sizeof *kind_names == REPORT_KINDS, "name every kind");

static const double weights[REPORT_KINDS] = {
	[REPORT_SOFT] = 0.5, [REPORT_HARD] = 1
};

const char *
report_kind_name(enum report_kind kind)
{
	return kind_names[kind];
}

/* --- the part ----------------------------------------------------------- */

/*
 * The text of the delivery-status part, looked for in multiparts but not in
 * the message that came back: that may be somebody's report as well.
 */
static bool
find_status(struct arena *arena, struct entity entity, int depth,
    struct slice *status_out)
{
	struct entity_value type = entity_type(entity.header);
	struct slice boundary;
	struct entity_walk parts;
	struct entity part;

	if (bounce_is_status(type.name)) {
		*status_out = transfer_decode(
		    arena, transfer_of(entity.header), entity.body);
		return true;
	}
	if (depth == 0 ||
	    !slice_starts_nocase(type.name, SLICE("multipart/")) ||
	    !entity_param(arena, &type, SLICE("boundary"), &boundary))
		return false;
	parts = entity_parts(entity.body, boundary);
	while (entity_next(&parts, &part)) {
		if (find_status(arena, part, depth - 1, status_out))
			return true;
	}
	return false;
}

/* --- the status --------------------------------------------------------- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "C.S.D" at the front (RFC 3463 2); its length, or 0. */
static size_t
status_length(struct slice s)
{
	size_t n = 1, digits;

	if (s.n == 0 || (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5'))
		return 0;
	for (int part = 0; part < 2; part++) {
		if (n == s.n || s.p[n++] != '.')
			return 0;
		for (digits = 0; n < s.n && is_digit(s.p[n]); digits++)
			n++;
		if (digits == 0 || digits > 3)
			return 0;
	}
	return n;
}

/* Part of a longer number or of an IPv4 address: 192.5.1.1, 5.1.1.7. */
static bool
is_within_number(struct slice s, size_t at, size_t n)
{
	if (at > 0 && (is_digit(s.p[at - 1]) || s.p[at - 1] == '.'))
		return true;
	return at + n + 1 < s.n && s.p[at + n] == '.' &&
	       is_digit(s.p[at + n + 1]);
}

static struct slice
find_status_in(struct slice words)
{
	for (size_t i = 0; i < words.n; i++) {
		size_t n = status_length(slice_tail(words, i));

		if (n > 0 && !is_within_number(words, i, n))
			return slice_head(slice_tail(words, i), n);
	}
	return (struct slice){ "", 0 };
}

/* "550 no such user": at least whether it is for good. */
static struct slice
class_of_code(struct slice words)
{
	if (words.n < 3 || !is_digit(words.p[1]) || !is_digit(words.p[2]))
		return SLICE("");
	if (words.n > 3 && is_digit(words.p[3]))
		return SLICE("");
	if (words.p[0] == '5')
		return SLICE("5.0.0");
	return words.p[0] == '4' ? SLICE("4.0.0") : SLICE("");
}

/* RFC 3463 3.1: x.0.0 knows no more than its class; the words may. */
static struct slice
status_of(const struct bounce *bounce)
{
	size_t n = status_length(bounce->status);
	struct slice said = slice_head(bounce->status, n), better;

	if (n > 0 && !slice_eq(slice_tail(said, 1), SLICE(".0.0")))
		return said;
	better = find_status_in(bounce->reply);
	if (better.n == 0)
		better = n > 0 ? said : class_of_code(bounce->reply);
	return better;
}

/* --- what it means ------------------------------------------------------ */

static bool
is_among(struct slice status, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (slice_eq(status, slice_of(*list)))
			return true;
	}
	return false;
}

static enum report_kind
kind_of(struct slice status, const struct report_source *source)
{
	/* No such mailbox or host, bad syntax, moved, no mail here, disabled,
	 * no route. */
	static const char *const hard[] = { "5.1.1", "5.1.2", "5.1.3", "5.1.6",
		"5.1.10", "5.2.1", "5.4.4", NULL };
	static const char *const size[] = { "5.2.3", "5.3.4", NULL };

	if (is_among(status, hard))
		return REPORT_HARD;
	if (is_among(status, size) && source->post_bytes > POST_LARGE)
		return REPORT_SIZE;
	if (slice_starts_nocase(status, SLICE("5.7.")) ||
	    slice_starts_nocase(status, SLICE("5.6.")))
		return REPORT_POLICY;
	return REPORT_SOFT;
}

static void
keep_worst(struct arena *arena, const struct report_source *source,
    const struct bounce *bounce, struct report *report)
{
	struct slice status = status_of(bounce);
	enum report_kind kind =
	    bounce->failed ? kind_of(status, source) : REPORT_NOTICE;

	if (kind <= report->kind)
		return;
	report->kind = kind;
	report->status = line_clean(arena, status, STATUS_MAX);
	report->recipient = line_clean(arena, bounce->recipient, REPORT_WORDS);
	report->diagnostic = line_clean(arena, bounce->reply, REPORT_WORDS);
}

static void
read_status(struct arena *arena, const struct report_source *source,
    struct slice status, struct report *report)
{
	struct bounce_walk walk = { status };
	struct bounce bounce;

	for (int i = 0; i < RECIPIENTS_MAX && bounce_next(&walk, &bounce); i++)
		keep_worst(arena, source, &bounce, report);
}

/* --- reports that are just text ------------------------------------------ */

static bool
sounds_like_failure(struct slice text)
{
	static const char *const words[] = { "undeliver", "failure notice",
		"returned mail", "unzustellbar", "delivery fail",
		"delivery has failed", "nicht zugestellt" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (slice_contains_nocase(text, slice_of(words[i])))
			return true;
	}
	return false;
}

/* RFC 6522 3; one of another type tells that a person has read the post. */
static bool
is_failure_report(struct arena *arena, struct slice header)
{
	struct entity_value type = entity_type(header);
	struct slice of = SLICE("delivery-status");

	if (!slice_eq_nocase(type.name, SLICE("multipart/report")))
		return false;
	(void)entity_param(arena, &type, SLICE("report-type"), &of);
	return slice_eq_nocase(of, SLICE("delivery-status"));
}

static enum report_kind
guess(struct arena *arena, const struct report_source *source,
    struct entity entity)
{
	struct header_field subject = { .value = { "", 0 } };

	(void)header_find(entity.header, SLICE("Subject"), &subject);
	if (source->null_sender &&
	    (is_failure_report(arena, entity.header) ||
		sounds_like_failure(
		    encoded_word_decode(arena, subject.value)) ||
		sounds_like_failure(slice_head(entity.body, BODY_SEEN))))
		return REPORT_SOFT;
	return REPORT_ANSWER;
}

void
report_read(struct arena *arena, const struct report_source *source,
    struct report *report_out)
{
	struct entity entity = entity_of(source->message);
	struct report report = { .status = { "", 0 },
		.recipient = { "", 0 },
		.diagnostic = { "", 0 } };
	struct slice status;

	if (find_status(arena, entity, DEPTH_MAX, &status))
		read_status(arena, source, status, &report);
	if (report.kind == REPORT_ANSWER)
		report.kind = guess(arena, source, entity);
	report.weight = weights[report.kind];
	*report_out = report;
}
