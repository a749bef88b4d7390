#include "listweb/visit.h"

#include "core/list_url.h"

enum { SKIP_MAX = 1000000 };

static const struct plain {
	int status;
	const char *body, *headers;
} plains[] = {
	{ 403, "Not from here.\n", NO_STORE },
	{ 404, "There is nothing here.\n", NO_STORE },
	{ 410, "This was taken down.\n", NO_STORE },
	{ 413, "The request is too large.\n", NO_STORE },
	{ 414, "The address is too long.\n", NO_STORE },
	{ 415, "Another media type is wanted.\n", NO_STORE },
	{ 503, "Try again in a minute.\n", NO_STORE "Retry-After: 60\r\n" },
};

void
visit_plain(struct visit *visit, int status)
{
	const struct plain *plain = plains;

	while (plain->status != status)
		plain++;
	visit->response =
	    (struct web_response){ status, "text/plain; charset=utf-8",
		    plain->headers, slice_of(plain->body) };
}

bool
visit_failed(struct visit *visit, int r)
{
	if (r >= 0)
		return false;
	visit_plain(visit, 503);
	return true;
}

void
visit_redirect(struct visit *visit, const char *headers, struct slice location)
{
	visit->response =
	    (struct web_response){ 303, "text/plain; charset=utf-8",
		    arena_printf(visit->arena, NO_STORE "%sLocation: %.*s\r\n",
			headers, SLICE_FMT(location)),
		    SLICE("See the other place.\n") };
}

struct slice
visit_url(const struct visit *visit, struct slice list)
{
	return list_url(
	    visit->arena, slice_of(visit->service->config->url), list);
}

struct slice
list_name(const struct ask_list *list)
{
	return list->title.n > 0 ? list->title : list->address;
}

bool
visit_moderates(const struct visit *visit)
{
	return visit->list != NULL &&
	       (slice_eq(visit->list->role, SLICE("moderator")) ||
		   slice_eq(visit->list->role, SLICE("owner")));
}

bool
visit_is_stranger(const struct visit *visit)
{
	return visit->list != NULL && visit->list->role.n == 0;
}

void
visit_speak(struct visit *visit, enum language fallback)
{
	visit->language = language_of(visit->request->language, fallback);
	visit->say = words_of(visit->language);
}

size_t
visit_skip(const struct visit *visit)
{
	unsigned long long skip = 0;

	(void)slice_number(request_field(visit->request, visit->arena, "from"),
	    SKIP_MAX, &skip);
	return (size_t)skip;
}
