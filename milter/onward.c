#include "milter/onward.h"

#include <errno.h>

#include "core/bounce.h"
#include "core/header.h"

enum {
	/* A sender that one domain of ours rewrote and another one again. */
	FOLLOW_MAX = 3,
	REPLY_SHOWN_MAX = 200,
};

/* --- bounces ---------------------------------------------------------- */

static void
refuse(struct arena *arena, struct leaf *leaf, const struct why *why)
{
	leaf->kind = LEAF_REJECT;
	leaf->code = why->code;
	leaf->dsn = arena_slice(arena, slice_of(why->dsn));
	leaf->reply = arena_slice(arena, slice_of(why->reply));
}

/*
 * An answer by a person, unlike a bounce, has a sender that must be rewritten
 * in its turn. Where other recipients forbid that here (srs_recipient), it
 * stays in the queue as it is: lmtpd brings it back alone.
 */
static void
adopt(struct answer *answer, const struct leaf *srs, bool is_bounce)
{
	for (size_t i = 0; i < answer->n; i++) {
		struct leaf *leaf = &answer->leaves[i];

		if (leaf->package.n == 0)
			leaf->package = srs->package;
		if (leaf->kind != LEAF_EXTERNAL || leaf->forwarder.n > 0)
			continue;
		leaf->forwarder = srs->queue_recipient;
		if (!is_bounce)
			leaf->srs_recipient = srs->queue_recipient;
	}
}

static int
follow(struct directory *dir, struct arena *arena, bool is_bounce,
    struct answer *answer, struct why *why)
{
	struct leaf *leaf = answer->leaves;
	struct addr address, first;

	if (addr_parse(arena, leaf->queue_recipient, true, &address) < 0)
		return why_fail(why, EPROTO, "read a rewritten sender");
	switch (forwarding_reverse(dir, arena, &address, &first, why)) {
	case MAIL_PERMFAIL:
		refuse(arena, leaf, why);
		return 0;
	case MAIL_TEMPFAIL:
		return -EAGAIN;
	case MAIL_OK:
		break;
	}
	if (directory_resolve(
		dir, arena, addr_text(arena, &first), answer, why) < 0)
		return -EAGAIN;
	adopt(answer, leaf, is_bounce);
	return 0;
}

int
onward_follow(struct directory *dir, struct arena *arena, bool is_bounce,
    struct answer *answer, struct slice *srs_domain_out, struct why *why)
{
	int r = 0;

	for (int n = 0; n < FOLLOW_MAX && r == 0 && answer->n == 1 &&
			answer->leaves->kind == LEAF_SRS;
	     n++) {
		*srs_domain_out =
		    addr_domain_part(answer->leaves->queue_recipient);
		r = follow(dir, arena, is_bounce, answer, why);
	}
	return r;
}

void
onward_read_bounce(struct arena *arena, struct slice body,
    void (*on_gone)(void *arg, struct slice recipient, struct slice reply),
    void *arg)
{
	struct bounce_walk walk = bounce_start(body);
	struct bounce bounce;

	while (bounce_next(&walk, &bounce)) {
		if (bounce_is_gone(&bounce))
			on_gone(arg, bounce.recipient,
			    header_unfold(arena,
				slice_head(bounce.reply, REPLY_SHOWN_MAX)));
	}
}

/* --- spam ------------------------------------------------------------- */

static int
refuse_leaf(struct directory *dir, struct arena *arena, struct leaf *leaf,
    struct why *why)
{
	enum verdict verdict =
	    forwarding_judge_spam(dir, arena, leaf->forwarder, why);

	if (verdict == MAIL_PERMFAIL)
		refuse(arena, leaf, why);
	return verdict == MAIL_TEMPFAIL ? -EAGAIN : 0;
}

int
onward_refuse_spam(struct directory *dir, struct arena *arena,
    struct rcpt *rcpts, size_t n, struct why *why)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < rcpts[i].n_leaves && r == 0; k++) {
			if (policy_is_forwarded(&rcpts[i].leaves[k]))
				r = refuse_leaf(
				    dir, arena, &rcpts[i].leaves[k], why);
		}
	}
	return r;
}

/* --- senders ---------------------------------------------------------- */

int
onward_sender(struct directory *dir, struct arena *arena, struct slice sender,
    struct plan *plan, struct why *why)
{
	struct addr first, rewritten;
	struct slice text;
	int r;

	if (plan->delivered_to.n == 0 || sender.n == 0 ||
	    addr_parse(arena, sender, true, &first) < 0)
		return 0;
	r = forwarding_rewrite(
	    dir, arena, &first, plan->delivered_to, &rewritten, why);
	if (r < 0)
		return r;
	text = addr_text(arena, &rewritten);
	if (!slice_eq(text, sender))
		plan->sender = text;
	return 0;
}
