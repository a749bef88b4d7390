/*
 * tests/bench/floor.c - how fast this disk could take mail at all.
 *
 *	floor DIRECTORY WRITERS SECONDS [OCTETS]
 *
 * The least that a durable delivery into a Maildir is: create in tmp/, write,
 * fsync, close, rename into new/, fsync new/. As many writers as asked for, a
 * thread and a Maildir each, directories held open. No protocol, no checks, no
 * users. What a server reaches is told as a part of this. Prints a line each
 * second and at last "rate=<messages per second>".
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/bench/rate.h"

enum { WRITERS_MAX = 1024, OCTETS_MAX = 1 << 20, OCTETS = 4096 };

static char message[OCTETS_MAX];

struct floor {
	const char *directory;
	size_t octets;
	struct rate rate;
};

struct writer {
	struct floor *floor;
	int number;
	pthread_t thread;
};

static int
enter(int at, const char *name)
{
	int fd;

	if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		err(EX_CANTCREAT, "mkdir %s", name);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err(EX_NOINPUT, "open %s", name);
	return fd;
}

static void
store(const struct floor *floor, int tmp_fd, int new_fd, const char *name)
{
	int fd =
	    openat(tmp_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		err(EX_CANTCREAT, "create %s", name);
	if (write(fd, message, floor->octets) != (ssize_t)floor->octets ||
	    fsync(fd) < 0 || close(fd) < 0)
		err(EX_IOERR, "write %s", name);
	if (renameat(tmp_fd, name, new_fd, name) < 0 || fsync(new_fd) < 0)
		err(EX_IOERR, "move %s", name);
}

static void *
run_writer(void *arg)
{
	struct writer *writer = arg;
	struct floor *floor = writer->floor;
	char name[64];
	int root_fd = enter(AT_FDCWD, floor->directory), box_fd, tmp_fd, new_fd;

	(void)snprintf(name, sizeof name, "w%d", writer->number);
	box_fd = enter(root_fd, name);
	tmp_fd = enter(box_fd, "tmp");
	new_fd = enter(box_fd, "new");
	for (unsigned long n = 0; !atomic_load(&floor->rate.stop); n++) {
		(void)snprintf(
		    name, sizeof name, "%ld.M%lu.floor", clock_ms(), n);
		store(floor, tmp_fd, new_fd, name);
		(void)atomic_fetch_add(&floor->rate.done, 1);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	static struct writer writers[WRITERS_MAX];
	struct floor floor = { .octets = OCTETS, .rate.what = "floor" };
	long n, seconds;

	if (argc < 4 || argc > 5)
		errx(EX_USAGE,
		    "usage: floor DIRECTORY WRITERS SECONDS [OCTETS]");
	floor.directory = argv[1];
	n = rate_number(argv[2], WRITERS_MAX);
	seconds = rate_number(argv[3], 3600);
	if (argc == 5)
		floor.octets = (size_t)rate_number(argv[4], OCTETS_MAX);
	(void)memset(message, 'x', sizeof message);
	for (long i = 0; i < n; i++) {
		writers[i] = (struct writer){ &floor, (int)i, 0 };
		if (pthread_create(
			&writers[i].thread, NULL, run_writer, &writers[i]) != 0)
			errx(EX_OSERR, "cannot start a thread");
	}
	rate_run(&floor.rate, seconds);
	for (long i = 0; i < n; i++)
		(void)pthread_join(writers[i].thread, NULL);
	rate_print(&floor.rate);
	return EX_OK;
}
