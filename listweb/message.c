#include "listweb/message.h"

#include <gmime/gmime.h>
#include <pthread.h>

#include "core/buf.h"
#include "core/header.h"
#include "sieve/charset.h"
#include "sieve/html.h"

enum {
	DEPTH_MAX = 20,
	BOUNDARIES_MAX = 4000, /* lines that look like one */
	CONTENT_MAX = 64 << 20,
	NOT_WANTED = -1,
};

/* One walk through the parts: either collects, or looks for one file. */
struct walk {
	struct arena *arena;
	struct message *message;
	struct buf text;
	long long wanted; /* the number of a file */
	GMimeObject *found;
};

/* --- GMime ------------------------------------------------------------ */

static void
init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, g_mime_init);
}

/*
 * GMime makes an object of every part, and a message of a few megabytes can
 * hold a million of them: such a one is shown as the text it is.
 */
static bool
has_too_many_boundaries(struct slice octets)
{
	for (size_t n = 0; n <= BOUNDARIES_MAX; n++) {
		const char *at = memmem(octets.p, octets.n, "\n--", 3);

		if (at == NULL)
			return false;
		octets = slice_tail(octets, (size_t)(at - octets.p) + 3);
	}
	return true;
}

static GMimeMessage *
parse(struct slice octets)
{
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *message;

	init();
	if (has_too_many_boundaries(octets))
		return NULL;
	stream = g_mime_stream_mem_new_with_buffer(octets.p, octets.n);
	parser = g_mime_parser_new_with_stream(stream);
	message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

static struct slice
bytes_of(struct arena *arena, GMimeStream *stream)
{
	GByteArray *octets =
	    g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	size_t n = octets->len < CONTENT_MAX ? octets->len : CONTENT_MAX;

	return arena_slice(
	    arena, (struct slice){ (const char *)octets->data, n });
}

/* The octets of a part with base64 or quoted-printable undone. */
static struct slice
decode(struct arena *arena, GMimeObject *object)
{
	GMimeStream *stream = g_mime_stream_mem_new();
	GMimeDataWrapper *content = NULL;
	struct slice octets;

	if (GMIME_IS_PART(object))
		content = g_mime_part_get_content(GMIME_PART(object));
	if (content != NULL)
		(void)g_mime_data_wrapper_write_to_stream(content, stream);
	else if (GMIME_IS_MESSAGE_PART(object))
		(void)g_mime_object_write_content_to_stream(
		    object, NULL, stream);
	octets = bytes_of(arena, stream);
	g_object_unref(stream);
	return octets;
}

/* --- text ------------------------------------------------------------- */

static struct slice
to_utf8(struct arena *arena, GMimeObject *object, struct slice octets)
{
	AUTO_BUF struct buf text = BUF_INIT(4 * (size_t)MESSAGE_TEXT_MAX);
	const char *charset =
	    g_mime_object_get_content_type_parameter(object, "charset");

	if (!charset_to_utf8(slice_of(charset), octets, &text))
		(void)charset_to_utf8(SLICE("utf-8"), octets, &text);
	return arena_slice(arena, buf_slice(&text));
}

static void
add_text(struct walk *walk, GMimeObject *object, bool is_html)
{
	struct slice octets = decode(walk->arena, object), text;

	if (octets.n > MESSAGE_TEXT_MAX)
		walk->message->cut = true;
	text =
	    to_utf8(walk->arena, object, slice_head(octets, MESSAGE_TEXT_MAX));
	if (is_html)
		text = html_text(walk->arena, text);
	if (walk->text.n > 0)
		(void)buf_add_char(&walk->text, '\n');
	if (buf_add_slice(&walk->text, text) < 0)
		walk->message->cut = true;
}

/* --- files ------------------------------------------------------------ */

static struct slice
name_of(struct arena *arena, GMimeObject *object)
{
	const char *name = NULL;

	if (GMIME_IS_PART(object))
		name = g_mime_part_get_filename(GMIME_PART(object));
	if (name == NULL || !slice_is_text(slice_of(name)))
		return SLICE("");
	return arena_slice(arena, slice_of(name));
}

static struct slice
type_of(struct arena *arena, GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	struct slice text;

	text = slice_of(arena_printf(arena, "%s/%s",
	    type != NULL ? g_mime_content_type_get_media_type(type) : "text",
	    type != NULL ? g_mime_content_type_get_media_subtype(type)
			 : "plain"));
	return slice_is_text(text) ? text : SLICE("application/octet-stream");
}

static size_t
size_of(GMimeObject *object)
{
	GMimeDataWrapper *content =
	    GMIME_IS_PART(object) ? g_mime_part_get_content(GMIME_PART(object))
				  : NULL;
	gint64 n =
	    content != NULL
		? g_mime_stream_length(g_mime_data_wrapper_get_stream(content))
		: 0;

	return n > 0 ? (size_t)n : 0;
}

static void
add_file(struct walk *walk, GMimeObject *object)
{
	struct message *message = walk->message;

	if (message->n_files == MESSAGE_FILES_MAX)
		return;
	if (walk->wanted == (long long)message->n_files)
		walk->found = object;
	message->files[message->n_files++] = (struct message_file){
		.name = name_of(walk->arena, object),
		.type = type_of(walk->arena, object),
		.bytes = size_of(object),
	};
}

/* --- parts ------------------------------------------------------------ */

static bool
is_type(GMimeObject *object, const char *type, const char *subtype)
{
	GMimeContentType *found = g_mime_object_get_content_type(object);

	return found != NULL ? g_mime_content_type_is_type(found, type, subtype)
			     : strcmp(subtype, "plain") == 0;
}

static bool
is_attachment(GMimeObject *object)
{
	GMimeContentDisposition *how =
	    g_mime_object_get_content_disposition(object);

	return how != NULL && g_mime_content_disposition_is_attachment(how);
}

static void
add_leaf(struct walk *walk, GMimeObject *object)
{
	bool shown = GMIME_IS_PART(object) && !is_attachment(object);

	if (shown && is_type(object, "text", "plain"))
		add_text(walk, object, false);
	else if (shown && is_type(object, "text", "html"))
		add_text(walk, object, true);
	else
		add_file(walk, object);
}

static void add_part(struct walk *walk, GMimeObject *object, unsigned depth);

/* The plain one of several; without it the last, which is the richest. */
static int
choose(GMimeMultipart *multipart)
{
	int n = g_mime_multipart_get_count(multipart);

	for (int i = 0; i < n; i++) {
		if (is_type(g_mime_multipart_get_part(multipart, i), "text",
			"plain"))
			return i;
	}
	return n - 1;
}

static void
add_multipart(struct walk *walk, GMimeObject *object, unsigned depth)
{
	GMimeMultipart *multipart = GMIME_MULTIPART(object);
	int chosen = is_type(object, "multipart", "alternative")
			 ? choose(multipart)
			 : NOT_WANTED;
	int n = g_mime_multipart_get_count(multipart);

	for (int i = 0; i < n; i++) {
		if (chosen == NOT_WANTED || i == chosen)
			add_part(walk, g_mime_multipart_get_part(multipart, i),
			    depth + 1);
	}
}

static void
add_part(struct walk *walk, GMimeObject *object, unsigned depth)
{
	if (depth > DEPTH_MAX)
		walk->message->cut = true;
	else if (GMIME_IS_MULTIPART(object))
		add_multipart(walk, object, depth);
	else
		add_leaf(walk, object);
}

/* --- the whole -------------------------------------------------------- */

/* What is no message for GMime: its octets are its text. */
static void
add_raw(struct walk *walk, struct slice octets)
{
	struct slice body = slice_tail(octets, header_length(octets));

	walk->message->cut = true;
	(void)charset_to_utf8(SLICE("utf-8"),
	    slice_head(slice_trim(body), MESSAGE_TEXT_MAX / 4), &walk->text);
}

static void
walk_message(struct walk *walk, GMimeMessage *parsed, struct slice octets)
{
	GMimeObject *root =
	    parsed != NULL ? g_mime_message_get_mime_part(parsed) : NULL;

	*walk->message = (struct message){ .n_files = 0 };
	if (root != NULL)
		add_part(walk, root, 0);
	else if (parsed == NULL)
		add_raw(walk, octets);
}

void
message_read(
    struct arena *arena, struct slice octets, struct message *message_out)
{
	GMimeMessage *parsed = parse(octets);
	struct walk walk = { arena, message_out, BUF_INIT(MESSAGE_TEXT_MAX),
		NOT_WANTED, NULL };

	walk_message(&walk, parsed, octets);
	message_out->text = arena_slice(arena, buf_slice(&walk.text));
	buf_free(&walk.text);
	if (parsed != NULL)
		g_object_unref(parsed);
}

bool
message_file(struct arena *arena, struct slice octets, unsigned long long i,
    struct message_file *file_out)
{
	struct message *message = arena_new(arena, struct message);
	GMimeMessage *parsed = parse(octets);
	struct walk walk = { arena, message, BUF_INIT(MESSAGE_TEXT_MAX),
		i < MESSAGE_FILES_MAX ? (long long)i : NOT_WANTED, NULL };

	walk_message(&walk, parsed, octets);
	if (walk.found != NULL) {
		*file_out = message->files[i];
		file_out->content = decode(arena, walk.found);
	}
	buf_free(&walk.text);
	if (parsed != NULL)
		g_object_unref(parsed);
	return walk.found != NULL;
}

bool
message_is_private(struct slice octets)
{
	struct header_field field;

	return (header_find(octets, SLICE("X-No-Archive"), &field) &&
		   slice_starts_nocase(field.value, SLICE("yes"))) ||
	       (header_find(octets, SLICE("Archive"), &field) &&
		   slice_starts_nocase(field.value, SLICE("no")));
}
