/*
 * core/oauth.h - tokens of OAuth 2.0 (RFC 6749): refreshed, and got for the
 * first time by device code (RFC 8628) or by a pasted authorization code with
 * PKCE (RFC 7636).
 *
 * Everything a provider wants is in struct oauth_client; there is no code for
 * any one of them.
 *
 * Ownership: tokens are the caller's; oauth_tokens_wipe() ends them.
 * Threads:   any, after curl_global_init().
 */
#ifndef HAUSPOST_CORE_OAUTH_H
#define HAUSPOST_CORE_OAUTH_H

#include "core/buf.h"
#include "core/why.h"

enum { OAUTH_TOKEN_MAX = 8192, OAUTH_VERIFIER = 43 };

/* "" where there is none. */
struct oauth_client {
	const char *token_url, *device_url, *authorize_url;
	const char *id, *secret, *scope;
};

enum oauth_result {
	OAUTH_OK,
	OAUTH_PENDING, /* the user has not decided yet */
	OAUTH_SLOWER,  /* the same, and ask less often */
	OAUTH_REFUSED, /* for good: the grant is gone, or was never given */
	OAUTH_DOWN,    /* the provider does not answer, or not sensibly */
};

struct oauth_tokens {
	struct buf access, refresh; /* refresh: empty when it stays */
	long expires_s;		    /* of the access token */
};

void oauth_tokens_init(struct oauth_tokens *tokens);
void oauth_tokens_wipe(struct oauth_tokens *tokens);

/* why: what the provider said, unless OAUTH_OK. */
enum oauth_result oauth_refresh(const struct oauth_client *client,
    struct slice refresh_token, struct oauth_tokens *tokens, struct why *why);

struct oauth_device {
	char user_code[64], url[256]; /* for the user */
	struct buf device_code;
	long interval_s, expires_s;
};

enum oauth_result oauth_device_start(const struct oauth_client *client,
    struct oauth_device *device, struct why *why);
enum oauth_result oauth_device_ask(const struct oauth_client *client,
    const struct oauth_device *device, struct oauth_tokens *tokens,
    struct why *why);

/* A fresh verifier, and where the user gets the code that goes with it. */
void oauth_authorize_url(const struct oauth_client *client, struct slice login,
    char verifier[OAUTH_VERIFIER + 1], struct buf *url);
enum oauth_result oauth_redeem(const struct oauth_client *client,
    struct slice code, const char *verifier, struct oauth_tokens *tokens,
    struct why *why);

#endif
