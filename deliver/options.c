#include "deliver/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/program.h"

enum { OPT_CONFIG = 'c', OPT_CHECK = 256, OPT_SETTINGS, OPT_VERSION };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "settings", no_argument, NULL, OPT_SETTINGS },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char synopsis[] =
    "usage: hauspost-deliver [-ek] [-a ADDRESS] [-d MAILBOX] [-f SENDER]\n"
    "                        [-m FOLDER] [-p FILE] [-r ADDRESS]\n"
    "                        [--config FILE] [--check]\n";

static int
print_help(void)
{
	(void)printf("hauspost-deliver - puts a message into your mailbox\n\n"
		     "%s\n"
		     "  -a ADDRESS     to whom the message was sent\n"
		     "  -d MAILBOX     your mailbox (default $USER)\n"
		     "  -f SENDER      envelope sender\n"
		     "  -m FOLDER      this folder, past the Sieve scripts\n"
		     "  -p FILE        the message (default standard input)\n"
		     "  -r ADDRESS     like -a\n"
		     "  -e, -k, -o X   accepted, and not needed\n"
		     "  --config FILE  settings (default %s)\n"
		     "  --check        read the settings, say what is wrong\n"
		     "  --settings     print every setting with its default\n"
		     "  --version      print the version\n\n"
		     "See hauspost-deliver(8).\n",
	    synopsis, HAUSPOST_CONFIG_PATH);
	return EX_OK;
}

static int
print_version(void)
{
	(void)printf("hauspost-deliver %s\n", HAUSPOST_VERSION);
	return EX_OK;
}

static int
print_settings(const struct config_key *keys)
{
	config_print(stdout, "deliver", keys);
	return EX_OK;
}

static int
usage(void)
{
	(void)fputs(synopsis, stderr);
	return EX_USAGE;
}

/* Where the value of an option goes; NULL: it has none, or none for us. */
static const char **
place_of(int opt, struct options *options)
{
	switch (opt) {
	case OPT_CONFIG:
		return &options->config_path;
	case 'a':
	case 'r':
		return &options->original;
	case 'd':
		return &options->mailbox;
	case 'f':
		return &options->sender;
	case 'm':
		return &options->folder;
	case 'p':
		return &options->path;
	default:
		return NULL;
	}
}

/* OPTIONS_FINE: read on. */
static int
read_option(int opt, const struct config_key *keys, struct options *options)
{
	const char **place = place_of(opt, options);

	if (place != NULL)
		*place = optarg;
	else if (opt == 'h')
		return print_help();
	else if (opt == OPT_VERSION)
		return print_version();
	else if (opt == OPT_SETTINGS)
		return print_settings(keys);
	else if (opt == OPT_CHECK)
		options->check_only = true;
	else if (strchr("eko", opt) == NULL)
		return usage();
	return OPTIONS_FINE;
}

int
options_read(int argc, char **argv, const struct config_key *keys,
    struct options *options_out)
{
	struct options options = { .config_path = HAUSPOST_CONFIG_PATH };
	int opt, r = OPTIONS_FINE;

	while (r == OPTIONS_FINE &&
	       (opt = getopt_long(argc, argv,
		    "a:c:d:ef:hkm:o:p:r:", long_options, NULL)) != -1)
		r = read_option(opt, keys, &options);
	if (r == OPTIONS_FINE && optind < argc)
		r = usage();
	*options_out = options;
	return r;
}
