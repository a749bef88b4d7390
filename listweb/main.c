/*
 * hauspost-listweb - the web pages of mailing lists.
 */
#include "core/web_program.h"
#include "listweb/serve.h"

static const char *
name_of(int route)
{
	return route_name((enum route)route);
}

static struct web_settings
settings_of(const void *arg)
{
	const struct listweb_config *config = arg;

	return (struct web_settings){ config->listen, config->socket_group,
		config->asks_per_minute };
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
		.name = "hauspost-listweb",
		.section = "listweb",
		.purpose = "the web pages of mailing lists",
		.keys = listweb_keys,
	},
	.prepare = listweb_prepare,
	.counts = {
		.family = "hauspost_listweb_answers",
		.help = "Answers to browsers, by what they asked",
		.label = "page",
		.name = name_of,
		.n = ROUTES,
		.outcomes = { "page", "nothing", "unavailable", "other" },
	},
	.settings = settings_of,
	.serve = serve,
	.answer = answer,
};

int
main(int argc, char **argv)
{
	struct listweb_config config;

	return web_program_run(&web, argc, argv, &config.common);
}
