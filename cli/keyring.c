#include "cli/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/io.h"
#include "core/scope.h"

enum {
	RSA_BITS = 2048, /* RFC 8301 3.2: signers should use this many */
	TABLE_MAX = 256 << 20,
};

/* --- files ------------------------------------------------------------ */

static int
open_folder(const char *folder, struct why *why)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? why_fail(why, errno, "open %s", folder) : fd;
}

static int
fill_file(int fd, int folder_fd, struct slice octets)
{
	struct stat owner;
	int r;

	if (fstat(folder_fd, &owner) < 0 ||
	    fchown(fd, owner.st_uid, owner.st_gid) < 0)
		return -errno;
	r = io_write(fd, octets.p, octets.n);
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

/* Replaces what is there. */
static int
write_file(
    int folder_fd, const char *name, struct slice octets, struct why *why)
{
	AUTO_CLOSE int fd = -1;
	char aside[300];
	int r;

	(void)snprintf(aside, sizeof aside, ".%s.new", name);
	fd = openat(folder_fd, aside,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : fill_file(fd, folder_fd, octets);
	if (r == 0 && renameat(folder_fd, aside, folder_fd, name) < 0)
		r = -errno;
	if (r == 0 && fsync(folder_fd) < 0)
		r = -errno;
	return r < 0 ? why_fail(why, -r, "write %s", name) : 0;
}

static const char *
file_name(struct arena *arena, const struct keyring_key *key)
{
	return arena_printf(arena, "%.*s.%.*s.pem", SLICE_FMT(key->domain),
	    SLICE_FMT(key->selector));
}

/* --- keys ------------------------------------------------------------- */

static struct slice
private_text(struct arena *arena, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct slice text = { NULL, 0 };
	char *octets;
	long n;

	if (bio != NULL &&
	    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) ==
		1 &&
	    (n = BIO_get_mem_data(bio, &octets)) > 0)
		text = arena_slice(arena, (struct slice){ octets, (size_t)n });
	BIO_free_all(bio);
	return text;
}

/* RFC 6376 3.6.1: SubjectPublicKeyInfo in base64. */
static struct slice
public_text(struct arena *arena, EVP_PKEY *key)
{
	unsigned char *octets = NULL;
	int n = i2d_PUBKEY(key, &octets);
	struct slice text = { NULL, 0 };
	size_t room;
	char *base64;

	if (n <= 0)
		return text;
	room = sodium_base64_encoded_len(
	    (size_t)n, sodium_base64_VARIANT_ORIGINAL);
	base64 = arena_alloc(arena, room);
	(void)sodium_bin2base64(
	    base64, room, octets, (size_t)n, sodium_base64_VARIANT_ORIGINAL);
	OPENSSL_free(octets);
	return slice_of(base64);
}

static int
write_key(struct arena *arena, int folder_fd, const char *name,
    struct slice *public_out, struct why *why)
{
	EVP_PKEY *key = EVP_RSA_gen(RSA_BITS);
	struct slice private = { NULL, 0 };

	if (key != NULL) {
		private = private_text(arena, key);
		*public_out = public_text(arena, key);
	}
	EVP_PKEY_free(key);
	if (private.n == 0 || public_out->n == 0)
		return why_fail(why, ENOMEM, "make an RSA key");
	return write_file(folder_fd, name, private, why);
}

int
keyring_make(struct arena *arena, const char *folder,
    const struct keyring_key *key, struct slice *public_out, struct why *why)
{
	AUTO_CLOSE int folder_fd = open_folder(folder, why);
	const char *name = file_name(arena, key);

	if (folder_fd < 0)
		return folder_fd;
	if (faccessat(folder_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return why_fail(why, EEXIST, "make %s/%s", folder, name);
	return write_key(arena, folder_fd, name, public_out, why);
}

int
keyring_remove(struct arena *arena, const char *folder,
    const struct keyring_key *key, struct why *why)
{
	AUTO_CLOSE int folder_fd = open_folder(folder, why);
	const char *name = file_name(arena, key);

	if (folder_fd < 0)
		return folder_fd;
	if (unlinkat(folder_fd, name, 0) < 0 && errno != ENOENT)
		return why_fail(why, errno, "remove %s/%s", folder, name);
	return 0;
}

/* --- tables ----------------------------------------------------------- */

int
keyring_write_tables(const char *folder, const struct keyring_key *keys,
    size_t n, struct why *why)
{
	AUTO_BUF struct buf files = BUF_INIT(TABLE_MAX);
	AUTO_BUF struct buf signers = BUF_INIT(TABLE_MAX);
	AUTO_CLOSE int folder_fd = open_folder(folder, why);
	int r;

	if (folder_fd < 0)
		return folder_fd;
	for (size_t i = 0; i < n; i++) {
		struct slice d = keys[i].domain, s = keys[i].selector;

		(void)buf_addf(&files,
		    "%.*s._domainkey.%.*s %.*s:%.*s:%s/%.*s.%.*s.pem\n",
		    SLICE_FMT(s), SLICE_FMT(d), SLICE_FMT(d), SLICE_FMT(s),
		    folder, SLICE_FMT(d), SLICE_FMT(s));
		(void)buf_addf(&signers, "%.*s %.*s._domainkey.%.*s\n",
		    SLICE_FMT(d), SLICE_FMT(s), SLICE_FMT(d));
	}
	if (buf_failed(&files) || buf_failed(&signers))
		return why_fail(why, EMSGSIZE, "write the tables");
	/* Keys first: the other table names them. */
	r = write_file(folder_fd, "key.table", buf_slice(&files), why);
	if (r == 0)
		r = write_file(
		    folder_fd, "signing.table", buf_slice(&signers), why);
	return r;
}
