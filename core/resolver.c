#include "core/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>

enum { TIMEOUT_MS = 3000, TRIES = 2, TEXTS_MAX = 64 };

struct resolver {
	ares_channel channel;
};

/* One question on its way. */
struct question {
	struct arena *arena;
	enum resolver_type type;
	struct resolver_texts found;
	int status; /* of c-ares */
};

static int
ares_fail(struct why *why, int status, const char *what)
{
	(void)why_say(why, 451, "4.4.3", "no answer from the name server");
	why_detail(why, "%s: %s", what, ares_strerror(status));
	return -EHOSTUNREACH;
}

int
resolver_new(
    const char *servers, struct resolver **resolver_out, struct why *why)
{
	struct ares_options options = { .timeout = TIMEOUT_MS, .tries = TRIES };
	struct resolver *resolver = calloc(1, sizeof *resolver);
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	if (resolver == NULL)
		abort();
	if (status == ARES_SUCCESS)
		status = ares_init_options(&resolver->channel, &options,
		    ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
	if (status == ARES_SUCCESS && servers != NULL)
		status = ares_set_servers_ports_csv(resolver->channel, servers);
	if (status != ARES_SUCCESS) {
		resolver_free(resolver);
		return ares_fail(
		    why, status, servers != NULL ? servers : "name servers");
	}
	*resolver_out = resolver;
	return 0;
}

void
resolver_free(struct resolver *resolver)
{
	if (resolver->channel != NULL)
		ares_destroy(resolver->channel);
	ares_library_cleanup();
	free(resolver);
}

/* What c-ares waits for; the number of sockets. */
static nfds_t
sockets_of(struct resolver *resolver, struct pollfd polled[ARES_GETSOCK_MAXNUM])
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	unsigned bits = (unsigned)ares_getsock(
	    resolver->channel, sockets, ARES_GETSOCK_MAXNUM);
	nfds_t n = 0;

	for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		bool reads = ARES_GETSOCK_READABLE(bits, i);
		bool writes = ARES_GETSOCK_WRITABLE(bits, i);

		if (!reads && !writes)
			break;
		polled[n++] = (struct pollfd){ .fd = sockets[i],
			.events = (short)((reads ? POLLIN : 0) |
					  (writes ? POLLOUT : 0)) };
	}
	return n;
}

static int
wait_ms(struct resolver *resolver)
{
	struct timeval limit,
	    *left = ares_timeout(resolver->channel, NULL, &limit);

	return left != NULL
		   ? (int)(left->tv_sec * 1000 + left->tv_usec / 1000 + 1)
		   : TIMEOUT_MS;
}

/* Not by select(), which knows no descriptor above FD_SETSIZE. */
static void
wait_for_answers(struct resolver *resolver)
{
	struct pollfd polled[ARES_GETSOCK_MAXNUM];
	nfds_t n;

	while ((n = sockets_of(resolver, polled)) > 0) {
		(void)poll(polled, n, wait_ms(resolver));
		for (nfds_t i = 0; i < n; i++) {
			bool writes = (polled[i].revents & POLLOUT) != 0;
			bool reads = (polled[i].revents & ~POLLOUT) != 0;

			ares_process_fd(resolver->channel,
			    reads ? polled[i].fd : ARES_SOCKET_BAD,
			    writes ? polled[i].fd : ARES_SOCKET_BAD);
		}
	}
}

static void
add(struct question *question, const char *text)
{
	struct resolver_texts *found = &question->found;

	if (found->texts == NULL)
		found->texts = arena_calloc(
		    question->arena, TEXTS_MAX, sizeof *found->texts);
	if (found->n < TEXTS_MAX)
		found->texts[found->n++] = text;
}

/* "mx.example." in lower case; the root is ".". */
static const char *
absolute(struct arena *arena, const char *name)
{
	size_t n = strlen(name);
	char *text = arena_printf(
	    arena, "%s%s", name, n > 0 && name[n - 1] == '.' ? "" : ".");

	for (char *c = text; *c != '\0'; c++)
		*c = (char)ascii_lower((unsigned char)*c);
	return text;
}

/* --- one type each ---------------------------------------------------- */

static int
take_mx(struct question *question, const unsigned char *answer, int n)
{
	struct ares_mx_reply *first = NULL;
	int status = ares_parse_mx_reply(answer, n, &first);

	for (struct ares_mx_reply *r = first; r != NULL; r = r->next)
		add(question,
		    arena_printf(question->arena, "%u %s", r->priority,
			absolute(question->arena, r->host)));
	if (first != NULL)
		ares_free_data(first);
	return status;
}

static int
take_srv(struct question *question, const unsigned char *answer, int n)
{
	struct ares_srv_reply *first = NULL;
	int status = ares_parse_srv_reply(answer, n, &first);

	for (struct ares_srv_reply *r = first; r != NULL; r = r->next)
		add(question, arena_printf(question->arena, "%u %u %u %s",
				  r->priority, r->weight, r->port,
				  absolute(question->arena, r->host)));
	if (first != NULL)
		ares_free_data(first);
	return status;
}

/* The strings of one record belong together. */
static int
take_txt(struct question *question, const unsigned char *answer, int n)
{
	struct ares_txt_ext *first = NULL;
	int status = ares_parse_txt_reply_ext(answer, n, &first);
	const char *text = NULL;

	for (struct ares_txt_ext *r = first; r != NULL; r = r->next) {
		if (r->record_start && text != NULL)
			add(question, text);
		text = arena_printf(question->arena, "%s%.*s",
		    r->record_start || text == NULL ? "" : text, (int)r->length,
		    (const char *)r->txt);
	}
	if (text != NULL)
		add(question, text);
	if (first != NULL)
		ares_free_data(first);
	return status;
}

static int
take_cname(struct question *question, const unsigned char *answer, int n)
{
	struct hostent *host = NULL;
	int status = ares_parse_a_reply(answer, n, &host, NULL, NULL);

	/* The last of a chain of aliases, where there is one at all. */
	if (host != NULL && host->h_aliases[0] != NULL)
		add(question, absolute(question->arena, host->h_name));
	if (host != NULL)
		ares_free_hostent(host);
	return status;
}

static const struct {
	int type;
	int (*take)(struct question *, const unsigned char *, int);
} types[] = {
	[RESOLVER_MX] = { ns_t_mx, take_mx },
	[RESOLVER_TXT] = { ns_t_txt, take_txt },
	[RESOLVER_SRV] = { ns_t_srv, take_srv },
	[RESOLVER_CNAME] = { ns_t_cname, take_cname },
};
_Static_assert(
    sizeof types / sizeof *types == RESOLVER_TYPES, "ask every type");

static void
on_answer(void *arg, int status, int timeouts, unsigned char *answer, int n)
{
	struct question *question = arg;

	(void)timeouts;
	if (status == ARES_SUCCESS)
		status = types[question->type].take(question, answer, n);
	question->status = status;
}

static int
finish(const struct question *question, const char *name,
    struct resolver_texts *texts_out, struct why *why)
{
	switch (question->status) {
	case ARES_SUCCESS:
	case ARES_ENODATA:
	case ARES_ENOTFOUND:
		*texts_out = question->found;
		texts_out->no_such_name = question->status == ARES_ENOTFOUND;
		return 0;
	default:
		return ares_fail(why, question->status, name);
	}
}

int
resolver_ask(struct resolver *resolver, struct arena *arena, const char *name,
    enum resolver_type type, struct resolver_texts *texts_out, struct why *why)
{
	struct question question = { .arena = arena, .type = type };

	ares_query(resolver->channel, name, ns_c_in, types[type].type,
	    on_answer, &question);
	wait_for_answers(resolver);
	return finish(&question, name, texts_out, why);
}

/* --- addresses -------------------------------------------------------- */

static const void *
address_of(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return &((const struct sockaddr_in *)(const void *)address)
			    ->sin_addr;
	return &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
}

static void
on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *result)
{
	struct question *question = arg;
	char text[INET6_ADDRSTRLEN];

	(void)timeouts;
	question->status = status;
	if (result == NULL)
		return;
	for (struct ares_addrinfo_node *node = result->nodes; node != NULL;
	     node = node->ai_next) {
		if (inet_ntop(node->ai_family, address_of(node->ai_addr), text,
			sizeof text) != NULL)
			add(question, arena_strdup(question->arena, text));
	}
	ares_freeaddrinfo(result);
}

int
resolver_addresses(struct resolver *resolver, struct arena *arena,
    const char *name, struct resolver_texts *texts_out, struct why *why)
{
	const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	struct question question = { .arena = arena };

	ares_getaddrinfo(
	    resolver->channel, name, NULL, &hints, on_addresses, &question);
	wait_for_answers(resolver);
	return finish(&question, name, texts_out, why);
}
