#include "listmgr/said.h"

#include <gmime/gmime.h>
#include <pthread.h>

/* --- text -------------------------------------------------------------------
 */

static pthread_once_t once = PTHREAD_ONCE_INIT;

static GMimeMessage *
parse(struct slice message)
{
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *parsed;

	(void)pthread_once(&once, g_mime_init);
	stream = g_mime_stream_mem_new_with_buffer(message.p, message.n);
	parser = g_mime_parser_new_with_stream(stream);
	parsed = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return parsed;
}

static bool
is_plain_text(GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);

	return GMIME_IS_TEXT_PART(object) &&
	       g_mime_content_type_is_type(type, "text", "plain");
}

/* In the order of the message; attached messages are somebody else's. */
static GMimeObject *
first_text(GMimeObject *object)
{
	GMimeObject *found = NULL;
	int n;

	if (object == NULL || is_plain_text(object))
		return object;
	if (!GMIME_IS_MULTIPART(object))
		return NULL;
	n = g_mime_multipart_get_count((GMimeMultipart *)object);
	for (int i = 0; i < n && found == NULL; i++)
		found = first_text(
		    g_mime_multipart_get_part((GMimeMultipart *)object, i));
	return found;
}

struct slice
said_text(struct arena *arena, struct slice message)
{
	GMimeMessage *parsed = parse(slice_head(message, SAID_MESSAGE_MAX));
	GMimeObject *part =
	    parsed == NULL ? NULL
			   : first_text(g_mime_message_get_mime_part(parsed));
	char *text = part == NULL
			 ? NULL
			 : g_mime_text_part_get_text((GMimeTextPart *)part);
	struct slice copy = { "", 0 };

	if (text != NULL)
		copy = arena_slice(arena, slice_of(text));
	g_free(text);
	if (parsed != NULL)
		g_object_unref(parsed);
	return slice_is_text(copy) ? copy : SLICE("");
}

/* --- commands ---------------------------------------------------------------
 */

static enum said_command
command_of(struct slice line)
{
	static const struct {
		struct slice word;
		enum said_command command;
	} words[] = {
		{ SLICE("subscribe"), SAID_SUBSCRIBE },
		{ SLICE("unsubscribe"), SAID_UNSUBSCRIBE },
		{ SLICE("help"), SAID_HELP },
		{ SLICE("end"), SAID_END },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (slice_eq_nocase(line, words[i].word))
			return words[i].command;
	}
	return SAID_NOTHING;
}

enum said_command
said_command(struct slice subject, struct slice text)
{
	enum said_command command = command_of(slice_trim(subject));
	struct slice line;

	while (command == SAID_NOTHING && slice_cut(&text, '\n', &line)) {
		line = slice_trim(line);
		if (line.n > 0)
			return command_of(line);
	}
	return command;
}

/* --- reasons ----------------------------------------------------------------
 */

/* "On Monday Anna wrote:", "Am Montag schrieb Anna:", in one line. */
static bool
introduces_quote(struct slice line)
{
	return line.n > 0 && line.p[line.n - 1] == ':' &&
	       (slice_starts_nocase(line, SLICE("On ")) ||
		   slice_starts_nocase(line, SLICE("Am ")));
}

static bool
ends_reason(struct slice line)
{
	return (line.n > 0 && line.p[0] == '>') ||
	       slice_eq(line, SLICE("-- ")) ||
	       slice_starts_nocase(line, SLICE("-----")) ||
	       introduces_quote(slice_trim(line));
}

struct slice
said_reason(struct slice text)
{
	struct slice rest = text, line = { "", 0 }, reason;

	while (slice_cut(&rest, '\n', &line) && !ends_reason(line))
		;
	reason = ends_reason(line)
		     ? (struct slice){ text.p, (size_t)(line.p - text.p) }
		     : text;
	reason = slice_head(reason, SAID_REASON_MAX);
	while (reason.n > 0 && !slice_is_text(reason)) /* a character cut */
		reason.n--;
	return slice_trim(reason);
}
