#include "milter/bulk.h"

static const struct db_stmt bulk_leaves = { "bulk_leaves",
	"SELECT hauspost.bulk_leaves($1::text[], $2)", 2 };

/* Goes out as it came, and not by way of an address of ours. */
static bool
goes_to_bulk(const struct rcpt *rcpt)
{
	return rcpt->n_leaves == 1 && rcpt->leaves[0].kind == LEAF_EXTERNAL &&
	       rcpt->leaves[0].forwarder.n == 0;
}

static size_t
list_outgoing(struct arena *arena, const struct envelope *envelope,
    struct slice **addresses_out)
{
	struct slice *list =
	    arena_calloc(arena, envelope->n_rcpts + 1, sizeof *list);
	size_t n = 0;

	for (size_t i = 0; i < envelope->n_rcpts; i++) {
		if (goes_to_bulk(&envelope->rcpts[i]))
			list[n++] =
			    envelope->rcpts[i].leaves[0].queue_recipient;
	}
	*addresses_out = list;
	return n;
}

static enum verdict
put_leaves(struct arena *arena, const struct envelope *envelope,
    const struct db_result *rows, size_t n)
{
	struct slice *leaves = NULL;
	size_t next = 0;

	if (db_array(rows, 0, 0, arena, &leaves) != n)
		return MAIL_TEMPFAIL;
	for (size_t i = 0; i < envelope->n_rcpts; i++) {
		struct rcpt *rcpt = &envelope->rcpts[i];

		if (!goes_to_bulk(rcpt))
			continue;
		rcpt->leaves[0].queue_recipient =
		    arena_slice(arena, leaves[next++]);
		rcpt->leaves[0].kind = LEAF_BULK;
	}
	return MAIL_OK;
}

enum verdict
bulk_move(struct milter *milter, struct arena *arena,
    const struct envelope *envelope, struct why *why)
{
	struct slice *addresses;
	size_t n = list_outgoing(arena, envelope, &addresses);
	const struct slice params[] = { db_array_param(arena, addresses, n),
		slice_of(envelope->node) };
	struct db_result *rows;
	enum verdict verdict;

	if (n == 0)
		return MAIL_OK;
	if (db_ask(milter->budget_pool, &bulk_leaves, params, &rows, why) < 0)
		return why->verdict;
	verdict = put_leaves(arena, envelope, rows, n);
	db_done(rows);
	if (verdict != MAIL_OK)
		(void)why_say(
		    why, 451, "4.3.0", "directory trouble, try later");
	return verdict;
}
