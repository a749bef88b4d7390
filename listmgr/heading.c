#include "listmgr/heading.h"

#include "core/list_url.h"
#include "listmgr/line.h"
#include "listmgr/list.h"
#include "sieve/header_write.h"

enum {
	LINE_WANTED = 78,  /* RFC 5322 2.1.1 */
	PHRASE_MAX = 1000, /* names of people are shorter */
};

/* --- names -------------------------------------------------------------- */

static bool
is_atext(unsigned char c)
{
	return (c >= '0' && c <= '9') ||
	       (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == ' ' ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_atoms(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (!is_atext((unsigned char)name.p[i]))
			return false;
	}
	/* What looks like an encoded word would become one. */
	return memmem(name.p, name.n, "=?", 2) == NULL;
}

static struct slice
quoted(struct arena *arena, struct slice name)
{
	char *text = arena_alloc(arena, 2 * name.n + 3);
	size_t n = 0;

	text[n++] = '"';
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			text[n++] = '\\';
		text[n++] = name.p[i];
	}
	text[n++] = '"';
	return (struct slice){ text, n };
}

/* A phrase (RFC 5322 3.2.5, RFC 2047 5 (3)). */
static struct slice
phrase(struct arena *arena, size_t field_n, struct slice name)
{
	name = line_clean(arena, name, PHRASE_MAX);
	if (slice_has_8bit(name) || memmem(name.p, name.n, "=?", 2) != NULL)
		return header_write(arena, field_n, name, SLICE("\n"));
	return name.n == 0 || is_atoms(name) ? name : quoted(arena, name);
}

static size_t
last_line(struct slice text)
{
	return text.n - (size_t)(slice_rfind(text, '\n') + 1);
}

/* Phrase and <what>, on a line of its own where the two get too long. */
static void
add_angled(struct arena *arena, struct buf *to, const char *field,
    struct slice name, struct slice what)
{
	size_t field_n = strlen(field);
	struct slice words = phrase(arena, field_n, name);
	size_t column = last_line(words);
	const char *gap = " ";

	if (slice_find(words, '\n') < 0)
		column += field_n + 2;
	if (words.n == 0)
		gap = "";
	else if (column + what.n + 3 > LINE_WANTED)
		gap = "\n ";
	(void)buf_addf(to, "%s: %.*s%s<%.*s>\n", field, SLICE_FMT(words), gap,
	    SLICE_FMT(what));
}

void
heading_add_mailbox(struct arena *arena, struct buf *to, const char *field,
    struct slice name, struct slice address)
{
	add_angled(arena, to, field, name, address);
}

void
heading_add_text(
    struct arena *arena, struct buf *to, const char *field, struct slice text)
{
	struct slice value =
	    header_write(arena, strlen(field), text, SLICE("\n"));

	(void)buf_addf(to, "%s: %.*s\n", field, SLICE_FMT(value));
}

struct slice
heading_title(const struct list *list)
{
	return list->title.n > 0 ? list->title : list->name;
}

/* --- what can be done --------------------------------------------------- */

/* One or two URLs; second may be empty. */
static void
add_urls(
    struct buf *to, const char *field, struct slice first, struct slice second)
{
	bool fold = strlen(field) + first.n + second.n + strlen(": <>, <>") >
		    LINE_WANTED;

	(void)buf_addf(to, "%s: <%.*s>", field, SLICE_FMT(first));
	if (second.n > 0)
		(void)buf_addf(
		    to, ",%s<%.*s>", fold ? "\n " : " ", SLICE_FMT(second));
	(void)buf_add_char(to, '\n');
}

static struct slice
mailto(struct arena *arena, const struct list *list, const char *extension)
{
	struct slice address = extension != NULL
				   ? list_sub_address(arena, list, extension)
				   : list->address;

	return slice_of(arena_printf(arena, "mailto:%.*s", SLICE_FMT(address)));
}

void
heading_add_top(struct arena *arena, const struct list *list, struct buf *to)
{
	(void)buf_add_text(to, "Precedence: list\n");
	add_angled(arena, to, "List-Id", list->title, list->list_id);
	add_urls(to, "List-Help", mailto(arena, list, "help"), list->page);
	add_urls(
	    to, "List-Subscribe", mailto(arena, list, "subscribe"), list->page);
}

struct slice
heading_unsubscribe(struct arena *arena, const struct list *list,
    const char *web, struct slice token)
{
	AUTO_BUF struct buf to = BUF_INIT(4096);
	struct slice address = mailto(arena, list, "unsubscribe");

	if (token.n == 0 || web[0] == '\0') {
		add_urls(&to, "List-Unsubscribe", address, list->page);
		return arena_slice(arena, buf_slice(&to));
	}
	add_urls(&to, "List-Unsubscribe",
	    list_url_token(arena, slice_of(web), LIST_URL_LEAVE, token),
	    address);
	(void)buf_add_text(
	    &to, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n");
	return arena_slice(arena, buf_slice(&to));
}

struct slice
heading_archived_at(
    struct arena *arena, const struct list *list, struct slice message_id)
{
	struct slice part = list_url_part(arena, message_id);

	if (list->archive == LIST_ARCHIVE_OFF || list->page.n == 0)
		return (struct slice){ "", 0 };
	return slice_of(arena_printf(
	    arena, "%.*s/%.*s/", SLICE_FMT(list->page), SLICE_FMT(part)));
}

static void
add_archive(struct arena *arena, const struct list *list,
    struct slice message_id, struct buf *to)
{
	struct slice url = heading_archived_at(arena, list, message_id);

	if (url.n == 0)
		return;
	(void)buf_addf(to, "List-Archive: <%.*s/>\n", SLICE_FMT(list->page));
	if (message_id.n > 0)
		(void)buf_addf(to, "Archived-At: <%.*s>\n", SLICE_FMT(url));
}

void
heading_add_rest(struct arena *arena, const struct list *list,
    struct slice message_id, struct buf *to)
{
	struct slice none = { "", 0 };

	if (list->policy == LIST_ANNOUNCE)
		(void)buf_add_text(to, "List-Post: NO\n");
	else
		add_urls(to, "List-Post", mailto(arena, list, NULL), none);
	add_urls(to, "List-Owner", mailto(arena, list, "owner"), none);
	add_archive(arena, list, message_id, to);
	(void)buf_addf(to, "X-Loop: %.*s\n", SLICE_FMT(list->address));
}
