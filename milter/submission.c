#include "milter/submission.h"

#include "core/header.h"
#include "milter/bulk.h"
#include "sieve/address.h"

/* --- whose message ---------------------------------------------------- */

void
submission_begin(
    struct submission *submission, struct milter *milter, struct arena *arena)
{
	*submission = (struct submission){ .milter = milter, .arena = arena };
}

/* A user of this machine who connects to port 25; root is trusted. */
static bool
is_local_user(const struct milter *milter, const struct submission_peer *peer)
{
	return peer->class == CLASS_INBOUND && peer->local && peer->uid != 0 &&
	       !milter_trusts(milter, peer->uid);
}

/* Empty when there is no account to look for. */
static struct slice
who_is(const struct submission *s, const struct submission_peer *peer)
{
	if (peer->login.n > 0 &&
	    (peer->class == CLASS_REGULAR || peer->class == CLASS_BULK))
		return peer->login;
	if (is_local_user(s->milter, peer))
		return slice_of(
		    arena_printf(s->arena, "uid:%u", (unsigned)peer->uid));
	return (struct slice){ NULL, 0 };
}

static bool
is_counted(const struct submission *s)
{
	return s->name.n > 0;
}

/* --- as whom ---------------------------------------------------------- */

/*
 * A Unix user without mailbox (www-data, a daemon) writes as one of this
 * machine: an address of a customer he can not claim.
 */
static enum verdict
judge_stray(const struct submission *s, struct slice address, struct why *why)
{
	const char *node = s->milter->config.common.node;
	long at = slice_rfind(address, '@');

	if (address.n == 0 ||
	    slice_eq_nocase(
		slice_tail(address, (size_t)(at + 1)), slice_of(node)))
		return MAIL_OK;
	return why_say(why, 550, "5.7.1",
	    "this Unix user has no mailbox here, it may only send as user@%s",
	    node);
}

static enum verdict
ask_right(struct submission *s, struct slice address,
    struct sender_right *right_out, struct why *why)
{
	*right_out = (struct sender_right){ .size_limit = 0 };
	if (s->account.mailbox.n == 0)
		return judge_stray(s, address, why);
	if (directory_may_send(s->milter->directory, s->arena,
		s->account.mailbox, address, right_out, why) < 0)
		return why->verdict;
	if (right_out->why.verdict != MAIL_OK)
		*why = right_out->why;
	return right_out->why.verdict;
}

static enum verdict
find_account(struct submission *s, struct slice who, struct why *why)
{
	if (directory_account(
		s->milter->directory, s->arena, who, &s->account, why) < 0)
		return why->verdict;
	if (s->account.locked)
		return why_say(why, 450, "4.2.1",
		    "mailbox is locked at present, it can not send");
	s->name = s->account.mailbox.n > 0 ? s->account.mailbox : who;
	return MAIL_OK;
}

static enum verdict
judge_size(const struct submission *s, int64_t size_bytes, struct why *why)
{
	if (s->size_limit == 0 || size_bytes <= s->size_limit)
		return MAIL_OK;
	return why_say(why, 552, "5.3.4",
	    "message of %lld octets is too large, this sender may send %lld",
	    (long long)size_bytes, (long long)s->size_limit);
}

static enum verdict
judge_sender(struct submission *s, int64_t declared_bytes, struct why *why)
{
	struct sender_right right;
	enum verdict verdict = ask_right(s, s->sender, &right, why);

	s->size_limit = right.size_limit;
	s->instead = right.instead;
	return verdict == MAIL_OK ? judge_size(s, declared_bytes, why)
				  : verdict;
}

/* --- how much --------------------------------------------------------- */

static struct budget_claim
claim(const struct submission *s, enum budget_counts counts, int n)
{
	return (struct budget_claim){ s->name, s->bulk, counts, n };
}

/* Held mail is not counted: it was not sent. */
static enum verdict
take(struct submission *s, enum budget_counts counts, int n, struct why *why)
{
	const struct budget_claim wanted = claim(s, counts, n);
	struct why limit = { 0 };
	bool held;
	enum verdict verdict =
	    budget_take(s->milter->budget, &wanted, &held, &limit);

	if (verdict != MAIL_OK) {
		*why = limit;
	} else if (held) {
		s->held = true;
		s->why_held = limit;
	} else {
		*(counts == BUDGET_MESSAGES ? &s->messages : &s->recipients) +=
		    n;
	}
	return verdict;
}

static void
put_back(struct submission *s)
{
	const struct budget_claim messages =
	    claim(s, BUDGET_MESSAGES, s->messages);
	const struct budget_claim recipients =
	    claim(s, BUDGET_RECIPIENTS, s->recipients);

	if (s->messages > 0)
		budget_put_back(s->milter->budget, &messages);
	if (s->recipients > 0)
		budget_put_back(s->milter->budget, &recipients);
	s->messages = s->recipients = 0;
}

static enum verdict
meet(struct submission *s, struct slice address, struct why *why)
{
	const struct budget_claim one = claim(s, BUDGET_NEW, 1);
	struct why limit = { 0 };
	bool held;
	enum verdict verdict =
	    budget_meet(s->milter->budget, &one, address, &held, &limit);

	if (verdict != MAIL_OK) {
		*why = limit;
	} else if (held) {
		s->held = true;
		s->why_held = limit;
	}
	return verdict;
}

/* --- newsletters ------------------------------------------------------ */

/* From now on it is bulk, or refused, as its package chose. */
static enum verdict
become_bulk(struct submission *s, const char *reason, struct why *why)
{
	int messages = s->messages, recipients = s->recipients;
	enum verdict verdict = MAIL_OK;

	if (s->bulk || s->account.bulk == SENDER_BULK_LEAVE)
		return MAIL_OK;
	if (s->account.bulk == SENDER_BULK_REFUSE)
		return why_say(why, 550, "5.7.1",
		    "%s: send newsletters by port %ld", reason,
		    s->milter->config.bulk_port);
	put_back(s);
	s->bulk = s->moved = true;
	if (messages > 0)
		verdict = take(s, BUDGET_MESSAGES, messages, why);
	if (verdict == MAIL_OK && recipients > 0)
		verdict = take(s, BUDGET_RECIPIENTS, recipients, why);
	return verdict;
}

static enum verdict
judge_number(struct submission *s, struct why *why)
{
	long most = s->milter->config.bulk_recipients;

	if (s->recipients < most)
		return MAIL_OK;
	return become_bulk(
	    s, arena_printf(s->arena, "more than %ld recipients", most), why);
}

static enum verdict
judge_kind(struct submission *s, struct why *why)
{
	const struct budget_claim messages = claim(s, BUDGET_MESSAGES, 1);

	if (s->looks_bulk)
		return become_bulk(s, "message is bulk by its header", why);
	if (budget_rate(s->milter->budget, &messages) >
	    s->milter->config.bulk_burst)
		return become_bulk(s, "too many messages a minute", why);
	return MAIL_OK;
}

/* --- the header ------------------------------------------------------- */

/* RFC 2919, RFC 2369; Precedence is no standard but everywhere. */
static bool
says_bulk(struct slice name, struct slice value)
{
	if (slice_eq_nocase(name, SLICE("List-Unsubscribe")))
		return true;
	return slice_eq_nocase(name, SLICE("Precedence")) &&
	       (slice_eq_nocase(value, SLICE("bulk")) ||
		   slice_eq_nocase(value, SLICE("list")));
}

void
submission_header(struct submission *s, struct slice name, struct slice value)
{
	if (!is_counted(s))
		return;
	value = slice_trim(value);
	s->looks_bulk |= says_bulk(name, value);
	if (!slice_eq_nocase(name, SLICE("From")) ||
	    s->n_from == FROM_FIELDS_MAX)
		return;
	/* One octet too many is enough to see that it is too long. */
	s->from[s->n_from++] =
	    arena_slice(s->arena, slice_head(value, FROM_OCTETS_MAX + 1));
}

/* The address in the spelling of the directory, or a refusal. */
static enum verdict
read_from(struct submission *s, const struct address *given,
    struct slice *text_out, struct why *why)
{
	const struct addr as_written = { given->local, given->domain };
	struct slice text = addr_text(s->arena, &as_written);
	struct addr addr;

	if (!given->valid || given->domain.n == 0 ||
	    addr_parse(s->arena, text, true, &addr) < 0)
		return why_say(why, 550, "5.6.0",
		    "From field can not be read: write Name "
		    "<user@example.org>");
	*text_out = addr_text(s->arena, &addr);
	return MAIL_OK;
}

static enum verdict
judge_author(struct submission *s, const struct address *given, struct why *why)
{
	struct sender_right right;
	struct slice address;
	struct why refused = { 0 };
	enum verdict verdict = read_from(s, given, &address, why);

	if (verdict != MAIL_OK)
		return verdict;
	verdict = ask_right(s, address, &right, &refused);
	if (verdict == MAIL_PERMFAIL)
		return why_say(
		    why, refused.code, refused.dsn, "From: %s", refused.reply);
	if (verdict != MAIL_OK)
		*why = refused;
	return verdict;
}

/* RFC 5322 3.6: exactly one; RFC 5322 3.6.2: of one author or several. */
static enum verdict
judge_from(struct submission *s, struct why *why)
{
	struct address_walk walk;
	struct address address;
	enum verdict verdict = MAIL_OK;
	int n = 0;

	if (s->n_from != 1)
		return why_say(why, 550, "5.6.0",
		    "message has %s From field: write exactly one",
		    s->n_from == 0 ? "no" : "more than one");
	walk = address_start(s->arena, s->from[0]);
	while (verdict == MAIL_OK && n < FROM_ADDRESSES_MAX &&
	       address_next(&walk, &address)) {
		verdict = judge_author(s, &address, why);
		n++;
	}
	if (verdict == MAIL_OK && (n == 0 || n == FROM_ADDRESSES_MAX ||
				      s->from[0].n > FROM_OCTETS_MAX))
		return why_say(
		    why, 550, "5.6.0", "From field names nobody, or too many");
	return verdict;
}

/* --- the message ------------------------------------------------------ */

enum verdict
submission_mail(struct submission *s, const struct submission_peer *peer,
    struct slice sender, int64_t declared_bytes, struct why *why)
{
	struct slice who = who_is(s, peer);
	enum verdict verdict;

	if (who.n == 0)
		return MAIL_OK;
	s->bulk = peer->class == CLASS_BULK;
	s->sender = sender;
	verdict = find_account(s, who, why);
	if (verdict == MAIL_OK)
		verdict = judge_sender(s, declared_bytes, why);
	if (verdict == MAIL_OK)
		verdict = take(s, BUDGET_MESSAGES, 1, why);
	return verdict;
}

enum verdict
submission_rcpt(struct submission *s, struct slice address, struct why *why)
{
	enum verdict verdict;

	if (!is_counted(s))
		return MAIL_OK;
	verdict = judge_number(s, why);
	if (verdict == MAIL_OK)
		verdict = take(s, BUDGET_RECIPIENTS, 1, why);
	if (verdict == MAIL_OK)
		verdict = meet(s, address, why);
	return verdict;
}

enum verdict
submission_end(
    struct submission *s, const struct envelope *envelope, struct why *why)
{
	enum verdict verdict;

	if (!is_counted(s))
		return MAIL_OK;
	verdict = judge_size(s, envelope->size_bytes, why);
	if (verdict == MAIL_OK)
		verdict = judge_from(s, why);
	if (verdict == MAIL_OK)
		verdict = judge_kind(s, why);
	if (verdict == MAIL_OK && s->moved)
		verdict = bulk_move(s->milter, s->arena, envelope, why);
	return verdict;
}

void
submission_settle(struct submission *s)
{
	s->messages = s->recipients = 0;
}

void
submission_drop(struct submission *s)
{
	put_back(s);
}
