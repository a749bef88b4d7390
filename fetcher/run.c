#include "fetcher/run.h"

#include <stdlib.h>

#include "core/log.h"
#include "fetcher/imap_name.h"
#include "fetcher/imap_run.h"
#include "fetcher/pop3_run.h"

static const struct db_stmt finish = { "fetch-finish",
	"SELECT hauspost.fetch_finish($1::bigint, $2, $3, $4::integer)", 4 };

enum { SESSIONS_MAX = 1000 }; /* of one run: 200,000 messages */

/* --- the secret ------------------------------------------------------- */

static void
log_in_with(struct run *run, struct slice secret, bool is_token)
{
	run->login = (struct sasl_login){ .user = run->job->login,
		.secret = secret,
		.is_token = is_token,
		.host = run->job->host,
		.port = run->job->port };
}

/* The grant in *secret gives way to a token. */
static int
get_token(struct run *run, struct token_grant *grant, struct buf *secret)
{
	AUTO_BUF struct buf access = BUF_INIT(SEALED_VALUE_MAX);
	int r;

	(void)buf_reserve(&access, SEALED_VALUE_MAX);
	grant->job = run->job;
	grant->refresh = buf_slice(secret);
	r = tokens_get(run->fetcher->tokens, grant, &access, &run->trouble);
	if (r == 0) {
		buf_reset(secret);
		(void)buf_add_slice(secret, buf_slice(&access));
		log_in_with(run, buf_slice(secret), true);
	}
	sodium_memzero(access.p, SEALED_VALUE_MAX);
	return r;
}

/* What cli/fetch.c binds a secret to, in this order. */
static int
open_secret(struct run *run, struct buf *secret)
{
	const struct job *job = run->job;
	struct arena *arena = &run->arena;
	const struct slice bound[] = { db_number_param(arena, job->account),
		job->host, db_number_param(arena, (long long)job->port),
		job->tls_word, job->login };
	struct token_grant grant = { .bound = bound,
		.n_bound = sizeof bound / sizeof *bound };
	struct why why = { 0 };

	if (sealed_open(run->fetcher->keys, job->secret, bound, grant.n_bound,
		secret, &why) < 0)
		return trouble_say(&run->trouble, "SECRET", "%s", why.detail);
	if (slice_eq(job->auth, SLICE("oauth")))
		return get_token(run, &grant, secret);
	log_in_with(run, buf_slice(secret), false);
	return 0;
}

/* --- one session ------------------------------------------------------ */

/* Whether an admin has named this host among those without TLS. */
static bool
may_be_plain(const struct run *run)
{
	struct slice names = slice_of(run->fetcher->settings->plain_hosts);
	struct slice name;

	while (slice_cut(&names, ',', &name)) {
		if (slice_eq_nocase(slice_trim(name), run->job->host))
			return true;
	}
	return false;
}

static struct connection_options
connection_options(const struct run *run)
{
	const struct settings *settings = run->fetcher->settings;
	const struct job *job = run->job;

	return (struct connection_options){ .imap = job->imap,
		.host = job->host.p,
		.port = job->port,
		.tls = job->tls,
		.pins = job->pins.p,
		.trust = &run->fetcher->trust,
		.guard = &run->fetcher->guard,
		.connect_ms = settings->connect_timeout_ms,
		.silence_ms = settings->idle_timeout_ms,
		.session_ms = settings->session_timeout_ms,
		.stop_fd = run->fetcher->stop_fd };
}

static int
run_session(struct run *run)
{
	const struct connection_options options = connection_options(run);
	int r;

	run->more = false;
	if (options.tls == TLS_NONE && !may_be_plain(run))
		return trouble_say(
		    &run->trouble, "TLS_REQUIRED", "it is switched off");
	r = connection_open(&options, &run->connection, &run->trouble);
	if (r < 0)
		return r;
	r = run->job->imap ? imap_run(run) : pop3_run(run);
	connection_close(run->connection);
	run->connection = NULL;
	return r;
}

static void
start_parts(struct run *run)
{
	struct fetcher *fetcher = run->fetcher;

	run->items = (struct items){ fetcher->pool, &run->arena, &run->trouble,
		db_number_param(&run->arena, run->job->account) };
	run->intake = (struct intake){ .job = run->job,
		.post = fetcher->post,
		.items = &run->items,
		.node = fetcher->settings->common.node,
		.spool = fetcher->settings->spool,
		.place = imap_name_place(&run->arena, run->job->folder, '/'),
		.keep_alive_ms = fetcher->settings->keep_alive_ms };
	intake_init(&run->intake);
}

void
run_forget_secret(struct run *run)
{
	if (run->secret.p != NULL)
		sodium_memzero(run->secret.p, SEALED_VALUE_MAX);
	buf_free(&run->secret);
	run->login.secret = SLICE("");
}

static int
run_sessions(struct run *run)
{
	int r, sessions = 0;

	run->secret = (struct buf)BUF_INIT(SEALED_VALUE_MAX);
	/* At once: what a growing buffer leaves behind is not wiped. */
	(void)buf_reserve(&run->secret, SEALED_VALUE_MAX);
	r = open_secret(run, &run->secret);
	if (r == 0)
		start_parts(run);
	while (r == 0) {
		r = run_session(run);
		if (!run->more || ++sessions == SESSIONS_MAX)
			break;
	}
	if (run->intake.job != NULL)
		intake_done(&run->intake);
	run_forget_secret(run);
	if (run->login.is_token && run->trouble.code != NULL &&
	    strcmp(run->trouble.code, "AUTH") == 0)
		tokens_drop(run->fetcher->tokens, run->job->account);
	return r;
}

/* --- the report ------------------------------------------------------- */

static void
log_run(const struct run *run)
{
	const struct trouble *trouble = &run->trouble;

	log_event(trouble->code != NULL ? LOG_WARNING : LOG_INFO, NULL,
	    trouble->code != NULL ? "run-failed" : "run",
	    LOG_NUM("account", run->job->account),
	    LOG_SLICE("host", run->job->host),
	    LOG_SLICE("login", run->job->login),
	    LOG_NUM("messages", (long long)run->intake.n_delivered),
	    LOG_TEXT("code", trouble->code),
	    LOG_TEXT("detail", trouble->detail));
}

/* What can't be told now is found by the end of the lease. */
static void
report(struct run *run)
{
	const struct trouble *trouble = &run->trouble;
	const struct slice params[] = { run->items.account,
		slice_of(trouble->code),
		trouble->code != NULL ? slice_of(trouble->detail) : DB_NULL,
		db_number_param(&run->arena, trouble->wait_s) };
	struct why why = { 0 };

	log_run(run);
	if (trouble->code != NULL && strcmp(trouble->code, "STOPPED") == 0)
		return; /* it begins again where it stood */
	if (db_ask(run->fetcher->pool, &finish, params, NULL, &why) < 0)
		log_event(LOG_ERR, NULL, "not-reported",
		    LOG_NUM("account", run->job->account), LOG_WHY(&why));
}

void
run_job(struct fetcher *fetcher, const struct job *job)
{
	struct run *run = calloc(1, sizeof *run);

	if (run == NULL)
		abort();
	run->fetcher = fetcher;
	run->job = job;
	run->items.account = db_number_param(&run->arena, job->account);
	(void)run_sessions(run);
	report(run);
	arena_done(&run->arena);
	free(run);
}
