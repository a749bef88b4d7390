#include "listmgr/footer.h"

#include "core/buf.h"
#include "core/entity.h"
#include "core/header.h"
#include "core/transfer.h"
#include "listmgr/recode.h"

enum {
	LINE_MAX_OCTETS = 998, /* RFC 5322 2.1.1 */
	ROOM_LEAST = 16 * 1024,
};

struct work {
	struct arena *arena;
	struct entity message;
	struct entity_value type;
	struct slice footer;
	size_t room; /* more than any result needs */
};

static const struct slice separator = { "\n-- \n", 5 };

static bool
is_type(const struct work *work, struct slice name)
{
	return slice_eq_nocase(work->type.name, name);
}

/* To change these would be to break them. */
static bool
is_protected(const struct work *work)
{
	return is_type(work, SLICE("multipart/signed")) ||
	       is_type(work, SLICE("multipart/encrypted")) ||
	       is_type(work, SLICE("application/pkcs7-mime")) ||
	       is_type(work, SLICE("application/x-pkcs7-mime"));
}

static bool
has_long_line(struct slice text)
{
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		if (line.n > LINE_MAX_OCTETS)
			return true;
	}
	return false;
}

/* --- a part of its own -------------------------------------------------- */

/* Ends in a line end, which belongs to the boundary that follows. */
static void
add_footer_part(struct buf *to, struct slice footer)
{
	bool plain = !slice_has_8bit(footer) && !has_long_line(footer);

	(void)buf_addf(to,
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Disposition: inline\n"
	    "Content-Transfer-Encoding: %s\n\n",
	    plain ? "7bit" : "quoted-printable");
	if (plain)
		(void)buf_add_slice(to, footer);
	else
		(void)transfer_add_quoted(to, footer);
	(void)buf_add_char(to, '\n');
}

static bool
finish(struct work *work, struct buf *body, struct footed *footed_out)
{
	if (buf_failed(body))
		return false;
	footed_out->body = arena_slice(work->arena, buf_slice(body));
	return true;
}

/* Where the closing boundary begins; false: there is none. */
static bool
find_close(struct work *work, struct slice *boundary_out, size_t *at_out)
{
	struct entity_walk walk;
	struct entity part;

	if (!entity_param(
		work->arena, &work->type, SLICE("boundary"), boundary_out))
		return false;
	walk = entity_parts(work->message.body, *boundary_out);
	while (entity_next(&walk, &part))
		;
	*at_out = walk.position;
	return walk.closed;
}

static bool
add_to_mixed(struct work *work, struct slice boundary, size_t at,
    struct footed *footed_out)
{
	AUTO_BUF struct buf body = BUF_INIT(work->room);

	if (entity_has_boundary(work->footer, boundary))
		return false;
	(void)buf_add_slice(&body, slice_head(work->message.body, at));
	(void)buf_addf(&body, "--%.*s\n", SLICE_FMT(boundary));
	add_footer_part(&body, work->footer);
	(void)buf_add_slice(&body, slice_tail(work->message.body, at));
	footed_out->fields = (struct slice){ "", 0 };
	return finish(work, &body, footed_out);
}

/* --- around the whole --------------------------------------------------- */

static bool
is_content_field(struct slice name)
{
	return slice_starts_nocase(name, SLICE("Content-"));
}

static void
add_content_fields(struct buf *to, struct slice header)
{
	struct header_walk walk = header_start(header);
	struct header_field field;

	while (header_next(&walk, &field)) {
		if (!is_content_field(field.name))
			continue;
		(void)buf_add_slice(to, field.whole);
		if (field.whole.p[field.whole.n - 1] != '\n')
			(void)buf_add_char(to, '\n');
	}
}

static const char *
mime_version(const struct work *work)
{
	struct header_field field;

	return header_find(work->message.header, SLICE("MIME-Version"), &field)
		   ? ""
		   : "MIME-Version: 1.0\n";
}

static bool
wrap(struct work *work, struct footed *footed_out)
{
	AUTO_BUF struct buf body = BUF_INIT(work->room);
	const char *boundary =
	    entity_new_boundary(work->arena, work->message.body, work->footer);
	/* RFC 2045 6.4: a multipart is no less than what is in it. */
	bool wide = transfer_of(work->message.header) == TRANSFER_8BIT;

	if (boundary == NULL)
		return false;
	footed_out->fields = slice_of(arena_printf(work->arena,
	    "%sContent-Type: multipart/mixed; boundary=\"%s\"\n%s",
	    mime_version(work), boundary,
	    wide ? "Content-Transfer-Encoding: 8bit\n" : ""));
	(void)buf_addf(&body, "--%s\n", boundary);
	add_content_fields(&body, work->message.header);
	(void)buf_add_char(&body, '\n');
	(void)buf_add_slice(&body, work->message.body);
	(void)buf_addf(&body, "\n--%s\n", boundary);
	add_footer_part(&body, work->footer);
	(void)buf_addf(&body, "--%s--\n", boundary);
	return finish(work, &body, footed_out);
}

/* --- under a text ------------------------------------------------------- */

struct text {
	enum transfer transfer;
	struct slice charset;  /* of content and addition */
	struct slice content;  /* without transfer encoding */
	struct slice addition; /* what is to stand below it */
	bool flowed, recoded;
};

static bool
is_ascii_charset(struct slice charset)
{
	return charset.n == 0 || slice_eq_nocase(charset, SLICE("us-ascii")) ||
	       slice_eq_nocase(charset, SLICE("ascii"));
}

/*
 * RFC 3676 4.2, 4.4: a blank at the end of a line would join it with the next
 * one, and these beginnings are written with a blank before them.
 */
static void
add_flowed_line(struct buf *to, struct slice line)
{
	while (line.n > 0 && line.p[line.n - 1] == ' ')
		line.n--;
	if (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '>'))
		(void)buf_add_char(to, ' ');
	else if (slice_starts_nocase(line, SLICE("From ")))
		(void)buf_add_char(to, ' ');
	(void)buf_add_slice(to, line);
}

/* Lines of text that came in base64 end in CRLF. */
static struct slice
line_end(const struct text *text)
{
	bool crlf = text->transfer == TRANSFER_BASE64 &&
		    memmem(text->content.p, text->content.n, "\r\n", 2) != NULL;

	return crlf ? SLICE("\r\n") : SLICE("\n");
}

/* Separator and footer in UTF-8, as this text writes its lines. */
static struct slice
compose_addition(const struct work *work, const struct text *text)
{
	AUTO_BUF struct buf out = BUF_INIT(work->room);
	struct slice rest = work->footer, line, end = line_end(text);
	struct slice content = text->content;

	if (content.n > 0 && content.p[content.n - 1] != '\n')
		(void)buf_add_slice(&out, end);
	(void)buf_add_slice(&out, end);
	(void)buf_add_text(&out, "-- ");
	(void)buf_add_slice(&out, end);
	while (slice_cut(&rest, '\n', &line)) {
		if (text->flowed)
			add_flowed_line(&out, line);
		else
			(void)buf_add_slice(&out, line);
		(void)buf_add_slice(&out, end);
	}
	return arena_slice(work->arena, buf_slice(&out));
}

/* The footer in the text's own charset, when that has its characters. */
static bool
fits_charset(struct work *work, struct text *text)
{
	const struct recode recode = { SLICE("utf-8"), text->charset };
	struct slice line;

	if (is_ascii_charset(text->charset))
		return !slice_has_8bit(text->addition);
	/* UTF-16 and its like write even a blank in another way. */
	return recode_text(work->arena, &recode, separator, &line) &&
	       slice_eq(line, separator) &&
	       recode_text(
		   work->arena, &recode, text->addition, &text->addition);
}

static bool
to_utf8(struct work *work, struct text *text)
{
	const struct recode recode = { text->charset.n > 0 ? text->charset
							   : SLICE("us-ascii"),
		SLICE("utf-8") };

	text->recoded = true;
	text->charset = recode.to;
	return recode_text(work->arena, &recode, text->content, &text->content);
}

static bool
read_text(struct work *work, struct text *text)
{
	struct slice format;

	text->transfer = transfer_of(work->message.header);
	if (text->transfer == TRANSFER_OTHER)
		return false;
	text->content =
	    transfer_decode(work->arena, text->transfer, work->message.body);
	(void)entity_param(
	    work->arena, &work->type, SLICE("charset"), &text->charset);
	text->flowed =
	    entity_param(work->arena, &work->type, SLICE("format"), &format) &&
	    slice_eq_nocase(format, SLICE("flowed"));
	text->addition = compose_addition(work, text);
	return fits_charset(work, text) || to_utf8(work, text);
}

static const char *
text_fields(struct work *work, const struct text *text, const char *transfer)
{
	struct slice delsp = SLICE("no");

	(void)entity_param(work->arena, &work->type, SLICE("delsp"), &delsp);
	return arena_printf(work->arena,
	    "%sContent-Type: text/plain; charset=\"%.*s\"%s%s\n"
	    "Content-Transfer-Encoding: %s\n",
	    mime_version(work), SLICE_FMT(text->charset),
	    text->flowed ? "; format=flowed" : "",
	    text->flowed && slice_eq_nocase(delsp, SLICE("yes")) ? "; delsp=yes"
								 : "",
	    transfer);
}

/* The author's octets stay, and the addition is written as they are. */
static bool
append(struct work *work, const struct text *text, struct footed *footed_out)
{
	AUTO_BUF struct buf body = BUF_INIT(work->room);

	(void)buf_add_slice(&body, work->message.body);
	if (text->transfer == TRANSFER_QUOTED)
		(void)transfer_add_quoted(&body, text->addition);
	else
		(void)buf_add_slice(&body, text->addition);
	footed_out->fields = (struct slice){ "", 0 };
	return finish(work, &body, footed_out);
}

static bool
encode_anew(struct work *work, struct text *text, struct footed *footed_out)
{
	AUTO_BUF struct buf whole = BUF_INIT(work->room);
	AUTO_BUF struct buf body = BUF_INIT(work->room);
	bool base64 = text->transfer == TRANSFER_BASE64;

	(void)buf_add_slice(&whole, text->content);
	(void)buf_add_slice(&whole, text->addition);
	if (base64)
		(void)transfer_add_base64(&body, buf_slice(&whole));
	else
		(void)transfer_add_quoted(&body, buf_slice(&whole));
	if (text->charset.n == 0)
		text->charset = SLICE("us-ascii");
	footed_out->fields = slice_of(
	    text_fields(work, text, base64 ? "base64" : "quoted-printable"));
	return finish(work, &body, footed_out);
}

/* A soft line break at the very end would take what follows into its line. */
static bool
ends_softly(const struct work *work)
{
	struct slice body = slice_trim(work->message.body);

	return body.n > 0 && body.p[body.n - 1] == '=';
}

static bool
can_append(const struct work *work, const struct text *text)
{
	if (text->recoded || text->transfer == TRANSFER_BASE64)
		return false;
	if (text->transfer == TRANSFER_QUOTED)
		return !ends_softly(work);
	return (text->transfer == TRANSFER_8BIT ||
		   !slice_has_8bit(text->addition)) &&
	       !has_long_line(text->addition);
}

static bool
add_to_text(struct work *work, struct footed *footed_out)
{
	struct text text = { .charset = { "", 0 } };

	if (!read_text(work, &text))
		return false;
	return can_append(work, &text) ? append(work, &text, footed_out)
				       : encode_anew(work, &text, footed_out);
}

/* --- which of them ------------------------------------------------------ */

static bool
is_attachment(const struct work *work)
{
	const struct entity_value disposition =
	    entity_value(work->message.header, SLICE("Content-Disposition"),
		SLICE("inline"));

	return slice_eq_nocase(disposition.name, SLICE("attachment"));
}

static bool
add(struct work *work, struct footed *footed_out)
{
	struct slice boundary;
	size_t at;

	if (slice_starts_nocase(work->type.name, SLICE("multipart/"))) {
		/* Without an end it is no saying where it would go on. */
		if (!find_close(work, &boundary, &at))
			return false;
		if (is_type(work, SLICE("multipart/mixed")))
			return add_to_mixed(work, boundary, at, footed_out);
	}
	if (is_type(work, SLICE("text/plain")) && !is_attachment(work) &&
	    add_to_text(work, footed_out))
		return true;
	return wrap(work, footed_out);
}

bool
footer_add(struct arena *arena, struct slice message, struct slice footer,
    struct footed *footed_out)
{
	struct work work = { .arena = arena,
		.message = entity_of(message),
		.footer = slice_trim(footer) };

	work.type = entity_type(work.message.header);
	/* Quoted-printable makes three of one, UTF-8 at most four. */
	work.room = 12 * (message.n + footer.n) + ROOM_LEAST;
	if (work.footer.n == 0 || is_protected(&work))
		return false;
	return add(&work, footed_out);
}
