/*
 * hauspost-autoconfig - tells mail clients their settings.
 *
 * As a FastCGI server it has its own socket, one from systemd, or one as
 * standard input (spawn-fcgi, mod_fcgid). Called as a CGI program it answers
 * one request and ends.
 */
#include <fcgiapp.h>
#include <libxml/parser.h>
#include <sodium.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "autoconfig-cgi/cgi.h"
#include "autoconfig-cgi/notary.h"
#include "autoconfig-cgi/serve.h"
#include "core/endpoint.h"
#include "core/log.h"
#include "core/program.h"

static const struct program program = {
	.name = "hauspost-autoconfig",
	.section = "autoconfig",
	.purpose = "tells mail clients their settings",
	.keys = autoconfig_keys,
};

/*
 * A web server may hand the query over as arguments (RFC 3875 4.4), so a
 * stranger could choose our options: none are taken from there.
 */
static int
start(int argc, char **argv, struct autoconfig_config *config,
    struct arena *arena)
{
	char *cgi[] = { argv[0], NULL, NULL, NULL };
	int n = 1;

	if (!cgi_called())
		return program_start_with(&program, autoconfig_prepare, argc,
		    argv, &config->common, arena);
	if (getenv("HAUSPOST_CONFIG") != NULL) {
		cgi[n++] = "--config";
		cgi[n++] = getenv("HAUSPOST_CONFIG");
	}
	return program_start_with(
	    &program, autoconfig_prepare, n, cgi, &config->common, arena);
}

static int
listening_socket(const struct autoconfig_config *config, struct why *why)
{
	if (sd_listen_fds(1) > 0)
		return SD_LISTEN_FDS_START;
	if (!FCGX_IsCGI())
		return STDIN_FILENO;
	return endpoint_listen(config->listen, config->socket_group, why);
}

static int
serve(struct service *service, struct arena *arena, struct why *why)
{
	const struct autoconfig_config *config = service->config;
	int listen_fd = listening_socket(config, why);

	if (listen_fd < 0)
		return log_fatal(EX_OSERR, why);
	service->limiter = limiter_new(config->lookups_per_minute);
	service->counts = counts_new(arena);
	if (serve_fastcgi(service, listen_fd, why) < 0)
		return log_fatal(EX_OSERR, why);
	return EX_OK;
}

static int
run(const struct autoconfig_config *config, struct arena *arena)
{
	struct service service = { .config = config };
	struct why why = { 0 };

	if (sodium_init() < 0)
		return EX_SOFTWARE;
	xmlInitParser();
	if (!cgi_called())
		return serve(&service, arena, &why);
	service.signer = notary_key(config);
	cgi_serve(&service);
	signer_free(service.signer);
	return EX_OK;
}

int
main(int argc, char **argv)
{
	struct autoconfig_config config;
	struct arena arena = ARENA_INIT;
	int code = start(argc, argv, &config, &arena);

	if (code == PROGRAM_RUNS)
		code = run(&config, &arena);
	arena_done(&arena);
	return code;
}
