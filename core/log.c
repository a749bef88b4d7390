#include "core/log.h"

#include <stdio.h>
#include <unistd.h>

#include "core/buf.h"

enum { LOG_LINE_MAX = 8192 }; /* what syslogd takes at least: RFC 5425 4.3.1 */

static struct {
	const char *program;
	enum log_target target;
	bool verbose;
} sink = { "hauspost", LOG_TO_STDERR, false };

void
log_open(const char *program, enum log_target target, bool verbose)
{
	sink.program = program;
	sink.target = target;
	sink.verbose = verbose;
	if (target == LOG_TO_SYSLOG)
		openlog(program, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

static bool
needs_quotes(struct slice s)
{
	if (s.n == 0)
		return true;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == '"' || c == '\\' || c == 0x7f)
			return true;
	}
	return false;
}

static void
add_quoted(struct buf *line, struct slice s)
{
	(void)buf_add_char(line, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			(void)buf_addf(line, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			(void)buf_addf(line, "\\x%02x", c);
		else
			(void)buf_add_char(line, (char)c);
	}
	(void)buf_add_char(line, '"');
}

static void
add_field(struct buf *line, const struct log_field *field)
{
	(void)buf_addf(line, " %s=", field->key);
	if (field->text.p == NULL)
		(void)buf_addf(line, "%lld", field->number);
	else if (needs_quotes(field->text))
		add_quoted(line, field->text);
	else
		(void)buf_add_slice(line, field->text);
}

static void
emit(int level, struct buf *line)
{
	ssize_t ignored;

	if (sink.target == LOG_TO_SYSLOG) {
		syslog(level, "%s", buf_text(line));
		return;
	}
	/* A line that did not fit its limit still has to end. */
	line->failed = false;
	line->limit = LOG_LINE_MAX + 1;
	(void)buf_add_char(line, '\n');
	ignored = write(STDERR_FILENO, line->p, line->n);
	(void)ignored; /* there is nobody left to tell */
}

void
log_fields(int level, const char *qid, const char *event,
    const struct log_field *fields)
{
	AUTO_BUF struct buf line = BUF_INIT(LOG_LINE_MAX);

	if (level > LOG_INFO && !sink.verbose)
		return;
	if (sink.target == LOG_TO_STDERR)
		(void)buf_addf(&line, "%s: ", sink.program);
	(void)buf_add_text(&line, event);
	if (qid != NULL)
		add_field(&line,
		    &(struct log_field){ .key = "qid", .text = slice_of(qid) });
	for (; fields->key != NULL; fields++) {
		/* Keys without a value say nothing: leave them out. */
		if (fields->text.p == NULL || fields->text.n > 0)
			add_field(&line, fields);
	}
	emit(level, &line);
}

int
log_fatal(int exit_code, const struct why *why)
{
	log_event(LOG_ERR, NULL, "cannot-start",
	    LOG_TEXT("detail", why->detail[0] ? why->detail : why->reply));
	return exit_code;
}
