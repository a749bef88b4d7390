/*
 * milter/callbacks.h - libmilter's side: convert, call session_, return.
 *
 * Threads: callbacks_open() before the first one. libmilter gives every
 * connection a thread of its own.
 */
#ifndef HAUSPOST_MILTER_CALLBACKS_H
#define HAUSPOST_MILTER_CALLBACKS_H

#include "milter/milter.h"

/* Binds the socket that Postfix connects to. 0 or -errno. */
int callbacks_open(struct milter *milter, struct why *why);

/* Serves until SIGTERM; messages in the air end first. 0 or -errno. */
int callbacks_serve(struct why *why);

#endif
