#include "listweb/letter.h"

#include "core/buf.h"

enum { OBSCURED_MAX = 2 * MESSAGE_TEXT_MAX };

int
letter_of_post(const struct visit *visit, const struct post *post,
    struct arena *arena, struct message *message_out)
{
	struct store store = { visit->store.archive, arena, visit->why };
	struct slice octets;
	int r = store_post(&store, visit->list->id, post->n, &octets);

	if (r == 0)
		message_read(arena, octets, message_out);
	return r;
}

/* --- addresses -------------------------------------------------------- */

static bool
is_domain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
	       (unsigned char)c >= 0x80;
}

/* Octets of what could be the domain of an address at the front of s. */
static size_t
domain_length(struct slice s)
{
	size_t n = 0;

	while (n < s.n && is_domain(s.p[n]))
		n++;
	while (n > 0 && s.p[n - 1] == '.')
		n--; /* the end of a sentence */
	return n;
}

struct slice
letter_obscured(struct arena *arena, struct slice text)
{
	AUTO_BUF struct buf out = BUF_INIT(OBSCURED_MAX);
	long at;

	while ((at = slice_find(text, '@')) >= 0) {
		size_t n;

		(void)buf_add_slice(&out, slice_head(text, (size_t)at + 1));
		text = slice_tail(text, (size_t)at + 1);
		n = domain_length(text);
		if (n > 0)
			(void)buf_add_text(&out, "…");
		text = slice_tail(text, n);
	}
	(void)buf_add_slice(&out, text);
	return arena_slice(arena, buf_slice(&out));
}

/* --- links ------------------------------------------------------------ */

static bool
is_url(char c)
{
	return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"' &&
	       c != '\\' && c != '^' && c != '`' && c != '{' && c != '}';
}

/* A dot or a bracket behind a URL belongs to the sentence. */
static size_t
url_length(struct slice s)
{
	size_t n = 0;

	while (n < s.n && is_url(s.p[n]))
		n++;
	while (n > 0 && strchr(".,;:!?)'", s.p[n - 1]) != NULL)
		n--;
	return n;
}

/* Offset of the next http:// or https:// in s, or s.n. */
static size_t
find_url(struct slice s)
{
	for (size_t i = 0; i + 7 < s.n; i++) {
		struct slice here = slice_tail(s, i);

		if (slice_starts_nocase(here, SLICE("http://")) ||
		    slice_starts_nocase(here, SLICE("https://")))
			return i;
		while (i + 7 < s.n &&
		       ascii_lower((unsigned char)s.p[i + 1]) != 'h')
			i++;
	}
	return s.n;
}

static void
write_url(struct page *page, struct slice url)
{
	page_open(page, "a", NULL);
	xml_attribute(&page->xml, "href", url);
	page_attribute(page, "rel", "nofollow noopener noreferrer ugc");
	page_words(page, url);
	page_close(page);
}

static void
write_line(struct page *page, struct slice line)
{
	while (line.n > 0) {
		size_t at = find_url(line);
		size_t n = url_length(slice_tail(line, at));

		page_words(page, slice_head(line, at));
		line = slice_tail(line, at);
		if (n > 0)
			write_url(page, slice_head(line, n));
		line = slice_tail(line, n);
	}
}

/* --- lines ------------------------------------------------------------ */

static bool
is_quoted(struct slice text)
{
	return text.n > 0 && text.p[0] == '>';
}

/* All lines at the front of *text that are quoted, or none of which is. */
static struct slice
take_block(struct slice *text, bool quoted)
{
	struct slice block = { text->p, 0 }, line;

	while (text->n > 0 && is_quoted(*text) == quoted) {
		(void)slice_cut(text, '\n', &line);
		block.n = (size_t)(text->n > 0 ? text->p - block.p
					       : line.p + line.n - block.p);
	}
	return block;
}

void
letter_text(struct page *page, struct slice text)
{
	if (visit_is_stranger(page->visit))
		text = letter_obscured(page->visit->arena, text);
	page_open(page, "div", "letter");
	while (text.n > 0) {
		bool quoted = is_quoted(text);
		struct slice block = take_block(&text, quoted);

		if (quoted)
			page_open(page, "span", "quoted");
		write_line(page, block);
		if (quoted)
			page_close(page);
	}
	page_close(page);
}

/* --- the whole -------------------------------------------------------- */

static void
write_file(struct page *page, const struct message_file *file, struct slice url)
{
	struct visit *visit = page->visit;
	struct slice name = file->name;

	if (name.n == 0)
		name = slice_of(visit->say[W_FILE]);
	page_open(page, "li", NULL);
	if (url.n > 0)
		page_link(page, url, name);
	else
		page_words(page, name);
	page_words(
	    page, slice_of(arena_printf(visit->arena, " (%.*s, %zu KB)",
		      SLICE_FMT(file->type), (file->bytes + 1023) / 1024)));
	page_close(page);
}

static void
write_files(struct page *page, const struct message *message, struct slice url)
{
	page_element(page, "h2", W_FILES);
	page_open(page, "ul", NULL);
	for (size_t i = 0; i < message->n_files; i++)
		write_file(page, &message->files[i],
		    url.n > 0 ? slice_of(arena_printf(page->visit->arena,
				    "%.*s%zu", SLICE_FMT(url), i))
			      : url);
	page_close(page);
}

void
letter_write(struct page *page, const struct message *message, struct slice url)
{
	letter_text(page, message->text);
	if (message->cut)
		page_element(page, "p", W_CUT);
	if (message->n_files > 0)
		write_files(page, message, url);
}
