/*
 * lmtpd/runner/command.h - the words of a |program.
 *
 * The text is the owner's own, from the directory or his ~/.forward; nothing
 * of a message ever becomes part of it. Words are separated by blanks,
 * single and double quotes keep them together. Where the text has characters
 * that only a shell understands, it asks for one: /bin/sh -c TEXT, as the
 * user, like Postfix' local(8).
 */
#ifndef HAUSPOST_LMTPD_RUNNER_COMMAND_H
#define HAUSPOST_LMTPD_RUNNER_COMMAND_H

#include "core/arena.h"
#include "core/slice.h"

enum { COMMAND_WORDS_MAX = 64 };

/* argv, NULL-terminated, in the arena. 0, or -EINVAL: no words, too many,
 * an open quote, a NUL. */
int command_parse(struct arena *arena, struct slice text, char ***argv_out);

/* Whether a value from a message may stand in the environment as it is;
 * other characters become '_' (Postfix' command_expansion_filter). */
char *command_clean(struct arena *arena, const char *value);

#endif
