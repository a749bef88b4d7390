#include "milter/session.h"

#include <errno.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/header.h"
#include "core/log.h"
#include "milter/lists.h"
#include "milter/onward.h"
#include "milter/report.h"
#include "milter/sockdiag.h"
#include "milter/submission.h"

enum {
	RCPTS_FIRST = 8,
	/* A loop that hides behind so many ends by POLICY_RECEIVED_MAX. */
	DELIVERED_TO_MAX = 100,
	/* Of a bounce: its status part stands before the message. */
	BODY_KEPT_MAX = 64 * 1024,
};

struct txn {
	struct arena arena;
	struct slice sender, login, queue_id, message_id;
	bool utf8;
	int64_t declared_bytes; /* negative: nobody said */
	struct rcpt *rcpts;
	size_t n_rcpts, room;
	size_t n_forwards;
	struct slice srs_domain; /* of a recipient that we once rewrote */
	int64_t size_bytes;
	struct buf body;   /* kept of bounces to such recipients */
	bool for_list;	   /* a recipient is one … */
	struct buf header; /* … so its header is kept */
	bool is_spam;
	size_t received;
	struct slice delivered_to[DELIVERED_TO_MAX];
	size_t n_delivered_to;
	struct submission submission;
};

struct session {
	struct milter *milter;
	struct arena arena;
	enum mail_class class;
	struct slice client; /* "192.0.2.1" or "127.0.0.1 uid=1000" */
	struct why distrust; /* why this door is closed to him */
	bool local;	     /* a process of this machine … */
	uid_t uid;	     /* … of this user */
	struct txn txn;
};

/* --- who is it -------------------------------------------------------- */

static bool
find_ends(const struct session_peer *peer, struct sockdiag_end *client,
    struct sockdiag_end *server)
{
	return sockdiag_end(peer->client_addr, peer->client_port, client) &&
	       sockdiag_is_loopback(client) &&
	       sockdiag_end(peer->daemon_addr, peer->daemon_port, server);
}

/* The uid of a local client: 1, 0 when it has none, -errno. */
static int
find_uid(const struct session_peer *peer, uid_t *uid_out, struct why *why)
{
	struct sockdiag_end client, server;

	if (!find_ends(peer, &client, &server))
		return 0;
	return sockdiag_uid(&client, &server, uid_out, why);
}

static bool
is_trusted(const struct session *session)
{
	if (session->class == CLASS_MOVED)
		return session->local &&
		       session->uid == session->milter->postfix;
	return session->local && milter_trusts(session->milter, session->uid);
}

static void
identify(struct session *session, const struct session_peer *peer)
{
	struct why why = { 0 };
	uid_t uid = 0;
	int r = find_uid(peer, &uid, &why);

	session->local = r > 0;
	session->uid = uid;
	session->client = arena_slice(&session->arena, peer->client_addr);
	if (r > 0)
		session->client = slice_of(arena_printf(&session->arena,
		    "%.*s uid=%u", SLICE_FMT(peer->client_addr), uid));
	if (!policy_needs_trust(session->class) || is_trusted(session))
		return;
	if (r < 0)
		session->distrust = why;
	else
		(void)why_say(&session->distrust, 550, "5.7.1",
		    "this port is for Hauspost's own programs");
}

struct session *
session_open(struct milter *milter, const struct session_peer *peer)
{
	struct session *session = calloc(1, sizeof *session);

	if (session == NULL)
		abort();
	session->milter = milter;
	session->class = policy_class(peer->daemon_name);
	submission_begin(&session->txn.submission, milter, &session->txn.arena);
	identify(session, peer);
	return session;
}

void
session_close(struct session *session)
{
	if (session == NULL)
		return;
	buf_free(&session->txn.body);
	buf_free(&session->txn.header);
	submission_drop(&session->txn.submission);
	arena_done(&session->txn.arena);
	arena_done(&session->arena);
	free(session);
}

/* --- the message ------------------------------------------------------ */

static void
reset(struct session *session)
{
	struct txn *txn = &session->txn;
	struct arena arena = txn->arena;

	submission_drop(&txn->submission);
	arena_reset(&arena);
	buf_free(&txn->body);
	buf_free(&txn->header);
	*txn = (struct txn){ .arena = arena,
		.declared_bytes = -1,
		.header = BUF_INIT(LISTS_HEADER_MAX),
		.body = BUF_INIT(BODY_KEPT_MAX) };
	submission_begin(&txn->submission, session->milter, &txn->arena);
}

void
session_abort(struct session *session)
{
	reset(session);
}

static struct report
report_of(struct session *session, int64_t size_bytes)
{
	return (struct report){
		.milter = session->milter,
		.arena = &session->txn.arena,
		.class = session->class,
		.queue_id = session->txn.queue_id,
		.message_id = session->txn.message_id,
		.client = session->client,
		.login = session->txn.submission.name.n > 0
			     ? session->txn.submission.name
			     : session->txn.login,
		.package = session->txn.submission.account.package,
		.sender = session->txn.sender,
		.size_bytes = size_bytes,
	};
}

/* The value of NAME=VALUE; for a bare NAME, the empty text. */
static bool
find_parameter(
    char *const *parameters, struct slice name, struct slice *value_out)
{
	for (; *parameters != NULL; parameters++) {
		struct slice p = slice_of(*parameters);

		if (!slice_starts_nocase(p, name))
			continue;
		if (p.n == name.n || p.p[name.n] == '=') {
			*value_out = slice_tail(p, name.n + 1);
			return true;
		}
	}
	return false;
}

static struct slice
keep_parameter(
    struct txn *txn, const struct session_path *path, struct slice name)
{
	struct slice value = { "", 0 };

	(void)find_parameter(path->parameters, name, &value);
	return arena_slice(&txn->arena, value);
}

static struct slice
without_brackets(struct slice s)
{
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		return (struct slice){ s.p + 1, s.n - 2 };
	return s;
}

/*
 * The address in one spelling. What sendmail -C and <postmaster> leave out is
 * this machine's name.
 */
static enum verdict
read_address(struct session *session, struct slice given, struct slice *text,
    struct why *why)
{
	struct txn *txn = &session->txn;
	struct addr addr;
	int r;

	*text = arena_slice(&txn->arena, without_brackets(given));
	if (text->n > 0 && slice_find(*text, '@') < 0)
		*text = slice_of(arena_printf(&txn->arena, "%.*s@%s",
		    SLICE_FMT(*text), session->milter->config.common.node));
	r = addr_parse(&txn->arena, *text, txn->utf8, &addr);
	if (r < 0)
		return policy_bad_address(r, given, txn->utf8, why);
	*text = addr_text(&txn->arena, &addr);
	return MAIL_OK;
}

/* --- MAIL ------------------------------------------------------------- */

static void
read_parameters(struct txn *txn, const struct session_path *path)
{
	unsigned long long number;
	struct slice value;

	txn->utf8 = find_parameter(path->parameters, SLICE("SMTPUTF8"), &value);
	if (find_parameter(path->parameters, SLICE("SIZE"), &value) &&
	    slice_number(value, INT64_MAX, &number))
		txn->declared_bytes = (int64_t)number;
}

/* When nobody can say how large, the leaves will at RCPT. */
static enum verdict
judge_size(struct session *session, struct why *why)
{
	int64_t max_bytes = 0;
	struct why ignored;

	if (session->txn.declared_bytes < 0 ||
	    directory_max_size(
		session->milter->directory, &max_bytes, &ignored) < 0)
		return MAIL_OK;
	return policy_declared_size(
	    session->txn.declared_bytes, max_bytes, why);
}

/* Our users', what they send and how much of it. */
static enum verdict
submit(struct session *session, struct why *why)
{
	struct txn *txn = &session->txn;
	const struct submission_peer peer = { session->class, txn->login,
		session->local, session->uid };

	return submission_mail(
	    &txn->submission, &peer, txn->sender, txn->declared_bytes, why);
}

static enum verdict
judge_sender(
    struct session *session, const struct session_path *path, struct why *why)
{
	struct txn *txn = &session->txn;
	enum verdict verdict;

	if (session->distrust.verdict != 0) {
		*why = session->distrust;
		return why->verdict;
	}
	verdict = read_address(session, path->given, &txn->sender, why);
	if (verdict == MAIL_OK)
		verdict = judge_size(session, why);
	if (verdict == MAIL_OK)
		verdict = submit(session, why);
	return verdict;
}

static bool
is_limit(const struct why *why)
{
	return slice_eq(slice_of(why->dsn), SLICE("4.7.1"));
}

enum verdict
session_mail(struct session *session, const struct session_path *path,
    struct slice login, struct why *why)
{
	struct txn *txn = &session->txn;
	struct report report;
	enum verdict verdict;

	reset(session);
	txn->login = arena_slice(&txn->arena, login);
	/* Port 25 serves our users' servers as well, if they log in. */
	if (login.n > 0 && session->class == CLASS_INBOUND)
		session->class = CLASS_REGULAR;
	read_parameters(txn, path);
	verdict = judge_sender(session, path, why);
	if (verdict == MAIL_OK || policy_must_accept(session->class))
		return MAIL_OK;
	report = report_of(session, txn->declared_bytes);
	report_sender(&report, why);
	if (is_limit(why))
		report_limit(&report, why);
	return verdict;
}

bool
session_is_done(const struct session *session)
{
	return session->class == CLASS_LIST;
}

/* --- RCPT ------------------------------------------------------------- */

static struct rcpt *
new_rcpt(struct txn *txn)
{
	struct rcpt *more;

	if (txn->n_rcpts == txn->room) {
		txn->room = txn->room > 0 ? txn->room * 2 : RCPTS_FIRST;
		more = arena_calloc(&txn->arena, txn->room, sizeof *more);
		if (txn->n_rcpts > 0)
			(void)memcpy(
			    more, txn->rcpts, txn->n_rcpts * sizeof *more);
		txn->rcpts = more;
	}
	txn->rcpts[txn->n_rcpts] = (struct rcpt){ .n_leaves = 0 };
	return &txn->rcpts[txn->n_rcpts]; /* counted when it is accepted */
}

/*
 * Quota only matters while the database is there to tell it: at delivery the
 * mailbox itself decides.
 */
static void
judge_quota(
    struct session *session, struct rcpt *rcpt, const struct answer *answer)
{
	struct why why;

	if (answer->stale)
		return;
	if (directory_quota(session->milter->directory, &session->txn.arena,
		rcpt->leaves, rcpt->n_leaves, &why) < 0)
		log_event(LOG_WARNING, NULL, "quota-unknown",
		    LOG_SLICE("to", rcpt->address), LOG_WHY(&why));
}

static int
resolve(struct session *session, struct rcpt *rcpt, struct answer *answer,
    struct why *why)
{
	struct directory *dir = session->milter->directory;
	struct txn *txn = &session->txn;
	int r = directory_resolve(dir, &txn->arena, rcpt->address, answer, why);

	if (r == 0)
		r = onward_follow(dir, &txn->arena, txn->sender.n == 0, answer,
		    &txn->srs_domain, why);
	return r;
}

static enum verdict
count_forwards(struct txn *txn, struct rcpt *rcpt, struct why *why)
{
	size_t n = txn->n_forwards;
	enum verdict verdict;

	for (size_t i = 0; i < rcpt->n_leaves; i++)
		n += policy_is_forwarded(&rcpt->leaves[i]);
	verdict = policy_forwards(n, why);
	if (verdict == MAIL_OK)
		txn->n_forwards = n;
	else /* where it must be accepted, lmtpd sends it by itself */
		rcpt->unexpanded = true;
	return verdict;
}

static enum verdict
expand(struct session *session, struct rcpt *rcpt, struct why *why)
{
	struct txn *txn = &session->txn;
	struct answer answer;
	enum verdict verdict;

	if (resolve(session, rcpt, &answer, why) < 0) {
		rcpt->unexpanded = true;
		return why->verdict;
	}
	rcpt->leaves = answer.leaves;
	rcpt->n_leaves = answer.n;
	judge_quota(session, rcpt, &answer);
	policy_size(
	    &txn->arena, rcpt->leaves, rcpt->n_leaves, txn->declared_bytes);
	verdict = answer_verdict(rcpt->leaves, rcpt->n_leaves, why);
	return verdict == MAIL_OK ? count_forwards(txn, rcpt, why) : verdict;
}

/* On the bulk server: the address that the leaf was made of. */
static enum verdict
take_back(struct session *session, struct rcpt *rcpt, struct why *why)
{
	struct txn *txn = &session->txn;
	struct leaf_target target;
	struct leaf *leaf;

	if (directory_leaf(session->milter->directory, &txn->arena,
		rcpt->address, &target, why) < 0)
		return why->verdict;
	if (target.kind != LEAF_BULK || target.code / 100 != MAIL_OK)
		return why_say(why, 550, "5.1.1", "not made here");
	leaf = arena_new(&txn->arena, struct leaf);
	*leaf = (struct leaf){ .kind = LEAF_BULK,
		.queue_recipient = target.address,
		.code = 250,
		.dsn = SLICE("2.1.5"),
		.reply = SLICE("ok") };
	rcpt->leaves = leaf;
	rcpt->n_leaves = 1;
	return why_say(why, 250, "2.1.5", "ok");
}

static enum verdict
find_leaves(struct session *session, struct rcpt *rcpt, struct why *why)
{
	if (session->class == CLASS_MOVED)
		return take_back(session, rcpt, why);
	return expand(session, rcpt, why);
}

enum verdict
session_rcpt(
    struct session *session, const struct session_path *path, struct why *why)
{
	struct txn *txn = &session->txn;
	struct rcpt *rcpt = new_rcpt(txn);
	struct report report;
	enum verdict verdict;

	rcpt->given = arena_slice(&txn->arena, path->given);
	rcpt->orcpt = keep_parameter(txn, path, SLICE("ORCPT"));
	rcpt->notify = keep_parameter(txn, path, SLICE("NOTIFY"));
	verdict = read_address(session, path->given, &rcpt->address, why);
	if (verdict == MAIL_OK)
		verdict = find_leaves(session, rcpt, why);
	if (verdict == MAIL_OK)
		verdict = submission_rcpt(&txn->submission, rcpt->address, why);
	rcpt->why = *why;
	if (verdict == MAIL_OK || policy_must_accept(session->class)) {
		txn->n_rcpts++;
		txn->for_list |= lists_want(rcpt);
		return MAIL_OK;
	}
	report = report_of(session, txn->declared_bytes);
	report_refused(&report, rcpt, why);
	if (is_limit(why))
		report_limit(&report, why);
	return verdict;
}

/* --- header, body, end ------------------------------------------------ */

void
session_header(struct session *session, struct slice name, struct slice value)
{
	struct txn *txn = &session->txn;

	txn->size_bytes += (int64_t)(name.n + value.n) + 3; /* colon, CRLF */
	submission_header(&txn->submission, name, value);
	value = slice_trim(value);
	if (txn->for_list)
		lists_add_field(&txn->header, name, value);
	txn->is_spam |= forwarding_is_spam_flag(name, value);
	if (slice_eq_nocase(name, SLICE("Received")))
		txn->received++;
	else if (slice_eq_nocase(name, SLICE("Message-ID")))
		txn->message_id = header_unfold(&txn->arena, value);
	else if (slice_eq_nocase(name, SLICE("Delivered-To")) &&
		 txn->n_delivered_to < DELIVERED_TO_MAX)
		txn->delivered_to[txn->n_delivered_to++] =
		    header_unfold(&txn->arena, value);
}

void
session_body(struct session *session, struct slice octets)
{
	struct txn *txn = &session->txn;

	txn->size_bytes += (int64_t)octets.n;
	if (txn->sender.n == 0 && txn->srs_domain.n > 0)
		(void)buf_add_slice(&txn->body,
		    slice_head(octets, BODY_KEPT_MAX - txn->body.n));
}

static void
on_gone(void *arg, struct slice recipient, struct slice reply)
{
	struct session *session = arg;

	report_gone(session->milter, session->txn.srs_domain, recipient, reply);
}

/*
 * The plan, with the sender that goes with it. Where nobody is on the line to
 * repeat it, lmtpd waits for the keys of senders instead.
 */
static enum verdict
make_plan(struct session *session, struct envelope *envelope, struct plan *plan,
    struct why *why)
{
	struct txn *txn = &session->txn;
	struct directory *dir = session->milter->directory;
	enum verdict verdict;

	if (txn->is_spam && onward_refuse_spam(dir, &txn->arena, txn->rcpts,
				txn->n_rcpts, why) < 0)
		envelope->one_by_one = true;
	verdict = policy_plan(&txn->arena, envelope, plan, why);
	if (verdict != MAIL_OK ||
	    onward_sender(dir, &txn->arena, txn->sender, plan, why) == 0)
		return verdict;
	if (!policy_must_accept(session->class))
		return why->verdict;
	envelope->one_by_one = true;
	return policy_plan(&txn->arena, envelope, plan, why);
}

/*
 * Nobody is told of a list's refusal where that cannot be had: the list
 * manager decides, and later.
 */
static void
judge_lists(struct session *session, const struct lists_post *post)
{
	struct txn *txn = &session->txn;
	struct why why = { 0 };

	if (txn->for_list &&
	    lists_judge(session->milter, &txn->arena, post, &why) < 0)
		log_event(LOG_WARNING, NULL, "list-unknown", LOG_WHY(&why));
}

/* What a sender of ours has to do with the plan. */
static void
add_submitted(struct session *session, struct plan *plan)
{
	const struct submission *submission = &session->txn.submission;

	if (submission->instead.n > 0 && plan->sender.n == 0)
		plan->sender = submission->instead;
	if (submission->held)
		plan->hold = submission->why_held.reply;
}

static struct envelope
envelope_of(const struct session *session)
{
	const struct txn *txn = &session->txn;

	return (struct envelope){
		.class = session->class,
		.node = session->milter->config.common.node,
		.sender = txn->sender,
		.rcpts = txn->rcpts,
		.n_rcpts = txn->n_rcpts,
		.size_bytes = txn->size_bytes,
		.is_spam = txn->is_spam,
		.received = txn->received,
		.delivered_to = txn->delivered_to,
		.n_delivered_to = txn->n_delivered_to,
	};
}

enum verdict
session_end(struct session *session, struct slice queue_id,
    struct plan *plan_out, struct why *why)
{
	struct txn *txn = &session->txn;
	struct envelope envelope = envelope_of(session);
	const struct lists_post post = { &envelope, buf_slice(&txn->header),
		txn->submission.name };
	struct why refused = { 0 };
	enum verdict verdict, submitted;

	txn->queue_id = arena_slice(&txn->arena, queue_id);
	if (txn->body.n > 0)
		onward_read_bounce(
		    &txn->arena, buf_slice(&txn->body), on_gone, session);
	judge_lists(session, &post);
	submitted = submission_end(&txn->submission, &envelope, &refused);
	verdict = make_plan(session, &envelope, plan_out, why);
	if (submitted != MAIL_OK) {
		*why = refused;
		return submitted;
	}
	if (verdict == MAIL_OK)
		add_submitted(session, plan_out);
	if (verdict == MAIL_OK && txn->for_list)
		plan_out->results =
		    lists_results(session->milter, &txn->arena, &post);
	return verdict;
}

void
session_report(struct session *session, const struct plan *plan,
    enum verdict verdict, const struct why *why)
{
	struct report report = report_of(session, session->txn.size_bytes);
	struct submission *submission = &session->txn.submission;

	if (verdict != MAIL_OK) {
		report_message_refused(&report, plan, why);
		return;
	}
	submission_settle(submission);
	if (submission->moved)
		report_moved(&report);
	if (plan->hold != NULL)
		report_held(&report, &submission->why_held);
	report_plan(&report, plan);
}
