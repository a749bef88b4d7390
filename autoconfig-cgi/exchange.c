#include "autoconfig-cgi/exchange.h"

#include "core/log.h"

static void
log_exchange(const struct request *request, const struct response *response,
    const struct why *why)
{
	const char *contract = contract_name(request->contract);

	if (response->web.status == 503)
		log_event(LOG_WARNING, NULL, "unavailable",
		    LOG_TEXT("contract", contract),
		    LOG_TEXT("detail", why->detail));
	else
		log_event(LOG_INFO, NULL, "answer",
		    LOG_TEXT("contract", contract),
		    LOG_NUM("status", response->web.status),
		    LOG_SLICE("domain", response->domain));
}

void
exchange_run(
    void *arg, struct arena *arena, const struct web_exchange *exchange)
{
	const struct service *service = arg;
	struct request request;
	struct response response;
	struct why why = { 0 };
	int status = request_read(arena, exchange->env, &request);

	if (status == 0 && request.method == WEB_POST)
		request_take_body(arena,
		    web_read_body(exchange, arena, request.body_bytes),
		    &request);
	respond(service, arena, &request, status, &response, &why);
	web_respond(exchange, &response.web);
	counts_add(service->counts, (int)request.contract, response.web.status);
	log_exchange(&request, &response, &why);
}
