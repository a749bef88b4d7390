#include "core/smtp_reply.h"

#include <errno.h>

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : -1;
}

/* The code of "250-…", "250 …" or "250"; -1 when there is none. */
static int
line_code(struct slice line)
{
	int code;

	if (line.n < 3 || digit(line.p[0]) < 2 || digit(line.p[0]) > 5 ||
	    digit(line.p[1]) < 0 || digit(line.p[2]) < 0)
		return -1;
	if (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-')
		return -1;
	code =
	    digit(line.p[0]) * 100 + digit(line.p[1]) * 10 + digit(line.p[2]);
	return code;
}

static bool
is_last(struct slice line)
{
	return line.n == 3 || line.p[3] == ' ';
}

/* "4.2.2" of the same class as the code at the front of text, or nothing. */
static size_t
dsn_length(struct slice text, int code)
{
	size_t n = 0;
	int dots = 0;

	while (n < text.n && (digit(text.p[n]) >= 0 || text.p[n] == '.'))
		dots += text.p[n++] == '.';
	if (n < 5 || dots != 2 || digit(text.p[0]) != code / 100 ||
	    text.p[1] != '.' || n >= WHY_DSN_MAX)
		return 0;
	return n;
}

static void
take_text(struct slice line, struct smtp_reply *reply)
{
	reply->text = slice_tail(line, 4);
	reply->dsn =
	    slice_head(reply->text, dsn_length(reply->text, reply->code));
	reply->text = slice_trim(slice_tail(reply->text, reply->dsn.n));
}

ssize_t
smtp_reply_parse(struct slice input, struct smtp_reply *reply_out)
{
	struct smtp_reply reply = { 0 };
	size_t used = 0;

	for (;;) {
		struct slice rest = slice_tail(input, used);
		long lf = slice_find(rest, '\n');
		struct slice line;
		int code;

		if (lf < 0)
			return input.n > SMTP_REPLY_MAX ? -EPROTO : 0;
		line = slice_trim(slice_head(rest, (size_t)lf));
		code = line_code(line);
		if (code < 0 || (reply.code != 0 && code != reply.code))
			return -EPROTO;
		reply.code = code;
		used += (size_t)lf + 1;
		if (!is_last(line))
			continue;
		take_text(line, &reply);
		reply.lines = slice_head(input, used);
		*reply_out = reply;
		return (ssize_t)used;
	}
}

bool
smtp_reply_line(struct slice *lines, struct slice *line_out)
{
	struct slice line;

	if (lines->n == 0 || !slice_cut(lines, '\n', &line))
		return false;
	*line_out = slice_trim(slice_tail(line, 4));
	return true;
}

struct slice
smtp_reply_queue_id(struct slice text)
{
	static const struct slice mark = { "queued as ", 10 };
	size_t end = (size_t)(slice_rfind(text, ' ') + 1);

	if (end < mark.n ||
	    !slice_starts_nocase(slice_tail(text, end - mark.n), mark))
		return (struct slice){ "", 0 };
	return slice_tail(text, end);
}

enum verdict
smtp_reply_why(const struct smtp_reply *reply, struct why *why)
{
	char dsn[WHY_DSN_MAX] = { 0 };

	if (reply->dsn.n > 0)
		(void)memcpy(dsn, reply->dsn.p, reply->dsn.n);
	else
		(void)memcpy(dsn, "2.0.0", sizeof "2.0.0");
	dsn[0] = (char)('0' + reply->code / 100);
	return why_say(why, reply->code, dsn, "%.*s",
	    SLICE_FMT(slice_head(reply->text, 300)));
}
