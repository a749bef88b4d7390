/*
 * cli/password.h - passwords come from a terminal or a pipe.
 *
 * Never from the command line, which every user of the machine can read
 * (/proc/PID/cmdline), and never from the environment.
 */
#ifndef HAUSPOST_CLI_PASSWORD_H
#define HAUSPOST_CLI_PASSWORD_H

#include "cli/command.h"

enum { PASSWORD_MAX = 8192 }; /* OAuth's grants have up to 4,000 octets */

/*
 * Reads it without echo, twice, or where stdin is no terminal its first
 * line. what: "password for xyz00-fred". EX_OK, or told and what to exit
 * with. The caller wipes the text with explicit_bzero().
 */
int password_read(const char *what, char text[PASSWORD_MAX]);

/* The same, asked for once, since it is pasted; what: "Address". */
int password_read_once(const char *what, char text[PASSWORD_MAX]);

/* hauspost mailbox password */
int password_run(struct cli *cli, const struct args *args);

#endif
