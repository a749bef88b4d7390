#include "core/bounce.h"

#include "core/header.h"

static struct slice
line_of(struct slice text)
{
	long end = slice_find(text, '\n');

	return slice_head(text, end < 0 ? text.n : (size_t)end + 1);
}

static struct slice
skip_line(struct slice text)
{
	return slice_tail(text, line_of(text).n);
}

bool
bounce_is_status(struct slice type)
{
	return slice_starts_nocase(type, SLICE("message/delivery-status")) ||
	       slice_starts_nocase(
		   type, SLICE("message/global-delivery-status"));
}

/* Behind the header at the front of text, and the empty line below it. */
static struct slice
behind_header(struct slice text)
{
	return skip_line(slice_tail(text, header_length(text)));
}

/* Longer headers of parts hide nothing that we look for. */
enum { PART_HEADER_MAX = 1024 };

/*
 * A part's header follows the line of its boundary. Which boundary does not
 * matter: nobody has a reason to hide such a part in another one.
 */
struct bounce_walk
bounce_start(struct slice body)
{
	struct header_field type;

	while (body.n > 0) {
		bool boundary = slice_starts_nocase(body, SLICE("--"));

		body = skip_line(body);
		if (boundary &&
		    header_find(slice_head(body, PART_HEADER_MAX),
			SLICE("Content-Type"), &type) &&
		    bounce_is_status(type.value))
			return (struct bounce_walk){ behind_header(body) };
	}
	return (struct bounce_walk){ body };
}

/* "rfc822; anna@example.org" */
static struct slice
without_type(struct slice value)
{
	long semicolon = slice_find(value, ';');

	return slice_trim(slice_tail(value, (size_t)(semicolon + 1)));
}

static void
take_field(struct bounce *bounce, const struct header_field *field)
{
	if (slice_eq_nocase(field->name, SLICE("Final-Recipient")))
		bounce->recipient = without_type(field->value);
	else if (slice_eq_nocase(field->name, SLICE("Status")))
		bounce->status = field->value;
	else if (slice_eq_nocase(field->name, SLICE("Action")))
		bounce->failed = slice_eq_nocase(field->value, SLICE("failed"));
	else if (slice_eq_nocase(field->name, SLICE("Diagnostic-Code")))
		bounce->reply = without_type(field->value);
}

/* Takes a block off the front, false at what is none: a boundary, the end. */
static bool
next_block(struct bounce_walk *walk, struct bounce *bounce)
{
	struct header_walk fields = header_start(walk->rest);
	struct header_field field;
	bool is_block = slice_trim(line_of(walk->rest)).n == 0;

	*bounce = (struct bounce){ .failed = false };
	while (header_next(&fields, &field)) {
		take_field(bounce, &field);
		is_block = true;
	}
	walk->rest = behind_header(walk->rest);
	return is_block;
}

/* The first block is about the message as a whole, and names nobody. */
bool
bounce_next(struct bounce_walk *walk, struct bounce *bounce_out)
{
	struct bounce bounce;

	while (walk->rest.n > 0 && next_block(walk, &bounce)) {
		if (bounce.recipient.n > 0) {
			*bounce_out = bounce;
			return true;
		}
	}
	return false;
}

bool
bounce_is_gone(const struct bounce *bounce)
{
	/* RFC 3463: no such mailbox, host, syntax; moved away; no mail for
	 * this domain (RFC 7505); disabled; no route to its host. */
	static const struct slice gone[] = { { "5.1.0", 5 }, { "5.1.1", 5 },
		{ "5.1.2", 5 }, { "5.1.3", 5 }, { "5.1.6", 5 }, { "5.1.10", 6 },
		{ "5.2.1", 5 }, { "5.4.4", 5 } };

	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
		if (slice_eq(bounce->status, gone[i]))
			return bounce->failed;
	}
	return false;
}
