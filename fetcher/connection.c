#include "fetcher/connection.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"

enum {
	SAID_MAX = 64 * 1024, /* greeting and capabilities */
	URL_MAX = 320,
};

struct connection {
	const struct connection_options *options;
	CURL *curl;
	char error[CURL_ERROR_SIZE];
	char peer[64];
	struct buf said;
	struct trust_watch watch;
	bool blocked; /* the guard said no */
	long end_ms;
};

/* --- what libcurl calls ----------------------------------------------- */

static size_t
on_line(char *octets, size_t size, size_t n, void *arg)
{
	struct connection *c = arg;

	(void)size; /* always 1 */
	return buf_add(&c->said, octets, n) == 0 ? n : 0;
}

static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct connection *c = arg;

	(void)purpose;
	if (!guard_allows(c->options->guard, &address->addr)) {
		c->blocked = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

/* Called every second at least, also while nothing comes. */
static int
on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct connection *connection = arg;
	struct pollfd stop = { connection->options->stop_fd, POLLIN, 0 };

	(void)a, (void)b, (void)c, (void)d;
	return poll(&stop, 1, 0) > 0;
}

/* --- opening ---------------------------------------------------------- */

static const char *
scheme(const struct connection_options *o)
{
	if (o->imap)
		return o->tls == TLS_IMPLICIT ? "imaps" : "imap";
	return o->tls == TLS_IMPLICIT ? "pop3s" : "pop3";
}

static void
set_trust(struct connection *c)
{
	const struct connection_options *o = c->options;
	CURL *curl = c->curl;

	/* No handle serves a second connection. */
	(void)curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_USE_SSL,
	    o->tls == TLS_NONE ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
	(void)curl_easy_setopt(
	    curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	c->watch.trust = o->trust;
	trust_watch(&c->watch, curl);
	if (o->pins == NULL)
		return;
	/* Whoever has the key that was agreed on is the server, whatever its
	 * certificate says. */
	(void)curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, o->pins);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
}

static void
set_options(struct connection *c, const char *url)
{
	const struct connection_options *o = c->options;
	CURL *curl = c->curl;

	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	(void)curl_easy_setopt(
	    curl, CURLOPT_PROTOCOLS_STR, "pop3,pop3s,imap,imaps");
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* of no environment */
	(void)curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, o->connect_ms);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, o->connect_ms);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, c->error);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_line);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, c);
	(void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	(void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, c);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, c);
	set_trust(c);
}

static const struct {
	CURLcode code;
	const char *trouble;
} meanings[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, "DNS" },
	{ CURLE_COULDNT_CONNECT, "CONNECT" },
	{ CURLE_OPERATION_TIMEDOUT, "TIMEOUT" },
	{ CURLE_USE_SSL_FAILED, "TLS_REQUIRED" },
	{ CURLE_WEIRD_SERVER_REPLY, "GREETING" },
};

/* With the key that the user may pin, having compared it. */
static int
say_distrusted(
    const struct connection *c, const char *code, struct trouble *trouble)
{
	AUTO_BUF struct buf shown = BUF_INIT(TROUBLE_DETAIL_MAX);

	trust_describe(&c->watch, &shown);
	return trouble_say(trouble, code, "%s: %s", buf_text(&shown), c->error);
}

static int
say_failed(const struct connection *c, CURLcode code, struct trouble *trouble)
{
	const char *text =
	    c->error[0] != '\0' ? c->error : curl_easy_strerror(code);

	if (c->blocked)
		return trouble_say(trouble, "BLOCKED_HOST",
		    "%s leads to an address that is not allowed",
		    c->options->host);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return trouble_say(trouble, "STOPPED", "we are to stop");
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return say_distrusted(c, "TLS_CERT", trouble);
	if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		return say_distrusted(c, "TLS_PIN", trouble);
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (meanings[i].code == code)
			return trouble_say(
			    trouble, meanings[i].trouble, "%s", text);
	}
	return trouble_say(trouble, "CONNECT", "%s", text);
}

static void
note_peer(struct connection *c)
{
	char *ip = NULL;

	(void)curl_easy_getinfo(c->curl, CURLINFO_PRIMARY_IP, &ip);
	(void)snprintf(
	    c->peer, sizeof c->peer, "%s", ip != NULL ? ip : "unknown");
}

static int
connect_to(struct connection *c, struct trouble *trouble)
{
	const struct connection_options *o = c->options;
	char url[URL_MAX];
	CURLcode code;

	if (!guard_allows_port(o->guard, o->port))
		return trouble_say(trouble, "BLOCKED_HOST", "port %u", o->port);
	(void)snprintf(
	    url, sizeof url, "%s://%s:%u", scheme(o), o->host, o->port);
	set_options(c, url);
	code = curl_easy_perform(c->curl);
	if (code != CURLE_OK)
		return say_failed(c, code, trouble);
	note_peer(c);
	connection_extend(c);
	return 0;
}

int
connection_open(const struct connection_options *options,
    struct connection **connection_out, struct trouble *trouble)
{
	struct connection *c = calloc(1, sizeof *c);
	int r;

	if (c == NULL)
		abort();
	c->options = options;
	c->said = (struct buf)BUF_INIT(SAID_MAX);
	c->curl = curl_easy_init();
	if (c->curl == NULL)
		abort();
	r = connect_to(c, trouble);
	if (r < 0)
		connection_close(c);
	else
		*connection_out = c;
	return r;
}

void
connection_close(struct connection *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->curl);
	trust_unwatch(&c->watch);
	buf_free(&c->said);
	free(c);
}

struct slice
connection_said(const struct connection *c)
{
	return buf_slice(&c->said);
}

const char *
connection_peer(const struct connection *c)
{
	return c->peer;
}

/* --- the stream ------------------------------------------------------- */

static int
active_socket(const struct connection *c)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	(void)curl_easy_getinfo(c->curl, CURLINFO_ACTIVESOCKET, &fd);
	return (int)fd;
}

/* Which of them is ready first; -ECANCELED: we are to stop. */
static int
wait_for(struct connection *c, short events, long wait_ms, int wake_fd)
{
	struct pollfd fds[] = { { active_socket(c), events, 0 },
		{ c->options->stop_fd, POLLIN, 0 }, { wake_fd, POLLIN, 0 } };
	long deadline_ms = clock_ms() + wait_ms;

	for (;;) {
		long left_ms = deadline_ms - clock_ms();
		int n = poll(fds, 3, left_ms > 0 ? (int)left_ms : 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0 && fds[1].revents != 0)
			return -ECANCELED;
		if (n > 0 && fds[2].revents != 0)
			return CONNECTION_WOKEN;
		return n > 0 ? CONNECTION_READABLE : CONNECTION_QUIET;
	}
}

static int
wait_or_say(struct connection *c, short events, struct trouble *trouble)
{
	int r = wait_for(c, events, c->options->silence_ms, -1);

	if (r < 0)
		return trouble_say(trouble, "STOPPED", "we are to stop");
	if (r == CONNECTION_QUIET)
		return trouble_say(trouble, "TIMEOUT", "no answer in time");
	return 0;
}

int
connection_send(
    struct connection *c, struct slice octets, struct trouble *trouble)
{
	while (octets.n > 0) {
		size_t sent = 0;
		CURLcode code =
		    curl_easy_send(c->curl, octets.p, octets.n, &sent);

		octets = slice_tail(octets, sent);
		if (code == CURLE_AGAIN) {
			if (wait_or_say(c, POLLOUT, trouble) < 0)
				return -EPROTO;
		} else if (code != CURLE_OK) {
			return trouble_say(
			    trouble, "CONNECT", "%s", curl_easy_strerror(code));
		}
	}
	return 0;
}

/* Looked at whenever something comes: who sends without end never waits. */
ssize_t
connection_receive_now(
    struct connection *c, void *octets, size_t n, struct trouble *trouble)
{
	size_t got = 0;
	CURLcode code = curl_easy_recv(c->curl, octets, n, &got);

	if (clock_ms() > c->end_ms)
		return trouble_say(trouble, "TIMEOUT", "session too long");
	if (code == CURLE_OK)
		return (ssize_t)got;
	if (code == CURLE_AGAIN)
		return -EAGAIN;
	return trouble_say(trouble, "CONNECT", "%s", curl_easy_strerror(code));
}

/* Tried first: TLS may hold octets that the socket shows nothing of. */
ssize_t
connection_receive(
    struct connection *c, void *octets, size_t n, struct trouble *trouble)
{
	for (;;) {
		ssize_t got = connection_receive_now(c, octets, n, trouble);

		if (got != -EAGAIN)
			return got;
		if (wait_or_say(c, POLLIN, trouble) < 0)
			return -EPROTO;
	}
}

int
connection_wait(struct connection *c, long wait_ms, int wake_fd)
{
	return wait_for(c, POLLIN, wait_ms, wake_fd);
}

void
connection_extend(struct connection *c)
{
	c->end_ms = clock_ms() + c->options->session_ms;
}
