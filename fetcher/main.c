/*
 * hauspost-fetcher brings mail here from accounts at other providers, by POP3
 * and IMAP. See docs/man/hauspost-fetcher.8.
 */
#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <sodium.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include "core/log.h"
#include "core/privs.h"
#include "core/program.h"
#include "fetcher/schedule.h"

static const struct program program = { "hauspost-fetcher", "fetcher",
	"fetches mail from accounts at other providers", settings_keys };

/* Each is for one short statement, most runs wait elsewhere, and a new one
 * takes as long as a hundred statements until it knows all plans. */
enum { DATABASE_CONNECTIONS = 6 };

/* What --check finds wrong as well. */
static int
prepare(const char *config_path, struct config_common *config,
    struct arena *arena, struct why *why)
{
	const struct settings *settings = (const struct settings *)config;
	struct guard guard;
	struct trust trust;
	int r = guard_open(
	    &guard, settings->allow_networks, settings->ports, arena, why);

	(void)config_path;
	if (r == 0)
		r = trust_open(settings->ca_file, &trust, why);
	if (r == 0)
		trust_close(&trust);
	return r;
}

/* Passwords pass through our memory: no core file, no debugger. */
static int
hide_memory(struct why *why)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return why_fail(why, errno, "PR_SET_DUMPABLE");
	/* Threads come and go; an arena of memory for each would not. */
	(void)mallopt(M_ARENA_MAX, 2);
	return 0;
}

static int
open_fetcher(struct fetcher *fetcher, struct sealed_keys **keys,
    struct arena *arena, struct why *why)
{
	const struct settings *settings = fetcher->settings;
	int r = guard_open(&fetcher->guard, settings->allow_networks,
	    settings->ports, arena, why);

	if (r == 0)
		r = trust_open(settings->ca_file, &fetcher->trust, why);
	if (r == 0)
		r = sealed_keys_open(settings->keys, keys, why);
	if (r < 0)
		return r;
	fetcher->keys = *keys;
	fetcher->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (fetcher->stop_fd < 0)
		return why_fail(why, errno, "eventfd");
	fetcher->pool =
	    db_pool_new(settings->common.database, "hauspost_fetcher",
		DATABASE_CONNECTIONS, settings->common.database_timeout_ms);
	fetcher->tokens = tokens_new(fetcher->pool, *keys);
	fetcher->idlers = idlers_new();
	fetcher->post =
	    post_start(&(struct smtpc_options){ SMTPC_LMTP, settings->lmtp,
			   settings->common.node, settings->lmtp_timeout_ms },
		(size_t)settings->lmtp_connections);
	return 0;
}

static int
serve(struct fetcher *fetcher)
{
	int signal_fd = program_stop_fd(), r;

	if (signal_fd < 0)
		return EX_OSERR;
	program_ready();
	log_event(LOG_INFO, NULL, "ready");
	r = schedule_run(fetcher, signal_fd, fetcher->stop_fd);
	post_stop(fetcher->post);
	idlers_free(fetcher->idlers);
	trust_close(&fetcher->trust);
	tokens_free(fetcher->tokens);
	db_pool_free(fetcher->pool);
	return r;
}

int
main(int argc, char **argv)
{
	struct arena arena = ARENA_INIT;
	struct settings settings = { 0 };
	struct fetcher fetcher = { .settings = &settings };
	struct sealed_keys *keys = NULL;
	struct why why = { 0 };
	int r = program_start_with(
	    &program, prepare, argc, argv, &settings.common, &arena);

	if (r != PROGRAM_RUNS)
		return r;
	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return EX_SOFTWARE;
	if (privs_drop(settings.common.user, NULL, 0, &why) < 0 ||
	    privs_forbid_new(&why) < 0 || hide_memory(&why) < 0)
		return log_fatal(EX_NOPERM, &why);
	if (open_fetcher(&fetcher, &keys, &arena, &why) < 0)
		return log_fatal(EX_CONFIG, &why);
	r = serve(&fetcher);
	sealed_keys_free(keys);
	curl_global_cleanup();
	arena_done(&arena);
	return r;
}
