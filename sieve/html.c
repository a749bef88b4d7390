#include "sieve/html.h"

#include "core/buf.h"

enum { REFERENCE_MAX = 12 };

struct html {
	struct slice rest;
	struct buf out;
};

static void
skip(struct html *html, size_t n)
{
	html->rest = slice_tail(html->rest, n);
}

/* To behind the next occurrence of end, or to the end of it all. */
static void
skip_past(struct html *html, struct slice end)
{
	const char *found = memmem(html->rest.p, html->rest.n, end.p, end.n);

	if (found == NULL)
		skip(html, html->rest.n);
	else
		skip(html, (size_t)(found - html->rest.p) + end.n);
}

static bool
is_one_of(struct slice name, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (slice_eq_nocase(name, slice_of(*list)))
			return true;
	}
	return false;
}

static struct slice
tag_name(struct slice tag)
{
	size_t n = 0;

	if (tag.n > 0 && tag.p[0] == '/')
		tag = slice_tail(tag, 1);
	while (n < tag.n && (unsigned char)tag.p[n] > ' ' && tag.p[n] != '>' &&
	       tag.p[n] != '/')
		n++;
	return slice_head(tag, n);
}

/* Behind "</script": what stands before is no text. */
static void
skip_element(struct html *html, struct slice name)
{
	while (html->rest.n > 0) {
		skip_past(html, SLICE("</"));
		if (slice_starts_nocase(html->rest, name))
			break;
	}
	skip_past(html, SLICE(">"));
}

static void
tag(struct html *html)
{
	static const char *const hidden[] = { "script", "style", "title",
		NULL };
	static const char *const blocks[] = { "p", "br", "div", "tr", "li",
		"td", "th", "h1", "h2", "h3", "table", NULL };
	bool closing = html->rest.n > 1 && html->rest.p[1] == '/';
	struct slice name = tag_name(slice_tail(html->rest, 1));

	if (slice_starts_nocase(html->rest, SLICE("<!--"))) {
		skip_past(html, SLICE("-->"));
		return;
	}
	skip_past(html, SLICE(">"));
	if (!closing && is_one_of(name, hidden))
		skip_element(html, name);
	else if (is_one_of(name, blocks))
		(void)buf_add_char(&html->out, '\n');
}

static void
add_character(struct html *html, unsigned long long c)
{
	char utf8[3] = { (char)(0xE0 | (c >> 12 & 0x0F)),
		(char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F)) };

	if (c < 0x80) {
		(void)buf_add_char(&html->out, (char)c);
	} else if (c < 0x800) {
		utf8[1] = (char)(0xC0 | (c >> 6 & 0x1F));
		(void)buf_add(&html->out, utf8 + 1, 2);
	} else if (c < 0x10000) {
		(void)buf_add(&html->out, utf8, 3);
	}
}

/* Between "&" and ";". False: an unknown one, which stands for itself. */
static bool
reference(struct html *html, struct slice name)
{
	static const struct {
		const char *name;
		unsigned c;
	} known[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' },
		{ "quot", '"' }, { "apos", '\'' }, { "nbsp", ' ' },
		{ "auml", 0xE4 }, { "ouml", 0xF6 }, { "uuml", 0xFC },
		{ "szlig", 0xDF }, { "euro", 0x20AC } };
	unsigned long long number;

	if (name.n > 1 && name.p[0] == '#' &&
	    slice_number(slice_tail(name, 1), 0xFFFF, &number)) {
		add_character(html, number);
		return true;
	}
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (slice_eq(name, slice_of(known[i].name))) {
			add_character(html, known[i].c);
			return true;
		}
	}
	return false;
}

static void
ampersand(struct html *html)
{
	struct slice name =
	    slice_head(slice_tail(html->rest, 1), REFERENCE_MAX);
	long end = slice_find(name, ';');

	if (end > 0 && reference(html, slice_head(name, (size_t)end))) {
		skip(html, (size_t)end + 2);
		return;
	}
	(void)buf_add_char(&html->out, '&');
	skip(html, 1);
}

struct slice
html_text(struct arena *arena, struct slice text)
{
	struct html html = { text, BUF_INIT(text.n + 1) };

	while (html.rest.n > 0) {
		if (html.rest.p[0] == '<') {
			tag(&html);
		} else if (html.rest.p[0] == '&') {
			ampersand(&html);
		} else {
			(void)buf_add_char(&html.out, html.rest.p[0]);
			skip(&html, 1);
		}
	}
	text = arena_slice(arena, buf_slice(&html.out));
	buf_free(&html.out);
	return text;
}
