#include "listweb/answers.h"
#include "listweb/letter.h"
#include "listweb/threads.h"

/* Of one page: a thread may have many long ones. */
enum { THREAD_PAGE_BYTES = 4 << 20 };

/* Strangers get no raw messages: they hold everybody's address. */
static bool
may_download(const struct visit *visit)
{
	return !visit_is_stranger(visit) && !visit->list->anonymous;
}

/* "?n=17" where the number is part of the question. */
static struct slice
url_of(const struct visit *visit, const struct post *post, const char *part)
{
	struct slice url = post_url(visit, post);
	const char *number = "";

	if (visit->request->number > 0)
		number = arena_printf(visit->arena, "?n=%lld", post->n);
	return slice_of(arena_printf(
	    visit->arena, "%.*s%s%s", SLICE_FMT(url), part, number));
}

/* The post that the path names; false: that has been answered. */
static bool
find_post(struct visit *visit, struct post *post)
{
	int r = post_find(visit, post);

	if (visit_failed(visit, r))
		return false;
	if (r == 0)
		page_note(visit, 404, W_NOTHING_TITLE,
		    slice_of(visit->say[W_NOTHING]));
	return r > 0;
}

/* --- pieces ----------------------------------------------------------- */

static void
write_by(struct page *page, const struct post *post)
{
	page_open(page, "p", NULL);
	page_element(page, "strong", W_FROM);
	page_words(page, SLICE(": "));
	post_author(page, post);
	if (!visit_is_stranger(page->visit) && post->from_name.n > 0 &&
	    !page->visit->list->anonymous) {
		page_words(page, SLICE(" <"));
		page_words(page, post->from_mail);
		page_words(page, SLICE(">"));
	}
	page_words(page, SLICE(" · "));
	page_date(page, post->date);
	page_close(page);
}

/* Octets of text that were shown. */
static size_t
write_letter(struct page *page, const struct post *post)
{
	struct arena arena = ARENA_INIT;
	struct message *message = arena_new(&arena, struct message);
	size_t bytes = 0;

	if (post->removed) {
		page_result(page, W_REMOVED);
	} else if (letter_of_post(page->visit, post, &arena, message) < 0) {
		page_result(page, W_MESSAGE_GONE);
	} else {
		letter_write(page, message, url_of(page->visit, post, ""));
		bytes = message->text.n;
	}
	arena_done(&arena); /* there may be many, and large ones */
	return bytes;
}

static void
write_link(struct page *page, struct slice url, enum word word)
{
	page_open(page, "li", NULL);
	page_link(page, url, slice_of(page->visit->say[word]));
	page_close(page);
}

static void
write_links(struct page *page, const struct post *post)
{
	struct visit *visit = page->visit;

	page_open(page, "ul", "months");
	write_link(page, url_of(visit, post, "thread"), W_WHOLE_THREAD);
	if (may_download(visit)) {
		write_link(page, url_of(visit, post, "raw"), W_RAW);
		write_link(
		    page, url_of(visit, post, "mbox.gz"), W_DOWNLOAD_THREAD);
	}
	page_close(page);
}

static void
write_remove(struct page *page, const struct post *post)
{
	page_form(page, url_of(page->visit, post, "remove"), "post");
	page_element(page, "p", W_REMOVE_HELP);
	page_button(page, NULL, NULL, W_REMOVE);
	page_close(page);
}

/* --- pages ------------------------------------------------------------ */

void
answer_message(struct visit *visit)
{
	struct post post;
	struct posts thread;
	struct page page;

	if (!find_post(visit, &post) ||
	    visit_failed(visit, posts_thread(&visit->ask, visit->list->id,
				    post.thread, &thread)))
		return;
	page_start(&page, visit, post_subject(visit, &post));
	write_by(&page, &post);
	(void)write_letter(&page, &post);
	page_element(&page, "h2", W_THREAD);
	threads_tree(&page, &thread, &post);
	write_links(&page, &post);
	if (visit_moderates(visit) && !post.removed)
		write_remove(&page, &post);
	page_finish(&page, 200);
}

void
answer_thread(struct visit *visit)
{
	struct post post;
	struct posts thread;
	struct page page;
	size_t bytes = 0;

	if (!find_post(visit, &post) ||
	    visit_failed(visit, posts_thread(&visit->ask, visit->list->id,
				    post.thread, &thread)))
		return;
	page_start(&page, visit, post_subject(visit, &thread.list[0]));
	for (size_t i = 0; i < thread.n && bytes < THREAD_PAGE_BYTES; i++) {
		page_open(&page, "h2", NULL);
		page_link(&page, post_url(visit, &thread.list[i]),
		    post_subject(visit, &thread.list[i]));
		page_close(&page);
		write_by(&page, &thread.list[i]);
		bytes += write_letter(&page, &thread.list[i]);
	}
	if (bytes >= THREAD_PAGE_BYTES)
		page_element(&page, "p", W_CUT);
	page_finish(&page, 200);
}

void
answer_remove(struct visit *visit)
{
	struct post post;
	int r;

	if (!find_post(visit, &post))
		return;
	r = posts_remove(&visit->ask, visit->list->id, post.n);
	if (visit_failed(visit, r))
		return;
	if (r > 0 || post.removed)
		visit_redirect(visit, "", url_of(visit, &post, ""));
	else
		page_note(visit, 403, W_NOTHING_TITLE,
		    slice_of(visit->say[W_DENIED]));
}
