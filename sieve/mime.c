#include "sieve/mime.h"

#include <gmime/gmime.h>

#include "sieve/charset.h"
#include "sieve/html.h"
#include "sieve/message.h"

enum {
	BOUNDARIES_MAX = 4 * SIEVE_PARTS_MAX, /* lines that look like one */
	PARAMETER_VALUE_MAX = 16 * 1024, /* longer values have no parameters */
	DECODED_MAX = 4 * SIEVE_BODY_SCAN_MAX,
};

struct mime {
	GMimeMessage *message;
	struct part *root;
	size_t n_parts;
	bool too_large; /* more parts, or deeper, than we walk */
};

/*
 * A class is made when its first object is, under locks of GLib's own. Made
 * here, all threads find them ready.
 */
static void
init_once(void)
{
	g_mime_init();
	(void)g_type_class_ref(GMIME_TYPE_MESSAGE);
	(void)g_type_class_ref(GMIME_TYPE_PART);
	(void)g_type_class_ref(GMIME_TYPE_TEXT_PART);
	(void)g_type_class_ref(GMIME_TYPE_MULTIPART);
	(void)g_type_class_ref(GMIME_TYPE_MULTIPART_SIGNED);
	(void)g_type_class_ref(GMIME_TYPE_MULTIPART_ENCRYPTED);
	(void)g_type_class_ref(GMIME_TYPE_MESSAGE_PART);
	(void)g_type_class_ref(GMIME_TYPE_MESSAGE_PARTIAL);
}

static void
init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, init_once);
}

/* ---- The tree ---- */

static struct slice
copy(struct arena *arena, const char *text)
{
	return arena_slice(arena, slice_of(text != NULL ? text : ""));
}

static void
add_headers(struct arena *arena, GMimeObject *object, struct fields *fields)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	int n = g_mime_header_list_get_count(list);

	for (int i = 0; i < n && fields->n < SIEVE_FIELDS_MAX; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
		struct field *field = &fields->list[fields->n++];
		const char *raw = g_mime_header_get_raw_value(header);

		field->name = copy(arena, g_mime_header_get_name(header));
		field->raw = slice_trim(copy(arena, raw));
	}
}

static struct fields *
headers(struct arena *arena, GMimeObject *first, GMimeObject *second)
{
	struct fields *fields = arena_new(arena, struct fields);
	int n =
	    g_mime_header_list_get_count(g_mime_object_get_header_list(first));

	if (second != NULL)
		n += g_mime_header_list_get_count(
		    g_mime_object_get_header_list(second));
	fields->arena = arena;
	fields->list = arena_calloc(arena, (size_t)n, sizeof(struct field));
	add_headers(arena, first, fields);
	if (second != NULL)
		add_headers(arena, second, fields);
	return fields;
}

static struct part *build(struct mime *mime, struct arena *arena,
    GMimeObject *object, const struct part *parent);

static unsigned
depth(const struct part *part)
{
	unsigned n = 0;

	for (; part != NULL; part = part->parent)
		n++;
	return n;
}

static void
build_children(struct mime *mime, struct arena *arena, GMimeObject *object,
    struct part *part)
{
	struct part **end = &part->child;
	int n = g_mime_multipart_get_count(GMIME_MULTIPART(object));

	for (int i = 0; i < n && !mime->too_large; i++) {
		GMimeObject *child =
		    g_mime_multipart_get_part(GMIME_MULTIPART(object), i);

		*end = build(mime, arena, child, part);
		if (*end != NULL)
			end = &(*end)->next;
	}
}

/* The message inside: its header and what is in it are one part. */
static void
build_message(struct mime *mime, struct arena *arena, GMimeObject *object,
    struct part *part)
{
	GMimeMessage *inner =
	    g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
	GMimeObject *body =
	    inner != NULL ? g_mime_message_get_mime_part(inner) : NULL;

	part->is_message = true;
	if (body == NULL)
		return;
	part->child = build(mime, arena, body, part);
	if (part->child != NULL)
		part->child->fields = headers(arena, GMIME_OBJECT(inner), body);
}

static struct part *
build(struct mime *mime, struct arena *arena, GMimeObject *object,
    const struct part *parent)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	struct part *part;

	if (++mime->n_parts > SIEVE_PARTS_MAX ||
	    depth(parent) >= SIEVE_PART_DEPTH_MAX) {
		mime->too_large = true;
		return NULL;
	}
	part = arena_new(arena, struct part);
	part->parent = parent;
	part->object = object;
	part->type = SLICE("text");
	part->subtype = SLICE("plain");
	if (type != NULL) {
		part->type =
		    copy(arena, g_mime_content_type_get_media_type(type));
		part->subtype =
		    copy(arena, g_mime_content_type_get_media_subtype(type));
	}
	part->fields = headers(arena, object, NULL);
	if (GMIME_IS_MULTIPART(object))
		build_children(mime, arena, object, part);
	else if (GMIME_IS_MESSAGE_PART(object))
		build_message(mime, arena, object, part);
	else
		part->is_leaf = GMIME_IS_PART(object);
	return part;
}

static GMimeMessage *
parse(struct slice octets)
{
	GMimeStream *stream =
	    g_mime_stream_mem_new_with_buffer(octets.p, octets.n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

/*
 * GMime makes an object of every part, and a message of a few megabytes can
 * hold a million of them: such a one is turned away before it is parsed.
 */
static bool
has_too_many_boundaries(struct slice octets)
{
	size_t n = 0;

	while (n <= BOUNDARIES_MAX) {
		const char *at = memmem(octets.p, octets.n, "\n--", 3);

		if (at == NULL)
			return false;
		octets = slice_tail(octets, (size_t)(at - octets.p) + 3);
		n++;
	}
	return true;
}

static struct mime *
mime_new(struct sieve_message *message)
{
	struct mime *mime = arena_new(message->arena, struct mime);
	GMimeObject *body = NULL;

	init();
	if (has_too_many_boundaries(message->octets)) {
		mime->too_large = true;
		return mime;
	}
	mime->message = parse(message->octets);
	if (mime->message != NULL)
		body = g_mime_message_get_mime_part(mime->message);
	if (body != NULL)
		mime->root = build(mime, message->arena, body, NULL);
	return mime;
}

void
mime_done(struct mime *mime)
{
	if (mime->message != NULL)
		g_object_unref(mime->message);
	mime->message = NULL;
}

/* A message that GMime makes nothing of: one empty part. */
static struct part *
empty_root(struct arena *arena)
{
	struct part *part = arena_new(arena, struct part);

	part->type = SLICE("text");
	part->subtype = SLICE("plain");
	return part;
}

const struct part *
mime_root(struct run *run)
{
	struct sieve_message *message = run->message;
	struct mime *mime = message->mime;

	if (mime == NULL) {
		if (run_scan_body(run, message->octets.n) < 0 ||
		    run_charge(run, message->octets.n) < 0)
			return NULL;
		mime = message->mime = mime_new(message);
	}
	if (mime->too_large) {
		(void)run_limit(run, "parts",
		    "the message has more than %d MIME parts, or parts deeper "
		    "than %d",
		    SIEVE_PARTS_MAX, SIEVE_PART_DEPTH_MAX);
		return NULL;
	}
	if (mime->root == NULL)
		mime->root = empty_root(message->arena);
	return mime->root;
}

const struct part *
mime_current(struct run *run)
{
	if (run->iteration != NULL)
		return run->iteration->part;
	return mime_root(run);
}

const struct part *
mime_next(const struct part *top, const struct part *part)
{
	if (part->child != NULL)
		return part->child;
	while (part != top && part->next == NULL)
		part = part->parent;
	return part == top ? NULL : part->next;
}

struct fields *
mime_fields(struct run *run, const struct part *part)
{
	return part->parent == NULL ? run->fields : part->fields;
}

/* ---- Content ---- */

/* The octets of a leaf with base64 or quoted-printable undone. */
static struct slice
decode(struct arena *arena, GMimeObject *object)
{
	GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(object));
	GMimeStream *stream;
	GByteArray *octets;
	struct slice decoded;

	if (content == NULL)
		return (struct slice){ "", 0 };
	stream = g_mime_stream_mem_new();
	(void)g_mime_data_wrapper_write_to_stream(content, stream);
	octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	decoded = arena_slice(
	    arena, (struct slice){ (const char *)octets->data, octets->len });
	g_object_unref(stream);
	return decoded;
}

static struct slice
to_text(struct arena *arena, const struct part *part, struct slice octets)
{
	AUTO_BUF struct buf text = BUF_INIT(DECODED_MAX);
	const char *charset =
	    g_mime_object_get_content_type_parameter(part->object, "charset");

	if (!charset_to_utf8(slice_of(charset), octets, &text))
		(void)charset_to_utf8(SLICE("utf-8"), octets, &text);
	if (slice_eq_nocase(part->subtype, SLICE("html")))
		return html_text(arena, buf_slice(&text));
	return arena_slice(arena, buf_slice(&text));
}

bool
mime_content(
    struct run *run, const struct part *part, bool as_text, struct slice *out)
{
	struct arena *arena = run->message->arena;
	/* The tree belongs to the message as the cache of it does. */
	struct part *cache = (struct part *)part;
	struct slice *slot = as_text ? &cache->text : &cache->decoded;

	*out = (struct slice){ "", 0 };
	if (!part->is_leaf || part->object == NULL)
		return true;
	if (cache->decoded.p == NULL)
		cache->decoded = decode(arena, part->object);
	if (as_text && cache->text.p == NULL)
		cache->text = to_text(arena, part, cache->decoded);
	*out = *slot;
	return run_scan_body(run, out->n) == 0;
}

struct slice
mime_around(struct run *run, const struct part *part)
{
	const char *before, *behind;

	if (part->object == NULL || !GMIME_IS_MULTIPART(part->object))
		return (struct slice){ "", 0 };
	before = g_mime_multipart_get_prologue(part->object);
	behind = g_mime_multipart_get_epilogue(part->object);
	return slice_of(arena_printf(run->arena, "%s%s",
	    before != NULL ? before : "", behind != NULL ? behind : ""));
}

struct slice
mime_inner_header(struct run *run, const struct part *part)
{
	AUTO_BUF struct buf text = BUF_INIT(SIEVE_BODY_SCAN_MAX);
	const struct fields *fields =
	    part->child != NULL ? part->child->fields : NULL;

	for (size_t i = 0; fields != NULL && i < fields->n; i++) {
		(void)buf_add_slice(&text, fields->list[i].name);
		(void)buf_add_text(&text, ": ");
		(void)buf_add_slice(&text, fields->list[i].raw);
		(void)buf_add_text(&text, "\r\n");
	}
	return arena_slice(run->arena, buf_slice(&text));
}

/* ---- Exchanging a part ---- */

/* The same place in another tree of the same shape; NULL: not there. */
static GMimeObject *
same_place(GMimeObject *root, const struct part *part)
{
	GMimeObject *parent;
	int n = 0;

	if (part->parent == NULL)
		return root;
	parent = same_place(root, part->parent);
	if (parent == NULL || !GMIME_IS_MULTIPART(parent))
		return NULL;
	for (const struct part *p = part->parent->child; p != part; p = p->next)
		n++;
	return n < g_mime_multipart_get_count(GMIME_MULTIPART(parent))
		   ? g_mime_multipart_get_part(GMIME_MULTIPART(parent), n)
		   : NULL;
}

static GMimeObject *
parse_entity(struct slice entity)
{
	GMimeStream *stream =
	    g_mime_stream_mem_new_with_buffer(entity.p, entity.n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeObject *object = g_mime_parser_construct_part(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	return object;
}

/* Puts entity where object is. False: object is in no multipart. */
static bool
exchange(GMimeObject *root, const struct part *part, struct slice entity)
{
	GMimeObject *parent = same_place(root, part->parent);
	GMimeObject *old = same_place(root, part), *fresh;
	int n;

	if (old == NULL || parent == NULL || !GMIME_IS_MULTIPART(parent))
		return false;
	fresh = parse_entity(entity);
	if (fresh == NULL)
		return false;
	n = g_mime_multipart_index_of(GMIME_MULTIPART(parent), old);
	g_object_unref(
	    g_mime_multipart_replace(GMIME_MULTIPART(parent), n, fresh));
	g_object_unref(fresh);
	return true;
}

bool
mime_exchange(struct run *run, struct slice octets, const struct part *part,
    struct slice entity, struct slice *out)
{
	GMimeMessage *message;
	GMimeObject *root;
	char *text;
	bool ok;

	init();
	message = parse(octets);
	root = message != NULL ? g_mime_message_get_mime_part(message) : NULL;
	ok = root != NULL && part->parent != NULL &&
	     exchange(root, part, entity);
	if (ok) {
		text = g_mime_object_to_string(GMIME_OBJECT(message), NULL);
		*out = arena_slice(run->arena, slice_of(text));
		g_free(text);
	}
	if (message != NULL)
		g_object_unref(message);
	return ok;
}

bool
mime_parameter(
    struct run *run, struct slice value, struct slice name, struct slice *out)
{
	long semicolon = slice_find(value, ';');
	GMimeParamList *list;
	GMimeParam *param;

	if (semicolon < 0 || value.n > PARAMETER_VALUE_MAX)
		return false;
	init();
	value = slice_tail(value, (size_t)semicolon + 1);
	list = g_mime_param_list_parse(
	    NULL, arena_strndup(run->arena, value.p, value.n));
	if (list == NULL)
		return false;
	param = g_mime_param_list_get_parameter(
	    list, arena_strndup(run->arena, name.p, name.n));
	if (param != NULL)
		*out = copy(run->arena, g_mime_param_get_value(param));
	g_object_unref(list);
	return param != NULL;
}
