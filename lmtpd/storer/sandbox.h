/*
 * lmtpd/storer/sandbox.h - the system calls a storer may make.
 *
 * Programs are never run, and the only identities to be had are those of
 * mailboxes (setfsuid and setfsgid from 1000 on) and our own: whoever takes
 * the storer over cannot become root, nor a system user, by these calls.
 *
 * Threads: before the first one, so that all inherit it.
 */
#ifndef HAUSPOST_LMTPD_STORER_SANDBOX_H
#define HAUSPOST_LMTPD_STORER_SANDBOX_H

#include "core/why.h"

/* For good. 0 or -errno. */
int sandbox_enter(struct why *why);

#endif
