/*
 * milter/sandbox.h - what hauspost-milter never does is forbidden for good:
 * run a program, become somebody else, look into another process, change the
 * file system.
 *
 * Threads: before the first one; it binds all that follow.
 */
#ifndef HAUSPOST_MILTER_SANDBOX_H
#define HAUSPOST_MILTER_SANDBOX_H

#include "core/why.h"

/* 0 or -errno; on failure the process must end. */
int sandbox_enter(struct why *why);

#endif
