/*
 * One table of what is known, by a digest of the domain: two domains at one
 * place cost a lookup more, and no stranger's domains cost memory. Lookups
 * run outside the lock; two threads that ask at once both ask.
 */
#include "listmgr/dmarc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/addr.h"
#include "core/clock.h"
#include "core/resolver.h"
#include "listmgr/dmarc_record.h"

enum {
	PLACES = 1024,
	KEPT_MS = 3600 * 1000,
	FAILURE_KEPT_MS = 60 * 1000,
	WALK_LABELS = 7, /* RFC 9989 4.10: from a longer name, on to these */
};

struct place {
	char domain[ADDR_DOMAIN_MAX + 1];
	enum dmarc_policy policy;
	long until_ms;
};

struct dmarc {
	const char *servers;
	pthread_mutex_t lock;
	struct place places[PLACES];
};

struct dmarc *
dmarc_new(const char *servers)
{
	struct dmarc *dmarc = calloc(1, sizeof *dmarc);

	if (dmarc == NULL)
		abort();
	dmarc->servers = servers != NULL && servers[0] != '\0' ? servers : NULL;
	(void)pthread_mutex_init(&dmarc->lock, NULL);
	return dmarc;
}

void
dmarc_free(struct dmarc *dmarc)
{
	(void)pthread_mutex_destroy(&dmarc->lock);
	free(dmarc);
}

/* --- what is known ------------------------------------------------------ */

/* FNV-1a: spreads names; that somebody can make two meet does no harm. */
static struct place *
place_of(struct dmarc *dmarc, struct slice domain)
{
	unsigned long hash = 2166136261UL;

	for (size_t i = 0; i < domain.n; i++)
		hash = ((hash ^ (unsigned char)domain.p[i]) * 16777619UL) &
		       0xffffffffUL;
	return &dmarc->places[hash % PLACES];
}

static bool
recall(struct dmarc *dmarc, struct slice domain, enum dmarc_policy *policy_out)
{
	struct place *place = place_of(dmarc, domain);
	bool known;

	(void)pthread_mutex_lock(&dmarc->lock);
	known = slice_eq(slice_of(place->domain), domain) &&
		clock_ms() < place->until_ms;
	*policy_out = place->policy;
	(void)pthread_mutex_unlock(&dmarc->lock);
	return known;
}

static void
remember(struct dmarc *dmarc, struct slice domain, enum dmarc_policy policy)
{
	struct place *place = place_of(dmarc, domain);

	(void)pthread_mutex_lock(&dmarc->lock);
	(void)snprintf(
	    place->domain, sizeof place->domain, "%.*s", SLICE_FMT(domain));
	place->policy = policy;
	place->until_ms =
	    clock_ms() + (policy == DMARC_UNKNOWN ? FAILURE_KEPT_MS : KEPT_MS);
	(void)pthread_mutex_unlock(&dmarc->lock);
}

/* --- what the name servers say ------------------------------------------ */

struct lookup {
	struct resolver *resolver;
	struct arena *arena;
};

/* 1 there is one, 0 there is none (or several: RFC 9989 4.10), -errno. */
static int
find_record(
    struct lookup *lookup, struct slice domain, struct dmarc_record *record_out)
{
	const char *name =
	    arena_printf(lookup->arena, "_dmarc.%.*s", SLICE_FMT(domain));
	struct resolver_texts texts = { 0 };
	struct why why = { 0 };
	int n = 0, r;

	r = resolver_ask(
	    lookup->resolver, lookup->arena, name, RESOLVER_TXT, &texts, &why);
	if (r < 0)
		return r;
	for (size_t i = 0; i < texts.n; i++) {
		struct dmarc_record record;

		if (dmarc_record_read(slice_of(texts.texts[i]), &record)) {
			*record_out = record;
			n++;
		}
	}
	return n == 1;
}

static size_t
labels(struct slice domain)
{
	size_t n = 1;

	for (size_t i = 0; i < domain.n; i++)
		n += domain.p[i] == '.';
	return n;
}

static struct slice
parent(struct slice domain)
{
	long dot = slice_find(domain, '.');

	return slice_tail(domain, dot < 0 ? domain.n : (size_t)dot + 1);
}

/* Above a record that ends the walk no other one counts. */
static bool
take(struct dmarc_record *best, size_t *best_labels,
    const struct dmarc_record *record, size_t n)
{
	/* The organisation is one label below a public suffix, and its own
	 * record, where it has one, is the better one. */
	if (record->psd != DMARC_PSD_YES || *best_labels != n + 1) {
		*best = *record;
		*best_labels = n;
	}
	return record->psd != DMARC_PSD_UNSAID;
}

/* The record of the organisation that domain belongs to; as find_record(). */
static int
walk(struct lookup *lookup, struct slice domain, struct dmarc_record *best)
{
	size_t best_labels = 0;

	do
		domain = parent(domain);
	while (labels(domain) > WALK_LABELS);
	for (; domain.n > 0; domain = parent(domain)) {
		struct dmarc_record record;
		int r = find_record(lookup, domain, &record);

		if (r < 0)
			return r;
		if (r > 0 && take(best, &best_labels, &record, labels(domain)))
			break;
	}
	return best_labels > 0;
}

static int
exists(struct lookup *lookup, struct slice domain)
{
	struct resolver_texts texts = { 0 };
	struct why why = { 0 };
	int r = resolver_ask(lookup->resolver, lookup->arena,
	    arena_strndup(lookup->arena, domain.p, domain.n), RESOLVER_MX,
	    &texts, &why);

	return r < 0 ? r : !texts.no_such_name;
}

static enum dmarc_policy
find_policy(struct lookup *lookup, struct slice domain)
{
	struct dmarc_record record;
	int r = find_record(lookup, domain, &record);

	if (r > 0)
		return dmarc_record_own(&record);
	if (r == 0)
		r = walk(lookup, domain, &record);
	if (r == 0)
		return DMARC_NONE;
	/* Who says nothing of names that do not exist need not be asked. */
	if (r > 0 && record.absent != DMARC_UNKNOWN)
		r = exists(lookup, domain);
	else if (r > 0)
		return dmarc_record_below(&record, true);
	return r < 0 ? DMARC_UNKNOWN : dmarc_record_below(&record, r > 0);
}

enum dmarc_policy
dmarc_policy(struct dmarc *dmarc, struct slice domain)
{
	enum dmarc_policy policy = DMARC_UNKNOWN;
	struct arena arena = ARENA_INIT;
	struct lookup lookup = { .arena = &arena };
	struct why why = { 0 };

	if (domain.n == 0 || domain.n > ADDR_DOMAIN_MAX)
		return DMARC_NONE; /* nobody's */
	if (recall(dmarc, domain, &policy))
		return policy;
	policy = DMARC_UNKNOWN;
	if (resolver_new(dmarc->servers, &lookup.resolver, &why) == 0) {
		policy = find_policy(&lookup, domain);
		resolver_free(lookup.resolver);
	}
	remember(dmarc, domain, policy);
	arena_done(&arena);
	return policy;
}
