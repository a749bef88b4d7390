/*
 * RFC 5703 5 and 6: replace and enclose make another message of this one.
 *
 * What they make is seen by all that follows, MIME tests too; a loop that is
 * under way goes on over the parts it began with.
 */
#include "core/buf.h"
#include "core/header.h"
#include "sieve/address.h"
#include "sieve/compile.h"
#include "sieve/datetime.h"
#include "sieve/header_write.h"
#include "sieve/message.h"
#include "sieve/mime.h"
#include "sieve/text.h"

enum { BUILT_MAX = 2 * SIEVE_BODY_SCAN_MAX };

static const char text_header[] = "MIME-Version: 1.0\n"
				  "Content-Type: text/plain; charset=utf-8\n"
				  "Content-Transfer-Encoding: 8bit\n";

/* The message as it is now; p NULL when looking at it goes over a budget. */
static struct slice
current(struct run *run)
{
	size_t n = run->message->octets.n;

	if (run_scan_body(run, n) < 0 || run_charge(run, n) < 0)
		return (struct slice){ NULL, 0 };
	return sieve_edit_message(run_edit(run), run->received, run->arena);
}

static void
add_line(struct buf *to, struct slice line, struct slice eol)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	(void)buf_add_slice(to, line);
	(void)buf_add_slice(to, eol);
}

/* All line ends as the received message has them. */
static void
install(struct run *run, struct slice built)
{
	AUTO_BUF struct buf octets = BUF_INIT(BUILT_MAX);
	struct slice eol = message_line_end(run->received), line;

	while (slice_cut(&built, '\n', &line)) {
		if (line.n > 0 || built.p != NULL)
			add_line(&octets, line, eol);
	}
	run_replace_message(run, arena_slice(run->arena, buf_slice(&octets)));
}

static bool
is_mime_field(struct slice name)
{
	return slice_starts_nocase(name, SLICE("Content-")) ||
	       slice_eq_nocase(name, SLICE("MIME-Version"));
}

static void
add_text_field(
    struct run *run, struct buf *to, const char *name, struct slice value)
{
	struct slice written =
	    header_write(run->arena, strlen(name), value, SLICE("\n"));

	(void)buf_addf(to, "%s: %.*s\n", name, SLICE_FMT(written));
}

/* ---- replace: 5 ---- */

struct replace {
	const struct text *subject, *from, *replacement;
	bool mime;
};

static bool
replace_check(struct compiler *compiler, struct node *node)
{
	const struct replace *args = node->args;
	struct address address;

	if (args->from == NULL || !text_is_fixed(args->from) ||
	    address_parse(compiler->scratch, args->from->fixed, &address))
		return true;
	return compile_error(compiler,
	    "\"%.*s\" is no address that a message can come from",
	    ERRORS_WORD(args->from->fixed));
}

/* What takes the place of a part: a header and a body. */
static struct slice
entity(struct run *run, const struct replace *args)
{
	struct slice text = text_value(run, args->replacement);

	if (args->mime)
		return text;
	return slice_of(arena_printf(run->arena, "%s\n%.*s\n",
	    strchr(text_header, '\n') + 1, SLICE_FMT(text)));
}

/* 5: the field that a tag replaces is still there as Original-…. */
static void
add_kept_field(struct run *run, struct buf *to,
    const struct header_field *field, const struct replace *args)
{
	bool is_subject = args->subject != NULL &&
			  slice_eq_nocase(field->name, SLICE("Subject"));
	bool is_from =
	    args->from != NULL && slice_eq_nocase(field->name, SLICE("From"));

	if (is_mime_field(field->name))
		return;
	if (is_subject || is_from)
		(void)buf_add_text(to, "Original-");
	(void)buf_add_slice(to, field->whole);
	if (is_subject)
		add_text_field(
		    run, to, "Subject", text_value(run, args->subject));
	if (is_from)
		add_text_field(run, to, "From", text_value(run, args->from));
}

/* All of the message: its own header with the entity's instead of MIME. */
static struct slice
whole(struct run *run, const struct replace *args, struct slice octets)
{
	AUTO_BUF struct buf to = BUF_INIT(BUILT_MAX);
	struct header_walk walk = header_start(octets);
	struct header_field field;

	while (header_next(&walk, &field))
		add_kept_field(run, &to, &field, args);
	(void)buf_add_text(&to, "MIME-Version: 1.0\n");
	(void)buf_add_slice(&to, entity(run, args));
	return arena_slice(run->arena, buf_slice(&to));
}

static int
replace_run(struct run *run, const struct node *node)
{
	const struct replace *args = node->args;
	const struct part *part = mime_current(run);
	struct slice octets = current(run), built;

	if (part == NULL || octets.p == NULL)
		return RUN_FAIL;
	if (part->parent == NULL)
		install(run, whole(run, args, octets));
	else if (mime_exchange(run, octets, part, entity(run, args), &built))
		install(run, built);
	return FLOW_NEXT; /* a part that is gone is replaced already */
}

/* ---- enclose: 6 ---- */

struct enclose {
	const struct text *subject, *text;
	const struct texts *headers;
};

static bool
is_copied(struct run *run, const struct enclose *args, struct slice name)
{
	for (size_t i = 0; args->headers != NULL && i < args->headers->n; i++) {
		if (slice_eq_nocase(
			name, text_value(run, &args->headers->list[i])))
			return true;
	}
	return false;
}

/* 6: fields that are copied; Date and From of our own when they are not. */
static void
enclosing_header(struct run *run, const struct enclose *args, struct buf *to)
{
	struct slice user = run->environment->user_email, subject;
	char date_text[DATETIME_PART_MAX];
	struct datetime date;
	size_t n, i = fields_find(run->fields, SLICE("Subject"), 0);

	for (size_t k = 0; k < run->fields->n; k++) {
		const struct field *f = &run->fields->list[k];

		if (is_copied(run, args, f->name) && !is_mime_field(f->name))
			(void)buf_addf(to, "%.*s: %.*s\n", SLICE_FMT(f->name),
			    SLICE_FMT(f->raw));
	}
	datetime_split(run->environment->now, 0, &date);
	n = datetime_part(&date, SLICE("std11"), date_text);
	if (!is_copied(run, args, SLICE("Date")))
		(void)buf_addf(to, "Date: %.*s\n", (int)n, date_text);
	if (!is_copied(run, args, SLICE("From")))
		add_text_field(
		    run, to, "From", user.n > 0 ? user : run->envelope.to);
	subject = text_or_empty(run, args->subject);
	if (args->subject == NULL && i < run->fields->n)
		subject = fields_text(run->fields, i);
	add_text_field(run, to, "Subject", subject);
}

/* A boundary that stands nowhere in the message. */
static const char *
boundary(struct run *run, struct slice octets)
{
	for (unsigned i = 0;; i++) {
		const char *mark =
		    arena_printf(run->arena, "=_enclosed_%zu_%u", octets.n, i);

		if (memmem(octets.p, octets.n, mark, strlen(mark)) == NULL)
			return mark;
	}
}

static int
enclose_run(struct run *run, const struct node *node)
{
	AUTO_BUF struct buf to = BUF_INIT(BUILT_MAX);
	const struct enclose *args = node->args;
	struct slice octets = current(run);
	const char *mark;

	if (octets.p == NULL)
		return RUN_FAIL;
	if (!run->enclosed)
		run->inner_edit = run_edit(run);
	run->enclosed = true;
	mark = boundary(run, octets);
	enclosing_header(run, args, &to);
	(void)buf_addf(&to,
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=\"%s\"\n\n--%s\n",
	    mark, mark);
	(void)buf_addf(&to, "%s\n%.*s\n", strchr(text_header, '\n') + 1,
	    SLICE_FMT(text_value(run, args->text)));
	(void)buf_addf(&to, "--%s\nContent-Type: message/rfc822\n\n", mark);
	(void)buf_add_slice(&to, octets);
	(void)buf_addf(&to, "\n--%s--\n", mark);
	install(run, buf_slice(&to));
	return FLOW_NEXT;
}

static const struct sieve_param replace_params[] = {
	PARAM("replacement", VALUE_STRING, struct replace, replacement),
	PARAM_END,
};
static const struct sieve_param enclose_params[] = {
	PARAM("text", VALUE_STRING, struct enclose, text),
	PARAM_END,
};

static const struct sieve_tag replace_tags[] = {
	TAG_FLAG("mime", GROUP_OWN, struct replace, mime),
	TAG_VALUE("subject", GROUP_OWN, VALUE_STRING, struct replace, subject),
	TAG_VALUE("from", GROUP_OWN, VALUE_STRING, struct replace, from),
	TAG_END,
};
static const struct sieve_tag enclose_tags[] = {
	TAG_VALUE("subject", GROUP_OWN, VALUE_STRING, struct enclose, subject),
	TAG_VALUE("headers", GROUP_OWN, VALUE_STRINGS, struct enclose, headers),
	TAG_END,
};

static const struct sieve_word replace_words[] = {
	{ "replace", WORD_COMMAND, .size = sizeof(struct replace),
	    .params = replace_params, .tags = replace_tags,
	    .check = replace_check, .run = replace_run },
	WORD_END,
};
static const struct sieve_word enclose_words[] = {
	{ "enclose", WORD_COMMAND, .size = sizeof(struct enclose),
	    .params = enclose_params, .tags = enclose_tags,
	    .run = enclose_run },
	WORD_END,
};

const struct sieve_extension ext_replace = {
	.name = "replace", .words = replace_words, .off_by_default = true
};
const struct sieve_extension ext_enclose = {
	.name = "enclose", .words = enclose_words, .off_by_default = true
};
