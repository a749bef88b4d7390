#include "core/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Control characters would let data write its own reply or log lines. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

static void
copy_dsn(char *to, const char *dsn)
{
	(void)snprintf(to, WHY_DSN_MAX, "%s", dsn);
}

enum verdict
why_say(
    struct why *why, int code, const char *dsn, const char *reply_format, ...)
{
	va_list args;

	why->code = code;
	why->verdict = (enum verdict)(code / 100);
	copy_dsn(why->dsn, dsn);
	va_start(args, reply_format);
	(void)vsnprintf(why->reply, sizeof why->reply, reply_format, args);
	va_end(args);
	make_printable(why->reply);
	why->detail[0] = '\0';
	return why->verdict;
}

void
why_detail(struct why *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why->detail, sizeof why->detail, format, args);
	va_end(args);
	make_printable(why->detail);
}

static void
say_errno(struct why *why, int error)
{
	switch (error) {
	case EDQUOT:
		(void)why_say(why, 452, "4.2.2", "mailbox is full");
		break;
	case ENOSPC:
		(void)why_say(why, 452, "4.3.1", "disk full, try again later");
		break;
	default:
		(void)why_say(
		    why, 451, "4.3.0", "local trouble, try again later");
		break;
	}
}

enum verdict
why_errno(struct why *why, int error, const char *format, ...)
{
	char what[WHY_DETAIL_MAX / 2], reason[64];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof what, format, args);
	va_end(args);
	say_errno(why, error);
	why_detail(
	    why, "%s: %s", what, strerror_r(error, reason, sizeof reason));
	return MAIL_TEMPFAIL;
}
