/*
 * cli/keyring.h - the folder that OpenDKIM reads: private keys and the two
 * tables that say which of them signs whose mail.
 *
 *	FOLDER/key.table, FOLDER/signing.table
 *	FOLDER/DOMAIN.SELECTOR.pem
 *
 * Files get the owner of the folder, so that the signer's user can read them
 * and nobody else. Each appears whole, by its last name.
 *
 * Errors:    0, or -errno with why->detail.
 */
#ifndef HAUSPOST_CLI_KEYRING_H
#define HAUSPOST_CLI_KEYRING_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/slice.h"
#include "core/why.h"

/* A key by its names, which are labels: they stand in a file's name. */
struct keyring_key {
	struct slice domain, selector;
};

/*
 * Makes a key and its file; *public_out is the public half in base64.
 * -EEXIST when there is one of these names.
 */
int keyring_make(struct arena *arena, const char *folder,
    const struct keyring_key *key, struct slice *public_out, struct why *why);

/* Removes the file; one that is not there is fine. */
int keyring_remove(struct arena *arena, const char *folder,
    const struct keyring_key *key, struct why *why);

/* Writes both tables: these keys sign. */
int keyring_write_tables(const char *folder, const struct keyring_key *keys,
    size_t n, struct why *why);

#endif
