#include "milter/report.h"

#include "core/log.h"
#include "core/notice.h"
#include "core/trail.h"

/* --- monitoring ------------------------------------------------------- */

static struct metric rcpts_queued = METRIC_COUNTER("hauspost_milter_recipients",
    "result=\"queued\"", "Leaves and recipients by what became of them");
static struct metric rcpts_refused =
    METRIC_COUNTER("hauspost_milter_recipients", "result=\"refused\"", "");
static struct metric rcpts_deferred =
    METRIC_COUNTER("hauspost_milter_recipients", "result=\"deferred\"", "");
static struct metric rcpts_dropped =
    METRIC_COUNTER("hauspost_milter_recipients", "result=\"dropped\"", "");
static struct metric rcpts_discarded =
    METRIC_COUNTER("hauspost_milter_recipients", "result=\"discarded\"", "");
static struct metric messages_queued =
    METRIC_COUNTER("hauspost_milter_messages", "result=\"queued\"",
	"Messages by what became of them");
static struct metric messages_refused =
    METRIC_COUNTER("hauspost_milter_messages", "result=\"refused\"", "");
static struct metric messages_held =
    METRIC_COUNTER("hauspost_milter_messages", "result=\"held\"", "");
static struct metric answers_hit = METRIC_COUNTER("hauspost_directory_answers",
    "from=\"memory\"", "Answers of the directory by where they came from");
static struct metric answers_asked =
    METRIC_COUNTER("hauspost_directory_answers", "from=\"database\"", "");
static struct metric answers_stale = METRIC_COUNTER(
    "hauspost_directory_answers", "from=\"before the outage\"", "");
static struct metric answers_failed =
    METRIC_COUNTER("hauspost_directory_answers", "from=\"nowhere\"", "");
static struct metric directory_entries = METRIC_GAUGE(
    "hauspost_directory_entries", "", "Answers that are remembered");
static struct metric directory_bytes = METRIC_GAUGE(
    "hauspost_directory_memory_bytes", "", "Memory for these answers");
static struct metric directory_listening = METRIC_GAUGE(
    "hauspost_directory_listening", "", "1 while changes are heard");

struct metric *const report_metrics[] = { &rcpts_queued, &rcpts_refused,
	&rcpts_deferred, &rcpts_dropped, &rcpts_discarded, &messages_queued,
	&messages_refused, &messages_held, &answers_hit, &answers_asked,
	&answers_stale, &answers_failed, &directory_entries, &directory_bytes,
	&directory_listening, NULL };

static void
set(struct metric *metric, uint64_t value)
{
	atomic_store_explicit(
	    &metric->value, (long long)value, memory_order_relaxed);
}

void
report_directory(const struct milter *milter)
{
	struct directory_stats stats;

	directory_stats(milter->directory, &stats);
	set(&answers_hit, stats.hits);
	set(&answers_asked, stats.misses - stats.failures);
	set(&answers_stale, stats.stale);
	set(&answers_failed, stats.failures);
	set(&directory_entries, stats.entries);
	set(&directory_bytes, stats.bytes);
	set(&directory_listening, stats.listening);
}

/* --- log and trail ---------------------------------------------------- */

/* One recipient, or one leaf of it. */
struct outcome {
	const char *event;
	const struct rcpt *rcpt;
	const struct leaf *leaf;
	struct slice recipient; /* in the queue, or empty */
	const struct why *why;
};

static const struct leaf no_leaf = { .code = 0 };
static const struct slice none = { "", 0 };

static const char *
qid_of(const struct report *report)
{
	return report->queue_id.n > 0 ? report->queue_id.p : NULL;
}

static void
log_outcome(const struct report *report, const struct outcome *o)
{
	log_event(LOG_INFO, qid_of(report), o->event,
	    LOG_TEXT("class", policy_class_name(report->class)),
	    LOG_SLICE("client", report->client),
	    LOG_SLICE("login", report->login),
	    LOG_SLICE("from", report->sender),
	    LOG_SLICE("to", o->rcpt != NULL ? o->rcpt->address : none),
	    LOG_TEXT("leaf", o->recipient.p),
	    LOG_NUM("size", report->size_bytes), LOG_NUM("code", o->why->code),
	    LOG_WHY(o->why));
}

static void
trail_outcome(const struct report *report, const struct outcome *o)
{
	const struct leaf *leaf = o->leaf != NULL ? o->leaf : &no_leaf;
	struct trail_event event = {
		.queue_id = report->queue_id,
		.message_id = report->message_id,
		.class = slice_of(policy_class_name(report->class)),
		.client = report->client,
		.login = report->login,
		.sender = report->sender,
		.leaf = o->recipient,
		.event = slice_of(o->event),
		.mailbox = leaf->mailbox,
		.package =
		    leaf->package.n > 0 ? leaf->package : report->package,
		.size_bytes = report->size_bytes,
		.why = o->why,
		.reason = slice_of(o->why->detail),
	};

	if (o->rcpt != NULL)
		event.recipient = o->rcpt->address;
	if (leaf->path_n > 0)
		event.path =
		    db_array_param(report->arena, leaf->path, leaf->path_n);
	trail_add(report->milter->trail, &event);
}

/* --- owners ----------------------------------------------------------- */

static void
tell_owner(const struct report *report, const struct rcpt *rcpt,
    const struct leaf *leaf)
{
	struct slice owner;
	const char *kind = policy_notice(leaf, &owner);

	if (kind == NULL)
		return;
	notice_add(report->milter->notices,
	    &(struct notice){ .owner = owner,
		.kind = slice_of(kind),
		.subject = rcpt->address,
		.body = slice_of(arena_printf(report->arena,
		    "Mail to <%.*s> did not arrive:\n\n    %d %.*s %.*s\n\n"
		    "You are told once a day, however often it happens.\n"
		    "`hauspost explain %.*s` shows the way that mail takes.\n",
		    SLICE_FMT(rcpt->address), leaf->code, SLICE_FMT(leaf->dsn),
		    SLICE_FMT(leaf->reply), SLICE_FMT(rcpt->address))) });
}

static void
tell_owners(const struct report *report, const struct rcpt *rcpt)
{
	for (size_t i = 0; i < rcpt->n_leaves; i++)
		tell_owner(report, rcpt, &rcpt->leaves[i]);
}

/* --- events ----------------------------------------------------------- */

void
report_gone(struct milter *milter, struct slice srs_domain,
    struct slice recipient, struct slice reply)
{
	log_event(LOG_INFO, NULL, "forward-bounced",
	    LOG_SLICE("domain", srs_domain), LOG_SLICE("to", recipient),
	    LOG_SLICE("reply", reply));
	batch_add(milter->bounces,
	    (const struct slice[]){ srs_domain, recipient, reply });
}

static void
count_refusal(const struct why *why)
{
	metrics_add(
	    why->verdict == MAIL_PERMFAIL ? &rcpts_refused : &rcpts_deferred,
	    1);
}

void
report_refused(
    const struct report *report, const struct rcpt *rcpt, const struct why *why)
{
	struct outcome o = { .event = "refused",
		.rcpt = rcpt,
		.leaf = rcpt->n_leaves > 0 ? rcpt->leaves : NULL,
		.why = why };

	count_refusal(why);
	log_outcome(report, &o);
	trail_outcome(report, &o);
	tell_owners(report, rcpt);
}

/* What is about no recipient, but the message. */
static void
report_event(
    const struct report *report, const char *event, const struct why *why)
{
	struct outcome o = { .event = event, .why = why };

	log_outcome(report, &o);
	trail_outcome(report, &o);
}

void
report_sender(const struct report *report, const struct why *why)
{
	report_event(report, "sender-refused", why);
}

void
report_moved(const struct report *report)
{
	const struct why why = {
		.code = 250, .dsn = "2.0.0", .reply = "moved to the bulk server"
	};

	report_event(report, "moved", &why);
}

static void
tell_of_limit(
    const struct report *report, struct slice owner, const struct why *why)
{
	notice_add(report->milter->notices,
	    &(struct notice){ .owner = owner,
		.kind = SLICE("send-limit"),
		.subject = report->login,
		.body = slice_of(arena_printf(report->arena,
		    "%.*s has sent more than it may:\n\n    %s\n\n"
		    "If you did not send it, somebody knows the password: "
		    "change it.\n"
		    "`hauspost limit show %.*s` tells the limits,\n"
		    "`hauspost quarantine list` what is held.\n",
		    SLICE_FMT(report->login), why->reply,
		    SLICE_FMT(report->login))) });
}

void
report_limit(const struct report *report, const struct why *why)
{
	if (report->package.n == 0)
		return;
	tell_of_limit(report, report->login, why);
	if (!slice_eq(report->package, report->login))
		tell_of_limit(report, report->package, why);
}

void
report_held(const struct report *report, const struct why *why)
{
	metrics_add(&messages_held, 1);
	report_event(report, "held", why);
	report_limit(report, why);
}

static const struct {
	const char *event;
	struct metric *metric;
} fates[] = {
	[FATE_QUEUED] = { "queued", &rcpts_queued },
	[FATE_UNCHANGED] = { "queued", &rcpts_queued },
	[FATE_DROPPED] = { "dropped", &rcpts_dropped },
	[FATE_REJECTED] = { "rejected", &rcpts_refused },
	[FATE_DISCARDED] = { "discarded", &rcpts_discarded },
	[FATE_DUPLICATE] = { "duplicate", NULL },
};

static void
report_leaf(const struct report *report, const struct plan *plan,
    const struct plan_leaf *made)
{
	struct why why = made->rcpt->why;
	struct outcome o = { fates[made->fate].event, made->rcpt, made->leaf,
		made->recipient, &why };

	if (made->leaf != NULL)
		(void)leaf_say(made->leaf, &why);
	if (plan->sender.n > 0)
		why_detail(&why, "sent on as <%.*s>", SLICE_FMT(plan->sender));
	if (fates[made->fate].metric != NULL)
		metrics_add(fates[made->fate].metric, 1);
	log_outcome(report, &o);
	trail_outcome(report, &o);
	if (made->fate == FATE_DROPPED)
		tell_owner(report, made->rcpt, made->leaf);
	if (made->fate == FATE_REJECTED)
		tell_owners(report, made->rcpt);
}

void
report_plan(const struct report *report, const struct plan *plan)
{
	metrics_add(&messages_queued, 1);
	if (plan->sender.n > 0)
		log_event(LOG_INFO, qid_of(report), "sender-rewritten",
		    LOG_SLICE("from", report->sender),
		    LOG_SLICE("to", plan->sender));
	for (size_t i = 0; i < plan->n_leaves; i++)
		report_leaf(report, plan, &plan->leaves[i]);
	report_directory(report->milter);
}

void
report_message_refused(
    const struct report *report, const struct plan *plan, const struct why *why)
{
	const struct rcpt *last = NULL;

	metrics_add(&messages_refused, 1);
	for (size_t i = 0; i < plan->n_leaves; i++) {
		if (plan->leaves[i].rcpt != last)
			report_refused(report, plan->leaves[i].rcpt, why);
		last = plan->leaves[i].rcpt;
	}
}
