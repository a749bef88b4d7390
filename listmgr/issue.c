#include "listmgr/issue.h"

#include <errno.h>

#include "core/entity.h"
#include "core/header.h"
#include "core/transfer.h"
#include "listmgr/heading.h"
#include "listmgr/list.h"
#include "listmgr/summary.h"
#include "sieve/datetime.h"

enum { ENTRY_ROOM = 64 }; /* of a line of the contents, beside its texts */

struct words {
	const char *by, *large;
};

static const struct words words_of[LIST_LANGUAGES] = {
	[LIST_DE] = { "von",
	    "Dieser Beitrag ist zu gro\xC3\x9F f\xC3\xBCr den Digest." },
	[LIST_EN] = { "by", "This post is too large for the digest." },
};

static const struct words *
words(const struct issue *issue)
{
	return &words_of[issue->list->language];
}

struct slice
issue_subject(struct arena *arena, const struct issue *issue)
{
	const struct list *list = issue->list;

	return slice_of(
	    list->language == LIST_DE
		? arena_printf(arena, "%.*s-Digest, Band %llu, Ausgabe %llu",
		      SLICE_FMT(list->name), issue->volume, issue->number)
		: arena_printf(arena, "%.*s Digest, Vol %llu, Issue %llu",
		      SLICE_FMT(list->name), issue->volume, issue->number));
}

struct slice
issue_message_id(struct arena *arena, const struct issue *issue)
{
	return slice_of(arena_printf(arena, "digest-%.*s@%.*s",
	    SLICE_FMT(issue->token), SLICE_FMT(issue->list->domain)));
}

/* --- the message -------------------------------------------------------- */

static void
add_date(struct buf *to, int64_t now)
{
	char text[DATETIME_PART_MAX];
	struct datetime date;

	datetime_split(now, 0, &date);
	(void)datetime_part(&date, SLICE("std11"), text);
	(void)buf_addf(to, "Date: %s\n", text);
}

static void
add_header(struct arena *arena, const struct issue *issue, struct buf *to)
{
	const struct list *list = issue->list;
	struct slice none = { "", 0 };

	heading_add_top(arena, list, to);
	heading_add_rest(arena, list, none, to);
	heading_add_mailbox(
	    arena, to, "From", heading_title(list), list->address);
	heading_add_mailbox(
	    arena, to, "To", heading_title(list), list->address);
	heading_add_text(arena, to, "Subject", issue_subject(arena, issue));
	add_date(to, issue->now);
	(void)buf_addf(to,
	    "Message-ID: <%.*s>\nMIME-Version: 1.0\n"
	    "Content-Language: %s\n"
	    "Content-Type: multipart/mixed; boundary=\"=_d%.*s\"\n"
	    "Content-Transfer-Encoding: 8bit\n\n",
	    SLICE_FMT(issue_message_id(arena, issue)),
	    list_language_name(list->language), SLICE_FMT(issue->token));
}

/* Without a line end: it belongs to the boundary that follows. */
static void
add_text(const struct issue *issue, struct buf *to, struct slice text)
{
	(void)buf_addf(to,
	    "--=_d%.*s\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Disposition: inline\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n",
	    SLICE_FMT(issue->token));
	(void)transfer_add_quoted(to, text);
	(void)buf_add_char(to, '\n');
}

/* --- contents ----------------------------------------------------------- */

static void
add_entry(const struct issue *issue, size_t i, const struct summary *summary,
    struct buf *to)
{
	struct slice author = summary->from_name.n > 0 ? summary->from_name
						       : summary->from_address;

	(void)buf_addf(to, "%4zu. %.*s", i + 1, SLICE_FMT(summary->subject));
	if (!issue->list->anonymous && author.n > 0)
		(void)buf_addf(
		    to, " (%s %.*s)", words(issue)->by, SLICE_FMT(author));
	(void)buf_add_char(to, '\n');
}

static void
add_contents(struct arena *arena, const struct issue *issue,
    const struct summary *summaries, struct buf *to)
{
	AUTO_BUF struct buf text =
	    BUF_INIT(issue->head.n +
		     (issue->n_posts + 1) * (3 * SUMMARY_TEXT + ENTRY_ROOM));

	(void)buf_addf(&text, "%.*s\n\n", SLICE_FMT(slice_trim(issue->head)));
	for (size_t i = 0; i < issue->n_posts; i++)
		add_entry(issue, i, &summaries[i], &text);
	add_text(issue, to, arena_slice(arena, buf_slice(&text)));
}

/* --- posts -------------------------------------------------------------- */

static bool
is_shown(const struct issue *issue, struct slice name)
{
	static const char *const shown[] = { "Date", "To", "Cc", "Subject",
		"In-Reply-To", "References", NULL };
	static const char *const telling[] = { "From", "Reply-To", "Message-ID",
		NULL };

	for (const char *const *s = shown; *s != NULL; s++) {
		if (slice_eq_nocase(name, slice_of(*s)))
			return true;
	}
	for (const char *const *s = telling; *s != NULL; s++) {
		if (slice_eq_nocase(name, slice_of(*s)))
			return !issue->list->anonymous;
	}
	return false;
}

static bool
is_content(struct slice name)
{
	return slice_eq_nocase(name, SLICE("MIME-Version")) ||
	       slice_starts_nocase(name, SLICE("Content-"));
}

static void
add_fields(const struct issue *issue, struct slice header, bool with_content,
    struct buf *to)
{
	struct header_walk walk = header_start(header);
	struct header_field field;

	while (header_next(&walk, &field)) {
		if (!is_shown(issue, field.name) &&
		    !(with_content && is_content(field.name)))
			continue;
		(void)buf_add_slice(to, field.whole);
		if (field.whole.p[field.whole.n - 1] != '\n')
			(void)buf_add_char(to, '\n');
	}
}

static void
add_reference(struct arena *arena, const struct issue *issue,
    const struct summary *summary, struct buf *to)
{
	struct slice url =
	    heading_archived_at(arena, issue->list, summary->message_id);

	(void)buf_add_text(to,
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n");
	(void)transfer_add_quoted(to, slice_of(words(issue)->large));
	(void)buf_add_char(to, '\n');
	(void)transfer_add_quoted(to, url);
	(void)buf_add_char(to, '\n');
}

static void
add_post(struct arena *arena, const struct issue *issue, size_t i,
    const struct summary *summary, struct buf *to)
{
	struct slice message = issue->posts[i].message;
	struct entity entity = entity_of(message);
	bool whole = message.n <= ISSUE_POST_MAX;

	(void)buf_addf(to,
	    "--=_p%.*s\nContent-Type: message/rfc822\n"
	    "Content-Transfer-Encoding: 8bit\n\n",
	    SLICE_FMT(issue->token));
	if (issue->list->anonymous)
		heading_add_mailbox(arena, to, "From",
		    heading_title(issue->list), issue->list->address);
	add_fields(issue, entity.header, whole, to);
	if (!whole) {
		add_reference(arena, issue, summary, to);
		return;
	}
	(void)buf_add_char(to, '\n');
	(void)buf_add_slice(to, entity.body);
	(void)buf_add_char(to, '\n');
}

static void
add_posts(struct arena *arena, const struct issue *issue,
    const struct summary *summaries, struct buf *to)
{
	(void)buf_addf(to,
	    "--=_d%.*s\nContent-Type: multipart/digest; boundary=\"=_p%.*s\"\n"
	    "Content-Transfer-Encoding: 8bit\n\n",
	    SLICE_FMT(issue->token), SLICE_FMT(issue->token));
	for (size_t i = 0; i < issue->n_posts; i++)
		add_post(arena, issue, i, &summaries[i], to);
	(void)buf_addf(to, "--=_p%.*s--\n\n", SLICE_FMT(issue->token));
}

int
issue_build(struct arena *arena, const struct issue *issue, struct buf *to)
{
	struct summary *summaries =
	    arena_calloc(arena, issue->n_posts, sizeof *summaries);

	for (size_t i = 0; i < issue->n_posts; i++)
		summary_read(arena, issue->posts[i].message,
		    issue->list->domain, issue->now, &summaries[i]);
	add_header(arena, issue, to);
	add_contents(arena, issue, summaries, to);
	add_posts(arena, issue, summaries, to);
	if (slice_trim(issue->foot).n > 0)
		add_text(issue, to, slice_trim(issue->foot));
	(void)buf_addf(to, "--=_d%.*s--\n", SLICE_FMT(issue->token));
	return buf_failed(to) ? -EMSGSIZE : 0;
}
