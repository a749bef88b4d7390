#include "core/list_url.h"
#include "listweb/answers.h"
#include "listweb/page.h"

/* What a link asks about, what its button says, and what came of it. */
static const struct {
	const char *action;
	enum word title, text, button;
} actions[] = {
	{ "subscribe", W_CONFIRM_SUBSCRIBE, W_CONFIRM_SUBSCRIBE_TEXT,
	    W_BUTTON_SUBSCRIBE },
	{ "invite", W_CONFIRM_SUBSCRIBE, W_CONFIRM_SUBSCRIBE_TEXT,
	    W_BUTTON_SUBSCRIBE },
	{ "unsubscribe", W_CONFIRM_UNSUBSCRIBE, W_CONFIRM_UNSUBSCRIBE_TEXT,
	    W_BUTTON_UNSUBSCRIBE },
	{ "set", W_CONFIRM_SET, W_CONFIRM_SET_TEXT, W_BUTTON_SET },
	{ "resume", W_CONFIRM_RESUME, W_CONFIRM_RESUME_TEXT, W_BUTTON_RESUME },
	{ "enter", W_CONFIRM_ENTER, W_CONFIRM_ENTER_TEXT, W_BUTTON_ENTER },
};

static const struct {
	const char *outcome;
	enum word word;
} outcomes[] = {
	{ "joined", W_DONE_JOINED },
	{ "waiting", W_DONE_WAITING },
	{ "left", W_DONE_LEFT },
	{ "changed", W_DONE_CHANGED },
	{ "resumed", W_DONE_RESUMED },
};

static struct slice
token_url(const struct visit *visit, char kind)
{
	return list_url_token(visit->arena,
	    slice_of(visit->service->config->url), kind, visit->request->token);
}

/* Links have no list in their path: the page is about this one. */
static bool
find_list(struct visit *visit, struct slice address)
{
	struct ask_list *list = arena_new(visit->arena, struct ask_list);
	int r = ask_list(&visit->ask, address, list);

	if (r > 0)
		visit->list = list;
	return !visit_failed(visit, r);
}

static void
say_unknown(struct visit *visit)
{
	page_note(
	    visit, 404, W_LINK_TITLE, slice_of(visit->say[W_LINK_UNKNOWN]));
}

/* --- confirming ------------------------------------------------------- */

/* A GET changes nothing: programs that look for viruses follow links. */
static void
show_question(struct visit *visit, const struct ask_pending *pending)
{
	struct page page;
	size_t i = 0;

	while (i + 1 < sizeof actions / sizeof *actions &&
	       !slice_eq(pending->action, slice_of(actions[i].action)))
		i++;
	if (!find_list(visit, pending->list))
		return;
	page_start(&page, visit, slice_of(visit->say[actions[i].title]));
	page_sentence(&page, actions[i].text, pending->address);
	page_form(&page, token_url(visit, LIST_URL_CONFIRM), "post");
	page_button(&page, "do", "confirm", actions[i].button);
	page_close(&page);
	page_finish(&page, 200);
}

static void
say_outcome(struct visit *visit, const struct ask_pending *done)
{
	for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
		if (!slice_eq(done->outcome, slice_of(outcomes[i].outcome)))
			continue;
		if (find_list(visit, done->list))
			page_note(visit, 200, W_DONE_TITLE,
			    slice_of(visit->say[outcomes[i].word]));
		return;
	}
	say_unknown(visit);
}

/* The cookie goes to this host alone, by TLS alone, and to no script. */
static void
open_session(struct visit *visit)
{
	struct slice session, list;
	int r = ask_enter(&visit->ask, visit->request->token, &session, &list);

	if (visit_failed(visit, r))
		return;
	if (r == 0)
		say_unknown(visit);
	else
		visit_redirect(visit,
		    arena_printf(visit->arena,
			"Set-Cookie: " REQUEST_COOKIE
			"=%.*s; Path=/; Max-Age=2592000; Secure; HttpOnly; "
			"SameSite=Lax\r\n",
			SLICE_FMT(session)),
		    slice_of(arena_printf(
			visit->arena, "%s/me", visit->service->config->url)));
}

static void
confirm(struct visit *visit, const struct ask_pending *pending)
{
	struct ask_pending done;
	int r;

	if (slice_eq(pending->action, SLICE("enter"))) {
		open_session(visit);
		return;
	}
	r = ask_confirm(&visit->ask, visit->request->token, &done);
	if (visit_failed(visit, r))
		return;
	if (r > 0)
		say_outcome(visit, &done);
	else
		say_unknown(visit);
}

void
answer_confirm(struct visit *visit)
{
	struct ask_pending pending;
	int r = ask_look(&visit->ask, visit->request->token, &pending);

	if (visit_failed(visit, r))
		return;
	if (r == 0) {
		say_unknown(visit);
		return;
	}
	visit_speak(visit, pending.language);
	if (visit->request->method == WEB_POST)
		confirm(visit, &pending);
	else
		show_question(visit, &pending);
}

/* --- one click (RFC 8058) --------------------------------------------- */

static void
show_leave(struct visit *visit, const struct ask_leaving *leaving)
{
	struct page page;
	const char *title = visit->say[W_LEAVE_TITLE];
	const char *place = strstr(title, "%s");

	page_start(&page, visit,
	    slice_of(
		arena_printf(visit->arena, "%.*s%.*s%s", (int)(place - title),
		    title, SLICE_FMT(leaving->list), place + 2)));
	page_sentence(&page, W_LEAVE_TEXT, leaving->address);
	page_form(&page, token_url(visit, LIST_URL_LEAVE), "post");
	page_button(
	    &page, "List-Unsubscribe", "One-Click", W_BUTTON_UNSUBSCRIBE);
	page_close(&page);
	page_finish(&page, 200);
}

/*
 * Mail clients send the POST by themselves, without cookie or language, and
 * look at the status only. Who is gone already is told the same.
 */
void
answer_leave(struct visit *visit)
{
	bool posted =
	    visit->request->method == WEB_POST && visit->request->one_click;
	struct ask_leaving leaving;
	int r = ask_leaving(&visit->ask, visit->request->token, &leaving);

	if (r > 0)
		visit_speak(visit, leaving.language);
	if (r > 0 && posted)
		r = ask_leave(&visit->ask, visit->request->token) < 0 ? -1 : 0;
	if (visit_failed(visit, r))
		return;
	if (r > 0)
		show_leave(visit, &leaving);
	else
		page_note(
		    visit, 200, W_LEFT_TITLE, slice_of(visit->say[W_LEFT]));
}
