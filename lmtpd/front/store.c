#include "lmtpd/front/store.h"

#include <errno.h>

#include "core/scope.h"
#include "lmtpd/front/store_run.h"

bool
store_set_text(char *to, size_t size, struct slice text)
{
	if (text.n >= size || slice_find(text, '\0') >= 0)
		return false;
	if (text.n > 0)
		(void)memcpy(to, text.p, text.n);
	to[text.n] = '\0';
	return true;
}

static void
measure(struct store_job *job, const struct message *message)
{
	struct store_request *request = &job->request;
	struct slice head = job->head;

	request->message_size = message->size_bytes;
	request->line_ends = message->line_ends;
	for (long at; (at = slice_find(head, '\n')) >= 0;) {
		request->line_ends++;
		head = slice_tail(head, (size_t)at + 1);
	}
}

void
store_deliver(struct store *store, struct message *message,
    struct store_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		jobs[i].request.op = STORE_DELIVER;
		measure(&jobs[i], message);
	}
	store_run(store, message, jobs, n);
}

/* --- several places --------------------------------------------------- */

void
store_stage(
    struct store_talk *talk, struct message *message, struct store_job *job)
{
	job->request.op = STORE_STAGE;
	measure(job, message);
	store_run_talk(talk, message, job);
	if (job->why.verdict == MAIL_OK)
		talk->staged++;
}

static void
tell(struct store_talk *talk, enum store_op op, struct store_job *job)
{
	*job = (struct store_job){ .request = { .op = op } };
	store_run_talk(talk, NULL, job);
	talk->staged = 0;
}

enum verdict
store_commit(
    struct store_talk *talk, struct store_answer *answer_out, struct why *why)
{
	struct store_job job;

	tell(talk, STORE_COMMIT, &job);
	*why = job.why;
	*answer_out = job.answer;
	return why->verdict;
}

void
store_talk_end(struct store_talk *talk)
{
	struct store_job job;

	if (talk->staged > 0)
		tell(talk, STORE_ABANDON, &job);
	store_run_end(talk);
}

/* --- single questions ------------------------------------------------- */

/* A request about a mailbox and nothing else so far. */
static bool
name_mailbox(struct store_job *job, struct slice mailbox, struct why *why)
{
	if (store_set_text(
		job->request.mailbox, sizeof job->request.mailbox, mailbox))
		return true;
	(void)why_say(why, 451, "4.3.0", "mailbox name too long");
	return false;
}

/* What a home's owner can bring about, and only he can mend. */
static bool
is_his_own_doing(int error)
{
	return error == EXDEV || error == ELOOP || error == EISDIR ||
	       error == ENOTSUP || error == EACCES || error == ENOTDIR;
}

/* 1 done, 0 there is no such thing, -errno. */
static int
ask(struct store *store, struct store_job *job, struct why *why)
{
	store_run(store, NULL, job, 1);
	*why = job->why;
	if (why->verdict == MAIL_OK)
		return 1;
	if (is_his_own_doing(job->answer.error))
		return -ENOTSUP;
	return job->answer.error == ENOENT ? 0 : -EIO;
}

enum verdict
store_prepare(struct store *store, struct slice mailbox, struct why *why)
{
	struct store_job job = { .request = { .op = STORE_PREPARE } };

	if (name_mailbox(&job, mailbox, why))
		(void)ask(store, &job, why);
	return why->verdict;
}

int
store_script(struct store *store, struct slice mailbox, struct slice name,
    int *fd_out, struct why *why)
{
	struct store_job job = { .request = { .op = STORE_SCRIPT }, .fd = -1 };
	int r;

	if (!name_mailbox(&job, mailbox, why))
		return -EINVAL;
	if (!store_set_text(job.request.name, sizeof job.request.name, name))
		return 0;
	r = ask(store, &job, why);
	if (r > 0 && job.fd < 0)
		return why_fail(why, EPROTO, "storer: no script in the answer");
	*fd_out = job.fd;
	return r;
}

int
store_look(struct store *store, struct slice mailbox, struct slice folder,
    struct why *why)
{
	struct store_job job = { .request = { .op = STORE_LOOK } };

	if (!name_mailbox(&job, mailbox, why))
		return -EINVAL;
	if (!store_set_text(
		job.request.folder, sizeof job.request.folder, folder))
		return 0;
	return ask(store, &job, why);
}

int
store_keywords(struct store *store, const struct store_request *to,
    struct slice keywords, char letters[STORE_FLAGS_MAX + 1], struct why *why)
{
	struct store_job job = { .request = *to, .head = keywords };
	int r;

	job.request.op = STORE_KEYWORDS;
	r = ask(store, &job, why);
	if (r > 0 && !store_set_text(letters, STORE_FLAGS_MAX + 1,
			 slice_of(job.answer.detail)))
		return why_fail(why, EPROTO, "storer: too many letters");
	return r;
}

enum verdict
store_log(struct store *store, struct slice mailbox, struct slice line,
    struct why *why)
{
	struct store_job job = { .request = { .op = STORE_LOG },
		.head = slice_head(line, STORE_HEAD_MAX) };

	if (name_mailbox(&job, mailbox, why))
		(void)ask(store, &job, why);
	return why->verdict;
}
