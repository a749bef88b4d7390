#include "cli/probe.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "core/buf.h"

enum {
	PROBE_MS = 5000,	/* as long as Thunderbird waits */
	PROBE_BODY_MAX = 65536, /* answers have 2 KB */
};

static size_t
on_body(char *octets, size_t size, size_t n, void *arg)
{
	return buf_add(arg, octets, size * n) == 0 ? size * n : 0;
}

static struct curl_slist *
append(struct curl_slist *list, const char *text)
{
	list = curl_slist_append(list, text);
	if (list == NULL)
		abort();
	return list;
}

/* "::HOST:PORT": wherever the URL points. */
static struct curl_slist *
make_route(struct arena *arena, const struct probe_place *place,
    const struct probe *probe)
{
	bool tls = strncmp(probe->url, "https:", 6) == 0;
	const char *there = tls ? place->https : place->http;

	if (there != NULL)
		return append(NULL, arena_printf(arena, "::%s", there));
	if (probe->address == NULL)
		return NULL;
	return append(
	    NULL, arena_printf(arena,
		      strchr(probe->address, ':') != NULL ? "::[%s]:" : "::%s:",
		      probe->address));
}

/* Nothing of the admin's surroundings: no proxy, no .netrc, no redirects. */
static void
set_common(CURL *curl, const struct probe_place *place, const char *url)
{
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)PROBE_MS);
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "hauspost doctor");
	if (place->ca != NULL)
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, place->ca);
}

static struct curl_slist *
set_post(CURL *curl, const char *body)
{
	struct curl_slist *headers = append(NULL, "Content-Type: text/xml");

	(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	return headers;
}

static void
perform(CURL *curl, struct arena *arena, struct probe_answer *answer)
{
	AUTO_BUF struct buf body = BUF_INIT(PROBE_BODY_MAX);
	const char *location = NULL;
	CURLcode code;

	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	code = curl_easy_perform(curl);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
	(void)curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
	answer->body = arena_slice(arena, buf_slice(&body));
	if (location != NULL)
		answer->location = arena_slice(arena, slice_of(location));
	if (code == CURLE_OK)
		return;
	answer->status = 0;
	answer->problem = curl_easy_strerror(code);
	answer->certificate = code == CURLE_PEER_FAILED_VERIFICATION;
}

void
probe_ask(struct arena *arena, const struct probe_place *place,
    const struct probe *probe, struct probe_answer *answer_out)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *route = make_route(arena, place, probe),
			  *headers = NULL;

	if (curl == NULL)
		abort();
	*answer_out = (struct probe_answer){ 0 };
	set_common(curl, place, probe->url);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECT_TO, route);
	if (probe->body != NULL)
		headers = set_post(curl, probe->body);
	perform(curl, arena, answer_out);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	curl_slist_free_all(route);
}
