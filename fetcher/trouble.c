#include "fetcher/trouble.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static void
make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

int
trouble_say(struct trouble *trouble, const char *code, const char *format, ...)
{
	va_list args;

	if (trouble->code != NULL)
		return -EPROTO;
	trouble->code = code;
	va_start(args, format);
	(void)vsnprintf(trouble->detail, sizeof trouble->detail, format, args);
	va_end(args);
	make_printable(trouble->detail);
	return -EPROTO;
}

int
trouble_ours(struct trouble *trouble, const struct why *why)
{
	return trouble_say(trouble, "INTERNAL", "%s", why->detail);
}
