#include "core/program.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>

#include "core/log.h"

enum {
	OPT_CONFIG = 'c',
	OPT_HELP = 'h',
	OPT_CHECK = 256,
	OPT_SETTINGS,
	OPT_VERSION
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "settings", no_argument, NULL, OPT_SETTINGS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static int
print_help(const struct program *program)
{
	(void)printf(
	    "%s - %s\n\n"
	    "usage: %s [--config FILE] [--check]\n\n"
	    "  --config FILE  settings (default %s)\n"
	    "  --check        read the settings, say what is wrong, end\n"
	    "  --settings     print every setting with its default\n"
	    "  --version      print the version\n"
	    "  --help         this text\n\n"
	    "See %s(8).\n",
	    program->name, program->purpose, program->name,
	    HAUSPOST_CONFIG_PATH, program->name);
	return EX_OK;
}

static int
print_version(const struct program *program)
{
	(void)printf("%s %s\n", program->name, HAUSPOST_VERSION);
	return EX_OK;
}

static int
print_settings(const struct program *program)
{
	config_print(stdout, program->section, program->keys);
	return EX_OK;
}

static int
usage(const struct program *program)
{
	(void)fprintf(
	    stderr, "usage: %s [--config FILE] [--check]\n", program->name);
	return EX_USAGE;
}

struct choice {
	const char *config_path;
	bool check_only;
};

/* PROGRAM_RUNS, or the exit code when the options say it all. */
static int
read_options(
    const struct program *program, int argc, char **argv, struct choice *choice)
{
	int opt;

	while (
	    (opt = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_CONFIG:
			choice->config_path = optarg;
			break;
		case OPT_CHECK:
			choice->check_only = true;
			break;
		case OPT_SETTINGS:
			return print_settings(program);
		case OPT_HELP:
			return print_help(program);
		case OPT_VERSION:
			return print_version(program);
		default:
			return usage(program);
		}
	}
	return optind == argc ? PROGRAM_RUNS : usage(program);
}

static void
stop_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
}

static void
block_signals(void)
{
	sigset_t set;

	stop_signals(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static int
start(const struct program *program, program_prepare *prepare, int argc,
    char **argv, struct config_common *config, struct arena *arena)
{
	struct choice choice = { HAUSPOST_CONFIG_PATH, false };
	struct why why = { 0 };
	int r = read_options(program, argc, argv, &choice);

	if (r != PROGRAM_RUNS)
		return r;
	log_open(program->name, LOG_TO_STDERR, false);
	r = config_read(choice.config_path, program->section, program->keys,
	    config, arena, &why);
	if (r == 0 && prepare != NULL)
		r = prepare(choice.config_path, config, arena, &why);
	if (r < 0)
		return log_fatal(EX_CONFIG, &why);
	if (choice.check_only) {
		(void)printf(
		    "%s: %s is fine\n", program->name, choice.config_path);
		return EX_OK;
	}
	if (strcmp(config->log, "syslog") == 0)
		log_open(program->name, LOG_TO_SYSLOG, config->verbose);
	else
		log_open(program->name, LOG_TO_STDERR, config->verbose);
	block_signals();
	return PROGRAM_RUNS;
}

int
program_start_with(const struct program *program, program_prepare *prepare,
    int argc, char **argv, struct config_common *config, struct arena *arena)
{
	int r = start(program, prepare, argc, argv, config, arena);

	if (r != PROGRAM_RUNS)
		arena_done(arena);
	return r;
}

int
program_start(const struct program *program, int argc, char **argv,
    struct config_common *config, struct arena *arena)
{
	return program_start_with(program, NULL, argc, argv, config, arena);
}

int
program_stop_fd(void)
{
	sigset_t set;
	int fd;

	stop_signals(&set);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd >= 0 ? fd : -errno;
}

void
program_ready(void)
{
	(void)sd_notify(0, "READY=1");
}
