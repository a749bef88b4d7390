#include "core/list_url.h"
#include "listweb/answers.h"
#include "listweb/letter.h"

static bool
is_request(const struct ask_held *held)
{
	return slice_eq(held->kind, SLICE("request"));
}

static bool
is_to_owner(const struct ask_held *held)
{
	return slice_eq(held->kind, SLICE("owner"));
}

static struct slice
held_url(const struct visit *visit, struct slice token)
{
	return list_url_token(visit->arena,
	    slice_of(visit->service->config->url), LIST_URL_HELD, token);
}

/* --- the queue -------------------------------------------------------- */

static void
write_item(struct page *page, const struct ask_held *held)
{
	struct visit *visit = page->visit;
	enum word kind = is_request(held)    ? W_KIND_REQUEST
			 : is_to_owner(held) ? W_KIND_OWNER
					     : W_KIND_POST;
	struct slice subject = held->subject;

	if (subject.n == 0)
		subject = is_request(held) ? held->sender
					   : slice_of(visit->say[W_NO_SUBJECT]);
	page_open(page, "li", NULL);
	page_link(page, held_url(visit, held->token), subject);
	page_open(page, "span", "by");
	page_say(page, kind);
	page_words(page, SLICE(" · "));
	page_words(page, held->sender);
	page_words(page, SLICE(" · "));
	page_date(page, held->created);
	if (held->reason.n > 0)
		page_words(page, SLICE(" · "));
	page_words(page, held->reason);
	page_close(page);
	page_close(page);
}

void
answer_queue(struct visit *visit)
{
	struct ask_queue queue;
	struct page page;

	if (!visit_moderates(visit)) {
		page_note(visit, 403, W_QUEUE_TITLE,
		    slice_of(visit->say[W_QUEUE_OTHERS]));
		return;
	}
	if (visit_failed(visit, ask_queue(&visit->ask, visit->list->id,
				    visit_skip(visit), &queue)))
		return;
	page_start(&page, visit, slice_of(visit->say[W_QUEUE_TITLE]));
	if (queue.n == 0)
		page_element(&page, "p", W_QUEUE_EMPTY);
	page_open(&page, "ul", "items");
	for (size_t i = 0; i < queue.n && i < QUEUE_PAGE; i++)
		write_item(&page, &queue.list[i]);
	page_close(&page);
	if (queue.n > QUEUE_PAGE)
		page_next(&page, QUEUE_PAGE, "");
	page_finish(&page, 200);
}

/* --- one of them ------------------------------------------------------ */

static void
write_fact(struct page *page, enum word name, struct slice value)
{
	if (value.n == 0)
		return;
	page_open(page, "p", NULL);
	page_element(page, "strong", name);
	page_words(page, SLICE(": "));
	page_words(page, value);
	page_close(page);
}

/* The token is worth enough to read it, as the letter has it with it. */
static void
write_message(struct page *page, const struct ask_held *held)
{
	struct visit *visit = page->visit;
	struct message *message = arena_new(visit->arena, struct message);
	struct slice octets;

	if (store_held(&visit->store, held->list, held->id, &octets) < 0) {
		page_result(page, W_MESSAGE_GONE);
		return;
	}
	message_read(visit->arena, octets, message);
	letter_write(page, message, SLICE(""));
}

static void
write_reason(struct page *page)
{
	page_open(page, "label", NULL);
	page_attribute(page, "for", "reason");
	page_say(page, W_WHY_NOT);
	page_close(page);
	page_open(page, "textarea", NULL);
	page_attribute(page, "id", "reason");
	page_attribute(page, "name", "reason");
	page_attribute(page, "rows", "3");
	page_close(page);
}

static void
write_buttons(struct page *page, const struct ask_held *held)
{
	struct visit *visit = page->visit;

	page_form(page, held_url(visit, visit->request->token), "post");
	if (held->moderator.n == 0)
		page_field(page, "email", "moderator", W_MODERATOR_ADDRESS);
	write_reason(page);
	if (is_request(held)) {
		page_button(page, "verb", "ok", W_BUTTON_ADMIT);
		page_button(page, "verb", "no", W_BUTTON_DECLINE);
	} else {
		page_button(page, "verb", "ok", W_BUTTON_OK);
		page_button(page, "verb", "member", W_BUTTON_MEMBER);
		page_button(page, "verb", "no", W_BUTTON_NO);
	}
	page_button(page, "verb", "drop", W_BUTTON_DROP);
	page_close(page);
}

static void
write_facts(struct page *page, const struct ask_held *held)
{
	if (held->subject.n > 0)
		page_text(page, "h2", held->subject);
	write_fact(page, W_FROM, held->sender);
	write_fact(page, W_REASON_HELD, held->reason);
	page_open(page, "p", NULL);
	page_element(page, "strong", W_RECEIVED);
	page_words(page, SLICE(": "));
	page_date(page, held->created);
	page_close(page);
}

/* result: what came of an answer, or WORDS. */
static void
show(struct visit *visit, const struct ask_held *held, enum word result)
{
	enum word title = is_request(held)    ? W_WAITING_REQUEST
			  : is_to_owner(held) ? W_WAITING_OWNER
					      : W_WAITING_POST;
	struct page page;

	page_start(&page, visit, slice_of(visit->say[title]));
	if (result != WORDS)
		page_result(&page, result);
	write_facts(&page, held);
	if (held->decided_by.n > 0) {
		page_sentence(&page, W_DECIDED_BY, held->decided_by);
	} else {
		if (!is_request(held))
			write_message(&page, held);
		write_buttons(&page, held);
	}
	page_finish(&page, 200);
}

static void
say_done(struct visit *visit)
{
	struct slice url = visit_url(visit, visit->list->address);
	struct page page;

	page_start(&page, visit, slice_of(visit->say[W_DONE_TITLE]));
	page_result(&page, W_DECIDED);
	page_open(&page, "p", NULL);
	page_link(&page,
	    slice_of(arena_printf(visit->arena, "%.*s/queue", SLICE_FMT(url))),
	    slice_of(visit->say[W_BACK_TO_QUEUE]));
	page_close(&page);
	page_finish(&page, 200);
}

static bool
is_verb(struct slice verb)
{
	return slice_eq(verb, SLICE("ok")) || slice_eq(verb, SLICE("no")) ||
	       slice_eq(verb, SLICE("drop")) || slice_eq(verb, SLICE("member"));
}

static void
decide(struct visit *visit, const struct ask_held *held)
{
	const struct request *request = visit->request;
	struct ask_verdict verdict = { request->token,
		request_field(request, visit->arena, "verb"),
		request_field(request, visit->arena, "moderator"),
		request_field(request, visit->arena, "reason") };
	struct slice outcome = SLICE("");

	if (!is_verb(verdict.verb))
		show(visit, held, WORDS);
	else if (visit_failed(
		     visit, ask_moderate(&visit->ask, &verdict, &outcome)))
		return;
	else if (slice_eq(outcome, SLICE("done")))
		say_done(visit);
	else if (slice_eq(outcome, SLICE("denied")))
		show(visit, held, W_DENIED);
	else /* somebody was quicker, within this moment */
		page_note(visit, 200, W_LINK_TITLE,
		    slice_of(visit->say[W_LINK_UNKNOWN]));
}

void
answer_waiting(struct visit *visit)
{
	struct ask_list *list = arena_new(visit->arena, struct ask_list);
	struct ask_held held;
	int r = ask_waiting(&visit->ask, visit->request->token, &held);

	if (r > 0) {
		visit_speak(visit, held.language);
		r = ask_list(&visit->ask, held.list_address, list);
	}
	if (visit_failed(visit, r))
		return;
	if (r == 0) {
		page_note(visit, 404, W_LINK_TITLE,
		    slice_of(visit->say[W_LINK_UNKNOWN]));
		return;
	}
	visit->list = list;
	if (visit->request->method == WEB_POST && held.decided_by.n == 0)
		decide(visit, &held);
	else
		show(visit, &held, WORDS);
}
