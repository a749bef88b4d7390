#include "core/cgi.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

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

/*
 * A web server may hand the query over as arguments (RFC 3875 4.4), so a
 * stranger could choose our options: none are taken from there.
 */
int
cgi_start(const struct program *program, program_prepare *prepare, int argc,
    char **argv, struct config_common *config, struct arena *arena)
{
	char *ours[] = { argv[0], NULL, NULL, NULL };
	int n = 1;

	if (!cgi_called())
		return program_start_with(
		    program, prepare, argc, argv, config, arena);
	if (getenv("HAUSPOST_CONFIG") != NULL) {
		ours[n++] = "--config";
		ours[n++] = getenv("HAUSPOST_CONFIG");
	}
	return program_start_with(program, prepare, n, ours, config, arena);
}

void
cgi_serve(web_answer *answer, void *arg)
{
	struct web_exchange exchange = { environ, NULL, read_stdin,
		write_stdout };
	struct arena arena = ARENA_INIT;

	answer(arg, &arena, &exchange);
	arena_done(&arena);
}
