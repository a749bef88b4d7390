#include "lmtpd/front/lmtpd.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/notice.h"
#include "core/trail.h"
#include "lmtpd/front/name.h"
#include "lmtpd/front/usage.h"

static const char role[] = "hauspost_lmtpd";

static const struct db_stmt read_secret = { "secret",
	"SELECT hauspost.secret($1)", 1 };

enum {
	/* Three batches, the ledger of forwards, marks of Sieve, the
	 * housekeeper. */
	POOL_CONNECTIONS = 8,
};

int
lmtpd_open(struct lmtpd *lmtpd, const struct settings *settings,
    struct shared *shared, const struct directory_hooks *hooks, struct why *why)
{
	const struct config_common *common = &settings->common;

	*lmtpd = (struct lmtpd){
		.settings = settings,
		.shared = shared,
		.node = slice_of(common->node),
		.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.secret_arena = ARENA_INIT,
	};
	if (lmtpd->stop_fd < 0)
		return why_fail(why, errno, "make an eventfd");
	(void)settings_extensions(settings, &lmtpd->extensions, why); /* good */
	name_seed();
	(void)pthread_mutex_init(&lmtpd->secret_lock, NULL);
	lmtpd->pool = db_pool_new(common->database, role, POOL_CONNECTIONS,
	    common->database_timeout_ms);
	lmtpd->store = store_new(settings->storer,
	    (int)settings->store_connections, settings->store_timeout_ms);
	lmtpd->library = library_new(LIBRARY_BYTES_MAX);
	scripted_init(&lmtpd->scripted);
	lmtpd->trail = trail_start(lmtpd->pool);
	lmtpd->usage = usage_start(lmtpd->pool);
	lmtpd->notices = notice_start(lmtpd->pool);
	lmtpd->directory =
	    directory_new(&settings->directory, common, role, hooks);
	return directory_start(lmtpd->directory, why);
}

void
lmtpd_close(struct lmtpd *lmtpd)
{
	directory_free(lmtpd->directory);
	batch_stop(lmtpd->trail);
	batch_stop(lmtpd->usage);
	batch_stop(lmtpd->notices);
	store_free(lmtpd->store);
	library_free(lmtpd->library);
	scripted_done(&lmtpd->scripted);
	db_pool_free(lmtpd->pool);
	(void)close(lmtpd->stop_fd);
	arena_done(&lmtpd->secret_arena);
	(void)pthread_mutex_destroy(&lmtpd->secret_lock);
}

/* Lock held. */
static int
fetch_secret(struct lmtpd *lmtpd, enum lmtpd_secret which, struct why *why)
{
	static const struct slice names[SECRETS] = {
		[SECRET_NAME] = { "name", 4 },
	};
	struct db_result *result;
	int r = db_ask(lmtpd->pool, &read_secret, &names[which], &result, why);

	if (r < 0)
		return r;
	lmtpd->secrets[which] = db_octets(result, 0, 0, &lmtpd->secret_arena);
	db_done(result);
	return 0;
}

enum verdict
lmtpd_secret(struct lmtpd *lmtpd, enum lmtpd_secret which,
    struct slice *secret_out, struct why *why)
{
	int r = 0;

	(void)pthread_mutex_lock(&lmtpd->secret_lock);
	if (lmtpd->secrets[which].p == NULL)
		r = fetch_secret(lmtpd, which, why);
	*secret_out = lmtpd->secrets[which];
	(void)pthread_mutex_unlock(&lmtpd->secret_lock);
	return r < 0 ? MAIL_TEMPFAIL : MAIL_OK;
}

void
lmtpd_stop(struct lmtpd *lmtpd)
{
	(void)eventfd_write(lmtpd->stop_fd, 1);
}
