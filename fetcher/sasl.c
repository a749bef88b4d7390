#include "fetcher/sasl.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>

#include "fetcher/sasl_prep.h"

enum { HASH_MAX = EVP_MAX_MD_SIZE, SALT_MAX = 256 };

static const char *const names[] = { NULL, "XOAUTH2", "OAUTHBEARER",
	"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5" };
_Static_assert(
    sizeof names / sizeof *names == SASL_MECHANISMS, "name every mechanism");

const char *
sasl_name(enum sasl_mechanism mechanism)
{
	return names[mechanism];
}

/* --- choosing --------------------------------------------------------- */

static bool
is_offered(struct slice offered, const char *name)
{
	struct slice word;

	while (slice_cut(&offered, ' ', &word)) {
		if (slice_eq_nocase(word, slice_of(name)))
			return true;
	}
	return false;
}

static const enum sasl_mechanism with_token[] = { SASL_OAUTHBEARER,
	SASL_XOAUTH2, SASL_NONE };
static const enum sasl_mechanism with_tls[] = { SASL_SCRAM_SHA_256,
	SASL_SCRAM_SHA_1, SASL_PLAIN, SASL_LOGIN, SASL_CRAM_MD5, SASL_NONE };
static const enum sasl_mechanism without_tls[] = { SASL_SCRAM_SHA_256,
	SASL_SCRAM_SHA_1, SASL_CRAM_MD5, SASL_PLAIN, SASL_LOGIN, SASL_NONE };

enum sasl_mechanism
sasl_choose(
    const char *wanted, struct slice offered, bool is_token, bool secure)
{
	const enum sasl_mechanism *m = secure ? with_tls : without_tls;
	bool any = is_token || strcmp(wanted, "auto") == 0;

	if (is_token)
		m = with_token;
	for (; *m != SASL_NONE; m++) {
		if (is_offered(offered, names[*m]) &&
		    (any || strcmp(wanted, names[*m]) == 0))
			return *m;
	}
	return SASL_NONE;
}

/* --- begin and end ---------------------------------------------------- */

void
sasl_start(struct sasl *sasl, enum sasl_mechanism mechanism,
    const struct sasl_login *login, const char *nonce)
{
	unsigned char random[sizeof sasl->nonce / 2];

	*sasl = (struct sasl){ .mechanism = mechanism,
		.login = login,
		.first = BUF_INIT(SASL_ANSWER_MAX),
		.secret = BUF_INIT(SASL_ANSWER_MAX) };
	randombytes_buf(random, sizeof random);
	(void)sodium_bin2hex(
	    sasl->nonce, sizeof sasl->nonce, random, sizeof random);
	if (nonce != NULL)
		(void)snprintf(sasl->nonce, sizeof sasl->nonce, "%s", nonce);
}

void
sasl_done(struct sasl *sasl)
{
	buf_free(&sasl->first);
	if (sasl->secret.p != NULL)
		sodium_memzero(sasl->secret.p, sasl->secret.n);
	buf_free(&sasl->secret);
}

bool
sasl_begins(const struct sasl *sasl)
{
	return sasl->mechanism != SASL_LOGIN &&
	       sasl->mechanism != SASL_CRAM_MD5;
}

static bool
is_scram(const struct sasl *sasl)
{
	return sasl->mechanism == SASL_SCRAM_SHA_256 ||
	       sasl->mechanism == SASL_SCRAM_SHA_1;
}

bool
sasl_is_fine(const struct sasl *sasl)
{
	return !is_scram(sasl) || sasl->proven;
}

/* --- simple ones ------------------------------------------------------ */

static void
answer_plain(const struct sasl_login *login, struct buf *answer)
{
	(void)buf_add_char(answer, '\0');
	(void)buf_add_slice(answer, login->user);
	(void)buf_add_char(answer, '\0');
	(void)buf_add_slice(answer, login->secret);
}

static void
add_hex(struct buf *to, const unsigned char *octets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)buf_addf(to, "%02x", octets[i]);
}

static void
answer_cram(
    const struct sasl_login *login, struct slice challenge, struct buf *answer)
{
	unsigned char mac[HASH_MAX];
	unsigned n = 0;

	(void)HMAC(EVP_md5(), login->secret.p, (int)login->secret.n,
	    (const unsigned char *)challenge.p, challenge.n, mac, &n);
	(void)buf_add_slice(answer, login->user);
	(void)buf_add_char(answer, ' ');
	add_hex(answer, mac, n);
}

void
sasl_apop(struct slice timestamp, struct slice password, char hex[33])
{
	unsigned char hash[HASH_MAX];
	unsigned n = 0;
	EVP_MD_CTX *md5 = EVP_MD_CTX_new();

	assert(md5 != NULL);
	(void)EVP_DigestInit_ex(md5, EVP_md5(), NULL);
	(void)EVP_DigestUpdate(md5, timestamp.p, timestamp.n);
	(void)EVP_DigestUpdate(md5, password.p, password.n);
	(void)EVP_DigestFinal_ex(md5, hash, &n);
	EVP_MD_CTX_free(md5);
	(void)sodium_bin2hex(hex, 33, hash, 16);
}

/* --- tokens ----------------------------------------------------------- */

static void
answer_xoauth2(const struct sasl_login *login, struct buf *answer)
{
	(void)buf_addf(answer, "user=%.*s\1auth=Bearer %.*s\1\1",
	    SLICE_FMT(login->user), SLICE_FMT(login->secret));
}

/* RFC 5801 4: "," and "=" in the name. */
static void
add_saslname(struct buf *to, struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == ',')
			(void)buf_add_text(to, "=2C");
		else if (name.p[i] == '=')
			(void)buf_add_text(to, "=3D");
		else
			(void)buf_add_char(to, name.p[i]);
	}
}

static void
answer_bearer(const struct sasl_login *login, struct buf *answer)
{
	(void)buf_add_text(answer, "n,a=");
	add_saslname(answer, login->user);
	(void)buf_addf(answer, ",\1host=%.*s\1port=%u\1auth=Bearer %.*s\1\1",
	    SLICE_FMT(login->host), login->port, SLICE_FMT(login->secret));
}

/* Why it was refused comes as a challenge; this is what ends the exchange. */
static void
answer_refused_token(const struct sasl *sasl, struct buf *answer)
{
	if (sasl->mechanism == SASL_OAUTHBEARER)
		(void)buf_add_char(answer, '\1'); /* RFC 7628 3.2.3 */
}

/* --- SCRAM ------------------------------------------------------------ */

static const EVP_MD *
scram_hash(const struct sasl *sasl)
{
	return sasl->mechanism == SASL_SCRAM_SHA_256 ? EVP_sha256()
						     : EVP_sha1();
}

static int
scram_first(struct sasl *sasl, struct buf *answer)
{
	AUTO_BUF struct buf user = BUF_INIT(SASL_ANSWER_MAX);

	buf_reset(&sasl->secret);
	(void)buf_reserve(&sasl->secret, SASL_ANSWER_MAX);
	if (sasl_prep(sasl->login->user, &user) < 0 ||
	    sasl_prep(sasl->login->secret, &sasl->secret) < 0)
		return -EPROTO;
	(void)buf_add_text(&sasl->first, "n=");
	add_saslname(&sasl->first, buf_slice(&user));
	(void)buf_addf(&sasl->first, ",r=%s", sasl->nonce);
	(void)buf_add_text(answer, "n,,");
	(void)buf_add_slice(answer, buf_slice(&sasl->first));
	return 0;
}

struct scram_challenge {
	struct slice whole, nonce;
	unsigned char salt[SALT_MAX];
	size_t n_salt;
	int iterations;
};

/* The value of "k=value" at the front of the next attribute. */
static bool
take_attribute(struct slice *rest, char key, struct slice *value_out)
{
	struct slice part;

	if (!slice_cut(rest, ',', &part) || part.n < 2 || part.p[0] != key ||
	    part.p[1] != '=')
		return false;
	*value_out = slice_tail(part, 2);
	return true;
}

static bool
read_challenge(
    const struct sasl *sasl, struct slice text, struct scram_challenge *to)
{
	struct slice salt, iterations, ours = slice_of(sasl->nonce);
	unsigned long long n;

	to->whole = text;
	if (!take_attribute(&text, 'r', &to->nonce) ||
	    !take_attribute(&text, 's', &salt) ||
	    !take_attribute(&text, 'i', &iterations) ||
	    !slice_number(iterations, SASL_ITERATIONS_MAX, &n) || n == 0 ||
	    to->nonce.n <= ours.n ||
	    !slice_eq(slice_head(to->nonce, ours.n), ours))
		return false;
	to->iterations = (int)n;
	return sodium_base642bin(to->salt, sizeof to->salt, salt.p, salt.n,
		   NULL, &to->n_salt, NULL,
		   sodium_base64_VARIANT_ORIGINAL) == 0;
}

static void
keyed(const EVP_MD *md, const unsigned char *key, size_t n, struct slice text,
    unsigned char *mac)
{
	unsigned out = 0;

	(void)HMAC(
	    md, key, (int)n, (const unsigned char *)text.p, text.n, mac, &out);
}

/* Fills proof (as long as the hash) and the signature to expect. */
static void
scram_prove(struct sasl *sasl, const struct scram_challenge *challenge,
    struct slice message, unsigned char *proof)
{
	const EVP_MD *md = scram_hash(sasl);
	size_t n = (size_t)EVP_MD_get_size(md);
	unsigned char salted[HASH_MAX], key[HASH_MAX], stored[HASH_MAX];

	(void)PKCS5_PBKDF2_HMAC(sasl->secret.p, (int)sasl->secret.n,
	    challenge->salt, (int)challenge->n_salt, challenge->iterations, md,
	    (int)n, salted);
	keyed(md, salted, n, SLICE("Client Key"), key);
	(void)EVP_Digest(key, n, stored, NULL, md, NULL);
	keyed(md, stored, n, message, proof);
	for (size_t i = 0; i < n; i++)
		proof[i] ^= key[i];
	keyed(md, salted, n, SLICE("Server Key"), key);
	keyed(md, key, n, message, sasl->server_signature);
	sasl->n_signature = n;
	sodium_memzero(salted, sizeof salted);
	sodium_memzero(key, sizeof key);
}

static int
scram_final(struct sasl *sasl, struct slice text, struct buf *answer)
{
	AUTO_BUF struct buf message = BUF_INIT(2 * SASL_ANSWER_MAX);
	struct scram_challenge challenge;
	unsigned char proof[HASH_MAX];
	char base64[2 * HASH_MAX];

	if (!read_challenge(sasl, text, &challenge))
		return -EPROTO;
	/* "biws" is "n,," in base64: no channel binding. */
	(void)buf_addf(answer, "c=biws,r=%.*s", SLICE_FMT(challenge.nonce));
	(void)buf_add_slice(&message, buf_slice(&sasl->first));
	(void)buf_addf(&message, ",%.*s,", SLICE_FMT(challenge.whole));
	(void)buf_add_slice(&message, buf_slice(answer));
	scram_prove(sasl, &challenge, buf_slice(&message), proof);
	(void)buf_addf(answer, ",p=%s",
	    sodium_bin2base64(base64, sizeof base64, proof, sasl->n_signature,
		sodium_base64_VARIANT_ORIGINAL));
	return 0;
}

static int
scram_verify(struct sasl *sasl, struct slice text)
{
	unsigned char signature[HASH_MAX];
	struct slice value;
	size_t n = 0;

	if (!take_attribute(&text, 'v', &value) ||
	    sodium_base642bin(signature, sizeof signature, value.p, value.n,
		NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    n != sasl->n_signature ||
	    sodium_memcmp(signature, sasl->server_signature, n) != 0)
		return -EPROTO;
	sasl->proven = true;
	return 0;
}

static int
scram_step(struct sasl *sasl, unsigned step, struct slice challenge,
    struct buf *answer)
{
	if (step == 0)
		return scram_first(sasl, answer);
	if (step == 1)
		return scram_final(sasl, challenge, answer);
	return scram_verify(sasl, challenge);
}

/* --- all -------------------------------------------------------------- */

static void
answer_first(struct sasl *sasl, struct slice challenge, struct buf *answer)
{
	switch (sasl->mechanism) {
	case SASL_PLAIN:
		answer_plain(sasl->login, answer);
		break;
	case SASL_LOGIN: /* whatever the two challenges say */
		(void)buf_add_slice(answer, sasl->login->user);
		break;
	case SASL_CRAM_MD5:
		answer_cram(sasl->login, challenge, answer);
		break;
	case SASL_XOAUTH2:
		answer_xoauth2(sasl->login, answer);
		break;
	default:
		answer_bearer(sasl->login, answer);
		break;
	}
}

int
sasl_step(struct sasl *sasl, struct slice challenge, struct buf *answer)
{
	unsigned step = sasl->step++;
	int r = 0;

	if (is_scram(sasl))
		r = scram_step(sasl, step, challenge, answer);
	else if (step == 0)
		answer_first(sasl, challenge, answer);
	else if (step == 1 && sasl->mechanism == SASL_LOGIN)
		(void)buf_add_slice(answer, sasl->login->secret);
	else if (step == 1 && sasl->login->is_token)
		answer_refused_token(sasl, answer);
	else
		r = -EPROTO;
	return r == 0 && buf_failed(answer) ? -EPROTO : r;
}
