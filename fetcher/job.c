#include "fetcher/job.h"

#include <stdlib.h>

/* As the type hauspost.fetch_job has them. */
enum column {
	COLUMN_ACCOUNT,
	COLUMN_MAILBOX,
	COLUMN_RECIPIENT,
	COLUMN_ORIGINAL,
	COLUMN_ADDRESS,
	COLUMN_PROTOCOL,
	COLUMN_HOST,
	COLUMN_PORT,
	COLUMN_TLS,
	COLUMN_LOGIN,
	COLUMN_AUTH,
	COLUMN_SECRET,
	COLUMN_PINS,
	COLUMN_LEAVE_DAYS,
	COLUMN_MAX_SIZE,
	COLUMN_FOLDERS,
	COLUMN_FOLDER,
	COLUMN_TEST,
	COLUMN_TOKEN_URL,
	COLUMN_CLIENT_ID,
	COLUMN_CLIENT_SECRET,
	COLUMN_SCOPE,
	COLUMN_IMPORT,
	COLUMN_IDLE,
	COLUMN_MOVE_TO,
	COLUMN_MARK_READ,
	COLUMN_DEDUP,
	COLUMN_TRACE,
	COLUMN_PARTIAL,
	COLUMN_LAST_ITEM,
};

struct source {
	struct job *job;
	const struct db_result *rows;
	int row;
};

static struct slice
text(const struct source *from, enum column column)
{
	if (db_is_null(from->rows, from->row, column))
		return DB_NULL;
	return arena_slice(
	    &from->job->arena, db_text(from->rows, from->row, column));
}

static long long
number(const struct source *from, enum column column)
{
	return db_number(from->rows, from->row, column);
}

static enum connection_tls
read_tls(struct slice word)
{
	if (slice_eq(word, SLICE("none")))
		return TLS_NONE;
	return slice_eq(word, SLICE("starttls")) ? TLS_STARTTLS : TLS_IMPLICIT;
}

static void
read_server(const struct source *from)
{
	struct job *job = from->job;

	job->imap = slice_eq(text(from, COLUMN_PROTOCOL), SLICE("imap"));
	job->host = text(from, COLUMN_HOST);
	job->port = (unsigned)number(from, COLUMN_PORT);
	job->tls_word = text(from, COLUMN_TLS);
	job->tls = read_tls(job->tls_word);
	job->login = text(from, COLUMN_LOGIN);
	job->auth = text(from, COLUMN_AUTH);
	job->pins = text(from, COLUMN_PINS);
	if (!db_is_null(from->rows, from->row, COLUMN_SECRET))
		job->secret = db_octets(
		    from->rows, from->row, COLUMN_SECRET, &job->arena);
}

/* The elements of an array show octets of the rows, which go away. */
static void
read_folders(const struct source *from)
{
	struct job *job = from->job;

	job->n_folders = db_array(
	    from->rows, from->row, COLUMN_FOLDERS, &job->arena, &job->folders);
	for (size_t i = 0; i < job->n_folders; i++)
		job->folders[i] = arena_slice(&job->arena, job->folders[i]);
	job->folder = text(from, COLUMN_FOLDER);
}

static void
read_options(const struct source *from)
{
	struct job *job = from->job;

	job->test = db_flag(from->rows, from->row, COLUMN_TEST);
	job->import = db_flag(from->rows, from->row, COLUMN_IMPORT);
	job->idle = db_flag(from->rows, from->row, COLUMN_IDLE);
	job->move_to = text(from, COLUMN_MOVE_TO);
	job->mark_read = db_flag(from->rows, from->row, COLUMN_MARK_READ);
	job->dedup = db_flag(from->rows, from->row, COLUMN_DEDUP);
	job->trace = db_flag(from->rows, from->row, COLUMN_TRACE);
	job->partial = db_flag(from->rows, from->row, COLUMN_PARTIAL);
}

static void
read_oauth(const struct source *from)
{
	struct oauth_client *oauth = &from->job->oauth;

	oauth->token_url = text(from, COLUMN_TOKEN_URL).p;
	oauth->id = text(from, COLUMN_CLIENT_ID).p;
	oauth->secret = text(from, COLUMN_CLIENT_SECRET).p;
	oauth->scope = text(from, COLUMN_SCOPE).p;
}

struct job *
job_new(const struct db_result *rows, int row)
{
	struct job *job = calloc(1, sizeof *job);
	const struct source from = { job, rows, row };

	if (job == NULL)
		abort();
	job->account = number(&from, COLUMN_ACCOUNT);
	job->mailbox = text(&from, COLUMN_MAILBOX);
	job->recipient = text(&from, COLUMN_RECIPIENT);
	job->original = text(&from, COLUMN_ORIGINAL);
	job->address = text(&from, COLUMN_ADDRESS);
	job->last_item = number(&from, COLUMN_LAST_ITEM);
	job->max_size = (uint64_t)number(&from, COLUMN_MAX_SIZE);
	job->leave_days = db_is_null(rows, row, COLUMN_LEAVE_DAYS)
			      ? JOB_LEAVE_FOR_EVER
			      : (int)number(&from, COLUMN_LEAVE_DAYS);
	read_options(&from);
	read_server(&from);
	read_folders(&from);
	read_oauth(&from);
	return job;
}

void
job_free(struct job *job)
{
	arena_done(&job->arena);
	free(job);
}
