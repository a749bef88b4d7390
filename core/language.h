/*
 * core/language.h - which of our languages somebody reads.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_CORE_LANGUAGE_H
#define HAUSPOST_CORE_LANGUAGE_H

#include "core/slice.h"

enum language { LANGUAGE_ENGLISH, LANGUAGE_GERMAN, LANGUAGES };

/*
 * The one that Accept-Language prefers of those we speak (RFC 9110 12.5.4),
 * or fallback.
 */
enum language language_of(struct slice accept_language, enum language fallback);

/* The one of a tag, "de-AT" as well, or fallback. */
enum language language_tagged(struct slice tag, enum language fallback);

/* "en" or "de", as HTML says it. */
const char *language_tag(enum language language);

#endif
