/*
 * cli/value.h - what an option sets, from the command line to JSON.
 *
 * Only what JSON has to know is checked here; ranges and grammar are the
 * database's, whose messages say more.
 */
#ifndef HAUSPOST_CLI_VALUE_H
#define HAUSPOST_CLI_VALUE_H

#include <jansson.h>

enum value_type {
	VALUE_TEXT, /* "" is NULL */
	VALUE_NUMBER,
	VALUE_SIZE,  /* octets, or with K, M, G (of 1024) */
	VALUE_LIMIT, /* a size, or "none": NULL */
	VALUE_FLAG,  /* yes, no */
};

/* A new value, or NULL when the text is none of its type. */
json_t *value_parse(enum value_type type, const char *text);

/* "a number": what to write instead. */
const char *value_wanted(enum value_type type);

#endif
