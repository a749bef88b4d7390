#include "core/xml.h"

#include <stdio.h>
#include <stdlib.h>

/* Out of memory, or a name or a character that our own code got wrong. */
static void
must(int r)
{
	if (r < 0)
		abort();
}

static xmlChar *
copy(struct slice text)
{
	xmlChar *copy =
	    xmlStrndup(BAD_CAST(text.n > 0 ? text.p : ""), (int)text.n);

	if (copy == NULL)
		abort();
	return copy;
}

static struct xml
start(void)
{
	struct xml xml = { .buffer = xmlBufferCreate() };

	if (xml.buffer == NULL)
		abort();
	xml.writer = xmlNewTextWriterMemory(xml.buffer, 0);
	if (xml.writer == NULL)
		abort();
	return xml;
}

struct xml
xml_start(void)
{
	struct xml xml = start();

	must(xmlTextWriterSetIndent(xml.writer, 1));
	must(xmlTextWriterSetIndentString(xml.writer, BAD_CAST "  "));
	must(xmlTextWriterStartDocument(xml.writer, NULL, "UTF-8", NULL));
	return xml;
}

struct xml
xml_start_html(void)
{
	struct xml xml = start();

	xml_raw(&xml, "<!DOCTYPE html>\n");
	return xml;
}

void
xml_open(struct xml *xml, const char *name)
{
	must(xmlTextWriterStartElement(xml->writer, BAD_CAST name));
}

void
xml_attribute(struct xml *xml, const char *name, struct slice value)
{
	xmlChar *text = copy(value);

	must(xmlTextWriterWriteAttribute(xml->writer, BAD_CAST name, text));
	xmlFree(text);
}

void
xml_words(struct xml *xml, struct slice text)
{
	xmlChar *words = copy(text);

	must(xmlTextWriterWriteString(xml->writer, words));
	xmlFree(words);
}

void
xml_close(struct xml *xml)
{
	must(xmlTextWriterFullEndElement(xml->writer));
}

void
xml_close_void(struct xml *xml)
{
	must(xmlTextWriterEndElement(xml->writer));
}

void
xml_text(struct xml *xml, const char *name, struct slice text)
{
	xml_open(xml, name);
	xml_words(xml, text);
	xml_close(xml);
}

void
xml_number(struct xml *xml, const char *name, unsigned number)
{
	char text[sizeof "4294967295"];

	(void)snprintf(text, sizeof text, "%u", number);
	xml_text(xml, name, slice_of(text));
}

void
xml_raw(struct xml *xml, const char *markup)
{
	must(xmlTextWriterWriteRaw(xml->writer, BAD_CAST markup));
}

struct slice
xml_finish(struct xml *xml, struct arena *arena)
{
	struct slice text;

	must(xmlTextWriterEndDocument(xml->writer));
	xmlFreeTextWriter(xml->writer);
	text.p = (const char *)xmlBufferContent(xml->buffer);
	text.n = (size_t)xmlBufferLength(xml->buffer);
	text = arena_slice(arena, text);
	xmlBufferFree(xml->buffer);
	return text;
}
