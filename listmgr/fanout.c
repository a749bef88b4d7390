#include "listmgr/fanout.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"

#include "listmgr/outcome.h"

static const struct db_stmt listen_stmt = { "list_listen",
	"LISTEN hauspost_list", 0 };
static const struct db_stmt begin_stmt = { "list_send_begin",
	"SELECT hauspost.list_send_begin($1)", 1 };
static const struct db_stmt claim_stmt = { "list_send_claim",
	"SELECT list, n, group_no, fanout = 'personal', mac, digest "
	"FROM hauspost.list_send_claim($1)",
	1 };
static const struct db_stmt members_stmt = { "list_send_members",
	"SELECT member, address, bounce, leave FROM hauspost.list_send_members("
	"$1::bigint, $2::bigint, $3::integer, $4::boolean)",
	4 };
static const struct db_stmt wait_stmt = { "list_send_wait",
	"SELECT hauspost.list_send_wait($1)", 1 };

enum {
	RETRY_MS = 2000,  /* without database, or beside another fan-out */
	LOOK_MS = 600000, /* a NOTIFY that got lost costs no more */
};

struct fanout {
	struct listmgr *listmgr;
	pthread_t thread;
	struct db *db;
	struct hands hands;
	struct arena arena; /* of a group */
};

/* --- waiting ---------------------------------------------------------- */

/* True when the program is to end. */
static bool
wait_for(struct fanout *fanout, int fd, long timeout_ms)
{
	struct pollfd p[] = {
		{ .fd = fanout->listmgr->stop_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	(void)poll(p, 2, (int)timeout_ms);
	return p[0].revents != 0;
}

static bool
is_stopping(struct fanout *fanout)
{
	return wait_for(fanout, -1, 0);
}

/* Until something is due. Negative: the connection is lost. */
static int
rest(struct fanout *fanout, struct slice node, struct why *why)
{
	struct db_result *result;
	struct slice ignored;
	long wait_ms = LOOK_MS;
	int r = db_run(fanout->db, &wait_stmt, &node, &result, why);

	if (r < 0)
		return r;
	if (!db_is_null(result, 0, 0) && db_number(result, 0, 0) < wait_ms)
		wait_ms = (long)db_number(result, 0, 0);
	db_done(result);
	r = db_next_notice(fanout->db, &ignored, why);
	if (r != 0)
		return r < 0 ? r : 0;
	(void)wait_for(fanout, db_socket(fanout->db), wait_ms);
	while ((r = db_next_notice(fanout->db, &ignored, why)) > 0)
		continue;
	return r;
}

/* --- the way of one group --------------------------------------------- */

static int
claim_group(struct fanout *fanout, struct slice node, struct claim *claim_out,
    struct why *why)
{
	struct db_result *result;
	int r = db_run(fanout->db, &claim_stmt, &node, &result, why);

	if (r < 0)
		return r;
	r = db_rows(result);
	if (r > 0)
		*claim_out = (struct claim){
			.list = db_number(result, 0, 0),
			.n = db_number(result, 0, 1),
			.group_no = db_number(result, 0, 2),
			.personal = db_flag(result, 0, 3),
			.mac =
			    arena_slice(&fanout->arena, db_text(result, 0, 4)),
			.digest = db_flag(result, 0, 5),
		};
	db_done(result);
	return r;
}

static void
read_members(struct group *group, const struct db_result *result)
{
	group->n = (size_t)db_rows(result);
	group->members =
	    arena_calloc(group->arena, group->n, sizeof *group->members);
	for (size_t i = 0; i < group->n; i++) {
		int row = (int)i;

		group->members[i] = (struct member){
			.id = db_number(result, row, 0),
			.address =
			    arena_slice(group->arena, db_text(result, row, 1)),
			.bounce =
			    arena_slice(group->arena, db_text(result, row, 2)),
			.leave =
			    arena_slice(group->arena, db_text(result, row, 3)),
		};
	}
}

static int
ask_members(struct fanout *fanout, const struct claim *claim,
    struct group *group, struct why *why)
{
	struct arena *arena = &fanout->arena;
	const struct slice params[] = {
		db_number_param(arena, claim->list),
		db_number_param(arena, claim->n),
		db_number_param(arena, claim->group_no),
		claim->personal ? SLICE("true") : SLICE("false"),
	};
	struct db_result *result;
	int r = db_run(fanout->db, &members_stmt, params, &result, why);

	if (r < 0)
		return r;
	read_members(group, result);
	db_done(result);
	return 0;
}

static void
hand_over(struct fanout *fanout, const struct claim *claim, struct group *group)
{
	if (group->n == 0)
		return;
	if (claim->personal)
		group_each(&fanout->hands, group);
	else
		group_share(&fanout->hands, group);
}

/* What cannot be sent is told and goes to nobody. */
static int
open_post(struct outgoing *outgoing, const struct claim *claim, struct why *why)
{
	int r = outgoing_open(outgoing, claim->list, claim->n, why);

	if (r == -ENOENT || r == 0) {
		log_event(LOG_ERR, NULL, "not-sent",
		    LOG_NUM("list", claim->list), LOG_NUM("post", claim->n),
		    LOG_WHY(why));
		return 0;
	}
	return r;
}

static int
send_group(struct fanout *fanout, const struct claim *claim, struct why *why)
{
	struct outgoing outgoing = { .listmgr = fanout->listmgr,
		.arena = &fanout->arena,
		.digest = claim->digest };
	struct group group = { .outgoing = &outgoing,
		.arena = &fanout->arena,
		.mac = claim->mac };
	int r = open_post(&outgoing, claim, why);

	if (r > 0)
		r = ask_members(fanout, claim, &group, why);
	if (r == 0)
		hand_over(fanout, claim, &group);
	if (r >= 0)
		r = outcome_tell(fanout->db, claim, &group, why);
	outgoing_close(&outgoing);
	return r;
}

/* --- the thread ------------------------------------------------------- */

/* Until the program ends or the connection does. */
static int
work(struct fanout *fanout, struct slice node, struct why *why)
{
	int r = 0;

	while (r >= 0 && !is_stopping(fanout)) {
		struct claim claim;

		r = claim_group(fanout, node, &claim, why);
		if (r > 0)
			r = send_group(fanout, &claim, why);
		else if (r == 0)
			r = rest(fanout, node, why);
		arena_reset(&fanout->arena);
	}
	return r;
}

/* 1 it is our turn, 0 another one's, or -errno. */
static int
begin(struct fanout *fanout, struct slice node, struct why *why)
{
	struct db_result *result;
	int r = db_run(fanout->db, &listen_stmt, NULL, NULL, why);

	if (r == 0)
		r = db_run(fanout->db, &begin_stmt, &node, &result, why);
	if (r < 0)
		return r;
	r = db_flag(result, 0, 0);
	db_done(result);
	return r;
}

static int
connect_and_work(struct fanout *fanout, struct why *why)
{
	const struct config_common *common = &fanout->listmgr->settings->common;
	struct slice node = slice_of(common->node);
	int r = db_open(common->database, "hauspost_listmgr",
	    common->database_timeout_ms, &fanout->db, why);

	if (r < 0)
		return r;
	r = begin(fanout, node, why);
	if (r > 0)
		r = work(fanout, node, why);
	db_close(fanout->db);
	return r;
}

static void *
run_fanout(void *arg)
{
	struct fanout *fanout = arg;

	do {
		struct why why = { 0 };

		if (connect_and_work(fanout, &why) < 0)
			log_event(LOG_ERR, NULL, "fanout-waits", LOG_WHY(&why));
	} while (!wait_for(fanout, -1, RETRY_MS));
	hands_close(&fanout->hands);
	arena_done(&fanout->arena);
	return NULL;
}

struct fanout *
fanout_start(struct listmgr *listmgr)
{
	struct fanout *fanout = calloc(1, sizeof *fanout);

	if (fanout == NULL)
		abort();
	fanout->listmgr = listmgr;
	fanout->hands.listmgr = listmgr;
	if (pthread_create(&fanout->thread, NULL, run_fanout, fanout) != 0)
		abort();
	return fanout;
}

void
fanout_stop(struct fanout *fanout)
{
	(void)pthread_join(fanout->thread, NULL);
	free(fanout);
}
