/*
 * fetcher/sasl.h - the client's side of SASL: challenges in, answers out.
 *
 * PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195), SCRAM-SHA-1 and -256 (RFC
 * 5802, 7677), XOAUTH2, OAUTHBEARER (RFC 7628), and APOP (RFC 1939 7). Ours,
 * because Debian's libcurl has no SCRAM and tries DIGEST-MD5 first.
 *
 * Octets here are plain: base64 belongs to whoever speaks the protocol.
 *
 * Ownership: login's slices must live as long as the exchange.
 * Threads:   one exchange belongs to one thread.
 */
#ifndef HAUSPOST_FETCHER_SASL_H
#define HAUSPOST_FETCHER_SASL_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/slice.h"

enum {
	SASL_ANSWER_MAX = 16 * 1024,
	/* RFC 7677 wants 4,096 at least; more than this is an attack on us. */
	SASL_ITERATIONS_MAX = 600000,
};

enum sasl_mechanism {
	SASL_NONE,
	SASL_XOAUTH2,
	SASL_OAUTHBEARER,
	SASL_SCRAM_SHA_256,
	SASL_SCRAM_SHA_1,
	SASL_PLAIN,
	SASL_LOGIN,
	SASL_CRAM_MD5,
	SASL_MECHANISMS
};

struct sasl_login {
	struct slice user;
	struct slice secret; /* password, or access token */
	bool is_token;
	struct slice host; /* OAUTHBEARER names both */
	unsigned port;
};

/* Name as in AUTH=…; NULL of SASL_NONE. */
const char *sasl_name(enum sasl_mechanism mechanism);

/*
 * The best of those offered (words with blanks between them). wanted: "auto",
 * or the only one that may be used. Without TLS those come first that do not
 * show the password.
 */
enum sasl_mechanism sasl_choose(
    const char *wanted, struct slice offered, bool is_token, bool secure);

struct sasl {
	enum sasl_mechanism mechanism;
	const struct sasl_login *login;
	unsigned step;
	bool proven;	   /* SCRAM: the server knows the password too */
	struct buf first;  /* SCRAM: client-first-message-bare */
	struct buf secret; /* SCRAM: the password, prepared */
	char nonce[33];
	unsigned char server_signature[32];
	size_t n_signature;
};

/* nonce: NULL takes a random one; tests give theirs. */
void sasl_start(struct sasl *sasl, enum sasl_mechanism mechanism,
    const struct sasl_login *login, const char *nonce);
void sasl_done(struct sasl *sasl);

/* Whether the client speaks first, so that an initial response can be sent. */
bool sasl_begins(const struct sasl *sasl);

/*
 * The answer to a challenge (empty for the first one of sasl_begins()).
 * 0, or -EPROTO: break it off.
 */
int sasl_step(struct sasl *sasl, struct slice challenge, struct buf *answer);

/* The server says we are in: may that be believed? */
bool sasl_is_fine(const struct sasl *sasl);

/* MD5 of timestamp and password in hex, behind "APOP user ". */
void sasl_apop(struct slice timestamp, struct slice password, char hex[33]);

#endif
