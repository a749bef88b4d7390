#include "core/digest.h"
#include "core/header.h"
#include "core/transfer.h"
#include "listmgr/edit_work.h"
#include "listmgr/heading.h"
#include "listmgr/line.h"

enum {
	ROOM = 64 * 1024, /* for what stands around the post */
	AUTHOR_SHOWN = 254,
};

/* --- the message around ------------------------------------------------- */

static void
add_copy(const struct work *work, struct buf *to, const char *name)
{
	struct slice value = edit_value(work, slice_of(name));

	if (value.n > 0)
		(void)buf_addf(to, "%s: %.*s\n", name, SLICE_FMT(value));
}

/* What it is now, or else what the author wrote. */
static void
add_either(const struct work *work, struct buf *to, const char *name,
    struct slice value)
{
	if (value.n > 0)
		(void)buf_addf(to, "%s: %.*s\n", name, SLICE_FMT(value));
	else
		add_copy(work, to, name);
}

/* The post itself is an ancestor: answers find their thread by it. */
static void
add_references(const struct work *work, struct buf *to)
{
	struct slice before = edit_value(work, SLICE("References"));

	(void)buf_addf(to, "References: %.*s%s<%.*s>\n", SLICE_FMT(before),
	    before.n > 0 ? "\n " : "", SLICE_FMT(work->request->message_id));
}

/* The same for a repeat, and no other post's. */
static void
add_message_id(const struct work *work, struct buf *to)
{
	const struct slice parts[] = { work->list->address,
		work->request->message_id };
	char text[DIGEST_TEXT + 1];

	digest_text(SLICE("hauspost list wrap"), parts,
	    sizeof parts / sizeof *parts, text);
	(void)buf_addf(
	    to, "Message-ID: <%s@%.*s>\n", text, SLICE_FMT(work->list->domain));
}

static void
add_fields(struct work *work, struct buf *to, const char *boundary)
{
	heading_add_rest(
	    work->arena, work->list, work->request->message_id, to);
	edit_add_from(work, to);
	if (work->new_subject.n > 0)
		heading_add_text(work->arena, to, "Subject", work->new_subject);
	else
		add_copy(work, to, "Subject");
	add_copy(work, to, "Date");
	add_copy(work, to, "To");
	add_either(work, to, "Cc", work->new_cc);
	add_either(work, to, "Reply-To", work->new_reply_to);
	add_copy(work, to, "In-Reply-To");
	add_references(work, to);
	add_message_id(work, to);
	(void)buf_addf(to,
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=\"%s\"\n"
	    "Content-Transfer-Encoding: 8bit\n\n",
	    boundary);
}

/* --- what is in it ------------------------------------------------------ */

static struct slice
explanation(const struct work *work)
{
	const struct list *list = work->list;
	struct slice author =
	    line_clean(work->arena, work->author.text, AUTHOR_SHOWN);

	return slice_of(arena_printf(work->arena,
	    list->language == LIST_DE
		? "Diese Nachricht hat %.*s an die Liste %.*s geschrieben;\n"
		  "sie ist unver\xC3\xA4ndert beigef\xC3\xBCgt.\n%s%.*s\n"
		: "%.*s wrote this message to the list %.*s;\n"
		  "it is attached as it was written.\n%s%.*s\n",
	    SLICE_FMT(author), SLICE_FMT(list->address),
	    list->footer.n > 0 ? "\n-- \n" : "", SLICE_FMT(list->footer)));
}

/* Where it has been is of no use to members, and a password of none. */
static bool
is_inner(struct slice name)
{
	return !slice_eq_nocase(name, SLICE("Return-Path")) &&
	       !slice_eq_nocase(name, SLICE("Delivered-To")) &&
	       !slice_eq_nocase(name, SLICE("Approved")) &&
	       !slice_eq_nocase(name, SLICE("X-Approved"));
}

static void
add_post(const struct work *work, struct buf *to)
{
	struct header_walk walk = header_start(work->message.header);
	struct header_field field;

	while (header_next(&walk, &field)) {
		if (is_inner(field.name))
			(void)buf_add_slice(to, field.whole);
	}
	/* The header of a message without a body may end in its last field. */
	if (to->p[to->n - 1] != '\n')
		(void)buf_add_char(to, '\n');
	(void)buf_add_char(to, '\n');
	(void)buf_add_slice(to, work->message.body);
}

static void
add_body(const struct work *work, struct buf *to, const char *boundary)
{
	(void)buf_addf(to,
	    "--%s\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Disposition: inline\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n",
	    boundary);
	(void)transfer_add_quoted(to, explanation(work));
	(void)buf_addf(to,
	    "\n--%s\nContent-Type: message/rfc822\n"
	    "Content-Disposition: inline\n"
	    "Content-Transfer-Encoding: 8bit\n\n",
	    boundary);
	add_post(work, to);
	(void)buf_addf(to, "\n--%s--\n", boundary);
}

enum verdict
edit_wrap(struct work *work, struct edited *edited_out, struct why *why)
{
	AUTO_BUF struct buf top = BUF_INIT(ROOM);
	AUTO_BUF struct buf fields =
	    BUF_INIT(4 * work->message.header.n + ROOM);
	AUTO_BUF struct buf body = BUF_INIT(work->request->message.n + ROOM);
	const char *boundary = entity_new_boundary(
	    work->arena, work->request->message, work->list->footer);

	if (boundary == NULL)
		return why_say(why, 550, "5.6.0",
		    "This message holds what would end it: send it without");
	heading_add_top(work->arena, work->list, &top);
	add_fields(work, &fields, boundary);
	add_body(work, &body, boundary);
	if (buf_failed(&top) || buf_failed(&fields) || buf_failed(&body))
		return why_say(why, 552, "5.3.4",
		    "The header of this message is too large");
	*edited_out = (struct edited){
		.top = arena_slice(work->arena, buf_slice(&top)),
		.fields = arena_slice(work->arena, buf_slice(&fields)),
		.body = arena_slice(work->arena, buf_slice(&body)),
		.from = EDIT_WRAPPED,
	};
	return MAIL_OK;
}
