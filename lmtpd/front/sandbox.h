/*
 * lmtpd/front/sandbox.h - what a worker may ask of the kernel.
 *
 * It reads mail from strangers, so what it does not need it can not do: no
 * program is started, no identity changed, no file renamed, removed or made
 * (but unnamed ones in the spool), nothing traced or mounted.
 */
#ifndef HAUSPOST_LMTPD_FRONT_SANDBOX_H
#define HAUSPOST_LMTPD_FRONT_SANDBOX_H

#include "core/why.h"

/* Before the first thread, for the rest of the process' life. 0 or -errno. */
int sandbox_enter(struct why *why);

#endif
