/*
 * autoconfig-cgi/sign.h - signs Apple profiles (CMS, RFC 5652), so that a
 * phone shows who made them.
 *
 * It fails closed: where signing is configured no profile goes out unsigned,
 * since people learn to trust "verified".
 *
 * Threads: any, after signer_new().
 */
#ifndef HAUSPOST_AUTOCONFIG_SIGN_H
#define HAUSPOST_AUTOCONFIG_SIGN_H

#include "core/arena.h"
#include "core/slice.h"
#include "core/why.h"

struct signer;

/*
 * Reads certificate (PEM, its chain behind it) and key, while we may still
 * read it. Gives NULL where certificate is "". If they cannot be used why is
 * filled, and so will every sign() fail; the rest of the program can go on.
 */
struct signer *signer_new(
    const char *certificate, const char *key, struct why *why);
void signer_free(struct signer *signer); /* NULL is fine */

/*
 * DER with content, signature and certificates. 0 or -errno; signer NULL
 * gives the content as it is.
 */
int sign(const struct signer *signer, struct arena *arena, struct slice content,
    struct slice *signed_out, struct why *why);

#endif
