/*
 * hauspost-listweb - the web pages of mailing lists.
 */
#include "core/fastcgi.h"
#include "core/log.h"
#include "core/web_program.h"
#include "listweb/serve.h"

static const char *
name_of(int route)
{
	return route_name((enum route)route);
}

static const struct counts_kinds counts = {
	.family = "hauspost_listweb_answers",
	.help = "Answers to browsers, by what they asked",
	.label = "page",
	.name = name_of,
	.n = ROUTES,
	.outcomes = { "page", "nothing", "unavailable", "other" },
};

static int
serve(const void *settings, struct arena *arena)
{
	const struct listweb_config *config = settings;
	struct service service = { .config = config };
	struct why why = { 0 };

	service.listen_fd =
	    fastcgi_listen(config->listen, config->socket_group, &why);
	if (service.listen_fd < 0)
		return log_fatal(EX_OSERR, &why);
	service.limiter = limiter_new(config->asks_per_minute);
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
		.name = "hauspost-listweb",
		.section = "listweb",
		.purpose = "the web pages of mailing lists",
		.keys = listweb_keys,
	},
	.prepare = listweb_prepare,
	.serve = serve,
	.answer = answer,
};

int
main(int argc, char **argv)
{
	struct listweb_config config;

	return web_program_run(&web, argc, argv, &config.common);
}
