/*
 * core/form.h - name=value&name=value, as queries and forms have it.
 *
 * Percent signs are decoded once. What a "+" is depends on who sends: browsers
 * write a blank so (form_get). Where mail clients ask for an address it stays
 * (form_find): addresses have plus signs and no blanks, and several clients
 * send them as they are.
 *
 * Ownership: decoded texts live in the arena. They may hold any octet.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_FORM_H
#define HAUSPOST_CORE_FORM_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

/* The value of the first field of this name, whatever its case. */
bool form_find(struct slice form, struct slice name, struct arena *arena,
    struct slice *value_out);

/* The same of what a browser sends; "" where there is no such field. */
struct slice form_get(
    struct slice form, struct slice name, struct arena *arena);

#endif
