#include "lmtpd/front/mine.h"

#include "core/addr.h"

/*
 * Only the first mailbox on each way is meant by the address: where that one
 * forwards to is its owner's affair.
 */
static enum mine
mine_by_path(const struct leaf *leaf, struct slice mailbox)
{
	static const struct slice at = { "mailbox:", 8 };
	enum mine mine = MINE;

	for (size_t i = 0; i < leaf->path_n; i++) {
		struct slice hop = leaf->path[i];

		if (slice_starts_nocase(hop, SLICE("catch-all:")))
			mine = MINE_BY_CATCH_ALL;
		if (slice_starts_nocase(hop, at))
			return slice_eq(slice_tail(hop, at.n), mailbox)
				   ? mine
				   : MINE_NOT;
	}
	return MINE_NOT;
}

enum mine
mine_by_answer(const struct answer *answer, struct slice mailbox)
{
	enum mine best = MINE_NOT;

	for (size_t i = 0; i < answer->n; i++) {
		enum mine mine = mine_by_path(&answer->leaves[i], mailbox);

		if (mine > best)
			best = mine;
	}
	return best;
}

static int
resolve(struct directory *directory, struct arena *arena, struct slice text,
    struct answer *answer_out, struct why *why)
{
	struct addr address;

	*answer_out = (struct answer){ 0 };
	if (addr_parse(arena, text, true, &address) < 0 ||
	    addr_is_null(&address))
		return 0;
	return directory_resolve(
	    directory, arena, addr_text(arena, &address), answer_out, why);
}

int
mine_address(struct directory *directory, struct slice mailbox,
    struct slice address, enum mine *mine_out, struct why *why)
{
	struct arena arena = ARENA_INIT;
	struct answer answer;
	int r = resolve(directory, &arena, address, &answer, why);

	if (r == 0)
		*mine_out = mine_by_answer(&answer, mailbox);
	arena_done(&arena);
	return r;
}
