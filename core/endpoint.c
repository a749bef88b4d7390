#include "core/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core/clock.h"
#include "core/scope.h"
#include "core/slice.h"

enum {
	LISTEN_BACKLOG = 512, /* a busy Postfix opens connections in bursts */
	TAKEN_MS = 3000,      /* how long we wait for a path to be free … */
	TAKEN_LOOK_MS = 50,   /* … and how often we look */
};

struct place {
	union {
		struct sockaddr any;
		struct sockaddr_un un;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	} addr;
	socklen_t n;
};

static int
parse_unix(const char *path, struct place *place)
{
	if (strlen(path) >= sizeof place->addr.un.sun_path)
		return -ENAMETOOLONG;
	place->addr.un.sun_family = AF_UNIX;
	(void)strcpy(place->addr.un.sun_path, path);
	place->n = sizeof place->addr.un;
	return 0;
}

/* Numeric hosts only: a name server must not decide where we listen. */
static int
parse_inet(const char *text, struct place *place)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	struct slice host = slice_of(text);
	long colon = slice_rfind(host, ':');
	char name[64];

	if (colon < 0)
		return -EINVAL;
	host.n = (size_t)colon;
	if (host.n > 1 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct slice){ host.p + 1, host.n - 2 };
	if ((size_t)snprintf(name, sizeof name, "%.*s", SLICE_FMT(host)) >=
	    sizeof name)
		return -EINVAL;
	if (getaddrinfo(name, text + colon + 1, &hints, &found) != 0)
		return -EINVAL;
	(void)memcpy(&place->addr, found->ai_addr, found->ai_addrlen);
	place->n = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int
parse_place(const char *endpoint, struct place *place, struct why *why)
{
	int r = -EINVAL;

	(void)memset(place, 0, sizeof *place);
	if (strncmp(endpoint, "unix:", 5) == 0)
		r = parse_unix(endpoint + 5, place);
	else if (strncmp(endpoint, "inet:", 5) == 0)
		r = parse_inet(endpoint + 5, place);
	if (r < 0)
		return why_fail(why, -r,
		    "read \"%s\" as unix:PATH or inet:ADDRESS:PORT", endpoint);
	return 0;
}

static int
set_owner(const char *path, const char *group, struct why *why)
{
	const bool for_all = strcmp(group, "*") == 0;
	const struct group *entry;

	if (chmod(path, for_all ? 0666 : 0660) < 0)
		return why_fail(why, errno, "chmod %s", path);
	if (for_all || group[0] == '\0')
		return 0;
	entry = getgrnam(group);
	if (entry == NULL)
		return why_fail(why, ENOENT, "look up group %s", group);
	if (chown(path, (uid_t)-1, entry->gr_gid) < 0)
		return why_fail(why, errno, "give %s to group %s", path, group);
	return 0;
}

static void
set_options(int fd, int family)
{
	const int on = 1;

	if (family == AF_UNIX)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	/* Replies are one write each; waiting for more only costs 40 ms. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Any other error than these says that nobody is there. */
static bool
is_taken(const struct place *place, int type)
{
	AUTO_CLOSE int fd =
	    socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && (connect(fd, &place->addr.any, place->n) == 0 ||
			      errno == EAGAIN || errno == EPROTOTYPE);
}

/*
 * Removes what an earlier process of ours left, nothing but a socket. One that
 * was killed may have children who take a moment to follow.
 */
static int
remove_stale(const struct place *place, int type)
{
	const char *path = place->addr.un.sun_path;
	long until_ms = clock_ms() + TAKEN_MS;
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return 0; /* bind(2) says what is in the way */
	while (is_taken(place, type)) {
		if (clock_ms() > until_ms)
			return -EADDRINUSE;
		(void)poll(NULL, 0, TAKEN_LOOK_MS);
	}
	(void)unlink(path);
	return 0;
}

static int
open_listener(
    int type, const char *endpoint, struct place *place, struct why *why)
{
	int family, fd, r = parse_place(endpoint, place, why);

	if (r < 0)
		return r;
	family = place->addr.any.sa_family;
	r = family == AF_UNIX ? remove_stale(place, type) : 0;
	if (r < 0)
		return why_fail(why, -r, "listen on %s", endpoint);
	fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return why_fail(why, errno, "socket for %s", endpoint);
	set_options(fd, family);
	return fd;
}

static int
listen_as(int type, const char *endpoint, const char *group, struct why *why)
{
	struct place place;
	AUTO_CLOSE int fd = open_listener(type, endpoint, &place, why);
	int r = 0;

	if (fd < 0)
		return fd;
	if (bind(fd, &place.addr.any, place.n) < 0)
		return why_fail(why, errno, "bind %s", endpoint);
	/* Before listen(): nobody connects while the mode is still wrong. */
	if (place.addr.any.sa_family == AF_UNIX)
		r = set_owner(place.addr.un.sun_path, group, why);
	if (r < 0)
		return r;
	if (listen(fd, LISTEN_BACKLOG) < 0)
		return why_fail(why, errno, "listen on %s", endpoint);
	return take_fd(&fd);
}

int
endpoint_listen(const char *endpoint, const char *group, struct why *why)
{
	return listen_as(SOCK_STREAM, endpoint, group, why);
}

int
endpoint_listen_packets(
    const char *endpoint, const char *group, struct why *why)
{
	return listen_as(SOCK_SEQPACKET, endpoint, group, why);
}

int
endpoint_share(const char *endpoint, const char *group, struct why *why)
{
	struct place place;
	int r = parse_place(endpoint, &place, why);

	if (r < 0 || place.addr.any.sa_family != AF_UNIX)
		return r;
	return set_owner(place.addr.un.sun_path, group, why);
}

static int
wait_connected(int fd, long timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t n = sizeof error;
	int r;

	do {
		r = poll(&p, 1, (int)timeout_ms);
	} while (r < 0 && errno == EINTR);
	if (r == 0)
		return -ETIMEDOUT;
	if (r < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		return -errno;
	return -error;
}

static int
connect_within(int fd, const struct place *place, long timeout_ms)
{
	int flags, r = 0;

	/* EAGAIN: a unix listener whose backlog is full; the caller defers. */
	if (connect(fd, &place->addr.any, place->n) < 0) {
		if (errno != EINPROGRESS)
			return -errno;
		r = wait_connected(fd, timeout_ms);
	}
	flags = fcntl(fd, F_GETFL);
	if (r == 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -errno;
	return r;
}

static int
connect_as(int type, const char *endpoint, long timeout_ms, struct why *why)
{
	struct place place;
	AUTO_CLOSE int fd = -1;
	int r = parse_place(endpoint, &place, why);

	if (r < 0)
		return r;
	fd = socket(
	    place.addr.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return why_fail(why, errno, "socket for %s", endpoint);
	set_options(fd, place.addr.any.sa_family);
	r = connect_within(fd, &place, timeout_ms);
	if (r < 0)
		return why_fail(why, -r, "connect to %s", endpoint);
	return take_fd(&fd);
}

int
endpoint_connect(const char *endpoint, long timeout_ms, struct why *why)
{
	return connect_as(SOCK_STREAM, endpoint, timeout_ms, why);
}

int
endpoint_connect_packets(const char *endpoint, long timeout_ms, struct why *why)
{
	return connect_as(SOCK_SEQPACKET, endpoint, timeout_ms, why);
}
