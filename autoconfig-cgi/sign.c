#include "autoconfig-cgi/sign.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

struct signer {
	X509 *certificate; /* NULL where it cannot be used */
	EVP_PKEY *key;
	STACK_OF(X509) * chain;
};

/* OpenSSL's last word; its queue is emptied for the next. */
static int
openssl_fail(struct why *why, const char *what)
{
	char text[256];

	ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
	ERR_clear_error();
	(void)why_say(why, 451, "4.3.5", "no signature");
	why_detail(why, "%s: %s", what, text);
	return -ENOKEY;
}

static int
read_chain(struct signer *signer, BIO *file)
{
	X509 *next;

	signer->certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
	signer->chain = sk_X509_new_null();
	if (signer->certificate == NULL || signer->chain == NULL)
		return -1;
	while ((next = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_push(signer->chain, next) == 0)
			return -1;
	}
	ERR_clear_error(); /* "no start line" is the end of the file */
	return 0;
}

static int
read_certificate(struct signer *signer, const char *path, struct why *why)
{
	BIO *file = BIO_new_file(path, "r");
	int r = file != NULL ? read_chain(signer, file) : -1;

	(void)BIO_free(file);
	return r < 0 ? openssl_fail(why, path) : 0;
}

/* Instead of OpenSSL's own, which would ask at the terminal. */
static int
no_passphrase(char *to, int size, int writing, void *arg)
{
	(void)to, (void)size, (void)writing, (void)arg;
	return -1;
}

static int
read_key(struct signer *signer, const char *path, struct why *why)
{
	BIO *file = BIO_new_file(path, "r");

	if (file != NULL)
		signer->key =
		    PEM_read_bio_PrivateKey(file, NULL, no_passphrase, NULL);
	(void)BIO_free(file);
	if (signer->key == NULL ||
	    X509_check_private_key(signer->certificate, signer->key) != 1)
		return openssl_fail(why, path);
	return 0;
}

static void
forget(struct signer *signer)
{
	X509_free(signer->certificate);
	EVP_PKEY_free(signer->key);
	sk_X509_pop_free(signer->chain, X509_free);
	*signer = (struct signer){ 0 };
}

struct signer *
signer_new(const char *certificate, const char *key, struct why *why)
{
	struct signer *signer;

	if (certificate[0] == '\0')
		return NULL;
	signer = calloc(1, sizeof *signer);
	if (signer == NULL)
		abort();
	if (read_certificate(signer, certificate, why) < 0 ||
	    read_key(signer, key, why) < 0)
		forget(signer);
	return signer;
}

void
signer_free(struct signer *signer)
{
	if (signer == NULL)
		return;
	forget(signer);
	free(signer);
}

static struct slice
bio_octets(struct arena *arena, BIO *bio)
{
	char *octets;
	long n = BIO_get_mem_data(bio, &octets);

	return arena_slice(arena, (struct slice){ octets, (size_t)n });
}

/* CMS_BINARY: a property list's line ends are signed as they are. */
static bool
make_cms(const struct signer *signer, BIO *in, BIO *out)
{
	CMS_ContentInfo *cms = CMS_sign(signer->certificate, signer->key,
	    signer->chain, in, CMS_BINARY | CMS_NOSMIMECAP);
	bool made = cms != NULL && i2d_CMS_bio(out, cms) == 1;

	CMS_ContentInfo_free(cms);
	return made;
}

int
sign(const struct signer *signer, struct arena *arena, struct slice content,
    struct slice *signed_out, struct why *why)
{
	BIO *in, *out;
	int r = 0;

	if (signer == NULL) {
		*signed_out = content;
		return 0;
	}
	if (signer->certificate == NULL) {
		(void)why_say(why, 451, "4.3.5", "no signature");
		why_detail(why, "the key that signs profiles cannot be used");
		return -ENOKEY;
	}
	in = BIO_new_mem_buf(content.p, (int)content.n);
	out = BIO_new(BIO_s_mem());
	if (in == NULL || out == NULL)
		abort();
	if (make_cms(signer, in, out))
		*signed_out = bio_octets(arena, out);
	else
		r = openssl_fail(why, "sign a profile");
	(void)BIO_free(in);
	(void)BIO_free(out);
	return r;
}
