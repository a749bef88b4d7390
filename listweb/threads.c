#include "listweb/threads.h"

#include <stdint.h>

#include "core/list_url.h"

enum { TREE_DEPTH_MAX = 30 };

struct slice
post_url(const struct visit *visit, const struct post *post)
{
	return list_url_message(visit->arena,
	    slice_of(visit->service->config->url), visit->list->address,
	    post->message_id);
}

int
post_find(struct visit *visit, struct post *post_out)
{
	struct posts_key key = { visit->request->message_id, 0 };

	(void)slice_number(request_field(visit->request, visit->arena, "n"),
	    INT32_MAX, &key.number);
	return posts_find(&visit->ask, visit->list->id, &key, post_out);
}

struct slice
post_subject(const struct visit *visit, const struct post *post)
{
	return post->subject.n > 0 ? post->subject
				   : slice_of(visit->say[W_NO_SUBJECT]);
}

/* A name may be the address once more. */
void
post_author(struct page *page, const struct post *post)
{
	if (page->visit->list->anonymous)
		page_words(page, list_name(page->visit->list));
	else if (post->from_name.n == 0 ||
		 slice_find(post->from_name, '@') >= 0)
		page_address(page, post->from_mail);
	else
		page_words(page, post->from_name);
}

/* --- lists of threads ------------------------------------------------- */

static void
write_number(struct page *page, long long n)
{
	struct visit *visit = page->visit;
	const char *sentence = visit->say[W_POSTS_MANY];
	const char *place = strstr(sentence, "%s");

	if (n == 1)
		page_say(page, W_POSTS_ONE);
	else
		page_words(page, slice_of(arena_printf(
				     visit->arena, "%lld%s", n, place + 2)));
}

static void
write_item(struct page *page, const struct post *post)
{
	struct visit *visit = page->visit;

	page_open(page, "li", NULL);
	page_link(page, post_url(visit, post), post_subject(visit, post));
	page_open(page, "span", "by");
	post_author(page, post);
	page_words(page, SLICE(" · "));
	page_date(page, post->date);
	if (post->posts > 0) {
		page_words(page, SLICE(" · "));
		write_number(page, post->posts);
	}
	page_close(page);
	page_close(page);
}

void
threads_list(struct page *page, const struct posts *posts)
{
	page_open(page, "ul", "items");
	for (size_t i = 0; i < posts->n && i < POSTS_PAGE; i++)
		write_item(page, &posts->list[i]);
	page_close(page);
}

static struct slice
url_below(const struct page *page, const char *name)
{
	struct slice url = visit_url(page->visit, page->visit->list->address);

	return slice_of(
	    arena_printf(page->visit->arena, "%.*s/%s", SLICE_FMT(url), name));
}

void
threads_search(struct page *page)
{
	page_form(page, url_below(page, "search"), "get");
	page_attribute(page, "role", "search");
	page_field(page, "search", "q", W_SEARCH_FOR);
	page_button(page, NULL, NULL, W_SEARCH);
	page_close(page);
}

static void
write_months(struct page *page, const struct months *months)
{
	page_element(page, "h2", W_MONTHS);
	page_open(page, "ul", "months");
	for (size_t i = 0; i < months->n; i++) {
		const struct month *month = &months->list[i];

		page_open(page, "li", NULL);
		page_link(page,
		    url_below(page, arena_printf(page->visit->arena, "%.*s/",
					SLICE_FMT(month->name))),
		    month->name);
		page_words(page, slice_of(arena_printf(page->visit->arena,
				     " (%lld)", month->posts)));
		page_close(page);
	}
	page_close(page);
}

void
threads_overview(
    struct page *page, const struct posts *latest, const struct months *months)
{
	page_element(page, "h2", W_ARCHIVE);
	if (latest->n == 0) {
		page_element(page, "p", W_NO_POSTS);
		return;
	}
	threads_search(page);
	page_element(page, "h2", W_LATEST);
	threads_list(page, latest);
	write_months(page, months);
	page_open(page, "p", NULL);
	page_link(page, url_below(page, "feed.atom"),
	    slice_of(page->visit->say[W_FEED]));
	page_close(page);
}

/* --- one thread ------------------------------------------------------- */

/* The post that i answers, which came before it; or none. */
static long
parent_of(const struct posts *posts, size_t i)
{
	struct slice id = posts->list[i].in_reply_to;

	for (size_t j = i; j-- > 0 && id.n > 0;) {
		if (slice_eq(posts->list[j].message_id, id))
			return (long)j;
	}
	return -1;
}

struct tree {
	struct page *page;
	const struct posts *posts;
	const struct post *here;
	long *parents;
};

static bool
has_children(const struct tree *tree, long parent)
{
	for (size_t i = (size_t)(parent + 1); i < tree->posts->n; i++) {
		if (tree->parents[i] == parent)
			return true;
	}
	return false;
}

static void
write_entry(const struct tree *tree, const struct post *post)
{
	struct page *page = tree->page;
	struct visit *visit = page->visit;

	if (tree->here != NULL && post->n == tree->here->n)
		page_text(page, "strong", post_subject(visit, post));
	else
		page_link(
		    page, post_url(visit, post), post_subject(visit, post));
	page_open(page, "span", "by");
	post_author(page, post);
	page_words(page, SLICE(" · "));
	page_date(page, post->date);
	page_close(page);
}

/* A post comes after what it answers, so this ends. */
static void
write_children(const struct tree *tree, long parent, unsigned depth)
{
	page_open(tree->page, "ul", parent < 0 ? "thread" : NULL);
	for (size_t i = (size_t)(parent + 1); i < tree->posts->n; i++) {
		if (tree->parents[i] != parent)
			continue;
		page_open(tree->page, "li", NULL);
		write_entry(tree, &tree->posts->list[i]);
		if (depth < TREE_DEPTH_MAX && has_children(tree, (long)i))
			write_children(tree, (long)i, depth + 1);
		page_close(tree->page);
	}
	page_close(tree->page);
}

void
threads_tree(
    struct page *page, const struct posts *posts, const struct post *here)
{
	struct arena *arena = page->visit->arena;
	struct tree tree = { page, posts, here,
		arena_calloc(arena, posts->n, sizeof(long)) };

	for (size_t i = 0; i < posts->n; i++)
		tree.parents[i] = parent_of(posts, i);
	write_children(&tree, -1, 0);
}
