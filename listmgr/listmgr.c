#include "listmgr/listmgr.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/trail.h"

enum {
	/* Sessions ask and give back; the fan-out, the letters, the clock and
	 * the trail keep one each. */
	POOL_CONNECTIONS = 12,
};

int
listmgr_open(
    struct listmgr *listmgr, const struct settings *settings, struct why *why)
{
	const struct config_common *common = &settings->common;

	*listmgr = (struct listmgr){
		.settings = settings,
		.lists = { .archive = settings->archive, .web = settings->web },
		.inject = { SMTPC_SMTP, settings->inject, common->node,
		    settings->inject_timeout_ms },
		.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	if (listmgr->stop_fd < 0)
		return why_fail(why, errno, "make an eventfd");
	listmgr->lists.db = db_pool_new(common->database, "hauspost_listmgr",
	    POOL_CONNECTIONS, common->database_timeout_ms);
	listmgr->dmarc = dmarc_new(settings->name_servers);
	listmgr->trail = trail_start(listmgr->lists.db);
	return 0;
}

void
listmgr_close(struct listmgr *listmgr)
{
	batch_stop(listmgr->trail);
	dmarc_free(listmgr->dmarc);
	db_pool_free(listmgr->lists.db);
	(void)close(listmgr->stop_fd);
}

void
listmgr_stop(struct listmgr *listmgr)
{
	(void)eventfd_write(listmgr->stop_fd, 1);
}
