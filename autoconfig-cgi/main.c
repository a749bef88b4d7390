/*
 * hauspost-autoconfig - tells mail clients their settings.
 */
#include "autoconfig-cgi/serve.h"
#include "core/web_program.h"

static const char *
name_of(int contract)
{
	return contract_name((enum contract)contract);
}

static struct web_settings
settings_of(const void *arg)
{
	const struct autoconfig_config *config = arg;

	return (struct web_settings){ config->listen, config->socket_group,
		config->lookups_per_minute };
}

static int
serve(const void *config, const struct web_server *server, struct why *why)
{
	struct service service = { .config = config,
		.listen_fd = server->listen_fd,
		.limiter = server->limiter,
		.counts = server->counts };

	return serve_fastcgi(&service, why);
}

static void
answer(const void *config)
{
	struct service service = { .config = config, .listen_fd = -1 };

	serve_cgi(&service);
}

static const struct web_program web = {
	.program = {
		.name = "hauspost-autoconfig",
		.section = "autoconfig",
		.purpose = "tells mail clients their settings",
		.keys = autoconfig_keys,
	},
	.prepare = autoconfig_prepare,
	.counts = {
		.family = "hauspost_autoconfig_answers",
		.help = "Answers to mail clients, by what they asked",
		.label = "contract",
		.name = name_of,
		.n = CONTRACTS,
		.outcomes = { "settings", "nothing", "unavailable", "other" },
	},
	.settings = settings_of,
	.serve = serve,
	.answer = answer,
};

int
main(int argc, char **argv)
{
	struct autoconfig_config config;

	return web_program_run(&web, argc, argv, &config.common);
}
