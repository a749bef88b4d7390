#include <poll.h>
#include <sys/socket.h>

#include "core/endpoint.h"
#include "core/io.h"
#include "core/scope.h"
#include "sendmail/sendmail.h"

/* What is there, from one to the other; false at its end. */
static bool
pass_on(int from, int to)
{
	char octets[16384];
	ssize_t n = read(from, octets, sizeof octets);

	return n > 0 && io_write(to, octets, (size_t)n) == 0;
}

int
sendmail_session(struct sendmail *s)
{
	struct why why = { 0 };
	AUTO_CLOSE int fd =
	    endpoint_connect(s->config.server, s->config.timeout_ms, &why);
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN } };

	if (fd < 0)
		return sendmail_say(EX_TEMPFAIL, "no mail server", why.detail);
	while (poll(fds, 2, (int)s->config.timeout_ms) > 0) {
		if (fds[1].revents != 0 && !pass_on(STDIN_FILENO, fd)) {
			(void)shutdown(fd, SHUT_WR);
			fds[1].fd = -1;
		}
		if (fds[0].revents != 0 && !pass_on(fd, STDOUT_FILENO))
			return EX_OK;
	}
	return sendmail_say(EX_TEMPFAIL, "mail server", "silent for too long");
}
