/*
 * lmtpd/front/settings.h - what an admin may set for hauspost-lmtpd.
 */
#ifndef HAUSPOST_LMTPD_FRONT_SETTINGS_H
#define HAUSPOST_LMTPD_FRONT_SETTINGS_H

#include "core/config.h"
#include "core/directory.h"
#include "sieve/sieve.h"

struct settings {
	struct config_common common; /* first: core/config.h */
	const char *listen, *socket_group;
	const char *listen_trusted, *trusted_group;
	const char *listen_own;
	const char *originate;
	const char *storer, *runner, *reinject;
	const char *spool;
	long workers, sessions_max, rcpts_max, store_connections;
	long size_max_bytes;
	long idle_timeout_ms, store_timeout_ms, reinject_timeout_ms;
	long stop_timeout_ms, run_timeout_ms;
	const char *sieve_extensions;
	bool reply_catch_all;
	struct directory_settings directory;
};

extern const struct config_key settings_keys[];

/* What sieve_extensions means. 0, or -EINVAL with why naming the bad word. */
int settings_extensions(const struct settings *settings,
    sieve_extension_set *extensions_out, struct why *why);

#endif
