/*
 * hauspost-runner - runs users' programs as those users.
 *
 * The only process of ours whose children run what users wrote. It keeps
 * three capabilities: to become somebody (SETUID, SETGID) and to end what
 * that somebody started (KILL). A child gives up all of them before exec and
 * checks that it did (child.c).
 */
#include "core/endpoint.h"
#include "core/log.h"
#include "core/privs.h"
#include "core/program.h"
#include "lmtpd/runner/serve.h"

static const struct config_key runner_keys[] = {
	CONFIG_TEXT(struct runner_config, listen, listen,
	    "unix:/run/hauspost/runner.sock", "where hauspost-lmtpd asks"),
	CONFIG_TEXT(struct runner_config, socket_group, socket_group,
	    "hauspost", "group that may connect to the socket"),
	CONFIG_COUNT(struct runner_config, programs, programs, "32", 1, 256,
	    "programs at once"),
	CONFIG_COUNT(struct runner_config, package_programs, package_programs,
	    "4", 1, 256, "programs of one package at once"),
	CONFIG_MS(struct runner_config, time_limit, time_limit_ms, "3m", 100,
	    3600000, "how long a program may run"),
	CONFIG_END,
};

static const struct program program = {
	.name = "hauspost-runner",
	.section = "runner",
	.purpose = "runs users' programs as those users",
	.keys = runner_keys,
};

static const cap_value_t kept[] = { CAP_SETUID, CAP_SETGID, CAP_KILL };

int
main(int argc, char **argv)
{
	struct arena arena = ARENA_INIT;
	struct runner_config config;
	struct runner runner = { .config = &config };
	struct why why = { 0 };
	int r = program_start(&program, argc, argv, &config.common, &arena);

	if (r != PROGRAM_RUNS)
		return r;
	runner.listener =
	    endpoint_listen_packets(config.listen, config.socket_group, &why);
	if (runner.listener < 0)
		return log_fatal(EX_OSERR, &why);
	/* No privs_forbid_new(): users' programs call sendmail, which gains
	 * the rights of its group by exec. */
	if (privs_drop(config.common.user, kept, 3, &why) < 0)
		return log_fatal(EX_NOPERM, &why);
	runner.stop_fd = program_stop_fd();
	if (runner.stop_fd < 0)
		return log_fatal(EX_OSERR, &why);
	runner.pool = db_pool_new(config.common.database, "hauspost_runner", 1,
	    config.common.database_timeout_ms);
	program_ready();
	serve(&runner);
	db_pool_free(runner.pool);
	arena_done(&arena);
	return EX_OK;
}
