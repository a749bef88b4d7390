#include "core/percent.h"
#include "listweb/answers.h"
#include "listweb/threads.h"

void
answer_month(struct visit *visit)
{
	struct slice month = visit->request->month;
	struct slice url = visit_url(visit, visit->list->address);
	struct posts_part part = { month, visit_skip(visit) };
	struct posts threads;
	struct page page;

	if (visit_failed(visit,
		posts_threads(&visit->ask, visit->list->id, &part, &threads)))
		return;
	page_start(&page, visit, month);
	threads_search(&page);
	if (threads.n == 0)
		page_element(&page, "p", W_NO_POSTS);
	threads_list(&page, &threads);
	if (threads.n > POSTS_PAGE)
		page_next(&page, POSTS_PAGE, "");
	if (threads.n > 0 && visit->list->role.n > 0) {
		page_open(&page, "p", NULL);
		page_link(&page,
		    slice_of(arena_printf(visit->arena, "%.*s/%.*s/mbox.gz",
			SLICE_FMT(url), SLICE_FMT(month))),
		    slice_of(visit->say[W_DOWNLOAD_MONTH]));
		page_close(&page);
	}
	page_finish(&page, 200);
}

void
answer_search(struct visit *visit)
{
	struct slice query = request_field(visit->request, visit->arena, "q");
	struct slice encoded = percent_encode(visit->arena, query);
	struct posts_part part = { query, visit_skip(visit) };
	struct posts posts;
	struct page page;

	if (visit_failed(visit,
		posts_search(&visit->ask, visit->list->id, &part, &posts)))
		return;
	page_start(
	    &page, visit, query.n > 0 ? query : slice_of(visit->say[W_SEARCH]));
	threads_search(&page);
	if (posts.n == 0)
		page_result(&page, W_FOUND_NOTHING);
	threads_list(&page, &posts);
	if (posts.n > POSTS_PAGE)
		page_next(&page, POSTS_PAGE,
		    arena_printf(visit->arena, "q=%.*s&", SLICE_FMT(encoded)));
	page_finish(&page, 200);
}
