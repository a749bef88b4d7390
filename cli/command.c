#include "cli/command.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

#include "core/program.h"
#include "core/provider.h"

static const struct command *const groups[] = {
	explain_commands,
	trail_commands,
	limit_commands,
	quarantine_commands,
	directory_commands,
	vacation_commands,
	sieve_commands,
	db_commands,
	dns_commands,
	dkim_commands,
	srs_commands,
	forward_commands,
	doctor_commands,
	fetch_commands,
	list_commands,
};

enum {
	OPT_CONFIG = 'c',
	OPT_HELP = 'h',
	OPT_JSON = 256,
	OPT_SETTINGS,
	OPT_VERSION,
	OPT_OWN, /* the command's first; the others follow */
};

static const struct option common_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "settings", no_argument, NULL, OPT_SETTINGS },
	{ "version", no_argument, NULL, OPT_VERSION },
};
enum { COMMON = sizeof common_options / sizeof *common_options };

/* --- the table -------------------------------------------------------- */

/* How many of argv's first words are those of the command; 0: another. */
static int
match_words(const char *words, int argc, char **argv)
{
	struct slice rest = slice_of(words), word;
	int n = 0;

	while (slice_cut(&rest, ' ', &word)) {
		if (n == argc || !slice_eq(word, slice_of(argv[n])))
			return 0;
		n++;
	}
	return n;
}

static const struct command *
find_command(int argc, char **argv, int *n_words_out)
{
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
		for (const struct command *c = groups[g]; c->words != NULL;
		     c++) {
			*n_words_out = match_words(c->words, argc, argv);
			if (*n_words_out > 0)
				return c;
		}
	}
	return NULL;
}

/* --- help ------------------------------------------------------------- */

/* Those that begin so, or all. Returns how many. */
static int
print_commands(FILE *out, const char *first_word)
{
	struct slice rest, word;
	int n = 0;

	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
		for (const struct command *c = groups[g]; c->words != NULL;
		     c++) {
			rest = slice_of(c->words);
			(void)slice_cut(&rest, ' ', &word);
			if (first_word != NULL &&
			    !slice_eq(word, slice_of(first_word)))
				continue;
			(void)fprintf(
			    out, "  %-18s %s\n", c->words, c->purpose);
			n++;
		}
	}
	return n;
}

static int
print_help(void)
{
	(void)printf("hauspost - look at the mail directory, change it, "
		     "explain it\n\n"
		     "usage: hauspost [--config FILE] [--json] COMMAND …\n\n");
	(void)print_commands(stdout, NULL);
	(void)printf(
	    "\n"
	    "  --config FILE      settings (default %s)\n"
	    "  --json             print JSON\n"
	    "  --settings         print every setting with its default\n"
	    "  --version          print the version\n"
	    "  --help             this text; of a command: its own\n\n"
	    "See hauspost(8).\n",
	    HAUSPOST_CONFIG_PATH);
	return EX_OK;
}

static void
print_usage(FILE *out, const struct command *c)
{
	(void)fprintf(out, "usage: hauspost %s", c->words);
	if (c->options != NULL)
		(void)fputs(" [options]", out);
	(void)fprintf(out, "%s%s\n", c->operands != NULL ? " " : "",
	    c->operands != NULL ? c->operands : "");
}

static void
print_option(const struct command_option *option)
{
	const char *value = option->value != NULL ? option->value : "";

	(void)printf("  --%s %-*s  %s\n", option->name,
	    (int)(22 - strlen(option->name)), value, option->help);
}

static int
print_command_help(const struct command *c)
{
	(void)printf("hauspost %s - %s\n\n", c->words, c->purpose);
	print_usage(stdout, c);
	if (c->details != NULL)
		(void)printf("\n%s\n", c->details);
	if (c->options != NULL)
		(void)printf("\n");
	for (size_t i = 0; c->options != NULL && c->options[i].name != NULL;
	     i++)
		print_option(&c->options[i]);
	return EX_OK;
}

static int
usage(const struct command *command)
{
	if (command != NULL)
		print_usage(stderr, command);
	else
		(void)fputs("usage: hauspost [--config FILE] [--json] COMMAND"
			    " …; hauspost --help lists them\n",
		    stderr);
	return EX_USAGE;
}

static int
unknown_command(int argc, char **argv)
{
	if (argc == 0)
		return usage(NULL);
	if (argc == 2 && strcmp(argv[1], "--help") == 0 &&
	    print_commands(stdout, argv[0]) > 0)
		return EX_OK;
	(void)say_failure(EX_USAGE, "there is no command %s%s%s", argv[0],
	    argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	(void)print_commands(stderr, argv[0]);
	return usage(NULL);
}

/* --- options ---------------------------------------------------------- */

static void
list_options(const struct command *command, struct option *to)
{
	size_t n = COMMON;

	(void)memcpy(to, common_options, sizeof common_options);
	for (size_t i = 0; command != NULL && command->options != NULL &&
			   command->options[i].name != NULL;
	     i++, n++) {
		assert(i < COMMAND_OPTIONS_MAX);
		to[n].name = command->options[i].name;
		to[n].has_arg = command->options[i].value != NULL;
		to[n].flag = NULL;
		to[n].val = OPT_OWN + (int)i;
	}
	to[n] = (struct option){ NULL, 0, NULL, 0 };
}

static void
print_settings(void)
{
	config_print(stdout, "cli", cli_keys);
	(void)fputc('\n', stdout);
	config_print_section(stdout, "provider", provider_keys);
}

static int
print_facts(int opt, const struct command *command)
{
	if (opt == OPT_HELP)
		return command != NULL ? print_command_help(command)
				       : print_help();
	if (opt == OPT_VERSION)
		(void)printf("hauspost %s\n", HAUSPOST_VERSION);
	else
		print_settings();
	return EX_OK;
}

/* COMMAND_RUNS when the option is noted, else the code to exit with. */
static int
take_option(int opt, struct call *call)
{
	switch (opt) {
	case OPT_CONFIG:
		call->config_path = optarg;
		return COMMAND_RUNS;
	case OPT_JSON:
		call->json = true;
		return COMMAND_RUNS;
	case OPT_HELP:
	case OPT_VERSION:
	case OPT_SETTINGS:
		return print_facts(opt, call->command);
	case '?':
		return usage(call->command);
	default:
		call->args.values[opt - OPT_OWN] = optarg != NULL ? optarg : "";
		return COMMAND_RUNS;
	}
}

/* From optind on; order "+" stops at the first word that is no option. */
static int
read_options(int argc, char **argv, const char *order, struct call *call)
{
	struct option options[COMMON + COMMAND_OPTIONS_MAX + 1];
	int opt, r = COMMAND_RUNS;

	list_options(call->command, options);
	while (r == COMMAND_RUNS &&
	       (opt = getopt_long(argc, argv, order, options, NULL)) != -1)
		r = take_option(opt, call);
	return r;
}

static int
check_count(const struct call *call)
{
	const struct command *c = call->command;

	if (call->args.n >= c->least &&
	    (c->most == COMMAND_ANY || call->args.n <= c->most))
		return COMMAND_RUNS;
	return usage(c);
}

int
command_parse(int argc, char **argv, struct call *call)
{
	int n_words, r;

	optind = 0; /* getopt begins, also where it was used before */
	call->config_path = HAUSPOST_CONFIG_PATH;
	r = read_options(argc, argv, "+c:h", call);
	if (r != COMMAND_RUNS)
		return r;
	call->command = find_command(argc - optind, argv + optind, &n_words);
	if (call->command == NULL)
		return unknown_command(argc - optind, argv + optind);

	/* Behind the words it begins anew, and takes options in any order. */
	argv += optind + n_words - 1;
	argc -= optind + n_words - 1;
	argv[0] = "hauspost";
	optind = 0;
	r = read_options(argc, argv, "c:h", call);
	if (r != COMMAND_RUNS)
		return r;
	call->args.operands = argv + optind;
	call->args.n = argc - optind;
	call->args.options = call->command->options;
	call->args.subject = call->command->subject;
	return check_count(call);
}
