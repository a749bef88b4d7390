#include "autoconfig-cgi/cgi.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "autoconfig-cgi/answerer.h"
#include "autoconfig-cgi/exchange.h"
#include "core/io.h"

extern char **environ;

static size_t
read_stdin(void *peer, char *octets, size_t n)
{
	size_t got = 0;

	(void)peer;
	while (got < n) {
		ssize_t r = read(STDIN_FILENO, octets + got, n - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		got += (size_t)r;
	}
	return got;
}

static void
write_stdout(void *peer, struct slice octets)
{
	(void)peer;
	(void)io_write(STDOUT_FILENO, octets.p, octets.n);
}

bool
cgi_called(void)
{
	return getenv("GATEWAY_INTERFACE") != NULL &&
	       getenv("REQUEST_METHOD") != NULL;
}

/* The directory is not started: it asks, and has nothing to remember for. */
void
cgi_serve(struct service *service)
{
	const struct autoconfig_config *config = service->config;
	struct exchange exchange = { environ, NULL, read_stdin, write_stdout };
	struct arena arena = ARENA_INIT;

	service->directory = directory_new(
	    &config->directory, &config->common, AUTOCONFIG_ROLE, NULL);
	exchange_run(service, &arena, &exchange);
	directory_free(service->directory);
	arena_done(&arena);
}
