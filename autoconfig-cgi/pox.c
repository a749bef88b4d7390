#include "autoconfig-cgi/pox.h"

#include <libxml/xmlreader.h>

enum {
	ELEMENTS_MAX = 64,
	DEPTH_MAX = 16,
	DEPTH_ROOT = 0, /* Autodiscover */
	DEPTH_REQUEST,
	DEPTH_FIELD,
	DEPTH_TEXT,
};

struct walk {
	struct arena *arena;
	xmlTextReaderPtr reader;
	int elements;
	bool malformed;
	bool in_request;
	struct slice *field; /* whose text comes, or NULL */
	struct slice address, schema;
};

/* What libxml2 would otherwise print holds the client's words. */
static void
ignore_error(void *arg, const char *message, xmlParserSeverities severity,
    xmlTextReaderLocatorPtr locator)
{
	(void)arg, (void)message, (void)severity, (void)locator;
}

static bool
is_named(const struct walk *walk, const char *name)
{
	const xmlChar *local = xmlTextReaderConstLocalName(walk->reader);

	return local != NULL && xmlStrEqual(local, BAD_CAST name);
}

static bool
is_request_ns(const struct walk *walk)
{
	const xmlChar *ns = xmlTextReaderConstNamespaceUri(walk->reader);

	return ns != NULL &&
	       (xmlStrEqual(ns, BAD_CAST POX_REQUEST_NS) ||
		   xmlStrEqual(ns, BAD_CAST POX_MOBILE_REQUEST_NS));
}

/* Only the first of a kind counts. */
static struct slice *
find_field(struct walk *walk)
{
	if (is_named(walk, "EMailAddress"))
		return walk->address.p == NULL ? &walk->address : NULL;
	if (is_named(walk, "AcceptableResponseSchema"))
		return walk->schema.p == NULL ? &walk->schema : NULL;
	return NULL;
}

static void
on_element(struct walk *walk, int depth)
{
	walk->field = NULL;
	if (++walk->elements > ELEMENTS_MAX || depth > DEPTH_MAX)
		walk->malformed = true;
	else if (depth == DEPTH_ROOT)
		walk->malformed =
		    !is_named(walk, "Autodiscover") || !is_request_ns(walk);
	else if (depth == DEPTH_REQUEST)
		walk->in_request = is_named(walk, "Request");
	else if (depth == DEPTH_FIELD && walk->in_request)
		walk->field = find_field(walk);
}

static void
on_text(struct walk *walk)
{
	const xmlChar *text = xmlTextReaderConstValue(walk->reader);
	struct slice *field = walk->field;

	if (field == NULL || text == NULL)
		return;
	*field = slice_of(arena_printf(
	    walk->arena, "%.*s%s", SLICE_FMT(*field), (const char *)text));
}

static void
on_node(struct walk *walk)
{
	int depth = xmlTextReaderDepth(walk->reader);

	switch (xmlTextReaderNodeType(walk->reader)) {
	case XML_READER_TYPE_ELEMENT:
		on_element(walk, depth);
		break;
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
		if (depth == DEPTH_TEXT)
			on_text(walk);
		break;
	case XML_READER_TYPE_END_ELEMENT:
		walk->field = NULL;
		break;
	case XML_READER_TYPE_DOCUMENT_TYPE:
	case XML_READER_TYPE_ENTITY_REFERENCE:
		walk->malformed = true;
		break;
	default:
		break;
	}
}

static void
walk_body(struct walk *walk)
{
	int r = 1;

	xmlTextReaderSetErrorHandler(walk->reader, ignore_error, NULL);
	while (!walk->malformed && (r = xmlTextReaderRead(walk->reader)) == 1)
		on_node(walk);
	if (r != 0)
		walk->malformed = true;
}

/* Before the parser, which would take in what it declares. */
static bool
declares_types(struct slice body)
{
	for (size_t i = 0; i + 1 < body.n; i++) {
		struct slice rest = slice_tail(body, i);

		if (slice_starts_nocase(rest, SLICE("<!DOCTYPE")) ||
		    slice_starts_nocase(rest, SLICE("<!ENTITY")))
			return true;
	}
	return false;
}

static bool
read_fields(struct slice body, struct walk *walk)
{
	if (body.n == 0 || body.n > REQUEST_BODY_MAX || !slice_is_text(body) ||
	    declares_types(body))
		return false;
	walk->reader = xmlReaderForMemory(body.p, (int)body.n, NULL, "UTF-8",
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (walk->reader == NULL)
		return false;
	walk_body(walk);
	xmlFreeTextReader(walk->reader);
	return !walk->malformed;
}

enum pox_code
pox_parse(struct arena *arena, struct slice body, struct slice *address_out)
{
	struct walk walk = { .arena = arena };

	if (!read_fields(body, &walk))
		return POX_MALFORMED;
	walk.address = slice_trim(walk.address);
	if (walk.address.n == 0)
		return POX_MALFORMED;
	/* Without a schema it is a client that knows just the one. */
	if (walk.schema.p != NULL &&
	    !slice_eq(slice_trim(walk.schema), SLICE(POX_SCHEMA)))
		return POX_NO_SCHEMA;
	*address_out = walk.address;
	return POX_OK;
}
