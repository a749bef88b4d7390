/*
 * autoconfig-cgi/policy.h - who is told what; decisions without I/O.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_AUTOCONFIG_POLICY_H
#define HAUSPOST_AUTOCONFIG_POLICY_H

#include "autoconfig-cgi/request.h"
#include "core/setup.h"

/*
 * Is the setup told to this asker? as_domain: where an address leads not to
 * one mailbox, the servers of its domain are, so that an answer does not tell
 * which addresses exist.
 */
bool policy_publishes(
    const struct request *request, const struct setup *setup, bool as_domain);

/* The domain of an address, empty where there is none. */
struct slice policy_domain(struct slice address);

/*
 * The domain whose settings clients look for at this host name; empty where
 * none does, or where PACC's name is asked and PACC is off.
 */
struct slice policy_base(struct slice host, bool pacc);

/* A client on this machine. */
bool policy_is_local(struct slice client);

#endif
