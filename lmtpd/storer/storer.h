/*
 * lmtpd/storer/storer.h - what all connections of the storer share.
 *
 * Threads: read by all; what changes is atomic or has its own lock.
 */
#ifndef HAUSPOST_LMTPD_STORER_STORER_H
#define HAUSPOST_LMTPD_STORER_STORER_H

#include <stdatomic.h>

#include "core/config.h"
#include "lmtpd/storer/home.h"
#include "lmtpd/storer/users.h"

struct storer_config {
	struct config_common common;
	const char *listen, *socket_group, *client_user, *mail_root;
	long connections_max, users_max;
};

struct storer {
	const struct storer_config *config;
	uid_t client_uid; /* who may ask us, beside root */
	struct users *users;
	struct homes homes;
	atomic_ulong serial; /* of files in tmp/ */
};

#endif
