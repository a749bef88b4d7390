/*
 * core/sealed.h - secrets that anybody here can put away and one program can
 * take out again.
 *
 * A box is made with the public key (libsodium's crypto_box_seal) and opened
 * with the private one, which only the program that needs the secrets can
 * read. What a box is for (account, host, login) is inside it and compared
 * when it is opened: whoever can only write the database can't have one
 * account's password sent to another server.
 *
 * A box: one octet version, SEALED_ID octets of the key, the sealed text: a
 * netstring for each thing it is bound to, one with the secret, and zeros up
 * to a multiple of 64, so that its length tells little about the secret's.
 *
 * Errors:    0, or -errno with why->detail. -EBADMSG: no box of ours, of a key
 *            that is gone, or bound to something else.
 * Ownership: sealed_keys_free() wipes what was opened.
 * Threads:   sealed_keys are const once they are open.
 */
#ifndef HAUSPOST_CORE_SEALED_H
#define HAUSPOST_CORE_SEALED_H

#include "core/buf.h"
#include "core/slice.h"
#include "core/why.h"

enum {
	SEALED_KEY = 32, /* crypto_box_PUBLICKEYBYTES */
	SEALED_ID = 4,
	SEALED_VALUE_MAX = 8192, /* OAuth tokens have up to 4,000 octets */
};

struct sealed_public {
	unsigned char key[SEALED_KEY];
};

/* As hex, on one line, is how both keys stand in their files. */
int sealed_public_read(
    const char *path, struct sealed_public *public_out, struct why *why);

/* Adds a box for value to *box. */
int sealed_make(const struct sealed_public *public, const struct slice *bound,
    size_t n_bound, struct slice value, struct buf *box, struct why *why);

struct sealed_keys;

/*
 * Reads FOLDER/private.key, of which every line is a key, the newest first.
 * Where there is no FOLDER/public.key a new key is made: that is how one is
 * replaced, and how the first one comes.
 */
int sealed_keys_open(
    const char *folder, struct sealed_keys **keys_out, struct why *why);
void sealed_keys_free(struct sealed_keys *keys); /* NULL is fine */

/* The public half of the newest key. */
struct sealed_public sealed_keys_public(const struct sealed_keys *keys);

/* Adds the secret to *value, which the caller wipes. */
int sealed_open(const struct sealed_keys *keys, struct slice box,
    const struct slice *bound, size_t n_bound, struct buf *value,
    struct why *why);

#endif
