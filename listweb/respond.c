#include "listweb/respond.h"

#include "core/log.h"
#include "listweb/answers.h"
#include "listweb/page.h"

static void
answer_style(struct visit *visit)
{
	visit->response = (struct web_response){ 200, "text/css; charset=utf-8",
		"Cache-Control: public, max-age=3600\r\n",
		slice_of(page_style) };
}

/* What a list wants of robots stands on its pages. */
static void
answer_robots(struct visit *visit)
{
	visit->response =
	    (struct web_response){ 200, "text/plain; charset=utf-8",
		    "Cache-Control: public, max-age=3600\r\n",
		    SLICE("User-agent: *\nDisallow: /c/\nDisallow: /h/\n"
			  "Disallow: /u/\nDisallow: /me\n") };
}

static visit_answer *const answers[] = {
	[ROUTE_INDEX] = answer_index,
	[ROUTE_STYLE] = answer_style,
	[ROUTE_ROBOTS] = answer_robots,
	[ROUTE_OWN] = answer_own,
	[ROUTE_CONFIRM] = answer_confirm,
	[ROUTE_LEAVE] = answer_leave,
	[ROUTE_WAITING] = answer_waiting,
	[ROUTE_LIST] = answer_list,
	[ROUTE_SUBSCRIBE] = answer_ask,
	[ROUTE_UNSUBSCRIBE] = answer_ask,
	[ROUTE_ENTER] = answer_ask,
	[ROUTE_QUEUE] = answer_queue,
	[ROUTE_SEARCH] = answer_search,
	[ROUTE_FEED] = answer_feed,
	[ROUTE_MONTH] = answer_month,
	[ROUTE_MONTH_MBOX] = answer_mbox,
	[ROUTE_MESSAGE] = answer_message,
	[ROUTE_RAW] = answer_raw,
	[ROUTE_THREAD] = answer_thread,
	[ROUTE_THREAD_MBOX] = answer_mbox,
	[ROUTE_REMOVE] = answer_remove,
	[ROUTE_PART] = answer_part,
};
_Static_assert(
    sizeof answers / sizeof *answers == ROUTES, "answer every route");

/* --- before the answer ------------------------------------------------ */

static void
say_nothing(struct visit *visit)
{
	page_note(visit, 404, W_NOTHING_TITLE, slice_of(visit->say[W_NOTHING]));
}

/* False: the list is not there, or its posts are not for this visitor. */
static bool
enter_list(struct visit *visit)
{
	struct ask_list *list = arena_new(visit->arena, struct ask_list);
	int r = ask_list(&visit->ask, visit->request->list, list);

	if (visit_failed(visit, r))
		return false;
	if (r == 0) {
		say_nothing(visit);
		return false;
	}
	visit->list = list;
	visit_speak(visit, list->language);
	if (!route_is_archive(visit->request->route) || list->may_read)
		return true;
	if (slice_eq(list->archive, SLICE("members")))
		answer_members_only(visit);
	else
		say_nothing(visit);
	return false;
}

/* One click has no cookie to be misused by another site. */
static bool
is_misused(const struct request *request)
{
	return request->method == WEB_POST && request->foreign &&
	       request->route != ROUTE_LEAVE;
}

static void
answer(struct visit *visit)
{
	const struct request *request = visit->request;

	if (is_misused(request))
		page_note(visit, 403, W_FOREIGN_TITLE,
		    slice_of(visit->say[W_FOREIGN]));
	else if (request->list.n == 0 || enter_list(visit))
		answers[request->route](visit);
}

static void
refuse(struct visit *visit, int status)
{
	if (status == 404) {
		say_nothing(visit);
		return;
	}
	visit_plain(visit, status == 405 ? 403 : status);
	visit->response.status = status;
	if (status == 405)
		visit->response.headers =
		    arena_printf(visit->arena, NO_STORE "Allow: %s\r\n",
			route_allow(visit->request->route));
}

/* --- the whole -------------------------------------------------------- */

static void
log_visit(const struct visit *visit)
{
	const char *route = route_name(visit->request->route);
	int status = visit->response.status;

	if (status == 503 || visit->why->detail[0] != '\0')
		log_event(LOG_WARNING, NULL, "unavailable",
		    LOG_TEXT("page", route), LOG_NUM("status", status),
		    LOG_TEXT("detail", visit->why->detail));
	else
		log_event(LOG_INFO, NULL, "answer", LOG_TEXT("page", route),
		    LOG_NUM("status", status),
		    LOG_SLICE("list", visit->list != NULL ? visit->list->address
							  : SLICE("")));
}

static void
begin(struct visit *visit)
{
	const struct service *service = visit->service;
	const struct request *request = visit->request;

	visit->ask = (struct ask){ service->db, visit->arena, request->session,
		slice_of(arena_printf(
		    visit->arena, "web %.*s", SLICE_FMT(request->client))),
		visit->why };
	visit->store = (struct store){ service->config->archive, visit->arena,
		visit->why };
	visit_speak(visit, LANGUAGE_ENGLISH);
}

void
respond(void *arg, struct arena *arena, const struct web_exchange *exchange)
{
	const struct service *service = arg;
	struct request request;
	struct why why = { 0 };
	struct visit visit = { .service = service,
		.request = &request,
		.exchange = exchange,
		.arena = arena,
		.why = &why };
	int status = request_read(arena, exchange->env, &request);

	begin(&visit);
	if (status == 0 && request.method == WEB_POST)
		request_take_body(arena,
		    web_read_body(exchange, arena, request.body_bytes),
		    &request);
	if (status == 0)
		answer(&visit);
	else
		refuse(&visit, status);
	if (!visit.sent)
		web_respond(exchange, &visit.response);
	counts_add(service->counts, (int)request.route, visit.response.status);
	log_visit(&visit);
}
