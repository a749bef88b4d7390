#include "listweb/ask.h"

static const struct db_stmt visit = { "listweb_visit",
	"SELECT id, address, title, description, language, policy,"
	" subscribe_policy, archive, robots, anonymous, visitor, role, may_read"
	" FROM hauspost.list_visit($1, $2)",
	2 };
static const struct db_stmt shown = { "listweb_shown",
	"SELECT address, title, description, language"
	" FROM hauspost.list_shown()",
	0 };
static const struct db_stmt request = { "listweb_request",
	"SELECT hauspost.list_ask($1::bigint, $2, $3, $4, $5, $5, $6)", 6 };
static const struct db_stmt look = { "listweb_look",
	"SELECT o.outcome, o.action, hauspost.list_address_of(o.list),"
	" o.address, o.mode, o.language FROM hauspost.list_look($1) AS o",
	1 };
static const struct db_stmt confirm = { "listweb_confirm",
	"SELECT o.outcome, o.action, hauspost.list_address_of(o.list),"
	" o.address, o.mode, o.language FROM hauspost.list_confirm($1, $2) AS "
	"o",
	2 };
static const struct db_stmt enter = { "listweb_enter",
	"SELECT session, list FROM hauspost.list_enter($1, $2)"
	" WHERE session IS NOT NULL",
	2 };
static const struct db_stmt go = { "listweb_go", "SELECT hauspost.list_go($1)",
	1 };
static const struct db_stmt leaving = { "listweb_leaving",
	"SELECT list, address, language FROM hauspost.list_leaving($1)", 1 };
static const struct db_stmt leave = { "listweb_leave",
	"SELECT hauspost.list_leave($1, $2)", 2 };
static const struct db_stmt own = { "listweb_own",
	"SELECT visitor, member, list, title, mode, state, role, language"
	" FROM hauspost.list_own($1)",
	1 };
static const struct db_stmt own_set = { "listweb_own_set",
	"SELECT hauspost.list_own_set($1, $2::bigint, $3, $4::boolean, $5, $6)",
	6 };
static const struct db_stmt own_leave = { "listweb_own_leave",
	"SELECT hauspost.list_own_leave($1, $2::bigint, $3)", 3 };
static const struct db_stmt queue = { "listweb_queue",
	"SELECT token, kind, sender, subject, reason,"
	" to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'),"
	" to_char(expires AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"
	" FROM hauspost.list_queue($1::bigint, $2, $3::bigint, $4::bigint)",
	4 };
static const struct db_stmt waiting = { "listweb_waiting",
	"SELECT $1, kind, sender, subject, reason,"
	" to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), NULL,"
	" id, list, list_address, language, decision, decided_by, moderator"
	" FROM hauspost.list_waiting($1, $2)",
	2 };
static const struct db_stmt moderate = { "listweb_moderate",
	"SELECT outcome FROM hauspost.list_moderate_here("
	"$1, $2, $3, $4, $5, $6)",
	6 };

/* --- help ------------------------------------------------------------- */

static int
run(const struct ask *ask, const struct db_stmt *stmt,
    const struct slice *params, struct db_result **result_out)
{
	return db_ask(ask->db, stmt, params, result_out, ask->why);
}

/* For what gives back no rows, or none that matter. */
static int
run_only(const struct ask *ask, const struct db_stmt *stmt,
    const struct slice *params)
{
	return db_ask(ask->db, stmt, params, NULL, ask->why);
}

/* Of what says by true or false whether it did something. */
static int
run_flag(const struct ask *ask, const struct db_stmt *stmt,
    const struct slice *params)
{
	struct db_result *result;
	int r = run(ask, stmt, params, &result);

	if (r == 0) {
		r = db_flag(result, 0, 0);
		db_done(result);
	}
	return r;
}

static struct slice
copy(const struct ask *ask, const struct db_result *result, int row, int column)
{
	return arena_slice(ask->arena, db_text(result, row, column));
}

static enum language
language_at(const struct db_result *result, int row, int column)
{
	return language_tagged(db_text(result, row, column), LANGUAGE_ENGLISH);
}

/* --- lists and members ------------------------------------------------ */

static void
read_list(const struct ask *ask, const struct db_result *result,
    struct ask_list *list)
{
	*list = (struct ask_list){
		.id = db_number(result, 0, 0),
		.address = copy(ask, result, 0, 1),
		.title = copy(ask, result, 0, 2),
		.description = copy(ask, result, 0, 3),
		.language = language_at(result, 0, 4),
		.policy = copy(ask, result, 0, 5),
		.subscribe_policy = copy(ask, result, 0, 6),
		.archive = copy(ask, result, 0, 7),
		.robots = db_flag(result, 0, 8),
		.anonymous = db_flag(result, 0, 9),
		.visitor = copy(ask, result, 0, 10),
		.role = copy(ask, result, 0, 11),
		.may_read = db_flag(result, 0, 12),
	};
}

int
ask_list(const struct ask *ask, struct slice address, struct ask_list *list_out)
{
	const struct slice params[] = { address, ask->session };
	struct db_result *result;
	int r = run(ask, &visit, params, &result);

	if (r < 0)
		return r;
	r = db_rows(result) > 0;
	if (r > 0)
		read_list(ask, result, list_out);
	db_done(result);
	return r;
}

int
ask_shown(const struct ask *ask, struct ask_lists *lists_out)
{
	struct db_result *result;
	int r = run(ask, &shown, NULL, &result);

	if (r < 0)
		return r;
	lists_out->n = (size_t)db_rows(result);
	lists_out->list =
	    arena_calloc(ask->arena, lists_out->n, sizeof *lists_out->list);
	for (int i = 0; i < db_rows(result); i++)
		lists_out->list[i] = (struct ask_list){
			.address = copy(ask, result, i, 0),
			.title = copy(ask, result, i, 1),
			.description = copy(ask, result, i, 2),
			.language = language_at(result, i, 3),
		};
	db_done(result);
	return 0;
}

int
ask_request(const struct ask *ask, const struct ask_request *asked)
{
	const struct slice params[] = { db_number_param(
					    ask->arena, asked->list),
		slice_of(asked->action), asked->address,
		asked->mode.n > 0 ? asked->mode : DB_NULL, ask->source,
		asked->language.n > 0 ? asked->language : DB_NULL };

	return run_only(ask, &request, params);
}

static int
read_pending(const struct ask *ask, const struct db_stmt *stmt,
    const struct slice *params, struct ask_pending *out)
{
	struct db_result *result;
	int r = run(ask, stmt, params, &result);

	if (r < 0)
		return r;
	r = db_rows(result) > 0 && !db_is_null(result, 0, 0);
	if (r > 0)
		*out = (struct ask_pending){
			.outcome = copy(ask, result, 0, 0),
			.action = copy(ask, result, 0, 1),
			.list = copy(ask, result, 0, 2),
			.address = copy(ask, result, 0, 3),
			.mode = copy(ask, result, 0, 4),
			.language = language_at(result, 0, 5),
		};
	db_done(result);
	return r;
}

int
ask_look(const struct ask *ask, struct slice token, struct ask_pending *out)
{
	return read_pending(ask, &look, &token, out);
}

int
ask_confirm(const struct ask *ask, struct slice token, struct ask_pending *out)
{
	const struct slice params[] = { token, ask->source };

	return read_pending(ask, &confirm, params, out);
}

int
ask_enter(const struct ask *ask, struct slice token, struct slice *session_out,
    struct slice *list_out)
{
	const struct slice params[] = { token, ask->source };
	struct db_result *result;
	int r = run(ask, &enter, params, &result);

	if (r < 0)
		return r;
	r = db_rows(result) > 0;
	if (r > 0) {
		*session_out = copy(ask, result, 0, 0);
		*list_out = copy(ask, result, 0, 1);
	}
	db_done(result);
	return r;
}

int
ask_go(const struct ask *ask)
{
	return run_only(ask, &go, &ask->session);
}

int
ask_leaving(const struct ask *ask, struct slice token, struct ask_leaving *out)
{
	struct db_result *result;
	int r = run(ask, &leaving, &token, &result);

	if (r < 0)
		return r;
	r = db_rows(result) > 0;
	if (r > 0)
		*out = (struct ask_leaving){
			.list = copy(ask, result, 0, 0),
			.address = copy(ask, result, 0, 1),
			.language = language_at(result, 0, 2),
		};
	db_done(result);
	return r;
}

int
ask_leave(const struct ask *ask, struct slice token)
{
	const struct slice params[] = { token, ask->source };

	return run_only(ask, &leave, params);
}

static struct ask_membership
read_membership(const struct ask *ask, const struct db_result *result, int row)
{
	return (struct ask_membership){
		.member = copy(ask, result, row, 1),
		.list = copy(ask, result, row, 2),
		.title = copy(ask, result, row, 3),
		.mode = copy(ask, result, row, 4),
		.state = copy(ask, result, row, 5),
		.role = copy(ask, result, row, 6),
		.language = copy(ask, result, row, 7),
	};
}

int
ask_own(const struct ask *ask, struct ask_memberships *own_out)
{
	struct db_result *result;
	int r = run(ask, &own, &ask->session, &result);
	int n;

	*own_out = (struct ask_memberships){ .visitor = SLICE("") };
	if (r < 0)
		return r;
	n = db_rows(result);
	own_out->list =
	    arena_calloc(ask->arena, (size_t)n, sizeof *own_out->list);
	if (n > 0)
		own_out->visitor = copy(ask, result, 0, 0);
	for (int i = 0; i < n && !db_is_null(result, i, 1); i++)
		own_out->list[own_out->n++] = read_membership(ask, result, i);
	db_done(result);
	return 0;
}

int
ask_own_set(
    const struct ask *ask, const struct ask_membership *wanted, bool paused)
{
	const struct slice params[] = { ask->session, wanted->member,
		wanted->mode, paused ? SLICE("t") : SLICE("f"),
		wanted->language, ask->source };

	return run_flag(ask, &own_set, params);
}

int
ask_own_leave(const struct ask *ask, struct slice member)
{
	const struct slice params[] = { ask->session, member, ask->source };

	return run_flag(ask, &own_leave, params);
}

/* --- moderation ------------------------------------------------------- */

static struct ask_held
read_held(const struct ask *ask, const struct db_result *result, int row)
{
	return (struct ask_held){
		.token = copy(ask, result, row, 0),
		.kind = copy(ask, result, row, 1),
		.sender = copy(ask, result, row, 2),
		.subject = copy(ask, result, row, 3),
		.reason = copy(ask, result, row, 4),
		.created = copy(ask, result, row, 5),
		.expires = copy(ask, result, row, 6),
	};
}

/* One more than a page holds: that there is a next one. */
int
ask_queue(const struct ask *ask, long long list, size_t skip,
    struct ask_queue *queue_out)
{
	const struct slice params[] = { db_number_param(ask->arena, list),
		ask->session, db_number_param(ask->arena, (long long)skip),
		db_number_param(ask->arena, QUEUE_PAGE + 1) };
	struct db_result *result;
	int r = run(ask, &queue, params, &result);

	if (r < 0)
		return r;
	queue_out->n = (size_t)db_rows(result);
	queue_out->list =
	    arena_calloc(ask->arena, queue_out->n, sizeof *queue_out->list);
	for (int i = 0; i < db_rows(result); i++)
		queue_out->list[i] = read_held(ask, result, i);
	db_done(result);
	return 0;
}

int
ask_waiting(
    const struct ask *ask, struct slice token, struct ask_held *held_out)
{
	const struct slice params[] = { token, ask->session };
	struct db_result *result;
	int r = run(ask, &waiting, params, &result);

	if (r < 0)
		return r;
	r = db_rows(result) > 0;
	if (r > 0) {
		*held_out = read_held(ask, result, 0);
		held_out->id = db_number(result, 0, 7);
		held_out->list = db_number(result, 0, 8);
		held_out->list_address = copy(ask, result, 0, 9);
		held_out->language = language_at(result, 0, 10);
		held_out->decision = copy(ask, result, 0, 11);
		held_out->decided_by = copy(ask, result, 0, 12);
		held_out->moderator = copy(ask, result, 0, 13);
	}
	db_done(result);
	return r;
}

int
ask_moderate(const struct ask *ask, const struct ask_verdict *verdict,
    struct slice *outcome_out)
{
	const struct slice params[] = { verdict->token, verdict->verb,
		ask->session, verdict->address, ask->source, verdict->reason };
	struct db_result *result;
	int r = run(ask, &moderate, params, &result);

	if (r < 0)
		return r;
	*outcome_out = copy(ask, result, 0, 0);
	db_done(result);
	return 0;
}
