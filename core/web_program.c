#include "core/web_program.h"

#include <libxml/parser.h>
#include <sodium.h>

#include "core/cgi.h"
#include "core/fastcgi.h"
#include "core/log.h"

static int
serve(const struct web_program *web, const void *config, struct arena *arena)
{
	const struct web_settings settings = web->settings(config);
	struct web_server server;
	struct why why = { 0 };

	server.listen_fd =
	    fastcgi_listen(settings.listen, settings.socket_group, &why);
	if (server.listen_fd < 0)
		return log_fatal(EX_OSERR, &why);
	server.limiter = limiter_new(settings.asks_per_minute);
	server.counts = counts_new(arena, &web->counts);
	if (web->serve(config, &server, &why) < 0)
		return log_fatal(EX_OSERR, &why);
	return EX_OK;
}

static int
run(const struct web_program *web, const void *config, struct arena *arena)
{
	if (sodium_init() < 0)
		return EX_SOFTWARE;
	xmlInitParser();
	if (!cgi_called())
		return serve(web, config, arena);
	web->answer(config);
	return EX_OK;
}

int
web_program_run(const struct web_program *web, int argc, char **argv,
    struct config_common *config)
{
	struct arena arena = ARENA_INIT;
	int code =
	    cgi_start(&web->program, web->prepare, argc, argv, config, &arena);

	if (code == PROGRAM_RUNS)
		code = run(web, config, &arena);
	arena_done(&arena);
	return code;
}
