/*
 * tests/crash/fault.c - let the n-th call of a program fail.
 *
 *	cc -shared -fPIC -o fault.so fault.c
 *	FAULT_CONTROL=FILE LD_PRELOAD=fault.so program …
 *
 * FILE holds a struct control that the test maps as well: it arms the shim,
 * has the program do one thing, and reads how many calls were counted and
 * which one was hit. Counted are the calls by which a program touches files
 * and sockets. What a hit does: fail with an errno, write half, or end the
 * process before the call. Times may be shifted, so that files look old.
 *
 * Standing alone, so that it may be loaded into anything.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum action { FAIL = 0, SHORT_WRITE, KILL };

/* tests/system/fault.py has the same fields. */
struct control {
	atomic_int armed; /* 0: let all calls pass, count nothing */
	atomic_int count; /* so far */
	int nth;	  /* the call that is hit, from 1; 0: none */
	int action, error;
	int forbidden; /* calls of this name always fail with error, if set */
	long long shift_seconds;
	char call[32], path[256]; /* what was hit */
};

static struct control *control;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static __attribute__((constructor)) void
open_control(void)
{
	const char *path = getenv("FAULT_CONTROL");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		abort();
	control = mmap(
	    NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		abort();
	(void)close(fd);
}

static void
note_hit(const char *call, int fd)
{
	char link[64];
	ssize_t n;

	(void)snprintf(control->call, sizeof control->call, "%s", call);
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, control->path, sizeof control->path - 1);
	control->path[n > 0 ? n : 0] = '\0';
}

/* Whether this call, on fd or beneath it, is the one. */
static int
is_hit(const char *call, int fd)
{
	if (control == NULL || !atomic_load(&control->armed) ||
	    atomic_fetch_add(&control->count, 1) + 1 != control->nth)
		return 0;
	note_hit(call, fd);
	if (control->action == KILL)
		(void)raise(SIGKILL);
	errno = control->error;
	return 1;
}

#define SHIM(type, name, fd, params, args)                                     \
	type name params                                                       \
	{                                                                      \
		return is_hit(#name, fd) ? -1 : REAL(name) args;               \
	}

SHIM(int, fsync, fd, (int fd), (fd))
SHIM(int, syncfs, fd, (int fd), (fd))
SHIM(
    int, mkdirat, at, (int at, const char *path, mode_t mode), (at, path, mode))
SHIM(int, fchown, fd, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
SHIM(int, renameat, from,
    (int from, const char *old_name, int to, const char *new_name),
    (from, old_name, to, new_name))
SHIM(int, linkat, from,
    (int from, const char *old_name, int to, const char *new_name, int flags),
    (from, old_name, to, new_name, flags))
SHIM(
    int, unlinkat, at, (int at, const char *path, int flags), (at, path, flags))
SHIM(int, fstat, fd, (int fd, struct stat *st), (fd, st))
SHIM(int, fstatat, at, (int at, const char *path, struct stat *st, int flags),
    (at, path, st, flags))
SHIM(ssize_t, read, fd, (int fd, void *octets, size_t n), (fd, octets, n))
SHIM(ssize_t, recvmsg, fd, (int fd, struct msghdr *message, int flags),
    (fd, message, flags))
SHIM(ssize_t, sendmsg, fd, (int fd, const struct msghdr *message, int flags),
    (fd, message, flags))
SHIM(ssize_t, send, fd, (int fd, const void *octets, size_t n, int flags),
    (fd, octets, n, flags))
SHIM(ssize_t, recv, fd, (int fd, void *octets, size_t n, int flags),
    (fd, octets, n, flags))
SHIM(int, connect, fd, (int fd, const struct sockaddr *to, socklen_t n),
    (fd, to, n))

/* The descriptor is gone whatever close(2) reports. */
int
close(int fd)
{
	int hit = is_hit("close", fd), error = errno;
	int result = REAL(close)(fd);

	if (!hit)
		return result;
	errno = error;
	return -1;
}

int
renameat2(int from, const char *old_name, int to, const char *new_name,
    unsigned flags)
{
	if (control->forbidden) {
		errno = control->error;
		return -1;
	}
	if (is_hit("renameat2", from))
		return -1;
	return REAL(renameat2)(from, old_name, to, new_name, flags);
}

/* How much of n octets a write takes; 0: it fails. */
static size_t
cut_short(size_t n)
{
	return control->action == SHORT_WRITE ? n / 2 : 0;
}

ssize_t
write(int fd, const void *octets, size_t n)
{
	if (is_hit("write", fd)) {
		n = cut_short(n);
		if (n == 0)
			return -1;
	}
	return REAL(write)(fd, octets, n);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	size_t n;

	if (!is_hit("writev", fd))
		return REAL(writev)(fd, parts, count);
	n = cut_short(parts->iov_len);
	return n == 0 ? -1 : REAL(write)(fd, parts->iov_base, n);
}

ssize_t
sendfile(int to, int from, off_t *at, size_t n)
{
	if (is_hit("sendfile", to)) {
		n = cut_short(n);
		if (n == 0)
			return -1;
	}
	return REAL(sendfile)(to, from, at, n);
}

int
openat(int at, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	return is_hit("openat", at) ? -1 : REAL(openat)(at, path, flags, mode);
}

/* openat2(2), which has no function of its own. */
long
syscall(long number, ...)
{
	va_list args;
	long a[6];

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_openat2 && is_hit("openat2", (int)a[0]))
		return -1;
	return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

time_t
time(time_t *out)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += control != NULL ? control->shift_seconds : 0;
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
