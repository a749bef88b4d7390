/*
 * hauspost-milter - Postfix' milter and socketmap: refuses or expands every
 * recipient before it is queued.
 */
#include "core/endpoint.h"
#include "core/log.h"
#include "core/privs.h"
#include "core/program.h"
#include "milter/callbacks.h"
#include "milter/maps.h"
#include "milter/report.h"
#include "milter/sandbox.h"

static const struct program program = {
	.name = "hauspost-milter",
	.section = "milter",
	.purpose = "refuse or expand recipients for Postfix",
	.keys = milter_keys,
};

/* --- what needs rights ------------------------------------------------ */

/* The sockets. *maps_fd_out is -1 when no maps are served. */
static int
open_sockets(struct milter *milter, int *maps_fd_out, struct why *why)
{
	const struct milter_config *config = &milter->config;
	int fd = -1;

	if (config->socketmap[0] != '\0') {
		fd = endpoint_listen(
		    config->socketmap, config->socket_group, why);
		if (fd < 0)
			return fd;
	}
	*maps_fd_out = fd;
	return callbacks_open(milter, why);
}

/* --- serving ---------------------------------------------------------- */

static int
serve(struct milter *milter, int maps_fd, struct why *why)
{
	struct maps *maps = NULL;
	struct metrics *metrics = NULL;
	int r = directory_start(milter->directory, why);

	if (r == 0)
		r = metrics_start(milter->config.common.metrics, report_metrics,
		    &metrics, why);
	if (r == 0 && maps_fd >= 0)
		r = maps_start(milter, maps_fd, &maps, why);
	if (r == 0) {
		program_ready();
		r = callbacks_serve(why);
	}
	maps_stop(maps);
	metrics_stop(metrics);
	return r;
}

int
main(int argc, char **argv)
{
	struct milter milter = { 0 };
	struct arena arena = ARENA_INIT;
	struct why why = { 0 };
	int maps_fd;
	int r =
	    program_start(&program, argc, argv, &milter.config.common, &arena);

	if (r != PROGRAM_RUNS)
		return r;
	if (milter_trust(&milter, &arena, &why) < 0)
		return log_fatal(EX_CONFIG, &why);
	if (open_sockets(&milter, &maps_fd, &why) < 0)
		return log_fatal(EX_OSERR, &why);
	if (privs_drop(milter.config.common.user, NULL, 0, &why) < 0 ||
	    privs_forbid_new(&why) < 0 || sandbox_enter(&why) < 0)
		return log_fatal(EX_NOPERM, &why);
	milter_open(&milter);
	r = serve(&milter, maps_fd, &why);
	milter_close(&milter);
	arena_done(&arena);
	return r < 0 ? log_fatal(EX_SOFTWARE, &why) : EX_OK;
}
