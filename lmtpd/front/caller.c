#include "lmtpd/front/caller.h"

#include <sys/socket.h>

static const struct db_stmt own_mailbox = { "own-mailbox",
	"SELECT hauspost.own_mailbox($1::integer)", 1 };

/* The kernel's answer does not change while the connection lasts. */
static uid_t
uid_of(int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t n = sizeof peer;

	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n);
	return peer.uid;
}

static enum verdict
say_nobody(uid_t uid, struct why *why)
{
	return why_say(
	    why, 554, "5.7.1", "uid %u has no mailbox here", (unsigned)uid);
}

enum verdict
caller_mailbox(struct lmtpd *lmtpd, int fd, struct arena *arena,
    struct slice *mailbox_out, struct why *why)
{
	uid_t uid = uid_of(fd);
	struct slice param = db_number_param(arena, (long long)uid);
	struct db_result *result;

	if (uid > INT32_MAX) /* no mailbox has one */
		return say_nobody(uid, why);
	if (db_ask(lmtpd->pool, &own_mailbox, &param, &result, why) < 0)
		return MAIL_TEMPFAIL;
	*mailbox_out = arena_slice(arena, db_text(result, 0, 0));
	db_done(result);
	return mailbox_out->n > 0 ? MAIL_OK : say_nobody(uid, why);
}

/* --- how many --------------------------------------------------------- */

bool
callers_enter(struct callers *callers, int fd)
{
	uid_t uid = uid_of(fd);
	size_t same = 0;
	bool room;

	(void)pthread_mutex_lock(&callers->lock);
	for (size_t i = 0; i < callers->n; i++)
		same += callers->uids[i] == uid;
	room = callers->n < CALLERS_MAX && same < CALLER_SESSIONS_MAX;
	if (room)
		callers->uids[callers->n++] = uid;
	(void)pthread_mutex_unlock(&callers->lock);
	return room;
}

void
callers_leave(struct callers *callers, int fd)
{
	uid_t uid = uid_of(fd);

	(void)pthread_mutex_lock(&callers->lock);
	for (size_t i = 0; i < callers->n; i++) {
		if (callers->uids[i] != uid)
			continue;
		callers->uids[i] = callers->uids[--callers->n];
		break;
	}
	(void)pthread_mutex_unlock(&callers->lock);
}
