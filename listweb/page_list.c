#include "core/addr.h"
#include "core/clock.h"
#include "listweb/answers.h"
#include "listweb/page.h"
#include "listweb/threads.h"

static struct slice
url_below(const struct visit *visit, const char *name)
{
	struct slice url = visit_url(visit, visit->list->address);

	return slice_of(
	    arena_printf(visit->arena, "%.*s/%s", SLICE_FMT(url), name));
}

/* --- all lists -------------------------------------------------------- */

static void
write_lists(struct page *page, const struct ask_lists *lists)
{
	page_open(page, "ul", "items");
	for (size_t i = 0; i < lists->n; i++) {
		const struct ask_list *list = &lists->list[i];

		page_open(page, "li", NULL);
		page_attribute(page, "lang", language_tag(list->language));
		page_link(page, visit_url(page->visit, list->address),
		    list_name(list));
		page_open(page, "span", "by");
		page_words(page, list->description);
		page_close(page);
		page_close(page);
	}
	page_close(page);
}

void
answer_index(struct visit *visit)
{
	struct ask_lists lists;
	struct page page;

	if (visit_failed(visit, ask_shown(&visit->ask, &lists)))
		return;
	page_start(&page, visit, slice_of(visit->say[W_ALL_LISTS]));
	if (lists.n > 0)
		write_lists(&page, &lists);
	else
		page_element(&page, "p", W_NO_LISTS);
	page_finish(&page, 200);
}

/* --- one list --------------------------------------------------------- */

static struct slice
owner_address(const struct visit *visit)
{
	struct slice address = visit->list->address;
	long at = slice_rfind(address, '@');

	return slice_of(arena_printf(visit->arena, "%.*s+owner%.*s", (int)at,
	    address.p, (int)(address.n - (size_t)at), address.p + at));
}

static void
write_subscribe(struct page *page)
{
	struct visit *visit = page->visit;
	struct slice policy = visit->list->subscribe_policy;

	page_element(page, "h2", W_SUBSCRIBE_TITLE);
	if (slice_eq(policy, SLICE("closed"))) {
		page_sentence(page, W_CLOSED_HELP, owner_address(visit));
		return;
	}
	page_element(page, "p",
	    slice_eq(policy, SLICE("open")) ? W_SUBSCRIBE_HELP
					    : W_MODERATED_HELP);
	page_form(page, url_below(visit, "subscribe"), "post");
	page_field(page, "email", "address", W_YOUR_ADDRESS);
	page_choice(page, "mode", SLICE("normal"), page_modes);
	page_button(page, NULL, NULL, W_SUBSCRIBE);
	page_close(page);
}

/* Its field has another name: two on a page cannot have the same label. */
static void
write_member(struct page *page)
{
	struct visit *visit = page->visit;

	page_element(page, "h2", W_MEMBER_TITLE);
	page_element(page, "p", W_MEMBER_HELP);
	page_form(page, url_below(visit, "enter"), "post");
	page_field(page, "email", "member", W_YOUR_ADDRESS);
	page_button(page, NULL, NULL, W_SETTINGS);
	page_button_to(page, url_below(visit, "unsubscribe"), W_UNSUBSCRIBE);
	page_close(page);
}

static void
write_visitor(struct page *page)
{
	struct visit *visit = page->visit;

	page_sentence(page, W_YOU_ARE_MEMBER, visit->list->visitor);
	page_open(page, "p", NULL);
	page_link(page, SLICE("/me"), slice_of(visit->say[W_SETTINGS]));
	if (visit_moderates(visit)) {
		page_words(page, SLICE(" · "));
		page_link(page, url_below(visit, "queue"),
		    slice_of(visit->say[W_QUEUE_TITLE]));
	}
	page_close(page);
}

static void
write_list(struct page *page)
{
	const struct ask_list *list = page->visit->list;
	bool announce = slice_eq(list->policy, SLICE("announce"));

	if (list->description.n > 0)
		page_text(page, "p", list->description);
	page_sentence(
	    page, announce ? W_ANNOUNCE : W_ADDRESS_OF_LIST, list->address);
	if (list->role.n > 0) {
		write_visitor(page);
		return;
	}
	write_subscribe(page);
	write_member(page);
}

static bool
ask_archive(struct visit *visit, struct posts *latest, struct months *months)
{
	static const struct posts_part all = { { "", 0 }, 0 };

	return !visit_failed(visit,
		   posts_threads(&visit->ask, visit->list->id, &all, latest)) &&
	       !visit_failed(
		   visit, posts_months(&visit->ask, visit->list->id, months));
}

void
answer_list(struct visit *visit)
{
	const struct ask_list *list = visit->list;
	struct posts latest = { 0, NULL };
	struct months months = { 0, NULL };
	struct page page;

	if (list->may_read && !ask_archive(visit, &latest, &months))
		return;
	page_start(&page, visit, list_name(list));
	write_list(&page);
	if (list->may_read)
		threads_overview(&page, &latest, &months);
	else if (slice_eq(list->archive, SLICE("members")))
		page_element(&page, "p", W_MEMBERS_ONLY);
	page_finish(&page, 200);
}

void
answer_members_only(struct visit *visit)
{
	struct page page;

	page_start(&page, visit, slice_of(visit->say[W_MEMBERS_ONLY_TITLE]));
	page_element(&page, "p", W_MEMBERS_ONLY);
	write_member(&page);
	page_finish(&page, 403);
}

/* --- asking for a letter ---------------------------------------------- */

/* The field's text as an address of ours, or empty. */
static struct slice
read_address(struct visit *visit, struct slice text)
{
	struct addr addr;

	if (text.n == 0 || text.p[0] == '<' ||
	    addr_parse(visit->arena, text, false, &addr) < 0 ||
	    addr.local.n == 0 || addr.domain.n == 0)
		return SLICE("");
	return addr_text(visit->arena, &addr);
}

static struct slice
read_mode(const struct visit *visit)
{
	struct slice mode = request_field(visit->request, visit->arena, "mode");

	for (size_t i = 1; page_modes[i].value != NULL; i++) {
		if (slice_eq(mode, slice_of(page_modes[i].value)))
			return mode;
	}
	return SLICE("");
}

/* The same whatever came of it: a page tells no stranger who is a member. */
static void
say_asked(struct visit *visit, struct slice address)
{
	struct page page;

	page_start(&page, visit, slice_of(visit->say[W_ASKED_TITLE]));
	page_sentence(&page, W_ASKED, address);
	page_element(&page, "p", W_ASKED_HELP);
	page_finish(&page, 200);
}

static void
say_no_address(struct visit *visit, struct slice text)
{
	struct page page;

	page_start(&page, visit, list_name(visit->list));
	page_sentence(&page, W_NO_ADDRESS, text);
	write_list(&page);
	page_finish(&page, 400);
}

static void
ask_for(struct visit *visit, struct slice address)
{
	static const char *const actions[ROUTES] = {
		[ROUTE_SUBSCRIBE] = "subscribe",
		[ROUTE_UNSUBSCRIBE] = "unsubscribe",
		[ROUTE_ENTER] = "enter",
	};
	struct ask_request asked = { visit->list->id,
		actions[visit->request->route], address, read_mode(visit),
		slice_of(language_tag(visit->language)) };

	if (!limiter_take(
		visit->service->limiter, visit->request->client, clock_ms()))
		page_note(
		    visit, 429, W_OFTEN_TITLE, slice_of(visit->say[W_OFTEN]));
	else if (!visit_failed(visit, ask_request(&visit->ask, &asked)))
		say_asked(visit, address);
}

/* By GET, as by a reload: the list's page has the forms. */
void
answer_ask(struct visit *visit)
{
	bool joins = visit->request->route == ROUTE_SUBSCRIBE;
	struct slice text, address;

	if (visit->request->method != WEB_POST) {
		answer_list(visit);
		return;
	}
	text = request_field(
	    visit->request, visit->arena, joins ? "address" : "member");
	address = read_address(visit, text);
	if (address.n > 0)
		ask_for(visit, address);
	else
		say_no_address(visit, text);
}
