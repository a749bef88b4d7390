#include "fetcher/token.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "core/clock.h"

enum { EARLY_S = 300 };

static const struct db_stmt rotate = { "fetch-rotate",
	"SELECT hauspost.fetch_rotate($1::bigint, $2::bytea)", 2 };

struct token {
	struct token *next;
	long long account;
	/* Of the sealed grant: another one has tokens of its own. */
	unsigned char grant[crypto_generichash_BYTES];
	long until_ms;
	struct oauth_tokens tokens;
};

struct tokens {
	struct db_pool *pool;
	const struct sealed_keys *keys;
	pthread_mutex_t lock; /* for what follows */
	struct token *first;
};

struct tokens *
tokens_new(struct db_pool *pool, const struct sealed_keys *keys)
{
	struct tokens *tokens = calloc(1, sizeof *tokens);

	if (tokens == NULL)
		abort();
	tokens->pool = pool;
	tokens->keys = keys;
	(void)pthread_mutex_init(&tokens->lock, NULL);
	return tokens;
}

/* --- what is remembered ----------------------------------------------- */

static void
free_token(struct token *token)
{
	oauth_tokens_wipe(&token->tokens);
	free(token);
}

void
tokens_free(struct tokens *tokens)
{
	while (tokens->first != NULL) {
		struct token *next = tokens->first->next;

		free_token(tokens->first);
		tokens->first = next;
	}
	(void)pthread_mutex_destroy(&tokens->lock);
	free(tokens);
}

void
tokens_drop(struct tokens *tokens, long long account)
{
	struct token **at = &tokens->first, *found = NULL;

	(void)pthread_mutex_lock(&tokens->lock);
	while (*at != NULL && (*at)->account != account)
		at = &(*at)->next;
	if (*at != NULL) {
		found = *at;
		*at = found->next;
	}
	(void)pthread_mutex_unlock(&tokens->lock);
	if (found != NULL)
		free_token(found);
}

static void
hash_grant(struct slice box, unsigned char hash[crypto_generichash_BYTES])
{
	(void)crypto_generichash(hash, crypto_generichash_BYTES,
	    (const unsigned char *)box.p, box.n, NULL, 0);
}

static bool
find(struct tokens *tokens, const struct job *job, struct buf *access)
{
	unsigned char grant[crypto_generichash_BYTES];
	bool found = false;

	hash_grant(job->secret, grant);
	(void)pthread_mutex_lock(&tokens->lock);
	for (struct token *t = tokens->first; t != NULL; t = t->next) {
		if (t->account != job->account || t->until_ms < clock_ms() ||
		    memcmp(t->grant, grant, sizeof grant) != 0)
			continue;
		found = true;
		(void)buf_add_slice(access, buf_slice(&t->tokens.access));
	}
	(void)pthread_mutex_unlock(&tokens->lock);
	return found;
}

static void
remember(struct tokens *tokens, struct token *token)
{
	tokens_drop(tokens, token->account);
	(void)pthread_mutex_lock(&tokens->lock);
	token->next = tokens->first;
	tokens->first = token;
	(void)pthread_mutex_unlock(&tokens->lock);
}

/* --- a new one -------------------------------------------------------- */

static int
say(struct trouble *trouble, enum oauth_result result, const struct why *why)
{
	return trouble_say(trouble,
	    result == OAUTH_REFUSED ? "REAUTH" : "OAUTH_DOWN", "%s",
	    why->detail);
}

static struct slice
bytea(struct arena *arena, struct slice octets)
{
	char *text = arena_alloc(arena, 2 * octets.n + 3);

	text[0] = '\\';
	text[1] = 'x';
	(void)sodium_bin2hex(text + 2, 2 * octets.n + 1,
	    (const unsigned char *)octets.p, octets.n);
	return slice_of(text);
}

/* The new grant is in the database, or nothing is done with it. */
static int
store(struct tokens *tokens, const struct token_grant *grant,
    struct token *token, struct trouble *trouble)
{
	const struct sealed_public public = sealed_keys_public(tokens->keys);
	AUTO_BUF struct buf box = BUF_INIT(2 * SEALED_VALUE_MAX);
	struct arena arena = ARENA_INIT;
	struct why why = { 0 };
	int r = sealed_make(&public, grant->bound, grant->n_bound,
	    buf_slice(&token->tokens.refresh), &box, &why);

	if (r == 0)
		r = db_ask(tokens->pool, &rotate,
		    (const struct slice[]){
			db_number_param(&arena, token->account),
			bytea(&arena, buf_slice(&box)) },
		    NULL, &why);
	hash_grant(buf_slice(&box), token->grant);
	arena_done(&arena);
	return r < 0 ? trouble_ours(trouble, &why) : 0;
}

static int
refresh(struct tokens *tokens, const struct token_grant *grant,
    struct token *token, struct trouble *trouble)
{
	struct why why = { 0 };
	enum oauth_result result = oauth_refresh(
	    &grant->job->oauth, grant->refresh, &token->tokens, &why);

	if (result != OAUTH_OK)
		return say(trouble, result, &why);
	token->account = grant->job->account;
	token->until_ms =
	    clock_ms() + (token->tokens.expires_s - EARLY_S) * 1000;
	hash_grant(grant->job->secret, token->grant);
	if (token->tokens.refresh.n == 0 ||
	    slice_eq(buf_slice(&token->tokens.refresh), grant->refresh))
		return 0;
	return store(tokens, grant, token, trouble);
}

int
tokens_get(struct tokens *tokens, const struct token_grant *grant,
    struct buf *access, struct trouble *trouble)
{
	struct token *token;
	int r;

	if (find(tokens, grant->job, access))
		return 0;
	token = calloc(1, sizeof *token);
	if (token == NULL)
		abort();
	oauth_tokens_init(&token->tokens);
	r = refresh(tokens, grant, token, trouble);
	if (r < 0) {
		free_token(token);
		return r;
	}
	(void)buf_add_slice(access, buf_slice(&token->tokens.access));
	remember(tokens, token);
	return 0;
}
