/*
 * core/xml.h - writes XML, escaping all text.
 *
 *	struct xml xml = xml_start();
 *	xml_open(&xml, "emailProvider");
 *	xml_attribute(&xml, "id", domain);
 *	xml_text(&xml, "displayName", name);
 *	xml_close(&xml);
 *	body = xml_finish(&xml, arena);
 *
 * A thin cover of libxml2's writer, whose only error is out of memory: that
 * ends the process, as everywhere. Text must be XML 1.0 characters, which
 * addresses, host names and settings are.
 *
 * Threads: one struct xml belongs to one thread.
 */
#ifndef HAUSPOST_CORE_XML_H
#define HAUSPOST_CORE_XML_H

#include <libxml/xmlwriter.h>

#include "core/arena.h"
#include "core/slice.h"

struct xml {
	xmlBufferPtr buffer;
	xmlTextWriterPtr writer;
};

/* With an XML declaration, indented. */
struct xml xml_start(void);

/* HTML: neither. */
struct xml xml_start_html(void);

void xml_open(struct xml *xml, const char *name);
void xml_attribute(struct xml *xml, const char *name, struct slice value);
void xml_words(struct xml *xml, struct slice text);

/* Never as "<name/>", which HTML takes for "<name>" … */
void xml_close(struct xml *xml);

/* … but for elements that never have content. */
void xml_close_void(struct xml *xml);

/* <name>text</name> */
void xml_text(struct xml *xml, const char *name, struct slice text);
void xml_number(struct xml *xml, const char *name, unsigned number);

/* As it stands: DOCTYPE lines. */
void xml_raw(struct xml *xml, const char *markup);

/* Closes what is open; the text is the arena's. */
struct slice xml_finish(struct xml *xml, struct arena *arena);

#endif
