#include "core/srs.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include "core/buf.h"

enum {
	DAY_S = 86400,
	DAYS = 1024,	     /* two base32 digits; then the count begins anew */
	SRS_LOCAL_MAX = 256, /* above RFC 5321's 64, as all of SRS is */
};

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* --- the digest ------------------------------------------------------- */

/*
 * HMAC-SHA1 over the lower-case parts put together, its base64 cut to four
 * characters: libsrs2's choice, which we have to share. 24 bits stop nobody
 * who may try for ever, but each try is a refused recipient.
 */
static void
hash_of(struct slice key, const struct slice *parts, size_t n,
    char hash[SRS_HASH_CHARS + 1])
{
	AUTO_BUF struct buf text = BUF_INIT(4096);
	unsigned char digest[EVP_MAX_MD_SIZE];
	char base64[sodium_base64_ENCODED_LEN(
	    EVP_MAX_MD_SIZE, sodium_base64_VARIANT_ORIGINAL)];
	unsigned digest_n = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < parts[i].n; k++)
			(void)buf_add_char(&text,
			    (char)ascii_lower((unsigned char)parts[i].p[k]));
	}
	(void)HMAC(EVP_sha1(), key.p, (int)key.n,
	    (const unsigned char *)buf_text(&text), text.n, digest, &digest_n);
	(void)sodium_bin2base64(base64, sizeof base64, digest, digest_n,
	    sodium_base64_VARIANT_ORIGINAL);
	(void)memcpy(hash, base64, SRS_HASH_CHARS);
	hash[SRS_HASH_CHARS] = '\0';
}

/* Servers on the way may have folded the case of a local part. */
static bool
same_hash(const char *ours, struct slice theirs)
{
	unsigned char difference = 0;

	if (theirs.n != SRS_HASH_CHARS)
		return false;
	for (size_t i = 0; i < SRS_HASH_CHARS; i++)
		difference |= ascii_lower((unsigned char)ours[i]) ^
			      ascii_lower((unsigned char)theirs.p[i]);
	return difference == 0;
}

static bool
is_ours(const struct srs_keys *keys, struct slice hash,
    const struct slice *parts, size_t n)
{
	char ours[SRS_HASH_CHARS + 1];
	bool found = false;

	for (size_t i = 0; i < keys->n; i++) {
		hash_of(keys->keys[i], parts, n, ours);
		found |= same_hash(ours, hash);
	}
	return found;
}

/* --- the day ---------------------------------------------------------- */

static unsigned
day_of(time_t now)
{
	return (unsigned)(now / DAY_S % DAYS);
}

static int
digit_of(char c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	at = c != '\0' ? strchr(base32, c) : NULL;
	return at != NULL ? (int)(at - base32) : -1;
}

/* 0 fresh, -ESTALE, -EBADMSG. A day of the future is a clock that is off. */
static int
check_day(struct slice stamp, time_t now)
{
	int high, low, age;

	if (stamp.n != 2)
		return -EBADMSG;
	high = digit_of(stamp.p[0]);
	low = digit_of(stamp.p[1]);
	if (high < 0 || low < 0)
		return -EBADMSG;
	age = ((int)day_of(now) - (high << 5 | low) + DAYS) % DAYS;
	return age <= SRS_MAX_AGE_DAYS || age == DAYS - 1 ? 0 : -ESTALE;
}

/* --- forward ---------------------------------------------------------- */

static struct slice
tag_rest(struct slice local)
{
	return slice_tail(local, 4);
}

static bool
has_tag(struct slice local, const char *tag)
{
	/* libsrs2 allows -, + and = behind the tag. */
	return local.n > 5 && slice_starts_nocase(local, slice_of(tag)) &&
	       strchr("=+-", local.p[4]) != NULL;
}

bool
srs_is_rewritten(struct slice local)
{
	return has_tag(local, "SRS0") || has_tag(local, "SRS1");
}

static void
write_srs0(
    struct buf *to, struct slice key, const struct addr *sender, time_t now)
{
	unsigned day = day_of(now);
	const char stamp[] = { base32[day >> 5], base32[day & 31], '\0' };
	const struct slice parts[] = { slice_of(stamp), sender->domain,
		sender->local };
	char hash[SRS_HASH_CHARS + 1];

	hash_of(key, parts, 3, hash);
	(void)buf_addf(to, "SRS0=%s=%s=%.*s=%.*s", hash, stamp,
	    SLICE_FMT(sender->domain), SLICE_FMT(sender->local));
}

/* Keeps the first forwarder and what he wrote; only the proof is new. */
static void
write_srs1(
    struct buf *to, struct slice key, struct slice host, struct slice rest)
{
	const struct slice parts[] = { host, rest };
	char hash[SRS_HASH_CHARS + 1];

	hash_of(key, parts, 2, hash);
	(void)buf_addf(
	    to, "SRS1=%s=%.*s=%.*s", hash, SLICE_FMT(host), SLICE_FMT(rest));
}

/* HHHH, host and the rest of "HHHH=host=rest"; false when it is not that. */
static bool
take_srs1(struct slice text, struct slice *hash, struct slice *host,
    struct slice *rest)
{
	if (!slice_cut(&text, '=', hash) || !slice_cut(&text, '=', host) ||
	    text.p == NULL || text.n == 0 || host->n == 0)
		return false;
	*rest = text;
	return strchr("=+-", text.p[0]) != NULL;
}

int
srs_forward(struct arena *arena, const struct srs_keys *keys,
    const struct addr *sender, struct slice domain, time_t now,
    struct addr *sender_out)
{
	AUTO_BUF struct buf local = BUF_INIT(SRS_LOCAL_MAX);
	struct slice hash, host, rest;

	if (addr_is_null(sender)) {
		*sender_out = *sender;
		return 0;
	}
	if (has_tag(sender->local, "SRS0"))
		write_srs1(&local, keys->keys[0], sender->domain,
		    tag_rest(sender->local));
	else if (has_tag(sender->local, "SRS1") &&
		 take_srs1(slice_tail(sender->local, 5), &hash, &host, &rest))
		write_srs1(&local, keys->keys[0], host, rest);
	else
		write_srs0(&local, keys->keys[0], sender, now);
	if (buf_failed(&local))
		return -ENAMETOOLONG;
	*sender_out =
	    (struct addr){ arena_slice(arena, buf_slice(&local)), domain };
	return 0;
}

/* --- back ------------------------------------------------------------- */

static int
reverse_srs0(struct arena *arena, const struct srs_keys *keys,
    struct slice text, time_t now, struct addr *sender_out)
{
	struct slice hash, parts[3]; /* the day, the domain, the local part */
	int r;

	if (!slice_cut(&text, '=', &hash) ||
	    !slice_cut(&text, '=', &parts[0]) ||
	    !slice_cut(&text, '=', &parts[1]) || text.p == NULL)
		return -EBADMSG;
	parts[2] = text; /* which may hold further separators */
	if (!is_ours(keys, hash, parts, 3))
		return -EBADMSG;
	r = check_day(parts[0], now);
	if (r < 0)
		return r;
	if (addr_domain(arena, parts[1], &sender_out->domain) < 0)
		return -EBADMSG;
	sender_out->local = arena_slice(arena, parts[2]);
	return 0;
}

static int
reverse_srs1(struct arena *arena, const struct srs_keys *keys,
    struct slice text, struct addr *sender_out)
{
	struct slice hash, parts[2]; /* the first forwarder, his local part */

	if (!take_srs1(text, &hash, &parts[0], &parts[1]) ||
	    !is_ours(keys, hash, parts, 2) ||
	    addr_domain(arena, parts[0], &sender_out->domain) < 0)
		return -EBADMSG;
	sender_out->local =
	    slice_of(arena_printf(arena, "SRS0%.*s", SLICE_FMT(parts[1])));
	return 0;
}

int
srs_reverse(struct arena *arena, const struct srs_keys *keys,
    struct slice local, time_t now, struct addr *sender_out)
{
	struct addr sender;
	int r = -ENOENT;

	if (has_tag(local, "SRS0"))
		r = reverse_srs0(
		    arena, keys, slice_tail(local, 5), now, &sender);
	else if (has_tag(local, "SRS1"))
		r = reverse_srs1(arena, keys, slice_tail(local, 5), &sender);
	if (r == 0)
		*sender_out = sender;
	return r;
}
