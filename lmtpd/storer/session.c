#include "lmtpd/storer/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/log.h"
#include "core/packet.h"
#include "core/scope.h"
#include "lmtpd/storer/folder.h"
#include "lmtpd/storer/identity.h"
#include "lmtpd/storer/keywords.h"
#include "lmtpd/storer/request.h"
#include "lmtpd/storer/sievelog.h"
#include "lmtpd/storer/stage.h"

struct session {
	struct storer *storer;
	int fd;
	struct identity identity;

	struct packet packet; /* the request that is being served … */
	int message_fd;	      /* … and what came with it, or -1 */
	struct store_answer answer;
	int answer_fd; /* goes with the answer, or -1 */

	struct staged staged[STORE_STAGED_MAX];
	size_t n_staged;
};

/* --- whose mailbox ---------------------------------------------------- */

static int
find_user(struct session *session, struct user **user_out, struct why *why)
{
	struct users *users = session->storer->users;
	const char *mailbox = session->packet.record.mailbox;
	int r;

	*user_out = users_find(users, mailbox);
	if (*user_out != NULL)
		return 0;
	r = identity_return(&session->identity, why);
	return r < 0 ? r : users_ask(users, mailbox, user_out, why);
}

static int
become(struct session *session, const struct user *user, struct why *why)
{
	return identity_become(&session->identity, user->uid, user->gid, why);
}

/* The home by us, the Maildir in it by its user; on return we are the user. */
static int
prepare(struct session *session, struct user *user, struct why *why)
{
	int r = identity_return(&session->identity, why);

	if (r == 0 && user->make_home)
		r = home_make(&session->storer->homes, user, why);
	if (r == 0)
		r = become(session, user, why);
	return r == 0 ? maildir_prepare(user, why) : r;
}

/* Once for each mailbox that we meet, then as long as its files are there. */
static int
enter(struct session *session, struct user *user, struct why *why)
{
	if (!atomic_load(&user->box.prepared))
		return prepare(session, user, why);
	return become(session, user, why);
}

/* --- what may be asked ------------------------------------------------ */

static void
tell_usage(struct session *session, const struct staged *staged)
{
	session->answer.was_there = staged->was_there;
	session->answer.usage_bytes = staged->usage.bytes;
	session->answer.usage_messages = staged->usage.messages;
}

static int
try_writing(struct session *session, struct user *user, struct staged *staged,
    struct why *why)
{
	unsigned long serial = atomic_fetch_add(&session->storer->serial, 1);

	return stage_write(
	    staged, user, &session->packet, session->message_fd, serial, why);
}

/* Holds the user on success. */
static int
write_staged(struct session *session, struct staged *staged, struct why *why)
{
	struct user *user;
	int r = find_user(session, &user, why);

	if (r < 0)
		return r;
	r = enter(session, user, why);
	if (r == 0)
		r = try_writing(session, user, staged, why);
	/* The home went away since we made it: once more from the start. */
	if (r == -ENXIO && user->make_home) {
		r = prepare(session, user, why);
		if (r == 0)
			r = try_writing(session, user, staged, why);
	}
	if (r < 0) {
		session->answer.hint = staged->hint;
		users_put(user);
	}
	return r;
}

static int
serve_prepare(struct session *session, struct why *why)
{
	struct user *user;
	int r = find_user(session, &user, why);

	if (r < 0)
		return r;
	r = prepare(session, user, why);
	users_put(user);
	return r;
}

static int
serve_deliver(struct session *session, struct why *why)
{
	struct staged staged = { 0 };
	int r = write_staged(session, &staged, why);

	if (r < 0)
		return r;
	r = stage_commit(&staged, why);
	tell_usage(session, &staged);
	return r;
}

static int
serve_stage(struct session *session, struct why *why)
{
	struct staged *staged = &session->staged[session->n_staged];
	int r;

	if (session->n_staged == STORE_STAGED_MAX)
		return why_fail(why, ENOBUFS, "stage more than %d messages",
		    STORE_STAGED_MAX);
	(void)memset(staged, 0, sizeof *staged);
	r = write_staged(session, staged, why);
	if (r < 0)
		return r;
	session->n_staged++;
	tell_usage(session, staged);
	return 0;
}

static void
abandon_all(struct session *session)
{
	struct why ignored = { 0 };

	for (size_t i = 0; i < session->n_staged; i++) {
		struct staged *staged = &session->staged[i];

		/* As another user the file stays, until it is swept. */
		(void)become(session, staged->user, &ignored);
		stage_abandon(staged);
	}
	session->n_staged = 0;
}

static int
commit_one(struct session *session, struct staged *staged, struct why *why)
{
	int r = become(session, staged->user, why);

	if (r < 0) {
		stage_abandon(staged);
		return r;
	}
	return stage_commit(staged, why);
}

/* After the first failure the rest is taken back. */
static int
serve_commit(struct session *session, struct why *why)
{
	size_t n = session->n_staged, i;
	int r = 0;

	for (i = 0; i < n && r == 0; i++) {
		r = commit_one(session, &session->staged[i], why);
		tell_usage(session, &session->staged[i]);
	}
	session->n_staged -= i;
	(void)memmove(session->staged, session->staged + i,
	    session->n_staged * sizeof *session->staged);
	abandon_all(session);
	return r;
}

static int
serve_abandon(struct session *session, struct why *why)
{
	(void)why;
	abandon_all(session);
	return 0;
}

/* --- for Sieve, in the home --------------------------------------------- */

typedef int home_task(struct session *session, int home_fd, struct why *why);

/* Does a task as the mailbox' user. */
static int
do_in_home(struct session *session, home_task *task, struct why *why)
{
	AUTO_CLOSE int home_fd = -1;
	struct user *user;
	int r = find_user(session, &user, why);

	if (r < 0)
		return r;
	r = enter(session, user, why);
	if (r == 0)
		r = home_fd = maildir_home(user, why);
	/* As for a delivery: once more from the start. */
	if (r == -ENXIO && user->make_home) {
		r = prepare(session, user, why);
		if (r == 0)
			r = home_fd = maildir_home(user, why);
	}
	if (r >= 0)
		r = task(session, home_fd, why);
	users_put(user);
	return r;
}

static int
open_script(struct session *session, int home_fd, struct why *why)
{
	const char *name = session->packet.record.name;
	char path[sizeof "sieve/.sieve" + STORE_NAME_MAX];
	struct stat st;

	/* ManageSieve makes it a link to the active script in sieve/. */
	(void)snprintf(path, sizeof path, "%s", ".dovecot.sieve");
	if (name[0] != '\0')
		(void)snprintf(path, sizeof path, "sieve/%s.sieve", name);
	session->answer_fd = beneath_file(home_fd, path, O_RDONLY, &st);
	if (session->answer_fd < 0)
		return why_fail(
		    why, -session->answer_fd, "open the script ~/%s", path);
	return 0;
}

static int
serve_script(struct session *session, struct why *why)
{
	return do_in_home(session, open_script, why);
}

static int
look(struct session *session, int home_fd, struct why *why)
{
	const char *folder = session->packet.record.folder;
	AUTO_CLOSE int fd = folder_open(home_fd, folder);

	return fd < 0 ? why_fail(why, -fd, "open the folder %s", folder) : 0;
}

static int
serve_look(struct session *session, struct why *why)
{
	return do_in_home(session, look, why);
}

static int
find_letters(struct session *session, int home_fd, struct why *why)
{
	const struct store_request *request = &session->packet.record;
	int r = 0;
	AUTO_CLOSE int fd = folder_open(home_fd, request->folder);

	if (fd == -ENOENT && (request->hints & STORE_CREATE_FOLDER) != 0) {
		r = folder_make(home_fd, request->folder);
		fd = r < 0 ? r : folder_open(home_fd, request->folder);
	}
	if (fd < 0)
		return why_fail(why, -fd, "open the folder %s for keywords",
		    request->folder);
	keywords_letters(
	    fd, request_head(&session->packet), session->answer.detail);
	return 0;
}

static int
serve_keywords(struct session *session, struct why *why)
{
	return do_in_home(session, find_letters, why);
}

static int
add_log_line(struct session *session, int home_fd, struct why *why)
{
	int r = sievelog_add(home_fd, request_head(&session->packet));

	return r < 0 ? why_fail(why, -r, "write the Sieve log") : 0;
}

static int
serve_log(struct session *session, struct why *why)
{
	return do_in_home(session, add_log_line, why);
}

typedef int operation(struct session *session, struct why *why);

static operation *const operations[] = {
	[STORE_PREPARE] = serve_prepare,
	[STORE_DELIVER] = serve_deliver,
	[STORE_STAGE] = serve_stage,
	[STORE_COMMIT] = serve_commit,
	[STORE_ABANDON] = serve_abandon,
	[STORE_SCRIPT] = serve_script,
	[STORE_LOOK] = serve_look,
	[STORE_KEYWORDS] = serve_keywords,
	[STORE_LOG] = serve_log,
};
_Static_assert(sizeof operations / sizeof *operations == STORE_OPS,
    "an operation for each request");

/* --- the wire --------------------------------------------------------- */

/* The size of the next packet, 0 at the end, -errno. */
static ssize_t
receive(struct session *session)
{
	return packet_receive(session->fd, &session->packet,
	    sizeof session->packet, &session->message_fd);
}

static int
send_answer(struct session *session)
{
	const struct iovec part = { &session->answer, sizeof session->answer };
	int r = packet_send(session->fd, &part, 1, session->answer_fd);

	(void)close_fd(&session->answer_fd);
	return r;
}

/* A FIFO or a socket would let the peer hold this thread for ever. */
static int
check_descriptor(const struct session *session, struct why *why)
{
	struct stat st;

	if (session->message_fd < 0)
		return 0;
	if (fstat(session->message_fd, &st) < 0)
		return why_fail(why, errno, "stat the descriptor");
	if (!S_ISREG(st.st_mode))
		return why_fail(
		    why, EINVAL, "request: descriptor of no regular file");
	return 0;
}

static int
serve(struct session *session, size_t packet_size, struct why *why)
{
	int r = request_check(
	    &session->packet, packet_size, session->message_fd >= 0, why);

	if (r == 0)
		r = check_descriptor(session, why);
	if (r < 0) {
		log_event(LOG_WARNING, NULL, "bad-request",
		    LOG_TEXT("detail", why->detail));
		return r;
	}
	return operations[session->packet.record.op](session, why);
}

/* As much of the text as fits; the field is zeroed. */
static void
tell_detail(struct store_answer *answer, const char *text)
{
	size_t n = strlen(text);

	if (n >= sizeof answer->detail)
		n = sizeof answer->detail - 1;
	(void)memcpy(answer->detail, text, n);
}

static void
answer(struct session *session, size_t packet_size)
{
	struct why why = { 0 };
	int r;

	session->answer = (struct store_answer){ .version = STORE_VERSION,
		.usage_bytes = -1,
		.usage_messages = -1 };
	r = serve(session, packet_size, &why);
	(void)close_fd(&session->message_fd);
	session->answer.error = -r;
	if (r < 0)
		tell_detail(&session->answer, why.detail);
}

void
session_run(struct storer *storer, int fd)
{
	struct session *session = calloc(1, sizeof *session);
	ssize_t n;

	if (session == NULL)
		abort();
	session->storer = storer;
	session->fd = fd;
	session->message_fd = session->answer_fd = -1;
	identity_init(&session->identity);
	while ((n = receive(session)) > 0 || n == -EBADMSG) {
		/* A packet cut off is answered, as one of no valid size. */
		answer(session, n > 0 ? (size_t)n : 0);
		if (send_answer(session) < 0)
			break; /* it will ask again on another connection */
	}
	abandon_all(session);
	free(session);
}
