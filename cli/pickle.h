/*
 * cli/pickle.h - data out of a pickle of Python, and nothing but data.
 *
 * A pickle is a program for a machine with a stack, which in Python may call
 * whatever it names. This reads what makes dictionaries, lists, tuples, texts
 * and numbers; objects of classes become null, and nothing is called.
 *
 * Errors:    NULL for what is no pickle, or needs more than that.
 * Ownership: the caller's.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CLI_PICKLE_H
#define HAUSPOST_CLI_PICKLE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/slice.h"

enum {
	PICKLE_STACK_MAX = 1 << 20, /* 100,000 members are 400,000 values */
	PICKLE_MEMO_MAX = 1 << 20,
	PICKLE_DEPTH_MAX = 64, /* containers within each other */
};

/* It begins as a pickled dictionary does (protocols 0 to 2). */
bool pickle_is(struct slice octets);

/*
 * Dictionaries have texts as keys, other keys are left out. Tuples are
 * arrays. Texts that are no UTF-8 are taken for ISO 8859-1.
 */
json_t *pickle_read(struct slice octets);

#endif
