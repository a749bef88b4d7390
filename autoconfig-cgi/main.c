/*
 * hauspost-autoconfig - tells mail clients their settings.
 *
 * As a FastCGI server it has its own socket, one from systemd, or one as
 * standard input (spawn-fcgi, mod_fcgid). Called as a CGI program it answers
 * one request and ends.
 */
#include <libxml/parser.h>
#include <sodium.h>

#include "autoconfig-cgi/serve.h"
#include "core/cgi.h"
#include "core/fastcgi.h"
#include "core/log.h"

static const struct program program = {
	.name = "hauspost-autoconfig",
	.section = "autoconfig",
	.purpose = "tells mail clients their settings",
	.keys = autoconfig_keys,
};

static const char *
name_of(int contract)
{
	return contract_name((enum contract)contract);
}

static const struct counts_kinds counts = {
	.family = "hauspost_autoconfig_answers",
	.help = "Answers to mail clients, by what they asked",
	.label = "contract",
	.name = name_of,
	.n = CONTRACTS,
	.outcomes = { "settings", "nothing", "unavailable", "other" },
};

static int
serve(struct service *service, struct arena *arena)
{
	const struct autoconfig_config *config = service->config;
	struct why why = { 0 };

	service->listen_fd =
	    fastcgi_listen(config->listen, config->socket_group, &why);
	if (service->listen_fd < 0)
		return log_fatal(EX_OSERR, &why);
	service->limiter = limiter_new(config->lookups_per_minute);
	service->counts = counts_new(arena, &counts);
	if (serve_fastcgi(service, &why) < 0)
		return log_fatal(EX_OSERR, &why);
	return EX_OK;
}

static int
run(const struct autoconfig_config *config, struct arena *arena)
{
	struct service service = { .config = config, .listen_fd = -1 };

	if (sodium_init() < 0)
		return EX_SOFTWARE;
	xmlInitParser();
	if (!cgi_called())
		return serve(&service, arena);
	serve_cgi(&service);
	return EX_OK;
}

int
main(int argc, char **argv)
{
	struct autoconfig_config config;
	struct arena arena = ARENA_INIT;
	int code = cgi_start(
	    &program, autoconfig_prepare, argc, argv, &config.common, &arena);

	if (code == PROGRAM_RUNS)
		code = run(&config, &arena);
	arena_done(&arena);
	return code;
}
