/*
 * fetcher/token.h - access tokens of accounts that log in with OAuth.
 *
 * They live in memory only, until five minutes before their end, so that a
 * provider is asked once for many runs. A refresh token that the provider has
 * replaced is in the database before the new access token is used: the old
 * one may be worthless from now on.
 *
 * Threads: any; a run holds its account alone.
 */
#ifndef HAUSPOST_FETCHER_TOKEN_H
#define HAUSPOST_FETCHER_TOKEN_H

#include "core/oauth.h"
#include "core/sealed.h"
#include "fetcher/job.h"

struct tokens;

struct tokens *tokens_new(struct db_pool *pool, const struct sealed_keys *keys);
void tokens_free(struct tokens *tokens);

/* What a refresh token is bound to, and it. */
struct token_grant {
	const struct job *job;
	const struct slice *bound;
	size_t n_bound;
	struct slice refresh;
};

/* Adds the access token to *access. 0, or negative with trouble. */
int tokens_get(struct tokens *tokens, const struct token_grant *grant,
    struct buf *access, struct trouble *trouble);

/* The server did not take it: do not offer it again. */
void tokens_drop(struct tokens *tokens, long long account);

#endif
