/*
 * fetcher/settings.h - what an admin may set for hauspost-fetcher.
 */
#ifndef HAUSPOST_FETCHER_SETTINGS_H
#define HAUSPOST_FETCHER_SETTINGS_H

#include "core/config.h"

struct settings {
	struct config_common common; /* first: core/config.h */
	const char *lmtp;	     /* where mail is delivered */
	long lmtp_connections;
	long lmtp_timeout_ms;
	const char *keys;  /* folder of private.key and public.key */
	const char *spool; /* of messages that do not fit in memory */
	const char *ca_file;
	const char *allow_networks, *ports, *plain_hosts;
	long sessions_max, host_sessions_max, host_starts_max;
	long connect_timeout_ms, idle_timeout_ms, session_timeout_ms;
	long poll_ms, session_messages, quit_ms;
	long idle_sessions_max, host_idle_max, reissue_ms, keep_alive_ms;
};

extern const struct config_key settings_keys[];

#endif
