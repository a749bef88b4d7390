/*
 * cli/roster_mailman.h - members of Mailman 2 and 3 in our words.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_CLI_ROSTER_MAILMAN_H
#define HAUSPOST_CLI_ROSTER_MAILMAN_H

#include <jansson.h>

/*
 * A member as Mailman 3's REST interface or our own export has it, as an
 * entry (cli/roster.h). NULL: no member, such as one who is only banned.
 */
json_t *roster_mailman_member(const json_t *member);

/* Appends the members that config.pck of Mailman 2 holds, owners too. */
void roster_mailman_config(const json_t *config, json_t *entries);

#endif
