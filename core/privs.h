/*
 * core/privs.h - rights are given up once, completely, and it is verified.
 *
 * Threads: before the first one; credentials are per thread in the kernel.
 */
#ifndef HAUSPOST_CORE_PRIVS_H
#define HAUSPOST_CORE_PRIVS_H

#include <stddef.h>
#include <sys/capability.h>

#include "core/why.h"

/*
 * Becomes user (its uid, gid and supplementary groups) and keeps just the
 * n capabilities in keep, permitted and effective; NULL and 0 keep none.
 *
 * When not started as root: nothing to drop, succeeds if the capabilities
 * to keep are there. user "" keeps the identity and drops only rights.
 * Returns 0 or -errno; on failure the process must end.
 */
int privs_drop(
    const char *user, const cap_value_t *keep, size_t n, struct why *why);

/* No later exec gains rights, for programs that run no others' programs. */
int privs_forbid_new(struct why *why);

#endif
