/*
 * hauspost-milter - Postfix' milter and socketmap: refuses or expands every
 * recipient before it is queued.
 */
#include <errno.h>
#include <pwd.h>

#include "core/endpoint.h"
#include "core/log.h"
#include "core/notice.h"
#include "core/privs.h"
#include "core/program.h"
#include "core/scope.h"
#include "core/trail.h"
#include "milter/callbacks.h"
#include "milter/maps.h"
#include "milter/report.h"

#define ROLE "hauspost_milter"

enum { BEHIND_CONNECTIONS = 2 }; /* one each for trail and notices */

const struct config_key milter_keys[] = {
	CONFIG_TEXT(struct milter_config, listen, listen,
	    "unix:/run/hauspost/milter.sock",
	    "where Postfix connects, as unix:PATH or inet:ADDRESS:PORT"),
	CONFIG_TEXT(struct milter_config, socketmap, socketmap,
	    "unix:/run/hauspost/socketmap.sock",
	    "where it asks for domain classes; empty: nowhere"),
	CONFIG_TEXT(struct milter_config, socket_group, socket_group, "",
	    "group that may connect to both"),
	CONFIG_TEXT(struct milter_config, reinject_user, reinject_user,
	    "hauspost",
	    "users whose mail of class reinject and list is believed"),
	DIRECTORY_KEYS(struct milter_config),
	CONFIG_END,
};

static const struct program program = {
	.name = "hauspost-milter",
	.section = "milter",
	.purpose = "refuse or expand recipients for Postfix",
	.keys = milter_keys,
};

bool
milter_trusts(const struct milter *milter, uid_t uid)
{
	for (size_t i = 0; i < milter->n_trusted; i++) {
		if (milter->trusted[i] == uid)
			return true;
	}
	return false;
}

/* --- what needs rights ------------------------------------------------ */

static int
trust_user(struct milter *milter, const char *name, struct why *why)
{
	const struct passwd *entry = getpwnam(name);

	if (entry == NULL)
		return why_fail(why, ENOENT, "look up reinject_user %s", name);
	if (milter->n_trusted == TRUSTED_MAX)
		return why_fail(
		    why, E2BIG, "trust more than %d users", (int)TRUSTED_MAX);
	milter->trusted[milter->n_trusted++] = entry->pw_uid;
	return 0;
}

static int
trust_users(struct milter *milter, struct arena *arena, struct why *why)
{
	struct slice names = slice_of(milter->config.reinject_user), name;
	int r = 0;

	while (r == 0 && slice_cut(&names, ' ', &name)) {
		if (name.n > 0)
			r = trust_user(
			    milter, arena_strndup(arena, name.p, name.n), why);
	}
	return r;
}

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

static void
on_listening(void *arg, const struct why *lost)
{
	(void)arg;
	if (lost == NULL)
		log_event(LOG_NOTICE, NULL, "directory-heard",
		    LOG_TEXT("detail", "answers are remembered"));
	else
		log_event(LOG_WARNING, NULL, "directory-lost", LOG_WHY(lost));
}

static void
open_directory(struct milter *milter)
{
	const struct directory_hooks hooks = { milter, on_listening, NULL };
	struct config_common *common = &milter->config.common;

	milter->directory =
	    directory_new(&milter->config.directory, common, ROLE, &hooks);
	milter->pool = db_pool_new(common->database, ROLE, BEHIND_CONNECTIONS,
	    common->database_timeout_ms);
	milter->trail = trail_start(milter->pool);
	milter->notices = notice_start(milter->pool);
}

static void
close_directory(struct milter *milter)
{
	batch_stop(milter->trail);
	batch_stop(milter->notices);
	db_pool_free(milter->pool);
	directory_free(milter->directory);
}

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
		r = maps_start(milter->directory, maps_fd, &maps, why);
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
	if (trust_users(&milter, &arena, &why) < 0)
		return log_fatal(EX_CONFIG, &why);
	if (open_sockets(&milter, &maps_fd, &why) < 0)
		return log_fatal(EX_OSERR, &why);
	if (privs_drop(milter.config.common.user, NULL, 0, &why) < 0 ||
	    privs_forbid_new(&why) < 0)
		return log_fatal(EX_NOPERM, &why);
	open_directory(&milter);
	r = serve(&milter, maps_fd, &why);
	close_directory(&milter);
	arena_done(&arena);
	return r < 0 ? log_fatal(EX_SOFTWARE, &why) : EX_OK;
}
