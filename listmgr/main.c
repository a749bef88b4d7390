/*
 * hauspost-listmgr takes posts and commands for mailing lists from Postfix by
 * LMTP and hands posts back to it for all members. See
 * docs/man/hauspost-listmgr.8.
 */
#include <errno.h>
#include <sodium.h>
#include <unistd.h>

#include "core/endpoint.h"
#include "core/guests.h"
#include "core/lmtp.h"
#include "core/log.h"
#include "core/privs.h"
#include "core/program.h"

#include "listmgr/chores.h"
#include "listmgr/digests.h"
#include "listmgr/fanout.h"
#include "listmgr/session.h"

static const struct program program = { "hauspost-listmgr", "listmgr",
	"runs mailing lists", settings_keys };

enum { SESSION_STACK = 512 * 1024 }; /* as lmtpd's; resolvers like some */

static void
serve_guest(void *host, int fd, int door)
{
	(void)door;
	session_serve(host, fd);
}

static void
turn_away(void *host, int fd, int door)
{
	(void)host, (void)door;
	lmtp_turn_away(fd);
}

static struct digests *
start_digests(const struct listmgr *listmgr)
{
	const struct settings *settings = listmgr->settings;

	return digests_start(&(struct digests_options){
	    .lists = &listmgr->lists,
	    .node = settings->common.node,
	    .texts = settings->texts,
	    .group_members = settings->group_members,
	    .stop_fd = listmgr->stop_fd,
	});
}

/* Threads that work by themselves. */
struct workers {
	struct fanout *fanout;
	struct chores *chores;
	struct digests *digests;
};

static struct workers
start_workers(struct listmgr *listmgr)
{
	return (struct workers){ fanout_start(listmgr), chores_start(listmgr),
		start_digests(listmgr) };
}

static void
stop_workers(const struct workers *workers)
{
	fanout_stop(workers->fanout);
	chores_stop(workers->chores);
	digests_stop(workers->digests);
}

/* Until SIGTERM; open messages finish. */
static int
serve(struct listmgr *listmgr, int listen_fd)
{
	const struct settings *settings = listmgr->settings;
	const struct guests_options options = { settings->sessions_max,
		SESSION_STACK, serve_guest, turn_away, listmgr };
	int term_fd = program_stop_fd();
	struct workers workers;
	struct guests *guests;

	if (term_fd < 0)
		return EX_OSERR;
	guests = guests_new(&options);
	workers = start_workers(listmgr);
	program_ready();
	log_event(LOG_INFO, NULL, "ready");
	guests_accept(guests, listen_fd, term_fd);
	listmgr_stop(listmgr);
	stop_workers(&workers);
	/* Threads that are still at it use what is freed below; what they
	 * have not answered Postfix brings again. */
	if (!guests_wait(guests, settings->stop_timeout_ms))
		_exit(EX_OK);
	guests_free(guests);
	return EX_OK;
}

int
main(int argc, char **argv)
{
	struct arena arena = ARENA_INIT;
	struct settings settings = { 0 };
	struct listmgr listmgr;
	struct why why = { 0 };
	int listen_fd;
	int r = program_start(&program, argc, argv, &settings.common, &arena);

	if (r != PROGRAM_RUNS)
		return r;
	if (sodium_init() < 0)
		return EX_SOFTWARE;
	listen_fd =
	    endpoint_listen(settings.listen, settings.socket_group, &why);
	if (listen_fd < 0)
		return log_fatal(EX_OSERR, &why);
	if (privs_drop(settings.common.user, NULL, 0, &why) < 0 ||
	    privs_forbid_new(&why) < 0)
		return log_fatal(EX_NOPERM, &why);
	if (listmgr_open(&listmgr, &settings, &why) < 0)
		return log_fatal(EX_OSERR, &why);
	r = serve(&listmgr, listen_fd);
	listmgr_close(&listmgr);
	arena_done(&arena);
	return r;
}
