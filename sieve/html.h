/*
 * sieve/html.h - the words of an HTML text, for searching only.
 *
 * Tags, comments, scripts and styles go, block elements become line ends and
 * character references characters. Linear, never fails.
 */
#ifndef HAUSPOST_SIEVE_HTML_H
#define HAUSPOST_SIEVE_HTML_H

#include "core/arena.h"
#include "core/slice.h"

struct slice html_text(struct arena *arena, struct slice html);

#endif
