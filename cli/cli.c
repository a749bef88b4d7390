#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "core/buf.h"
#include "core/scope.h"

enum {
	CLI_FILE_MAX = 16 << 20, /* far above any SQL a person writes */
	CLI_READ_STEP = 65536,
};

const struct config_key cli_keys[] = {
	CONFIG_TEXT(struct cli_config, role, role, "hauspost_admin",
	    "PostgreSQL role that commands connect as"),
	CONFIG_TEXT(struct cli_config, migration_role, migration_role,
	    "postgres", "the role of db migrate, which may make roles"),
	CONFIG_TEXT(struct cli_config, sql, sql, "/usr/share/hauspost/sql",
	    "folder of the migrations; $HAUSPOST_SQL wins"),
	CONFIG_TEXT(struct cli_config, dkim_keys, dkim_keys,
	    "/etc/hauspost/dkim",
	    "folder of DKIM keys and tables; its owner is the signer's user"),
	CONFIG_TEXT(struct cli_config, fetch_key, fetch_key,
	    "/var/lib/hauspost-fetcher/public.key",
	    "hauspost-fetcher's public key, for passwords of accounts "
	    "elsewhere"),
	CONFIG_TEXT(struct cli_config, postfix, postfix, "/etc/postfix",
	    "configuration of Postfix"),
	CONFIG_TEXT(struct cli_config, postfix_bulk, postfix_bulk,
	    "/etc/postfix-bulk", "and of the instance for newsletters"),
	/* One customer's change takes milliseconds. Its locks hold up other
	 * admins, never mail: resolve() only reads. */
	CONFIG_MS(struct cli_config, trial_timeout, trial_ms, "10s", 100,
	    600000, "longest time for each statement of explain --with"),
	CONFIG_END,
};

int
cli_connect(struct cli *cli, const char *role, struct db **db_out)
{
	const struct config_common *common = &cli->config.common;
	struct why why = { 0 };

	if (db_open(common->database, role, common->database_timeout_ms, db_out,
		&why) < 0)
		return say_failure(EX_UNAVAILABLE, "%s", why.detail);
	return EX_OK;
}

/* --- files ------------------------------------------------------------ */

static int
read_all(int fd, struct buf *to)
{
	for (;;) {
		int r = buf_reserve(to, CLI_READ_STEP);
		ssize_t n;

		if (r < 0)
			return r;
		n = read(fd, to->p + to->n, CLI_READ_STEP);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		buf_grown(to, (size_t)n);
	}
}

int
cli_read_octets(struct cli *cli, const char *path, struct slice *octets_out)
{
	AUTO_BUF struct buf octets = BUF_INIT(CLI_FILE_MAX);
	AUTO_CLOSE int own = -1;
	int fd = STDIN_FILENO, r;

	if (strcmp(path, "-") != 0)
		fd = own = open(path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : read_all(fd, &octets);
	if (r < 0)
		return say_failure(EX_NOINPUT, "%s: %s", path, strerror(-r));
	*octets_out = arena_slice(&cli->arena, buf_slice(&octets));
	return EX_OK;
}

int
cli_read_file(struct cli *cli, const char *path, struct slice *text_out)
{
	struct slice text;
	int code = cli_read_octets(cli, path, &text);

	if (code == EX_OK && !slice_is_text(text))
		return say_failure(EX_DATAERR, "%s is not UTF-8 text", path);
	if (code == EX_OK)
		*text_out = text;
	return code;
}

/* --- what people read ------------------------------------------------- */

/* The C1 controls too, which are C2 80 to C2 9F in UTF-8. */
static bool
is_control(struct slice text, size_t i)
{
	unsigned char c = (unsigned char)text.p[i];

	if (c == 0xC2 && i + 1 < text.n)
		return (unsigned char)text.p[i + 1] < 0xA0;
	return c < ' ' || c == 0x7F;
}

void
say_text(FILE *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		bool control = is_control(text, i);

		(void)fputc(control ? '?' : text.p[i], out);
		if (control && (unsigned char)text.p[i] == 0xC2)
			i++;
	}
}

static void
say_line(const char *before, struct slice line)
{
	(void)fputs(before, stderr);
	say_text(stderr, line);
	(void)fputc('\n', stderr);
}

int
say_failure(int exit_code, const char *format, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	(void)fflush(stdout); /* in the order it happened */
	if (n >= 0)
		say_line("hauspost: ", slice_of(text));
	return exit_code;
}

/* The first line behind "hauspost: …", the rest below it. */
static void
say_lines(const char *about, struct slice text)
{
	struct slice line;

	(void)fflush(stdout);
	(void)fputs("hauspost: ", stderr);
	if (about != NULL) {
		say_text(stderr, slice_of(about));
		(void)fputs(": ", stderr);
	}
	if (slice_cut(&text, '\n', &line))
		say_line("", line);
	while (slice_cut(&text, '\n', &line))
		say_line("    ", line);
}

int
say_refusal(struct db *db, int error, const char *about, const struct why *why)
{
	if (error == -EILSEQ)
		return say_failure(EX_DATAERR, "%s", why->detail);
	say_lines(about, slice_of(db_message(db)));
	if (error != -EINVAL && error != -EPROTO)
		return EX_UNAVAILABLE;
	return strcmp(db_sqlstate(db), "42501") == 0 ? EX_NOPERM : EX_DATAERR;
}

void
say_warnings(struct cli *cli, struct db *db)
{
	struct slice text = slice_of(db_warnings(db, &cli->arena));

	if (text.n > 0)
		say_lines("warning", text);
}

void
say_json(json_t *json)
{
	(void)json_dumpf(json, stdout, JSON_INDENT(2));
	(void)fputc('\n', stdout);
	json_decref(json);
}
