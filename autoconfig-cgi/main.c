/*
 * hauspost-autoconfig - tells mail clients their settings.
 */
#include "autoconfig-cgi/serve.h"
#include "core/fastcgi.h"
#include "core/log.h"
#include "core/web_program.h"

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
serve(const void *settings, struct arena *arena)
{
	const struct autoconfig_config *config = settings;
	struct service service = { .config = config };
	struct why why = { 0 };

	service.listen_fd =
	    fastcgi_listen(config->listen, config->socket_group, &why);
	if (service.listen_fd < 0)
		return log_fatal(EX_OSERR, &why);
	service.limiter = limiter_new(config->lookups_per_minute);
	service.counts = counts_new(arena, &counts);
	if (serve_fastcgi(&service, &why) < 0)
		return log_fatal(EX_OSERR, &why);
	return EX_OK;
}

static int
answer(const void *settings)
{
	struct service service = { .config = settings, .listen_fd = -1 };

	serve_cgi(&service);
	return EX_OK;
}

static const struct web_program web = {
	.program = {
		.name = "hauspost-autoconfig",
		.section = "autoconfig",
		.purpose = "tells mail clients their settings",
		.keys = autoconfig_keys,
	},
	.prepare = autoconfig_prepare,
	.serve = serve,
	.answer = answer,
};

int
main(int argc, char **argv)
{
	struct autoconfig_config config;

	return web_program_run(&web, argc, argv, &config.common);
}
