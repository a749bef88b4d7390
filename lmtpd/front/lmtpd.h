/*
 * lmtpd/front/lmtpd.h - what the sessions of one worker share.
 *
 * Threads:   everything here may be used by any; what changes has its own
 *            lock inside.
 * Ownership: lmtpd_open() and lmtpd_close() frame a worker's life.
 */
#ifndef HAUSPOST_LMTPD_FRONT_LMTPD_H
#define HAUSPOST_LMTPD_FRONT_LMTPD_H

#include <pthread.h>

#include "core/batch.h"
#include "core/directory.h"
#include "lmtpd/front/allowance.h"
#include "lmtpd/front/attempts.h"
#include "lmtpd/front/figures.h"
#include "lmtpd/front/library.h"
#include "lmtpd/front/scripted.h"
#include "lmtpd/front/settings.h"
#include "lmtpd/front/store.h"
#include "lmtpd/front/suspects.h"

/* Memory that all workers and their parent share. */
struct shared {
	struct attempts attempts;
	struct figures figures;
	struct allowance allowance;
	struct suspects suspects;
};

enum lmtpd_secret {
	SECRET_NAME, /* key of delivery names */
	SECRETS
};

struct lmtpd {
	const struct settings *settings;
	struct shared *shared;
	struct slice node;
	int stop_fd; /* readable for ever once the worker is to end */

	struct db_pool *pool; /* for what the directory does not answer */
	struct directory *directory;
	struct store *store;
	struct library *library;
	struct scripted scripted;
	sieve_extension_set extensions; /* for scripts of mailboxes */
	struct batch *trail, *usage, *notices;

	pthread_mutex_t secret_lock; /* for what follows */
	struct arena secret_arena;
	struct slice secrets[SECRETS]; /* .p NULL until it was read */
};

/*
 * After fork and after rights were dropped: starts threads. hooks (may be
 * NULL) hear the directory's changes. 0 or -errno with why.
 */
int lmtpd_open(struct lmtpd *lmtpd, const struct settings *settings,
    struct shared *shared, const struct directory_hooks *hooks,
    struct why *why);

/* When no session is left: writes rows that wait. */
void lmtpd_close(struct lmtpd *lmtpd);

/* Read when it is first needed, so 451 while the database is away. */
enum verdict lmtpd_secret(struct lmtpd *lmtpd, enum lmtpd_secret which,
    struct slice *secret_out, struct why *why);

/* Tells the sessions to come to an end. */
void lmtpd_stop(struct lmtpd *lmtpd);

#endif
