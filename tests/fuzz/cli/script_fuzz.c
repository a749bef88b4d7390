/*
 * Any text: the statements are parts of it, in their order, on the lines that
 * they say, and each taken apart alone is itself.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cli/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static int
line_of(struct slice text, const char *at)
{
	int line = 1;

	for (const char *p = text.p; p < at; p++)
		line += *p == '\n';
	return line;
}

static void
check_alone(const struct statement *statement)
{
	struct script script = script_start(statement->text);
	struct statement again;
	struct why why = { 0 };

	if (script_next(&script, &again, &why) != 1 ||
	    !slice_eq(again.text, statement->text) ||
	    !slice_eq(again.verb, statement->verb) ||
	    script_next(&script, &again, &why) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice text = { (const char *)octets, n };
	struct script script = script_start(text);
	const char *end = text.p;
	struct statement statement;
	struct why why = { 0 };

	while (script_next(&script, &statement, &why) > 0) {
		if (statement.text.n == 0 || statement.text.p < end ||
		    statement.line != line_of(text, statement.text.p))
			abort();
		end = statement.text.p + statement.text.n;
		if (end > text.p + text.n)
			abort();
		(void)statement_ends_transaction(&statement);
		check_alone(&statement);
	}
	return 0;
}
