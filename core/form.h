/*
 * autoconfig-cgi/form.h - name=value&name=value, as queries and forms have it.
 *
 * Percent signs are decoded once. A "+" stays: mail addresses have plus signs
 * and no blanks, and several clients send them as they are.
 *
 * Ownership: decoded texts live in the arena. They may hold any octet.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_AUTOCONFIG_FORM_H
#define HAUSPOST_AUTOCONFIG_FORM_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

struct form_field {
	struct slice name, value;
};

/* Takes the first field off *rest; false when nothing is left. */
bool form_next(
    struct slice *rest, struct arena *arena, struct form_field *field_out);

/* The value of the first field of this name, whatever its case; else "". */
bool form_find(struct slice form, struct slice name, struct arena *arena,
    struct slice *value_out);

#endif
