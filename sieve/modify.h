/*
 * sieve/modify.h - modifiers of a value that is set (RFC 5229 4.1).
 *
 * One of each precedence may be given; the highest is applied first. A word
 * of GROUP_MODIFY has this struct in front of its arguments.
 */
#ifndef HAUSPOST_SIEVE_MODIFY_H
#define HAUSPOST_SIEVE_MODIFY_H

#include "sieve/run.h"

enum {
	MODIFY_LOWER = 1,
	MODIFY_UPPER,
	MODIFY_LOWERFIRST,
	MODIFY_UPPERFIRST,
	MODIFY_QUOTEWILDCARD,
	MODIFY_QUOTEREGEX,
	MODIFY_ENCODEURL,
	MODIFY_LENGTH,
};

struct modifiers {
	int letters; /* 40: :lower :upper */
	int first;   /* 30: :lowerfirst :upperfirst */
	int quote;   /* 20: :quotewildcard :quoteregex */
	int encode;  /* 15: :encodeurl, RFC 5435 6 */
	int length;  /* 10: :length */
};

struct slice modify(
    struct run *run, const struct modifiers *modifiers, struct slice value);

#endif
