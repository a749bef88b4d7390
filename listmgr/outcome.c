#include "listmgr/outcome.h"

#include "core/log.h"
#include "listmgr/handed.h"

static const struct db_stmt done_stmt = { "list_send_done",
	"SELECT hauspost.list_send_done($1::bigint, $2::bigint, $3::integer, "
	"$4::bigint[], $5::interval, $6::bigint[], $7::text[], $8::text[])",
	8 };

struct outcome {
	struct slice *later, *refused, *dsns, *replies;
	size_t n_later, n_refused;
	const char *wait;	   /* NULL: as SQL thinks */
	const struct why *put_off; /* why the first of them is */
};

static void
sort_member(
    struct arena *arena, const struct member *member, struct outcome *outcome)
{
	struct slice id = db_number_param(arena, member->id);
	size_t i = outcome->n_refused;

	if (member->why.verdict == MAIL_OK)
		return;
	if (member->why.verdict == MAIL_TEMPFAIL) {
		if (outcome->n_later == 0)
			outcome->put_off = &member->why;
		outcome->later[outcome->n_later++] = id;
		return;
	}
	outcome->refused[i] = id;
	outcome->dsns[i] = slice_of(member->why.dsn);
	outcome->replies[i] = slice_of(member->why.reply);
	outcome->n_refused++;
}

static struct outcome
sort(const struct group *group)
{
	struct arena *arena = group->arena;
	struct slice *room =
	    arena_calloc(arena, 4 * group->n + 4, sizeof *room);
	struct outcome outcome = { .later = room,
		.refused = room + group->n,
		.dsns = room + 2 * group->n,
		.replies = room + 3 * group->n };

	for (size_t i = 0; i < group->n; i++)
		sort_member(arena, &group->members[i], &outcome);
	if (outcome.n_later == group->n)
		outcome.wait = "1 minute"; /* it is Postfix, not they */
	return outcome;
}

static void
report(const struct claim *claim, const struct group *group,
    const struct outcome *outcome)
{
	const struct why *why = outcome->put_off;

	log_event(LOG_INFO, NULL, "handed-over", LOG_NUM("list", claim->list),
	    LOG_NUM("post", claim->n), LOG_NUM("group", claim->group_no),
	    LOG_TEXT("fanout", claim->personal ? "personal" : "shared"),
	    LOG_NUM("members", (long long)group->n),
	    LOG_NUM("later", (long long)outcome->n_later),
	    LOG_NUM("refused", (long long)outcome->n_refused),
	    LOG_TEXT("reply", why != NULL ? why->reply : ""),
	    LOG_TEXT("detail", why != NULL ? why->detail : ""));
}

/* --- the trail -------------------------------------------------------- */

static void
note(const struct group *group, const struct member *member,
    const struct handed *handed)
{
	const struct outgoing *outgoing = group->outgoing;
	const struct smtpc_part parts[] = {
		SMTPC_OCTETS(outgoing->edited.top),
		SMTPC_OCTETS(outgoing->edited.fields),
	};
	struct handed whole = *handed;

	whole.sender = group_sender(group, member, group->arena);
	whole.parts = parts;
	whole.n_parts = sizeof parts / sizeof *parts;
	whole.size_bytes = outgoing->size_bytes;
	handed_note(outgoing->listmgr, group->arena, &whole);
}

static void
note_each(const struct group *group)
{
	for (size_t i = 0; i < group->n; i++) {
		const struct member *member = &group->members[i];

		if (member->why.verdict == MAIL_OK)
			note(group, member,
			    &(struct handed){ .recipient = member->address,
				.why = &member->why });
	}
}

/*
 * A post for a thousand members is one row, or theirs would cost more than
 * the post; which copy became what, Postfix' log has.
 */
static void
note_all(const struct group *group)
{
	const struct why *why = NULL;
	size_t n = 0;

	for (size_t i = 0; i < group->n; i++) {
		if (group->members[i].why.verdict != MAIL_OK)
			continue;
		why = &group->members[i].why;
		n++;
	}
	if (n > 0)
		note(group, NULL,
		    &(struct handed){ .why = why,
			.reason = slice_of(arena_printf(
			    group->arena, "for %zu members", n)) });
}

int
outcome_tell(struct db *db, const struct claim *claim,
    const struct group *group, struct why *why)
{
	struct arena *arena = group->arena;
	const struct outcome outcome = sort(group);
	const struct slice params[] = {
		db_number_param(arena, claim->list),
		db_number_param(arena, claim->n),
		db_number_param(arena, claim->group_no),
		db_array_param(arena, outcome.later, outcome.n_later),
		slice_of(outcome.wait),
		db_array_param(arena, outcome.refused, outcome.n_refused),
		db_array_param(arena, outcome.dsns, outcome.n_refused),
		db_array_param(arena, outcome.replies, outcome.n_refused),
	};

	report(claim, group, &outcome);
	if (claim->personal)
		note_each(group);
	else
		note_all(group);
	return db_run(db, &done_stmt, params, NULL, why);
}
