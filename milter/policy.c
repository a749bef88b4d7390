#include "milter/policy.h"

#include <errno.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/dsn.h"

/* --- classes ---------------------------------------------------------- */

static const char *const class_names[] = {
	[CLASS_INBOUND] = "inbound",
	[CLASS_REGULAR] = "regular",
	[CLASS_BULK] = "bulk",
	[CLASS_LOCAL] = "local",
	[CLASS_LIST] = "list",
	[CLASS_REINJECT] = "reinject",
	[CLASS_REPLY] = "reply",
	[CLASS_MOVED] = "moved",
};
_Static_assert(
    sizeof class_names / sizeof *class_names == CLASSES, "name every class");

enum mail_class
policy_class(struct slice daemon_name)
{
	for (int c = 0; c < CLASSES; c++) {
		if (slice_eq(daemon_name, slice_of(class_names[c])))
			return (enum mail_class)c;
	}
	return CLASS_INBOUND;
}

const char *
policy_class_name(enum mail_class mc)
{
	return class_names[mc];
}

bool
policy_needs_trust(enum mail_class mc)
{
	return mc == CLASS_REINJECT || mc == CLASS_REPLY || mc == CLASS_LIST ||
	       mc == CLASS_MOVED;
}

bool
policy_must_accept(enum mail_class mc)
{
	return mc == CLASS_LOCAL;
}

bool
policy_is_leaf_domain(struct slice domain, const char *node)
{
	static const struct slice labels[] = { { "mbox", 4 }, { "program", 7 },
		{ "forward", 7 }, { "bulk", 4 }, { "list", 4 },
		{ "reject", 6 } };
	long dot = slice_find(domain, '.');

	if (dot < 0 || !slice_eq_nocase(
			   slice_tail(domain, (size_t)dot + 1), slice_of(node)))
		return false;
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		if (slice_eq_nocase(slice_head(domain, (size_t)dot), labels[i]))
			return true;
	}
	return false;
}

/* --- MAIL and RCPT ---------------------------------------------------- */

enum verdict
policy_declared_size(int64_t size_bytes, int64_t max_bytes, struct why *why)
{
	if (max_bytes == 0 || size_bytes <= max_bytes)
		return MAIL_OK;
	return why_say(why, 552, "5.3.4",
	    "message of %lld octets is too large, nobody here takes more than "
	    "%lld",
	    (long long)size_bytes, (long long)max_bytes);
}

void
policy_size(
    struct arena *arena, struct leaf *leaves, size_t n, int64_t size_bytes)
{
	for (size_t i = 0; i < n; i++) {
		struct leaf *leaf = &leaves[i];

		if (!leaf_is_good(leaf) || leaf->size_limit == 0 ||
		    size_bytes <= leaf->size_limit)
			continue;
		leaf->code = 552;
		leaf->dsn = SLICE("5.3.4");
		leaf->reply = slice_of(arena_printf(arena,
		    "message of %lld octets is too large, this address takes "
		    "%lld",
		    (long long)size_bytes, (long long)leaf->size_limit));
	}
}

bool
policy_is_forwarded(const struct leaf *leaf)
{
	return leaf->kind == LEAF_EXTERNAL && leaf->forwarder.n > 0;
}

enum verdict
policy_forwards(size_t n, struct why *why)
{
	if (n <= POLICY_FORWARDS_MAX)
		return MAIL_OK;
	return why_say(why, 452, "4.5.3",
	    "too many recipients that are sent on, send this one by itself");
}

enum verdict
policy_bad_address(int error, struct slice text, bool utf8, struct why *why)
{
	if (error == -EILSEQ && slice_has_8bit(text) && !utf8)
		return why_say(why, 553, "5.6.7",
		    "address has characters beyond ASCII, send it with "
		    "SMTPUTF8");
	if (error == -ENAMETOOLONG)
		return why_say(why, 553, "5.1.3", "address is too long");
	return why_say(
	    why, 553, "5.1.3", "not an address: write user@example.org");
}

/* --- the end of a message --------------------------------------------- */

/*
 * The plan is made in steps: judge every leaf by what is known now, decide
 * whether the message as a whole is refused, choose each recipient for the
 * queue, then drop what the message has twice.
 */
struct planning {
	struct arena *arena;
	const struct envelope *envelope;
	struct plan *plan;
	struct slice straight; /* the only forwarder, when all mail leaves */
};

static size_t
count_leaves(const struct envelope *envelope)
{
	size_t n = 0;

	for (size_t i = 0; i < envelope->n_rcpts; i++)
		n += envelope->rcpts[i].n_leaves + 1;
	return n;
}

static void
add_fate(
    struct planning *p, enum fate fate, struct rcpt *rcpt, struct leaf *leaf)
{
	p->plan->leaves[p->plan->n_leaves++] =
	    (struct plan_leaf){ .fate = fate, .rcpt = rcpt, .leaf = leaf };
}

static struct plan_leaf *
last_fate(const struct planning *p)
{
	return &p->plan->leaves[p->plan->n_leaves - 1];
}

/* Everything that is bad about the message itself. */
static enum verdict
judge_message(const struct envelope *envelope, struct why *why)
{
	if (envelope->received > POLICY_RECEIVED_MAX)
		return why_say(why, 554, "5.4.6",
		    "too many hops: this message was passed on %zu times",
		    envelope->received);
	return MAIL_OK;
}

static void
spoil(struct rcpt *rcpt, const struct why *why)
{
	rcpt->why = *why;
	for (size_t i = 0; i < rcpt->n_leaves; i++) {
		if (rcpt->leaves[i].code / 100 == MAIL_PERMFAIL)
			continue;
		rcpt->leaves[i].code = why->code;
		rcpt->leaves[i].dsn = slice_of(why->dsn);
		rcpt->leaves[i].reply = slice_of(why->reply);
	}
}

static void
spoil_all(const struct planning *p, const struct why *why)
{
	struct why *kept = arena_new(p->arena, struct why);

	*kept = *why; /* leaves look at its texts */
	for (size_t i = 0; i < p->envelope->n_rcpts; i++)
		spoil(&p->envelope->rcpts[i], kept);
}

static void
judge_size(const struct planning *p)
{
	const struct envelope *envelope = p->envelope;

	for (size_t i = 0; i < envelope->n_rcpts; i++)
		policy_size(p->arena, envelope->rcpts[i].leaves,
		    envelope->rcpts[i].n_leaves, envelope->size_bytes);
}

static enum verdict
judge_rcpt(struct rcpt *rcpt)
{
	if (rcpt->unexpanded)
		return MAIL_OK;
	if (rcpt->n_leaves == 0) /* no address: why says so already */
		return rcpt->why.verdict;
	return answer_verdict(rcpt->leaves, rcpt->n_leaves, &rcpt->why);
}

/* MAIL_OK if one recipient is good, else what the peer hears. */
static enum verdict
judge_rcpts(const struct envelope *envelope, struct why *why)
{
	const struct rcpt *worst = NULL;

	for (size_t i = 0; i < envelope->n_rcpts; i++) {
		struct rcpt *rcpt = &envelope->rcpts[i];
		enum verdict verdict = judge_rcpt(rcpt);

		if (verdict == MAIL_OK)
			return MAIL_OK;
		if (worst == NULL || (verdict == MAIL_TEMPFAIL &&
					 worst->why.verdict == MAIL_PERMFAIL))
			worst = rcpt;
	}
	if (worst == NULL)
		return why_say(why, 554, "5.5.1", "no valid recipients");
	*why = worst->why;
	return why->verdict;
}

/* --- mail that goes straight out again -------------------------------- */

/* Is in the queue if nothing else happens: good, or bad only for now. */
static bool
stays(const struct leaf *leaf)
{
	return leaf->code / 100 != MAIL_PERMFAIL && leaf->kind != LEAF_DISCARD;
}

/*
 * True while all leaves so far are forwarded by *forwarder. Whose recipient
 * bounces is not to learn from the header who the forwarder is.
 */
static bool
keeps_straight(struct rcpt *rcpt, struct slice *forwarder)
{
	if (rcpt->unexpanded || judge_rcpt(rcpt) != MAIL_OK)
		return false;
	for (size_t i = 0; i < rcpt->n_leaves; i++) {
		const struct leaf *leaf = &rcpt->leaves[i];

		if (!stays(leaf))
			continue;
		if (!policy_is_forwarded(leaf))
			return false;
		if (forwarder->n == 0)
			*forwarder = leaf->forwarder;
		if (!slice_eq_nocase(*forwarder, leaf->forwarder))
			return false;
	}
	return true;
}

/*
 * Where all leaves go out again from one address of ours, one header and one
 * sender fit them all, and the message needs no second pass through the
 * queue. Otherwise a header that names the forwarder would tell recipients of
 * each other.
 */
static struct slice
find_straight(const struct envelope *envelope)
{
	struct slice forwarder = { NULL, 0 };

	if (envelope->one_by_one)
		return forwarder;
	for (size_t i = 0; i < envelope->n_rcpts; i++) {
		if (!keeps_straight(&envelope->rcpts[i], &forwarder))
			return (struct slice){ NULL, 0 };
	}
	return forwarder;
}

static bool
was_here(const struct envelope *envelope, struct slice forwarder)
{
	for (size_t i = 0; i < envelope->n_delivered_to; i++) {
		if (slice_eq_nocase(envelope->delivered_to[i], forwarder))
			return true;
	}
	return false;
}

static enum verdict
judge_loop(struct planning *p, struct why *why)
{
	p->straight = find_straight(p->envelope);
	if (p->straight.n == 0)
		return MAIL_OK;
	if (was_here(p->envelope, p->straight))
		return why_say(why, 554, "5.4.6",
		    "mail loop: this message was forwarded from here before");
	p->plan->delivered_to = p->straight;
	return MAIL_OK;
}

/* --- recipients for the queue ----------------------------------------- */

static bool
is_local_octet(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* All that may stand in a domain name, and in a leaf as it is. */
static bool
is_plain_domain(struct slice domain)
{
	for (size_t i = 0; i < domain.n; i++) {
		if (domain.p[i] != '.' &&
		    !is_local_octet((unsigned char)domain.p[i]))
			return false;
	}
	return domain.n > 0;
}

static void
add_quoted(struct buf *to, struct slice plain)
{
	for (size_t i = 0; i < plain.n; i++) {
		unsigned char c = (unsigned char)plain.p[i];

		if (is_local_octet(c))
			(void)buf_add_char(to, (char)c);
		else
			(void)buf_addf(to, "=%02X", c);
	}
}

/* 5.1.1=user=example.org@reject.NODE, odd octets as =XX; see hauspost.leaf() */
static struct slice
reject_recipient(const struct planning *p, const struct rcpt *rcpt)
{
	AUTO_BUF struct buf text = BUF_INIT(ADDR_LEAF_LOCAL_MAX);
	struct slice local = rcpt->address, domain = { NULL, 0 };
	long at = slice_rfind(rcpt->address, '@');

	if (at >= 0) {
		local = slice_head(rcpt->address, (size_t)at);
		domain = slice_tail(rcpt->address, (size_t)at + 1);
	}
	(void)buf_addf(&text, "%s=", rcpt->why.dsn);
	add_quoted(&text, local);
	if (!is_plain_domain(domain))
		domain = SLICE("invalid"); /* RFC 2606: nobody's */
	(void)buf_addf(&text, "=%.*s", SLICE_FMT(domain));
	/* Too long to carry it: the ORCPT still tells whom it was for. */
	if (buf_failed(&text)) {
		buf_reset(&text);
		(void)buf_addf(&text, "%s==invalid", rcpt->why.dsn);
	}
	return slice_of(arena_printf(
	    p->arena, "%s@reject.%s", buf_text(&text), p->envelope->node));
}

static bool
is_printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	}
	return s.n > 0;
}

static bool
is_notify(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != ',' && (s.p[i] < 'A' || s.p[i] > 'Z'))
			return false;
	}
	return s.n > 0;
}

/*
 * Leaves of ours say whom they were for; a client's own ORCPT is a stranger's
 * data and goes no further than where plain mail goes anyway.
 */
static const char *
parameters(const struct planning *p, const struct rcpt *rcpt, bool plain)
{
	struct slice address = dsn_xtext(p->arena, rcpt->address);
	const char *type = slice_has_8bit(rcpt->address) ? "utf-8" : "rfc822";
	const char *notify = "";

	if (is_notify(rcpt->notify))
		notify = arena_printf(
		    p->arena, " NOTIFY=%.*s", SLICE_FMT(rcpt->notify));
	if (plain && is_printable(rcpt->orcpt))
		return arena_printf(
		    p->arena, "ORCPT=%.*s%s", SLICE_FMT(rcpt->orcpt), notify);
	return arena_printf(
	    p->arena, "ORCPT=%s;%.*s%s", type, SLICE_FMT(address), notify);
}

static void
plan_reject(struct planning *p, struct rcpt *rcpt)
{
	struct plan_leaf *made;

	add_fate(p, FATE_REJECTED, rcpt, NULL);
	made = last_fate(p);
	made->recipient = reject_recipient(p, rcpt);
	made->parameters = parameters(p, rcpt, false);
}

static void
plan_leaf(struct planning *p, struct rcpt *rcpt, struct leaf *leaf)
{
	bool plain = leaf->kind == LEAF_EXTERNAL || leaf->kind == LEAF_BULK;
	struct plan_leaf *made;

	if (!stays(leaf) || leaf->queue_recipient.n == 0) {
		add_fate(p,
		    leaf->kind == LEAF_DISCARD ? FATE_DISCARDED : FATE_DROPPED,
		    rcpt, leaf);
		return;
	}
	add_fate(p, FATE_QUEUED, rcpt, leaf);
	made = last_fate(p);
	made->recipient = leaf->queue_recipient;
	if (policy_is_forwarded(leaf) && p->straight.n == 0 &&
	    leaf->srs_recipient.n > 0) {
		made->recipient = leaf->srs_recipient;
		plain = false;
	}
	made->parameters = parameters(p, rcpt, plain);
}

/* Mail to the outside world that never was ours. */
static bool
passes_through(const struct rcpt *rcpt)
{
	return rcpt->unexpanded ||
	       (rcpt->n_leaves == 1 && rcpt->leaves[0].kind == LEAF_EXTERNAL &&
		   rcpt->leaves[0].forwarder.n == 0 && stays(rcpt->leaves));
}

static bool
can_queue(const struct rcpt *rcpt)
{
	for (size_t i = 0; i < rcpt->n_leaves; i++) {
		if (stays(&rcpt->leaves[i]) &&
		    rcpt->leaves[i].queue_recipient.n > 0)
			return true;
	}
	return false;
}

/* Its sender is most likely somebody else's; the trail has it. */
static bool
drops_spam(const struct planning *p, const struct rcpt *rcpt)
{
	return p->envelope->is_spam && rcpt->n_leaves > 0 &&
	       !policy_must_accept(p->envelope->class);
}

static void
plan_rcpt(struct planning *p, struct rcpt *rcpt)
{
	enum verdict verdict = judge_rcpt(rcpt);

	if (passes_through(rcpt)) {
		add_fate(p, FATE_UNCHANGED, rcpt, rcpt->leaves);
		last_fate(p)->recipient = rcpt->address;
		return;
	}
	/* Bad for now is for lmtpd to repeat, bad for good is to bounce. */
	if (verdict != MAIL_OK && !can_queue(rcpt) && !drops_spam(p, rcpt)) {
		plan_reject(p, rcpt);
		return;
	}
	for (size_t i = 0; i < rcpt->n_leaves; i++)
		plan_leaf(p, rcpt, &rcpt->leaves[i]);
}

/* --- once each -------------------------------------------------------- */

static bool
is_in_queue(const struct plan_leaf *leaf)
{
	return leaf->fate == FATE_QUEUED || leaf->fate == FATE_REJECTED ||
	       leaf->fate == FATE_UNCHANGED;
}

static int
compare_nocase(struct slice a, struct slice b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		int d = ascii_lower((unsigned char)a.p[i]) -
			ascii_lower((unsigned char)b.p[i]);

		if (d != 0)
			return d;
	}
	return (a.n > b.n) - (a.n < b.n);
}

/* By recipient as Postfix compares them; equal ones in their order. */
static int
compare_leaves(const void *a, const void *b)
{
	const struct plan_leaf *const *x = a, *const *y = b;
	int d = compare_nocase((*x)->recipient, (*y)->recipient);

	return d != 0 ? d : (*x > *y) - (*x < *y);
}

/* The recipient that a client wrote itself wins: it needs no change. */
static struct plan_leaf *
winner(struct plan_leaf **leaves, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (leaves[i]->fate == FATE_UNCHANGED)
			return leaves[i];
	}
	return leaves[0];
}

static void
drop_others(struct plan_leaf **leaves, size_t n)
{
	const struct plan_leaf *kept = winner(leaves, n);

	for (size_t i = 0; i < n; i++) {
		/* Unchanged ones are Postfix' to compare. */
		if (leaves[i] != kept && leaves[i]->fate != FATE_UNCHANGED)
			leaves[i]->fate = FATE_DUPLICATE;
	}
}

static void
drop_duplicates(const struct planning *p)
{
	struct plan *plan = p->plan;
	struct plan_leaf **sorted =
	    arena_calloc(p->arena, plan->n_leaves, sizeof(struct plan_leaf *));
	size_t n = 0, end;

	for (size_t i = 0; i < plan->n_leaves; i++) {
		if (is_in_queue(&plan->leaves[i]))
			sorted[n++] = &plan->leaves[i];
	}
	qsort(sorted, n, sizeof *sorted, compare_leaves);
	for (size_t i = 0; i < n; i = end) {
		end = i + 1;
		while (end < n && compare_nocase(sorted[end]->recipient,
				      sorted[i]->recipient) == 0)
			end++;
		drop_others(sorted + i, end - i);
	}
}

/* --- the plan --------------------------------------------------------- */

/*
 * The sendmail command may have been given a bare name. We were shown it with
 * this machine's name behind, but Postfix looks recipients up as they were
 * written.
 */
static struct slice
bare_name(const struct envelope *envelope, const struct rcpt *rcpt)
{
	long at = slice_rfind(rcpt->address, '@');
	struct slice none = { NULL, 0 };

	if (envelope->class != CLASS_LOCAL || at < 0 ||
	    !slice_eq_nocase(slice_tail(rcpt->address, (size_t)at + 1),
		slice_of(envelope->node)))
		return none;
	return slice_head(rcpt->address, (size_t)at);
}

static void
list_removals(const struct planning *p)
{
	const struct envelope *envelope = p->envelope;
	struct slice *remove =
	    arena_calloc(p->arena, 2 * envelope->n_rcpts, sizeof(struct slice));
	size_t n = 0;

	for (size_t i = 0; i < envelope->n_rcpts; i++) {
		const struct rcpt *rcpt = &envelope->rcpts[i];
		struct slice bare = bare_name(envelope, rcpt);

		if (passes_through(rcpt))
			continue;
		remove[n++] = rcpt->given;
		if (bare.n > 0)
			remove[n++] = bare;
	}
	p->plan->remove = remove;
	p->plan->n_remove = n;
}

static bool
is_empty(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_leaves; i++) {
		if (is_in_queue(&plan->leaves[i]))
			return false;
	}
	return true;
}

static void
fill_plan(struct planning *p)
{
	const struct envelope *envelope = p->envelope;

	p->plan->leaves = arena_calloc(
	    p->arena, count_leaves(envelope), sizeof *p->plan->leaves);
	for (size_t i = 0; i < envelope->n_rcpts; i++)
		plan_rcpt(p, &envelope->rcpts[i]);
	drop_duplicates(p);
	list_removals(p);
	p->plan->discard = is_empty(p->plan);
}

enum verdict
policy_plan(struct arena *arena, const struct envelope *envelope,
    struct plan *plan_out, struct why *why)
{
	struct planning p = { arena, envelope, plan_out, { NULL, 0 } };
	enum verdict verdict;

	*plan_out = (struct plan){ .leaves = NULL };
	judge_size(&p);
	verdict = judge_message(envelope, why);
	if (verdict == MAIL_OK)
		verdict = judge_loop(&p, why);
	if (verdict != MAIL_OK)
		spoil_all(&p, why);
	verdict = judge_rcpts(envelope, why);
	fill_plan(&p);
	if (policy_must_accept(envelope->class))
		return MAIL_OK;
	return verdict;
}

/* --- notices ---------------------------------------------------------- */

static bool
ends_dangling(const struct leaf *leaf)
{
	static const struct slice dangling = { "dangling:", 9 };

	return leaf->path_n > 0 &&
	       slice_starts_nocase(leaf->path[leaf->path_n - 1], dangling);
}

const char *
policy_notice(const struct leaf *leaf, struct slice *owner_out)
{
	bool is_mailbox = leaf->mailbox.n > 0;

	*owner_out = is_mailbox ? leaf->mailbox : leaf->package;
	if (owner_out->n == 0 || leaf->code / 100 != MAIL_PERMFAIL)
		return NULL;
	if (ends_dangling(leaf))
		return "dangling-target";
	if (slice_eq(leaf->dsn, SLICE("5.3.4")))
		return "too-large";
	if (slice_eq(leaf->dsn, SLICE("5.4.6")))
		return "loop";
	if (slice_eq(leaf->dsn, SLICE("5.5.3")))
		return "too-many-recipients";
	if (slice_eq(leaf->dsn, SLICE("5.2.2")))
		return "over-quota";
	return NULL;
}
