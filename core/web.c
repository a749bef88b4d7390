#include "autoconfig-cgi/exchange.h"

#include "core/buf.h"
#include "core/log.h"

enum { HEAD_MAX = 4096 }; /* all of it is ours */

static void
read_body(const struct exchange *exchange, struct arena *arena,
    struct request *request)
{
	char *octets = arena_alloc(arena, request->body_bytes + 1);
	size_t n = exchange->read(exchange->peer, octets, request->body_bytes);

	request_take_body(arena, (struct slice){ octets, n }, request);
}

/* CGI's Status header (RFC 3875 6.3.3), which needs a phrase. */
static const char *
phrase_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 302:
		return "Found";
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 415:
		return "Unsupported Media Type";
	default:
		return "Service Unavailable";
	}
}

static void
write_response(const struct exchange *exchange, enum method method,
    const struct response *response)
{
	AUTO_BUF struct buf text = BUF_INIT(HEAD_MAX + response->body.n);

	(void)buf_addf(&text,
	    "Status: %d %s\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Length: %zu\r\n"
	    "%s"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "\r\n",
	    response->status, phrase_of(response->status), response->type,
	    response->body.n, response->headers);
	if (method != METHOD_HEAD)
		(void)buf_add_slice(&text, response->body);
	exchange->write(exchange->peer, buf_slice(&text));
}

static void
log_exchange(const struct request *request, const struct response *response,
    const struct why *why)
{
	const char *contract = contract_name(request->contract);

	if (response->status == 503)
		log_event(LOG_WARNING, NULL, "unavailable",
		    LOG_TEXT("contract", contract),
		    LOG_TEXT("detail", why->detail));
	else
		log_event(LOG_INFO, NULL, "answer",
		    LOG_TEXT("contract", contract),
		    LOG_NUM("status", response->status),
		    LOG_SLICE("domain", response->domain));
}

void
exchange_run(const struct service *service, struct arena *arena,
    const struct exchange *exchange)
{
	struct request request;
	struct response response;
	struct why why = { 0 };
	int status = request_read(arena, exchange->env, &request);

	if (status == 0 && request.method == METHOD_POST)
		read_body(exchange, arena, &request);
	respond(service, arena, &request, status, &response, &why);
	write_response(exchange, request.method, &response);
	counts_add(service->counts, request.contract, response.status);
	log_exchange(&request, &response, &why);
}
