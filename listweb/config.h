/*
 * listweb/config.h - the settings of hauspost-listweb: its own section
 * [listweb], and [provider].
 */
#ifndef HAUSPOST_LISTWEB_CONFIG_H
#define HAUSPOST_LISTWEB_CONFIG_H

#include "core/config.h"
#include "core/provider.h"

struct listweb_config {
	struct config_common common;
	struct provider provider;
	const char *listen, *socket_group;
	long processes, threads;
	const char *url;     /* "https://lists.example.org" */
	const char *archive; /* the list manager's folder of messages */
	long asks_per_minute;
	long mbox_bytes;
};

extern const struct config_key listweb_keys[];

/* Reads [provider], and checks what a table of keys cannot. */
int listweb_prepare(const char *path, struct config_common *config,
    struct arena *arena, struct why *why);

#endif
