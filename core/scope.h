/*
 * core/scope.h - what a block owns is released where the block ends.
 *
 *	AUTO_CLOSE int fd = -1;		closed unless -1
 *	AUTO_FREE char *text = NULL;	freed
 *
 * close_fd() closes early and reports: for files whose last error (EIO,
 * EDQUOT) shows only at close().
 */
#ifndef HAUSPOST_CORE_SCOPE_H
#define HAUSPOST_CORE_SCOPE_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void
scope_close(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
}

static inline void
scope_free(void *pointer)
{
	free(*(void **)pointer);
}

#define AUTO_CLOSE __attribute__((cleanup(scope_close)))
#define AUTO_FREE __attribute__((cleanup(scope_free)))

/*
 * Closes *fd and sets it to -1. Returns 0 or -errno. EINTR counts as closed:
 * on Linux the descriptor is gone (close(2)).
 */
static inline int
close_fd(int *fd)
{
	int r = *fd >= 0 ? close(*fd) : 0;

	*fd = -1;
	return r < 0 && errno != EINTR ? -errno : 0;
}

/* Gives the descriptor away: the scope forgets it. */
static inline int
take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
