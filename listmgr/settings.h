/*
 * listmgr/settings.h - what an admin may set for hauspost-listmgr.
 */
#ifndef HAUSPOST_LISTMGR_SETTINGS_H
#define HAUSPOST_LISTMGR_SETTINGS_H

#include "core/config.h"

struct settings {
	struct config_common common; /* first: core/config.h */
	const char *listen, *socket_group;
	const char *inject;  /* where list mail is handed in */
	const char *archive; /* messages; large ones on their way in, too */
	const char *web;
	const char *authserv_id;  /* of the filters that check senders */
	const char *name_servers; /* "": the system's */
	const char *texts;	  /* of letters, a folder for each language */
	const char *queue;	  /* Postfix' */
	long queue_reserve_bytes;
	long inject_timeout_ms, idle_timeout_ms, stop_timeout_ms;
	long sessions_max, rcpts_max, size_max_bytes;
	long group_members, personal_connections;
};

extern const struct config_key settings_keys[];

#endif
