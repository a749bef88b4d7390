/*
 * autoconfig-cgi/language.h - the words of the page for people, in German and
 * English.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_AUTOCONFIG_LANGUAGE_H
#define HAUSPOST_AUTOCONFIG_LANGUAGE_H

#include "core/slice.h"

enum language { LANGUAGE_ENGLISH, LANGUAGE_GERMAN, LANGUAGES };

enum word {
	W_TITLE,
	W_INTRO,
	W_ADDRESS,
	W_SHOW,
	W_NONE,
	W_IMAP,
	W_POP3,
	W_SMTP,
	W_SIEVE,
	W_SERVER,
	W_PORT,
	W_SECURITY,
	W_TLS,
	W_STARTTLS,
	W_LOGIN,
	W_PASSWORD,
	W_YOUR_PASSWORD,
	W_PHONE,
	W_SCAN,
	W_APPLE,
	W_PROFILE,
	W_QR,
	WORDS
};

/* The one that Accept-Language prefers of those we speak (RFC 9110 12.5.4). */
enum language language_of(struct slice accept_language);

/* "en" or "de", as HTML says it. */
const char *language_tag(enum language language);

/* A text for each word. */
const char *const *language_words(enum language language);

#endif
