#include "lmtpd/storer/sievelog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/beneath.h"
#include "core/io.h"
#include "core/scope.h"

static const char name[] = ".dovecot.sieve.log";
static const char old_name[] = ".dovecot.sieve.log.0";

static int
open_log(int home_fd, struct stat *st_out)
{
	int made = beneath_create(home_fd, name);

	scope_close(&made);
	return beneath_file(
	    home_fd, name, O_WRONLY | O_APPEND | O_NOFOLLOW, st_out);
}

int
sievelog_add(int home_fd, struct slice line)
{
	struct stat st;
	AUTO_CLOSE int fd = open_log(home_fd, &st);

	if (fd >= 0 && (size_t)st.st_size + line.n > SIEVELOG_MAX) {
		if (renameat(home_fd, name, home_fd, old_name) < 0)
			return -errno;
		(void)close(fd);
		fd = open_log(home_fd, &st);
	}
	return fd < 0 ? fd : io_write(fd, line.p, line.n);
}
