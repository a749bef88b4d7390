#include <stdint.h>

#include "listweb/answers.h"
#include "listweb/page.h"

static const struct page_option deliveries[] = {
	{ "", W_PAUSED },
	{ "on", W_PAUSED_NO },
	{ "paused", W_PAUSED_YES },
	{ NULL, W_PAUSED },
};
static const struct page_option languages[] = {
	{ "", W_LANGUAGE },
	{ "de", W_LANGUAGE_DE },
	{ "en", W_LANGUAGE_EN },
	{ NULL, W_LANGUAGE },
};

/* --- the page --------------------------------------------------------- */

static void
write_title(struct page *page, const struct ask_membership *own)
{
	page_open(page, "h2", NULL);
	page_link(page, visit_url(page->visit, own->list),
	    own->title.n > 0 ? own->title : own->list);
	page_close(page);
	if (!slice_eq(own->role, SLICE("member")))
		page_sentence(page, W_OWN_ROLE, own->role);
	if (slice_eq(own->state, SLICE("disabled_bounce")))
		page_result(page, W_OWN_BOUNCED);
}

static void
write_membership(struct page *page, const struct ask_membership *own)
{
	bool paused = slice_eq(own->state, SLICE("disabled_user"));

	write_title(page, own);
	page_form(page, SLICE("/me"), "post");
	page_hidden(page, "member", own->member);
	page_choice(page, "mode", own->mode, page_modes);
	page_choice(page, "delivery", paused ? SLICE("paused") : SLICE("on"),
	    deliveries);
	page_choice(page, "language", own->language, languages);
	page_button(page, "do", "save", W_SAVE);
	page_button(page, "do", "leave", W_UNSUBSCRIBE);
	page_close(page);
}

static void
write_log_out(struct page *page)
{
	page_form(page, SLICE("/me"), "post");
	page_button(page, "do", "go", W_LOG_OUT);
	page_close(page);
}

/* result: what came of a form, or WORDS for none. */
static void
show(struct visit *visit, enum word result)
{
	struct ask_memberships own;
	struct page page;

	if (visit_failed(visit, ask_own(&visit->ask, &own)))
		return;
	page_start(&page, visit, slice_of(visit->say[W_OWN_TITLE]));
	if (result != WORDS)
		page_result(&page, result);
	if (own.visitor.n == 0)
		page_element(&page, "p", W_OWN_STRANGER);
	else
		page_sentence(
		    &page, own.n > 0 ? W_OWN_OF : W_OWN_NONE, own.visitor);
	for (size_t i = 0; i < own.n; i++)
		write_membership(&page, &own.list[i]);
	if (own.visitor.n > 0)
		write_log_out(&page);
	page_finish(&page, own.visitor.n > 0 ? 200 : 403);
}

/* --- what is sent ----------------------------------------------------- */

static bool
is_option(struct slice value, const struct page_option *options)
{
	for (options++; options->value != NULL; options++) {
		if (slice_eq(value, slice_of(options->value)))
			return true;
	}
	return false;
}

static struct slice
field(const struct visit *visit, const char *name)
{
	return request_field(visit->request, visit->arena, name);
}

static void
save(struct visit *visit, struct slice member)
{
	struct ask_membership own = { .member = member,
		.mode = field(visit, "mode"),
		.language = field(visit, "language") };
	struct slice delivery = field(visit, "delivery");
	int r = 0;

	if (is_option(own.mode, page_modes) &&
	    is_option(own.language, languages) &&
	    is_option(delivery, deliveries))
		r = ask_own_set(
		    &visit->ask, &own, slice_eq(delivery, SLICE("paused")));
	if (!visit_failed(visit, r))
		show(visit, r > 0 ? W_OWN_SAVED : WORDS);
}

static void
leave(struct visit *visit, struct slice member)
{
	int r = ask_own_leave(&visit->ask, member);

	if (!visit_failed(visit, r))
		show(visit, r > 0 ? W_OWN_LEFT : WORDS);
}

static void
log_out(struct visit *visit)
{
	if (!visit_failed(visit, ask_go(&visit->ask)))
		visit_redirect(visit,
		    "Set-Cookie: " REQUEST_COOKIE
		    "=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax\r\n",
		    slice_of(visit->service->config->url));
}

void
answer_own(struct visit *visit)
{
	struct slice what = field(visit, "do"), member = field(visit, "member");
	unsigned long long number;

	if (visit->request->method != WEB_POST)
		show(visit, WORDS);
	else if (slice_eq(what, SLICE("go")))
		log_out(visit);
	else if (!slice_number(member, INT64_MAX, &number))
		show(visit, WORDS);
	else if (slice_eq(what, SLICE("leave")))
		leave(visit, member);
	else
		save(visit, member);
}
