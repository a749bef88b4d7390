/*
 * hauspost-lmtpd takes mail from Postfix and our own programs by LMTP and has
 * it stored, forwarded or refused. See docs/man/hauspost-lmtpd.8.
 */
#include <errno.h>
#include <sodium.h>
#include <sys/mman.h>

#include "core/endpoint.h"
#include "core/log.h"
#include "core/privs.h"
#include "core/program.h"
#include "lmtpd/front/parent.h"

static const struct program program = { "hauspost-lmtpd", "lmtpd",
	"delivers mail into mailboxes, by LMTP", settings_keys };

static int
share_memory(struct shared **shared_out, struct why *why)
{
	struct shared *shared = mmap(NULL, sizeof *shared,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return why_fail(why, errno, "share memory");
	attempts_init(&shared->attempts, time(NULL));
	figures_init(&shared->figures);
	*shared_out = shared;
	return 0;
}

static int
listen_on(struct listener *to, const char *endpoint, const char *group,
    struct why *why)
{
	to->fd = -1;
	if (endpoint[0] == '\0')
		return 0;
	to->fd = endpoint_listen(endpoint, group, why);
	return to->fd < 0 ? to->fd : 0;
}

/* All that needs rights. */
static int
listen_all(struct worker_task *task, struct why *why)
{
	const struct settings *settings = task->settings;
	struct listener *listeners = task->listeners;
	int r = listen_on(&listeners[PEER_QUEUE], settings->listen,
	    settings->socket_group, why);

	if (r == 0)
		r = listen_on(&listeners[PEER_TRUSTED],
		    settings->listen_trusted, settings->trusted_group, why);
	if (r == 0)
		r = listen_on(
		    &listeners[PEER_USER], settings->listen_own, "*", why);
	for (int peer = 0; peer < PEERS; peer++)
		listeners[peer].peer = (enum peer)peer;
	return r;
}

/* So that --check finds it, and not the first worker. */
static int
check_settings(const char *config_path, struct config_common *config,
    struct arena *arena, struct why *why)
{
	sieve_extension_set ignored;

	(void)config_path, (void)arena;
	return settings_extensions((struct settings *)config, &ignored, why);
}

int
main(int argc, char **argv)
{
	struct arena arena = ARENA_INIT;
	struct settings settings = { 0 };
	struct worker_task task = { .settings = &settings };
	struct why why = { 0 };
	int r = program_start_with(
	    &program, check_settings, argc, argv, &settings.common, &arena);

	if (r != PROGRAM_RUNS)
		return r;
	if (sodium_init() < 0)
		return EX_SOFTWARE;
	if (listen_all(&task, &why) < 0)
		return log_fatal(EX_OSERR, &why);
	if (privs_drop(settings.common.user, NULL, 0, &why) < 0 ||
	    privs_forbid_new(&why) < 0)
		return log_fatal(EX_NOPERM, &why);
	if (share_memory(&task.shared, &why) < 0)
		return log_fatal(EX_OSERR, &why);
	r = parent_run(&task);
	arena_done(&arena);
	return r;
}
