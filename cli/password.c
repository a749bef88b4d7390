#include "cli/password.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const struct db_stmt set_password = { "set_password",
	"SELECT hauspost.set_password($1, $2)", 2 };

enum { CTRL_C = 3 };

/*
 * One line of stdin, unbuffered: no copy of it stays in stdio. False at the
 * end of the input, for a line that is too long, and for a Ctrl-C.
 */
static bool
read_line(char text[PASSWORD_MAX])
{
	for (size_t n = 0; n < PASSWORD_MAX; n++) {
		ssize_t r = read(STDIN_FILENO, text + n, 1);

		if (r < 0 && errno == EINTR) {
			n--;
			continue;
		}
		if (r < 0 || (r == 0 && n == 0) || (r > 0 && text[n] == CTRL_C))
			return false;
		if (r == 0 || text[n] == '\n') {
			text[n] = '\0';
			return true;
		}
	}
	return false;
}

/*
 * Without echo, and with Ctrl-C as a character: a signal would end us with
 * the echo still off.
 */
static bool
ask(const char *prompt, const char *what, char text[PASSWORD_MAX])
{
	struct termios before, quiet;
	bool got;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return false;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	/* Before the prompt: who answers it at once must not be echoed. */
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	(void)fprintf(stderr, "%s%s: ", prompt, what);
	got = read_line(text);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	(void)fputc('\n', stderr);
	return got;
}

static int
ask_twice(const char *what, char text[PASSWORD_MAX])
{
	char again[PASSWORD_MAX];
	bool got = ask("New ", what, text) && ask("Again ", what, again);
	bool same = got && strcmp(text, again) == 0;

	explicit_bzero(again, sizeof again);
	if (!got)
		return say_failure(EX_USAGE, "no password was given");
	return same ? EX_OK : say_failure(EX_USAGE, "the two are not the same");
}

int
password_read(const char *what, char text[PASSWORD_MAX])
{
	if (isatty(STDIN_FILENO))
		return ask_twice(what, text);
	return read_line(text)
		   ? EX_OK
		   : say_failure(EX_USAGE, "stdin holds no password");
}

int
password_read_once(const char *what, char text[PASSWORD_MAX])
{
	bool got = isatty(STDIN_FILENO) ? ask("", what, text)
					: read_line(text);

	return got ? EX_OK : say_failure(EX_USAGE, "nothing was given");
}

static int
store(struct cli *cli, const char *mailbox, const char *text)
{
	struct slice params[] = { slice_of(mailbox), slice_of(text) };
	struct why why = { 0 };
	struct db *db;
	int r, code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	r = db_run(db, &set_password, params, NULL, &why);
	say_warnings(cli, db);
	if (r < 0)
		code = say_refusal(db, r, NULL, &why);
	else if (!cli->json)
		(void)printf("mailbox %s has a new password\n", mailbox);
	db_close(db);
	return code;
}

int
password_run(struct cli *cli, const struct args *args)
{
	const char *mailbox = args->operands[0];
	char text[PASSWORD_MAX];
	int code = password_read(
	    arena_printf(&cli->arena, "password for %s", mailbox), text);

	if (code == EX_OK)
		code = store(cli, mailbox, text);
	explicit_bzero(text, sizeof text);
	return code;
}
