/*
 * autoconfig-cgi/words.h - the words of the page for people, in German and
 * English.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_AUTOCONFIG_WORDS_H
#define HAUSPOST_AUTOCONFIG_WORDS_H

#include "core/language.h"

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

/* A text for each word. */
const char *const *words_of(enum language language);

#endif
