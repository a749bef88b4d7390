#include "autoconfig-cgi/notary.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "core/io.h"
#include "core/log.h"
#include "core/packet.h"
#include "core/privs.h"
#include "core/scope.h"

enum {
	PROFILE_MAX = 65536, /* signed ones have 6 KB, and their chain */
	WAIT_S = 1,	     /* a signature takes 2 ms */
};

static int
open_pair(int *one, int *other, struct why *why)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return why_fail(why, errno, "socketpair");
	*one = fds[0];
	*other = fds[1];
	return 0;
}

int
notary_open(struct notary *notary, struct why *why)
{
	const struct timeval limit = { .tv_sec = WAIT_S };
	int r = open_pair(&notary->ask_fd, &notary->serve_fd, why);

	if (r == 0)
		(void)setsockopt(notary->ask_fd, SOL_SOCKET, SO_SNDTIMEO,
		    &limit, sizeof limit);
	return r;
}

void
notary_close(struct notary *notary)
{
	scope_close(&notary->ask_fd);
	scope_close(&notary->serve_fd);
}

/* --- who asks --------------------------------------------------------- */

static int
send_slice(int socket, struct slice s, int fd)
{
	const struct iovec part = { (void *)s.p, s.n };

	return packet_send(socket, &part, 1, fd);
}

/* A reply without octets is one that will not come. */
static int
take_reply(
    int socket, struct arena *arena, struct slice *signed_out, struct why *why)
{
	char *octets = arena_alloc(arena, PROFILE_MAX);
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	io_receive_timeout(socket, WAIT_S * 1000L);
	n = packet_receive(socket, octets, PROFILE_MAX, &fd);
	if (n <= 0)
		return why_fail(
		    why, n < 0 ? (int)-n : ENOKEY, "ask the notary");
	*signed_out = (struct slice){ octets, (size_t)n };
	return 0;
}

int
notary_sign(const struct notary *notary, struct arena *arena,
    struct slice content, struct slice *signed_out, struct why *why)
{
	AUTO_CLOSE int ours = -1;
	AUTO_CLOSE int theirs = -1;
	int r = open_pair(&ours, &theirs, why);

	if (r < 0)
		return r;
	r = send_slice(notary->ask_fd, content, theirs);
	if (r < 0)
		return why_fail(why, -r, "ask the notary");
	scope_close(&theirs); /* so that its death is seen */
	return take_reply(ours, arena, signed_out, why);
}

/* --- the notary ------------------------------------------------------- */

struct signer *
notary_key(const struct autoconfig_config *config)
{
	struct why why = { 0 };
	struct signer *signer =
	    signer_new(config->profile_certificate, config->profile_key, &why);

	if (why.verdict != 0)
		log_event(LOG_ERR, NULL, "no-profiles",
		    LOG_TEXT("detail", why.detail));
	return signer;
}

static void
answer(const struct signer *signer, struct arena *arena, struct slice content,
    int reply_fd)
{
	struct slice profile;
	struct why why = { 0 };

	if (sign(signer, arena, content, &profile, &why) < 0)
		log_event(LOG_ERR, NULL, "not-signed",
		    LOG_TEXT("detail", why.detail));
	else
		(void)send_slice(reply_fd, profile, -1); /* or it gave up */
}

/* Until nobody has the other end. 0 or -errno. */
static int
sign_always(int fd, const struct signer *signer)
{
	static char octets[PROFILE_MAX];
	struct arena arena = ARENA_INIT;
	ssize_t n;

	do {
		AUTO_CLOSE int reply_fd = -1;

		n = packet_receive(fd, octets, sizeof octets, &reply_fd);
		if (n > 0 && reply_fd >= 0)
			answer(signer, &arena,
			    (struct slice){ octets, (size_t)n }, reply_fd);
		arena_reset(&arena);
	} while (n > 0 || n == -EBADMSG);
	arena_done(&arena);
	return (int)n;
}

int
notary_run(struct notary *notary, const struct autoconfig_config *config,
    struct why *why)
{
	struct signer *signer = notary_key(config);
	int r = privs_drop(config->common.user, NULL, 0, why);

	scope_close(&notary->ask_fd);
	if (r == 0) {
		/* The others have the same user: none looks in here. */
		(void)prctl(PR_SET_DUMPABLE, 0L);
		r = sign_always(notary->serve_fd, signer);
		if (r < 0)
			(void)why_fail(why, -r, "wait for a profile");
	}
	signer_free(signer);
	return r;
}
