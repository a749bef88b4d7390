#include "core/web_program.h"

#include <libxml/parser.h>
#include <sodium.h>

#include "core/cgi.h"

static int
run(const struct web_program *web, const void *config, struct arena *arena)
{
	if (sodium_init() < 0)
		return EX_SOFTWARE;
	xmlInitParser();
	return cgi_called() ? web->answer(config) : web->serve(config, arena);
}

int
web_program_run(const struct web_program *web, int argc, char **argv,
    struct config_common *config)
{
	struct arena arena = ARENA_INIT;
	int code =
	    cgi_start(&web->program, web->prepare, argc, argv, config, &arena);

	if (code == PROGRAM_RUNS)
		code = run(web, config, &arena);
	arena_done(&arena);
	return code;
}
