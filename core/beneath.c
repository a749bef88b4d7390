#include "core/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/scope.h"

/*
 * A rename of some directory on the way makes the kernel unsure about a ".."
 * in a link (EAGAIN). Whoever renames in a loop gets a deferral.
 */
enum { UNSURE_TRIES = 8 };

enum { LOCK_TRIES = 10, LOCK_WAIT_NS = 20 * 1000 * 1000 };

static int
open_resolved(int start_fd, const char *path, int flags, __u64 resolve)
{
	struct open_how how = { .flags = (__u64)(flags | O_CLOEXEC),
		.resolve = RESOLVE_NO_MAGICLINKS | resolve };

	for (int tries = 0;; tries++) {
		int fd =
		    (int)syscall(SYS_openat2, start_fd, path, &how, sizeof how);

		if (fd >= 0)
			return fd;
		if (errno != EINTR &&
		    (errno != EAGAIN || tries >= UNSURE_TRIES))
			return -errno;
	}
}

int
beneath_start(const char *path)
{
	return open_resolved(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
}

int
beneath_directory(int start_fd, const char *path)
{
	return open_resolved(
	    start_fd, path, O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH);
}

DIR *
beneath_list(int start_fd, const char *path)
{
	int fd = beneath_directory(start_fd, path);
	DIR *dir;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	dir = fdopendir(fd);
	if (dir == NULL)
		scope_close(&fd);
	return dir;
}

int
beneath_file(int start_fd, const char *path, int flags, struct stat *st_out)
{
	AUTO_CLOSE int fd = open_resolved(
	    start_fd, path, flags | O_NONBLOCK | O_NOCTTY, RESOLVE_BENEATH);

	if (fd < 0)
		return fd;
	if (fstat(fd, st_out) < 0)
		return -errno;
	if (!S_ISREG(st_out->st_mode))
		return S_ISDIR(st_out->st_mode) ? -EISDIR : -ENOTSUP;
	/* Of two names one may be somebody else's. */
	if ((flags & O_ACCMODE) != O_RDONLY && st_out->st_nlink != 1)
		return -EMLINK;
	return take_fd(&fd);
}

int
beneath_create(int directory_fd, const char *name)
{
	int fd = openat(directory_fd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : -errno;
}

int
beneath_lock(int directory_fd, const char *name)
{
	const struct timespec wait = { .tv_nsec = LOCK_WAIT_NS };
	int fd = beneath_create(directory_fd, name);

	for (int tries = 1; fd == -EEXIST && tries < LOCK_TRIES; tries++) {
		(void)nanosleep(&wait, NULL);
		fd = beneath_create(directory_fd, name);
	}
	return fd;
}

int
beneath_move(int from_fd, const char *from, int to_fd, const char *to)
{
	if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	if (linkat(from_fd, from, to_fd, to, 0) < 0)
		return -errno;
	(void)unlinkat(from_fd, from, 0);
	return 0;
}

int
beneath_sync(int fd)
{
	return fsync(fd) == 0 ? 0 : -errno;
}
