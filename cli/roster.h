/*
 * cli/roster.h - members of a list as list managers write them down.
 *
 * Read are CSV with a header, JSON of `hauspost list export` and of Mailman
 * 3's REST interface, config.pck of Mailman 2 (cli/pickle.h), and lines with
 * an address each. Which it is shows in the text.
 *
 * An entry is {"address": …} with what else is known of "name", "mode",
 * "state", "role", "language" and "joined", in our words. The database says
 * what is wrong with it; here only what is no file of members is told.
 *
 * Ownership: the caller's.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CLI_ROSTER_H
#define HAUSPOST_CLI_ROSTER_H

#include <jansson.h>

#include "core/arena.h"
#include "core/slice.h"

/* Appends entries. NULL, or what is wrong with the text. */
const char *roster_read(
    struct arena *arena, struct slice text, json_t *entries);

/* Addresses a line each, with a mode or role (or NULL) that they all have. */
void roster_read_lines(struct arena *arena, struct slice text, const char *key,
    const char *value, json_t *entries);

/* The entry with this address, in whatever case; NULL: there is none. */
json_t *roster_find(const json_t *entries, const char *address);

#endif
