/*
 * hauspost-deliver - puts a message into the mailbox of whoever runs it, as
 * the last step of a ~/.forward or procmail pipe. It hands the message to
 * hauspost-lmtpd, by the socket where the kernel says who calls; so quota,
 * Sieve and everything else are as for mail that came straight.
 *
 * What the user can not change is never a reason to bounce: trouble with our
 * settings or with the server is EX_TEMPFAIL.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "core/addr.h"
#include "core/dsn.h"
#include "core/folder_name.h"
#include "core/scope.h"
#include "core/smtpc.h"
#include "deliver/letter.h"
#include "deliver/options.h"

struct deliver_config {
	struct config_common common; /* first: core/config.h */
	const char *lmtpd;
	long timeout_ms;
};

static const struct config_key deliver_keys[] = {
	CONFIG_TEXT(struct deliver_config, lmtpd, lmtpd,
	    "unix:/run/hauspost/lmtpd-own.sock", "hauspost-lmtpd's listen_own"),
	CONFIG_MS(struct deliver_config, timeout, timeout_ms, "2m", 1000,
	    3600000, "longest silence of the server"),
	CONFIG_END,
};

struct deliver {
	struct arena arena;
	struct options options;
	struct deliver_config config;
	struct letter letter;
};

/* --- the envelope ----------------------------------------------------- */

static const char *
from_environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : "";
}

static const char *
own_name(const struct options *options)
{
	if (options->mailbox != NULL)
		return options->mailbox;
	if (getenv("USER") != NULL)
		return from_environment("USER");
	return from_environment("LOGNAME");
}

/* What stood behind the "+", where it is no trouble in an address. */
static const char *
detail(void)
{
	const char *extension = from_environment("EXTENSION");
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-";

	return extension[strspn(extension, plain)] == '\0' ? extension : "";
}

static struct slice
recipient(struct deliver *d)
{
	const char *extension = detail();

	return slice_of(arena_printf(&d->arena, "%s%s%s@mbox.%s",
	    own_name(&d->options), extension[0] != '\0' ? "+" : "", extension,
	    d->config.common.node));
}

static struct slice
recipient_params(struct deliver *d)
{
	const char *original = d->options.original;

	if (original == NULL)
		original = from_environment("RECIPIENT");
	if (original[0] == '\0')
		return SLICE("");
	return slice_of(arena_printf(&d->arena, "ORCPT=rfc822;%.*s",
	    SLICE_FMT(dsn_xtext(&d->arena, slice_of(original)))));
}

/* 0 and MAIL's parameters, or -EINVAL: no folder can be called that. */
static int
mail_params(struct deliver *d, struct slice *params_out, struct why *why)
{
	struct slice folder;

	*params_out = SLICE("BODY=8BITMIME");
	if (d->options.folder == NULL)
		return 0;
	if (folder_name(&d->arena, slice_of(d->options.folder), &folder) < 0)
		return why_fail(
		    why, EINVAL, "call a folder %s", d->options.folder);
	if (folder.n > 0)
		*params_out = slice_of(arena_printf(&d->arena,
		    "BODY=8BITMIME XHAUSPOST-FOLDER=%.*s",
		    SLICE_FMT(dsn_xtext(&d->arena, folder))));
	return 0;
}

/* What is no address is nobody to send a bounce to. */
static struct slice
sender(struct deliver *d)
{
	struct slice text = d->letter.sender;
	struct addr addr;

	if (d->options.sender != NULL)
		text = slice_of(d->options.sender);
	if (text.n == 0 || addr_parse(&d->arena, text, false, &addr) < 0)
		return SLICE("");
	return addr_text(&d->arena, &addr);
}

/* --- sending ---------------------------------------------------------- */

static enum verdict
send_letter(struct deliver *d, struct why *why)
{
	const struct smtpc_options to = { SMTPC_LMTP, d->config.lmtpd,
		d->config.common.node, d->config.timeout_ms };
	const struct smtpc_part part = { .fd = d->letter.fd,
		.offset = d->letter.offset,
		.size = d->letter.size };
	struct smtpc_rcpt rcpt = { .address = recipient(d),
		.params = recipient_params(d) };
	struct smtpc_mail mail = { .sender = sender(d),
		.rcpts = &rcpt,
		.n_rcpts = 1,
		.parts = &part,
		.n_parts = 1 };
	struct smtpc *smtpc;
	enum verdict verdict;

	if (mail_params(d, &mail.params, why) < 0 ||
	    smtpc_open(&to, &smtpc, why) < 0)
		return why->verdict;
	verdict = smtpc_send(smtpc, &mail, why);
	smtpc_close(smtpc);
	return verdict;
}

static int
exit_code(const struct why *why)
{
	if (why->verdict == MAIL_OK)
		return EX_OK;
	if (why->verdict != MAIL_PERMFAIL)
		return EX_TEMPFAIL;
	if (strcmp(why->dsn, "5.1.1") == 0)
		return EX_NOUSER;
	return strncmp(why->dsn, "5.7.", 4) == 0 ? EX_NOPERM : EX_UNAVAILABLE;
}

/* What the server said is for whoever reads our output: in a pipe, the
 * sender of a message that is refused. */
static int
finish(const struct why *why)
{
	if (why->verdict != MAIL_OK)
		(void)fprintf(stderr, "%d %s %s%s%s\n", why->code, why->dsn,
		    why->reply, why->detail[0] != '\0' ? ": " : "",
		    why->detail);
	return exit_code(why);
}

static int
open_message(const struct options *options, struct why *why)
{
	int fd;

	if (options->path == NULL)
		return STDIN_FILENO;
	fd = open(options->path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : why_fail(why, errno, "open %s", options->path);
}

static int
run(struct deliver *d)
{
	struct why why = { 0 };
	int fd = open_message(&d->options, &why);

	if (fd < 0 || letter_open(&d->arena, fd, &d->letter, &why) < 0)
		return finish(&why);
	(void)send_letter(d, &why);
	letter_close(&d->letter);
	return finish(&why);
}

static int
start(struct deliver *d)
{
	struct why why = { 0 };
	int r = config_read(d->options.config_path, "deliver", deliver_keys,
	    &d->config, &d->arena, &why);

	if (d->options.check_only) {
		(void)printf("hauspost-deliver: %s%s\n",
		    r == 0 ? d->options.config_path : why.detail,
		    r == 0 ? " is fine" : "");
		return r == 0 ? EX_OK : EX_CONFIG;
	}
	return r < 0 ? finish(&why) : run(d);
}

int
main(int argc, char **argv)
{
	struct deliver d = { .arena = ARENA_INIT };
	int r = options_read(argc, argv, deliver_keys, &d.options);

	if (r != OPTIONS_FINE)
		return r;
	(void)signal(SIGPIPE, SIG_IGN);
	r = start(&d);
	arena_done(&d.arena);
	return r;
}
