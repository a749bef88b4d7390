/*
 * hauspost - look at the directory, change it, explain it.
 */
#include <locale.h>
#include <signal.h>

#include "cli/command.h"

static int
run(const struct call *call)
{
	struct cli cli = { .config_path = call->config_path,
		.json = call->json,
		.arena = ARENA_INIT };
	struct why why = { 0 };
	int code;

	if (config_read(call->config_path, "cli", cli_keys, &cli.config,
		&cli.arena, &why) < 0)
		code = say_failure(EX_CONFIG, "%s", why.detail);
	else
		code = call->command->run(&cli, &call->args);
	arena_done(&cli.arena);
	return code;
}

/* A full disk behind stdout shows only when the last octets leave. */
static int
finish_output(int code)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return code != EX_OK
			   ? code
			   : say_failure(EX_IOERR, "cannot write the output");
	return code;
}

int
main(int argc, char **argv)
{
	struct call call = { 0 };
	int code;

	(void)setlocale(LC_CTYPE, ""); /* which characters a terminal shows */
	(void)signal(SIGPIPE, SIG_IGN);
	code = command_parse(argc, argv, &call);
	if (code == COMMAND_RUNS)
		code = run(&call);
	return finish_output(code);
}
