/*
 * hauspost-sendmail - the sendmail command: a message from a local program to
 * the mail server of this machine, by SMTP, as the user who calls it.
 *
 * No rights: the server asks the kernel who is at the other end. What it
 * refuses, the caller hears by text and exit code.
 */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/program.h"
#include "sendmail/sendmail.h"

#define NAME "hauspost-sendmail"

static const struct config_key keys[] = {
	CONFIG_TEXT(struct sendmail_config, server, server, "inet:127.0.0.1:25",
	    "mail server of this machine"),
	CONFIG_MS(struct sendmail_config, timeout, timeout_ms, "5m", 1000,
	    3600000, "longest silence of the server"),
	CONFIG_END,
};

/* --- settings --------------------------------------------------------- */

/*
 * The file tells what is not for every user (the database), so perhaps he
 * can't read it: then this machine's name and the usual server will do.
 */
static int
read_config(struct sendmail *s)
{
	const char *path = s->options.config_path;
	struct why why = { 0 };
	char host[256] = "localhost";
	int r = config_read(path != NULL ? path : HAUSPOST_CONFIG_PATH,
	    "sendmail", keys, &s->config, &s->arena, &why);

	if (r == 0)
		return EX_OK;
	if (path != NULL || (r != -ENOENT && r != -EACCES))
		return sendmail_say(EX_CONFIG, "", why.detail);
	(void)gethostname(host, sizeof host - 1);
	s->config.common.node = arena_strdup(&s->arena, host);
	return EX_OK;
}

static void
find_user(struct sendmail *s)
{
	const struct passwd *entry = getpwuid(getuid());
	struct slice gecos;

	if (entry == NULL) {
		s->user = slice_of(
		    arena_printf(&s->arena, "uid%u", (unsigned)getuid()));
		return;
	}
	gecos = slice_of(entry->pw_gecos);
	(void)slice_cut(&gecos, ',', &s->full_name);
	s->user = slice_of(arena_strdup(&s->arena, entry->pw_name));
	s->full_name = arena_slice(&s->arena, s->full_name);
}

/* --- the program ------------------------------------------------------ */

static int
print_help(void)
{
	(void)printf(
	    "%s - hand a message to the mail server of this machine\n\n"
	    "usage: %s [-ti] [-f SENDER] [-F NAME] [RECIPIENT …] <MESSAGE\n\n"
	    "  -t              recipients stand in To, Cc and Bcc\n"
	    "  -i, -oi         a line of just \".\" does not end the message\n"
	    "  -f, -r SENDER   envelope sender\n"
	    "  -F NAME         for a From field that is missing\n"
	    "  -N, -R, -V      delivery reports: NOTIFY, RET, ENVID\n"
	    "  -bs             SMTP on standard input and output\n"
	    "  -bp             what waits in the queue\n"
	    "  --config FILE   settings (default %s)\n"
	    "  --check         read the settings, say what is wrong with them\n"
	    "  --settings      print every setting with its default\n"
	    "  --version       print the version\n\n"
	    "Other options of sendmail are taken and ignored. Exit codes are "
	    "those of\nsysexits(3). See %s(8).\n",
	    NAME, NAME, HAUSPOST_CONFIG_PATH, NAME);
	return EX_OK;
}

static int
show_queue(void)
{
	(void)execl(
	    "/usr/sbin/postqueue", "postqueue", "-p", (const char *)NULL);
	return sendmail_say(EX_OSFILE, "postqueue", strerror(errno));
}

static int
run_configured(struct sendmail *s)
{
	int code = read_config(s);

	if (code != EX_OK)
		return code;
	if (s->options.mode == MODE_CHECK) {
		(void)printf("%s: settings are fine\n", NAME);
		return EX_OK;
	}
	find_user(s);
	return s->options.mode == MODE_SESSION ? sendmail_session(s)
					       : sendmail_deliver(s);
}

static int
run(struct sendmail *s)
{
	switch (s->options.mode) {
	case MODE_HELP:
		return print_help();
	case MODE_VERSION:
		(void)printf("%s %s\n", NAME, HAUSPOST_VERSION);
		return EX_OK;
	case MODE_SETTINGS:
		config_print(stdout, "sendmail", keys);
		return EX_OK;
	case MODE_QUEUE:
		return show_queue();
	case MODE_NOTHING:
		return EX_OK;
	case MODE_USAGE:
		return sendmail_say(EX_USAGE, "",
		    "not understood here; hauspost-sendmail --help");
	default:
		return run_configured(s);
	}
}

int
main(int argc, char **argv)
{
	struct sendmail sendmail = { .options = options_read(argc, argv) };
	int code;

	if (sodium_init() < 0)
		return EX_OSERR;
	(void)signal(SIGPIPE, SIG_IGN);
	log_open(NAME, LOG_TO_STDERR, false);
	code = run(&sendmail);
	arena_done(&sendmail.arena);
	return code;
}
