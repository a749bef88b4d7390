/* The last posts for programs that look for new ones (RFC 4287). */
#include "listweb/answers.h"
#include "listweb/letter.h"
#include "listweb/posts.h"
#include "listweb/threads.h"

enum { CONTENT_MAX = 20000 };

/* "2026-11-24 14:05" as RFC 3339 has it. */
static struct slice
moment(const struct visit *visit, struct slice date)
{
	if (date.n < 16)
		return SLICE("1970-01-01T00:00:00Z");
	return slice_of(
	    arena_printf(visit->arena, "%.10sT%.5s:00Z", date.p, date.p + 11));
}

static void
write_link(struct page *page, const char *rel, struct slice url)
{
	page_open(page, "link", NULL);
	page_attribute(page, "rel", rel);
	xml_attribute(&page->xml, "href", url);
	page_close(page);
}

static void
write_content(struct page *page, const struct post *post)
{
	struct arena arena = ARENA_INIT;
	struct message *message = arena_new(&arena, struct message);
	struct slice text = SLICE("");

	if (letter_of_post(page->visit, post, &arena, message) == 0)
		text = slice_head(message->text, CONTENT_MAX);
	while (text.n > 0 && !slice_is_text(text))
		text.n--; /* in the middle of a character */
	if (visit_is_stranger(page->visit))
		text = letter_obscured(&arena, text);
	page_open(page, "content", NULL);
	page_attribute(page, "type", "text");
	page_words(page, text);
	page_close(page);
	arena_done(&arena);
}

static void
write_entry(struct page *page, const struct post *post)
{
	struct visit *visit = page->visit;

	page_open(page, "entry", NULL);
	page_text(page, "id", post_url(visit, post));
	page_text(page, "title", post_subject(visit, post));
	page_text(page, "updated", moment(visit, post->date));
	page_open(page, "author", NULL);
	page_open(page, "name", NULL);
	post_author(page, post);
	page_close(page);
	page_close(page);
	write_link(page, "alternate", post_url(visit, post));
	write_content(page, post);
	page_close(page);
}

static void
write_feed(struct page *page, const struct posts *posts)
{
	struct visit *visit = page->visit;
	struct slice url = visit_url(visit, visit->list->address);

	page_open(page, "feed", NULL);
	page_attribute(page, "xmlns", "http://www.w3.org/2005/Atom");
	page_text(page, "id", url);
	page_text(page, "title", list_name(visit->list));
	page_text(page, "updated",
	    moment(visit, posts->n > 0 ? posts->list[0].date : SLICE("")));
	write_link(page, "alternate", url);
	write_link(page, "self",
	    slice_of(
		arena_printf(visit->arena, "%.*s/feed.atom", SLICE_FMT(url))));
	for (size_t i = 0; i < posts->n; i++)
		write_entry(page, &posts->list[i]);
	page_close(page);
}

void
answer_feed(struct visit *visit)
{
	struct posts posts;
	struct page page;

	if (visit_failed(
		visit, posts_latest(&visit->ask, visit->list->id, &posts)))
		return;
	page = (struct page){ xml_start(), visit };
	write_feed(&page, &posts);
	visit->response =
	    (struct web_response){ 200, "application/atom+xml; charset=utf-8",
		    "Cache-Control: private, max-age=300\r\n",
		    xml_finish(&page.xml, visit->arena) };
}
