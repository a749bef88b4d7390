#include "core/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/io.h"
#include "core/scope.h"

enum {
	SEALED_VERSION = 1,
	SEALED_HEAD = 1 + SEALED_ID,
	SEALED_PADDING = 64,
	SEALED_PLAIN_MAX = SEALED_VALUE_MAX + 4096,
	KEY_LINE = 2 * SEALED_KEY + 1, /* hex and its line end */
	KEYS_MAX = 64,
	PATH_TEXT_MAX = 4096,
};

_Static_assert(SEALED_KEY == crypto_box_PUBLICKEYBYTES &&
		   SEALED_KEY == crypto_box_SECRETKEYBYTES,
    "both keys have one size");

struct key_pair {
	unsigned char secret[SEALED_KEY];
	unsigned char public[SEALED_KEY];
};

struct sealed_keys {
	size_t n;
	struct key_pair *pairs; /* in memory that is never swapped out */
};

static void
key_id(const unsigned char public[SEALED_KEY], unsigned char id[SEALED_ID])
{
	unsigned char hash[crypto_generichash_BYTES_MIN];

	(void)crypto_generichash(
	    hash, sizeof hash, public, SEALED_KEY, NULL, 0);
	(void)memcpy(id, hash, SEALED_ID);
}

/* --- making a box ----------------------------------------------------- */

static void
add_netstring(struct buf *to, struct slice s)
{
	(void)buf_addf(to, "%zu:", s.n);
	(void)buf_add_slice(to, s);
	(void)buf_add_char(to, ',');
}

static void
add_bound(struct buf *to, const struct slice *bound, size_t n_bound)
{
	for (size_t i = 0; i < n_bound; i++)
		add_netstring(to, bound[i]);
}

static void
wipe(struct buf *buf)
{
	if (buf->p != NULL)
		sodium_memzero(buf->p, buf->capacity);
	buf_free(buf);
}

#define AUTO_WIPE __attribute__((cleanup(wipe)))

int
sealed_make(const struct sealed_public *public, const struct slice *bound,
    size_t n_bound, struct slice value, struct buf *box, struct why *why)
{
	AUTO_WIPE struct buf plain = BUF_INIT(SEALED_PLAIN_MAX);
	unsigned char head[SEALED_HEAD] = { SEALED_VERSION };
	unsigned char *to;
	size_t n;

	/* All of it at once: what a growing buffer leaves behind is not wiped.
	 */
	(void)buf_reserve(&plain, SEALED_PLAIN_MAX);
	add_bound(&plain, bound, n_bound);
	add_netstring(&plain, value);
	while (plain.n % SEALED_PADDING != 0)
		(void)buf_add_char(&plain, '\0');
	n = plain.n + crypto_box_SEALBYTES;
	if (buf_failed(&plain) || value.n > SEALED_VALUE_MAX)
		return why_fail(why, EMSGSIZE, "secret");
	key_id(public->key, head + 1);
	if (buf_add(box, head, sizeof head) < 0 || buf_reserve(box, n) < 0)
		return why_fail(why, EMSGSIZE, "sealed secret");
	to = (unsigned char *)box->p + box->n;
	if (crypto_box_seal(
		to, (unsigned char *)plain.p, plain.n, public->key) != 0)
		return why_fail(why, EINVAL, "public key");
	buf_grown(box, n);
	return 0;
}

/* --- opening one ------------------------------------------------------ */

static const struct key_pair *
find_key(const struct sealed_keys *keys, struct slice box)
{
	unsigned char id[SEALED_ID];

	if (box.n < SEALED_HEAD + crypto_box_SEALBYTES ||
	    box.p[0] != SEALED_VERSION)
		return NULL;
	for (size_t i = 0; i < keys->n; i++) {
		key_id(keys->pairs[i].public, id);
		if (memcmp(id, box.p + 1, sizeof id) == 0)
			return &keys->pairs[i];
	}
	return NULL;
}

/* The secret behind what it is bound to; false when that is another. */
static bool
read_value(struct slice plain, const struct slice *bound, size_t n_bound,
    struct slice *value_out)
{
	AUTO_BUF struct buf want = BUF_INIT(SEALED_PLAIN_MAX);
	struct slice digits;
	unsigned long long n;

	add_bound(&want, bound, n_bound);
	if (!slice_eq(slice_head(plain, want.n), buf_slice(&want)))
		return false;
	plain = slice_tail(plain, want.n);
	if (!slice_cut(&plain, ':', &digits) ||
	    !slice_number(digits, SEALED_VALUE_MAX, &n) || n >= plain.n ||
	    plain.p[n] != ',')
		return false;
	*value_out = slice_head(plain, (size_t)n);
	return true;
}

int
sealed_open(const struct sealed_keys *keys, struct slice box,
    const struct slice *bound, size_t n_bound, struct buf *value,
    struct why *why)
{
	AUTO_WIPE struct buf plain = BUF_INIT(SEALED_PLAIN_MAX);
	const struct key_pair *pair = find_key(keys, box);
	struct slice sealed = slice_tail(box, SEALED_HEAD), found;

	if (pair == NULL || sealed.n > SEALED_PLAIN_MAX)
		return why_fail(
		    why, EBADMSG, "secret: no key of ours opens it");
	(void)buf_reserve(&plain, sealed.n);
	if (crypto_box_seal_open((unsigned char *)plain.p,
		(const unsigned char *)sealed.p, sealed.n, pair->public,
		pair->secret) != 0)
		return why_fail(why, EBADMSG, "secret: it is damaged");
	buf_grown(&plain, sealed.n - crypto_box_SEALBYTES);
	if (!read_value(buf_slice(&plain), bound, n_bound, &found))
		return why_fail(
		    why, EBADMSG, "secret: made for something else");
	return buf_add_slice(value, found);
}

/* --- files ------------------------------------------------------------ */

static int
join(char path[PATH_TEXT_MAX], const char *folder, const char *name)
{
	int n = snprintf(path, PATH_TEXT_MAX, "%s/%s", folder, name);

	return n < PATH_TEXT_MAX ? 0 : -ENAMETOOLONG;
}

static int
read_file(const char *path, char *text, size_t size)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size);
	return n < 0 ? -errno : (int)n;
}

static bool
read_key(const char *hex, unsigned char key[SEALED_KEY])
{
	size_t n;

	return sodium_hex2bin(key, SEALED_KEY, hex, (size_t)2 * SEALED_KEY,
		   NULL, &n, NULL) == 0 &&
	       n == SEALED_KEY;
}

int
sealed_public_read(
    const char *path, struct sealed_public *public_out, struct why *why)
{
	char hex[KEY_LINE];
	int n = read_file(path, hex, sizeof hex);

	if (n < 0)
		return why_fail(why, -n, "read %s", path);
	if (n < 2 * SEALED_KEY || !read_key(hex, public_out->key))
		return why_fail(why, EBADMSG, "%s: no public key", path);
	return 0;
}

/* Whole or not at all, also when we are interrupted. */
static int
write_file(const char *folder, const char *name, mode_t mode, const char *text,
    size_t n)
{
	char path[PATH_TEXT_MAX], temporary[PATH_TEXT_MAX];
	AUTO_CLOSE int fd = -1;
	int r = join(path, folder, name);

	if (r == 0)
		r = join(temporary, folder, ".new.key");
	if (r < 0)
		return r;
	(void)unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	r = fd < 0 ? -errno : io_write(fd, text, n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	return r;
}

/* The private key first: a public one without it would lose secrets. */
static int
make_key(const char *folder, char *lines, size_t *n)
{
	unsigned char public[SEALED_KEY], secret[SEALED_KEY];
	char hex[KEY_LINE];
	int r;

	(void)crypto_box_keypair(public, secret);
	(void)memmove(lines + KEY_LINE, lines, *n);
	(void)sodium_bin2hex(hex, sizeof hex, secret, sizeof secret);
	(void)memcpy(lines, hex, KEY_LINE - 1);
	lines[KEY_LINE - 1] = '\n';
	*n += KEY_LINE;
	r = write_file(folder, "private.key", 0400, lines, *n);
	(void)sodium_bin2hex(hex, sizeof hex, public, sizeof public);
	hex[KEY_LINE - 1] = '\n';
	if (r == 0)
		r = write_file(folder, "public.key", 0644, hex, sizeof hex);
	sodium_memzero(secret, sizeof secret);
	sodium_memzero(hex, sizeof hex);
	return r;
}

static int
load_lines(const char *folder, char lines[KEYS_MAX * KEY_LINE], size_t *n_out)
{
	char path[PATH_TEXT_MAX], public[PATH_TEXT_MAX];
	int n, r = join(path, folder, "private.key");

	if (r == 0)
		r = join(public, folder, "public.key");
	if (r < 0)
		return r;
	n = read_file(path, lines, (size_t)(KEYS_MAX - 1) * KEY_LINE);
	if (n < 0 && n != -ENOENT)
		return n;
	*n_out = n > 0 ? (size_t)n : 0;
	return access(public, F_OK) == 0 && n > 0
		   ? 0
		   : make_key(folder, lines, n_out);
}

static int
take_lines(struct sealed_keys *keys, const char *lines, size_t n)
{
	for (size_t at = 0; at + KEY_LINE <= n; at += KEY_LINE) {
		struct key_pair *pair = &keys->pairs[keys->n++];

		if (!read_key(lines + at, pair->secret))
			return -EBADMSG;
		(void)crypto_scalarmult_base(pair->public, pair->secret);
	}
	return keys->n > 0 ? 0 : -EBADMSG;
}

int
sealed_keys_open(
    const char *folder, struct sealed_keys **keys_out, struct why *why)
{
	char lines[KEYS_MAX * KEY_LINE];
	struct sealed_keys *keys = calloc(1, sizeof *keys);
	size_t n;
	int r;

	if (keys == NULL)
		abort();
	keys->pairs = sodium_allocarray(KEYS_MAX, sizeof *keys->pairs);
	if (keys->pairs == NULL)
		abort();
	r = load_lines(folder, lines, &n);
	if (r == 0)
		r = take_lines(keys, lines, n);
	sodium_memzero(lines, sizeof lines);
	if (r < 0) {
		sealed_keys_free(keys);
		return why_fail(why, -r, "keys in %s", folder);
	}
	*keys_out = keys;
	return 0;
}

struct sealed_public
sealed_keys_public(const struct sealed_keys *keys)
{
	struct sealed_public public;

	(void)memcpy(public.key, keys->pairs[0].public, sizeof public.key);
	return public;
}

void
sealed_keys_free(struct sealed_keys *keys)
{
	if (keys == NULL)
		return;
	sodium_free(keys->pairs); /* which wipes it */
	free(keys);
}
