#include "sendmail/options.h"

#include <getopt.h>
#include <string.h>

enum { OPT_CONFIG = 256, OPT_CHECK, OPT_SETTINGS, OPT_HELP, OPT_VERSION };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "settings", no_argument, NULL, OPT_SETTINGS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* Those of Postfix, with who of them takes a value. */
static const char short_options[] =
    "A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:r:q::tvx";

static enum options_mode
mode_of(const char *word)
{
	static const struct {
		const char *word;
		enum options_mode mode;
	} modes[] = {
		{ "m", MODE_DELIVER },
		{ "s", MODE_SESSION },
		{ "p", MODE_QUEUE },
		{ "i", MODE_NOTHING },
	};

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (strcmp(word, modes[i].word) == 0)
			return modes[i].mode;
	}
	return MODE_USAGE; /* a daemon, an address test: not here */
}

static void
take_long(struct options *options, int opt)
{
	switch (opt) {
	case OPT_CONFIG:
		options->config_path = optarg;
		break;
	case OPT_CHECK:
		options->mode = MODE_CHECK;
		break;
	case OPT_SETTINGS:
		options->mode = MODE_SETTINGS;
		break;
	case OPT_HELP:
		options->mode = MODE_HELP;
		break;
	case OPT_VERSION:
		options->mode = MODE_VERSION;
		break;
	default:
		break;
	}
}

static void
take_short(struct options *options, int opt)
{
	switch (opt) {
	case 'f':
	case 'r':
		options->sender = optarg;
		break;
	case 'F':
		options->full_name = optarg;
		break;
	case 'N':
		options->notify = optarg;
		break;
	case 'R':
		options->ret = optarg;
		break;
	case 'V':
		options->envid = optarg;
		break;
	case 't':
		options->from_header = true;
		break;
	case 'i':
		options->keep_dots = true;
		break;
	default:
		break;
	}
}

static void
take_mode(struct options *options, int opt)
{
	if (opt == 'b')
		options->mode = mode_of(optarg);
	else if (opt == 'I')
		options->mode = MODE_NOTHING;
	else if (opt == '?')
		options->mode = MODE_USAGE;
	else if (opt == 'o' && optarg[0] == 'i')
		options->keep_dots = true;
}

struct options
options_read(int argc, char **argv)
{
	struct options options = { .mode = MODE_DELIVER };
	int opt;

	optind = 0;
	while (options.mode != MODE_USAGE &&
	       (opt = getopt_long(
		    argc, argv, short_options, long_options, NULL)) != -1) {
		take_mode(&options, opt);
		take_short(&options, opt);
		take_long(&options, opt);
	}
	options.recipients = argv + optind;
	options.n_recipients = argc - optind;
	return options;
}
