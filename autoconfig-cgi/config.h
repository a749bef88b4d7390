/*
 * autoconfig-cgi/config.h - the settings of hauspost-autoconfig: its own
 * section [autoconfig], and [provider].
 */
#ifndef HAUSPOST_AUTOCONFIG_CONFIG_H
#define HAUSPOST_AUTOCONFIG_CONFIG_H

#include "core/config.h"
#include "core/directory.h"
#include "core/provider.h"

struct autoconfig_config {
	struct config_common common;
	struct directory_settings directory;
	struct provider provider;
	const char *listen, *socket_group;
	long processes, threads;
	long time_limit_ms;
	const char *unresolved;
	bool unresolved_as_domain;
	long lookups_per_minute;
	const char *profile_certificate, *profile_key;
};

extern const struct config_key autoconfig_keys[];

/* Reads [provider], and checks what a table of keys cannot. */
int autoconfig_prepare(const char *path, struct config_common *config,
    struct arena *arena, struct why *why);

#endif
