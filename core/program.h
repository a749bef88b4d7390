/*
 * core/program.h - what all our daemons do the same way: options, version,
 * configuration, log, the signal that ends them.
 *
 *	int main(int argc, char **argv) {
 *		r = program_start(&program, argc, argv, &config, &arena);
 *		if (r != PROGRAM_RUNS)
 *			return r;
 *
 * Options: --config FILE, --check, --settings, --help, --version.
 * Exit codes are those of sysexits(3): 0, EX_USAGE 64, EX_CONFIG 78 …
 */
#ifndef HAUSPOST_CORE_PROGRAM_H
#define HAUSPOST_CORE_PROGRAM_H

#include <sysexits.h>

#include "core/arena.h"
#include "core/config.h"

#define HAUSPOST_VERSION "0.1"
#define HAUSPOST_CONFIG_PATH "/etc/hauspost/hauspost.conf"

enum { PROGRAM_RUNS = -1 };

struct program {
	const char *name;    /* hauspost-lmtpd */
	const char *section; /* lmtpd */
	const char *purpose; /* one line for --help */
	const struct config_key *keys;
};

/*
 * Reads the options and the configuration, opens the log and blocks SIGTERM,
 * SIGINT and SIGHUP (for program_stop_fd) and SIGPIPE. Returns PROGRAM_RUNS,
 * or the code to exit with (0 after --help, --version, --settings, --check);
 * then the arena is empty.
 */
int program_start(const struct program *program, int argc, char **argv,
    struct config_common *config, struct arena *arena);

/* Returns 0, or -errno with why->detail. */
typedef int program_prepare(const char *config_path,
    struct config_common *config, struct arena *arena, struct why *why);

/*
 * The same for a program that has more to read and to check than its own
 * section, for --check as well.
 */
int program_start_with(const struct program *program, program_prepare *prepare,
    int argc, char **argv, struct config_common *config, struct arena *arena);

/*
 * A signalfd that becomes readable when the program shall end (SIGTERM,
 * SIGINT). SIGHUP is blocked and ignored: settings are read at the start.
 * Returns the descriptor or -errno.
 */
int program_stop_fd(void);

/* Tells the service manager (systemd's Type=notify) that we are serving. */
void program_ready(void);

#endif
