/*
 * autoconfig-cgi/notary.h - the process that holds the key of profiles.
 *
 * Processes that read what strangers send never have the key, nor the pages
 * of OpenSSL that a signature touches, half as much memory again as they need
 * without. Each request is a packet on one socket that all share: a profile,
 * and a descriptor to which the signed one goes.
 *
 * When a notary dies what waits for it fails, and the next one has to read
 * the key again: where only root may and root was given up, profiles get 503
 * until a restart.
 *
 * Threads: any may ask.
 */
#ifndef HAUSPOST_AUTOCONFIG_NOTARY_H
#define HAUSPOST_AUTOCONFIG_NOTARY_H

#include "autoconfig-cgi/config.h"
#include "autoconfig-cgi/sign.h"

struct notary {
	int ask_fd, serve_fd;
};

/* Before the first fork: all processes have both ends. 0 or -errno. */
int notary_open(struct notary *notary, struct why *why);

/* This process asks no more; the notary ends when none does. */
void notary_close(struct notary *notary);

/* The process itself: reads the key, gives up its rights, signs. */
int notary_run(struct notary *notary, const struct autoconfig_config *config,
    struct why *why);

/* As sign(), by the notary. */
int notary_sign(const struct notary *notary, struct arena *arena,
    struct slice content, struct slice *signed_out, struct why *why);

/* The key of the settings; what is wrong with it is logged. May be NULL. */
struct signer *notary_key(const struct autoconfig_config *config);

#endif
