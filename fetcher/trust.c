#include "fetcher/trust.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <sodium.h>

enum { NAME_SHOWN = 40, DATE_MAX = 11 };

int
trust_open(const char *ca_file, struct trust *trust_out, struct why *why)
{
	struct trust trust = { X509_STORE_new() };
	bool system = ca_file[0] == '\0';

	if (trust.store == NULL)
		abort();
	/* As libcurl does: what is in the file counts, also when it is no
	 * root. */
	(void)X509_STORE_set_flags(
	    trust.store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
	if ((system ? X509_STORE_set_default_paths(trust.store)
		    : X509_STORE_load_file(trust.store, ca_file)) != 1) {
		trust_close(&trust);
		return why_fail(why, EINVAL, "certificates of %s",
		    system ? "the system" : ca_file);
	}
	*trust_out = trust;
	return 0;
}

void
trust_close(struct trust *trust)
{
	X509_STORE_free(trust->store);
	trust->store = NULL;
}

/* --- what OpenSSL calls ----------------------------------------------- */

static int
on_certificate(int ok, X509_STORE_CTX *checked)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    checked, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct trust_watch *watch = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	X509 *leaf = X509_STORE_CTX_get0_cert(checked);

	if (watch->seen == NULL && leaf != NULL && X509_up_ref(leaf) == 1)
		watch->seen = leaf;
	return ok; /* whatever was found of it */
}

static CURLcode
on_context(CURL *curl, void *context, void *arg)
{
	struct trust_watch *watch = arg;
	SSL_CTX *ssl = context;

	(void)curl;
	SSL_CTX_set1_cert_store(ssl, watch->trust->store);
	(void)SSL_CTX_set_app_data(ssl, watch);
	SSL_CTX_set_verify(ssl, SSL_CTX_get_verify_mode(ssl), on_certificate);
	return CURLE_OK;
}

void
trust_watch(struct trust_watch *watch, CURL *curl)
{
	/* Nothing is read besides the store. */
	(void)curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
	(void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_context);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, watch);
}

void
trust_unwatch(struct trust_watch *watch)
{
	X509_free(watch->seen);
	watch->seen = NULL;
}

/* --- what it says ----------------------------------------------------- */

/* As CURLOPT_PINNEDPUBLICKEY, and fetch_account.pins, have it. */
static void
add_key(const X509 *certificate, struct buf *to)
{
	unsigned char *der = NULL, hash[crypto_hash_sha256_BYTES];
	char base64[64];
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	if (n <= 0)
		return;
	(void)crypto_hash_sha256(hash, der, (unsigned long long)n);
	OPENSSL_free(der);
	(void)buf_addf(to, "key sha256//%s",
	    sodium_bin2base64(base64, sizeof base64, hash, sizeof hash,
		sodium_base64_VARIANT_ORIGINAL));
}

static void
add_name(const char *what, X509_NAME *name, struct buf *to)
{
	char text[256] = "?";

	if (X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text) <
	    0)
		(void)X509_NAME_oneline(name, text, sizeof text);
	(void)buf_addf(to, ", %s %.*s", what, NAME_SHOWN, text);
}

void
trust_describe(const struct trust_watch *watch, struct buf *to)
{
	char until[DATE_MAX] = "?";
	struct tm tm;

	if (watch->seen == NULL)
		return;
	add_key(watch->seen, to);
	add_name("subject", X509_get_subject_name(watch->seen), to);
	add_name("issuer", X509_get_issuer_name(watch->seen), to);
	if (ASN1_TIME_to_tm(X509_get0_notAfter(watch->seen), &tm) == 1)
		(void)strftime(until, sizeof until, "%Y-%m-%d", &tm);
	(void)buf_addf(to, ", until %s", until);
}
