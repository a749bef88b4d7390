#include "core/cache.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	SHARDS = 64,	  /* far more than threads that meet in one */
	MARKS = 1 << 18,  /* 2 MB; few keys share one */
	MALLOC_OWN = 16,  /* glibc's share of every allocation */
	BUCKETS_MIN = 16, /* per shard */
};

struct entry {
	struct entry *chained;	   /* in its bucket */
	struct entry *prev, *next; /* in the ring of its shard */
	uint64_t hash;
	struct cache_item item; /* octets look behind this struct */
	bool asked_again;	/* its second chance */
	size_t bytes;
	struct slice question; /* likewise */
	size_t n_marks;
	uint32_t marks[];
};

struct shard {
	pthread_mutex_t lock;
	struct entry **buckets; /* in cache->all_buckets */
	struct entry *hand; /* of the clock; NULL when empty */
	size_t entries, bytes;
};

struct cache {
	unsigned char seed[crypto_shorthash_KEYBYTES];
	size_t buckets, entries_max, bytes_max; /* of a shard */
	struct entry **all_buckets;
	atomic_uint_fast64_t changes, changed_all;
	atomic_uint_fast64_t *marks;
	struct shard shards[SHARDS];
};

static void *
allocate(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (memory == NULL)
		abort();
	return memory;
}

static uint64_t
hash_of(const struct cache *cache, struct slice s)
{
	uint64_t hash;

	(void)crypto_shorthash((unsigned char *)&hash,
	    (const unsigned char *)(s.n > 0 ? s.p : ""), s.n, cache->seed);
	return hash;
}

/* --- changes ---------------------------------------------------------- */

static uint32_t
mark_of(const struct cache *cache, struct slice key)
{
	return (uint32_t)(hash_of(cache, key) % MARKS);
}

uint64_t
cache_now(const struct cache *cache)
{
	return atomic_load(&cache->changes);
}

/*
 * The count goes up first. Who reads it in between begins after the change
 * was committed (only then we heard of it), so what he makes has seen it.
 */
void
cache_change(struct cache *cache, struct slice key)
{
	uint64_t count = atomic_fetch_add(&cache->changes, 1) + 1;

	atomic_store(&cache->marks[mark_of(cache, key)], count);
}

void
cache_change_all(struct cache *cache)
{
	uint64_t count = atomic_fetch_add(&cache->changes, 1) + 1;

	atomic_store(&cache->changed_all, count);
}

bool
cache_is_overtaken(const struct cache *cache, uint64_t began,
    const struct slice *keys, size_t n)
{
	if (atomic_load(&cache->changed_all) > began)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (atomic_load(&cache->marks[mark_of(cache, keys[i])]) > began)
			return true;
	}
	return false;
}

static bool
is_true(const struct cache *cache, const struct entry *entry, long now_ms)
{
	uint64_t began = entry->item.began;

	if (now_ms >= entry->item.expires_ms)
		return false;
	if (entry->item.any && cache_now(cache) != began)
		return false;
	if (atomic_load(&cache->changed_all) > began)
		return false;
	for (size_t i = 0; i < entry->n_marks; i++) {
		if (atomic_load(&cache->marks[entry->marks[i]]) > began)
			return false;
	}
	return true;
}

/* --- entries ---------------------------------------------------------- */

static char *
append(char *to, struct slice s, struct slice *copy_out)
{
	if (s.n > 0)
		(void)memcpy(to, s.p, s.n);
	*copy_out = (struct slice){ to, s.n };
	return to + s.n;
}

static struct entry *
make_entry(const struct cache *cache, struct slice question,
    const struct cache_item *item, const struct slice *keys, size_t n)
{
	size_t bytes = sizeof(struct entry) + n * sizeof(uint32_t) +
		       question.n + item->octets.n;
	struct entry *entry = allocate(1, bytes);
	char *to = (char *)(entry->marks + n);

	entry->hash = hash_of(cache, question);
	entry->bytes = bytes + MALLOC_OWN;
	entry->item = *item;
	to = append(to, question, &entry->question);
	(void)append(to, item->octets, &entry->item.octets);
	entry->n_marks = n;
	for (size_t i = 0; i < n; i++)
		entry->marks[i] = mark_of(cache, keys[i]);
	return entry;
}

static struct shard *
shard_of(struct cache *cache, uint64_t hash)
{
	return &cache->shards[hash % SHARDS];
}

static struct entry **
bucket_of(const struct cache *cache, struct shard *shard, uint64_t hash)
{
	return &shard->buckets[hash / SHARDS % cache->buckets];
}

/* Where the entry hangs, or the NULL at the end of its bucket. */
static struct entry **
place_of(const struct cache *cache, struct shard *shard, uint64_t hash,
    struct slice question)
{
	struct entry **place = bucket_of(cache, shard, hash);

	while (*place != NULL && ((*place)->hash != hash ||
				     !slice_eq((*place)->question, question)))
		place = &(*place)->chained;
	return place;
}

static void
leave_ring(struct shard *shard, struct entry *entry)
{
	if (entry->next == entry) {
		shard->hand = NULL;
		return;
	}
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	if (shard->hand == entry)
		shard->hand = entry->next;
}

/* Just behind the hand: the place it reaches last. */
static void
join_ring(struct shard *shard, struct entry *entry)
{
	if (shard->hand == NULL) {
		shard->hand = entry->prev = entry->next = entry;
		return;
	}
	entry->next = shard->hand;
	entry->prev = shard->hand->prev;
	entry->prev->next = entry;
	entry->next->prev = entry;
}

static void
drop(struct shard *shard, struct entry **place)
{
	struct entry *entry = *place;

	*place = entry->chained;
	leave_ring(shard, entry);
	shard->entries--;
	shard->bytes -= entry->bytes;
	free(entry);
}

static void
drop_one(struct cache *cache, struct shard *shard)
{
	struct entry *entry;

	while (shard->hand->asked_again) {
		shard->hand->asked_again = false;
		shard->hand = shard->hand->next;
	}
	entry = shard->hand;
	drop(shard, place_of(cache, shard, entry->hash, entry->question));
}

static void
keep(struct cache *cache, struct shard *shard, struct entry *entry)
{
	struct entry **bucket = bucket_of(cache, shard, entry->hash);

	while (shard->entries > 0 &&
	       (shard->entries >= cache->entries_max ||
		   shard->bytes + entry->bytes > cache->bytes_max))
		drop_one(cache, shard);
	entry->chained = *bucket;
	*bucket = entry;
	join_ring(shard, entry);
	shard->entries++;
	shard->bytes += entry->bytes;
}

/* --- the cache -------------------------------------------------------- */

static size_t
power_of_two(size_t at_least)
{
	size_t n = BUCKETS_MIN;

	while (n < at_least)
		n *= 2;
	return n;
}

struct cache *
cache_new(size_t entries_max, size_t bytes_max)
{
	struct cache *cache = allocate(1, sizeof *cache);

	if (sodium_init() < 0)
		abort();
	crypto_shorthash_keygen(cache->seed);
	cache->entries_max = (entries_max + SHARDS - 1) / SHARDS;
	cache->bytes_max = bytes_max / SHARDS;
	cache->buckets = power_of_two(cache->entries_max);
	cache->marks = allocate(MARKS, sizeof *cache->marks);
	/* One piece: glibc maps it, and its pages cost nothing until used.
	 * Small ones it would clear, so an empty cache took 2 MB. */
	cache->all_buckets =
	    allocate(SHARDS * cache->buckets, sizeof *cache->all_buckets);
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		(void)pthread_mutex_init(&shard->lock, NULL);
		shard->buckets = &cache->all_buckets[i * cache->buckets];
	}
	return cache;
}

void
cache_clear(struct cache *cache)
{
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		(void)pthread_mutex_lock(&shard->lock);
		while (shard->hand != NULL)
			drop(shard, place_of(cache, shard, shard->hand->hash,
					shard->hand->question));
		(void)pthread_mutex_unlock(&shard->lock);
	}
}

void
cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	cache_clear(cache);
	for (size_t i = 0; i < SHARDS; i++)
		(void)pthread_mutex_destroy(&cache->shards[i].lock);
	free(cache->all_buckets);
	free(cache->marks);
	free(cache);
}

void
cache_put(struct cache *cache, struct slice question,
    const struct cache_item *item, const struct slice *keys, size_t n)
{
	struct entry *entry = make_entry(cache, question, item, keys, n);
	struct shard *shard = shard_of(cache, entry->hash);
	struct entry **place;

	(void)pthread_mutex_lock(&shard->lock);
	place = place_of(cache, shard, entry->hash, question);
	if (entry->bytes > cache->bytes_max ||
	    (*place != NULL && (*place)->item.began > item->began)) {
		free(entry);
	} else {
		if (*place != NULL)
			drop(shard, place);
		keep(cache, shard, entry);
	}
	(void)pthread_mutex_unlock(&shard->lock);
}

bool
cache_find(struct cache *cache, struct slice question, long now_ms,
    struct arena *arena, struct cache_item *item_out)
{
	uint64_t hash = hash_of(cache, question);
	struct shard *shard = shard_of(cache, hash);
	struct entry **place;
	bool found;

	(void)pthread_mutex_lock(&shard->lock);
	place = place_of(cache, shard, hash, question);
	found = *place != NULL && is_true(cache, *place, now_ms);
	if (found) {
		(*place)->asked_again = true;
		*item_out = (*place)->item;
		item_out->octets = arena_slice(arena, item_out->octets);
	} else if (*place != NULL) {
		drop(shard, place);
	}
	(void)pthread_mutex_unlock(&shard->lock);
	return found;
}

void
cache_stats(struct cache *cache, struct cache_stats *stats_out)
{
	*stats_out = (struct cache_stats){ .changes = cache_now(cache) };
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		(void)pthread_mutex_lock(&shard->lock);
		stats_out->entries += shard->entries;
		stats_out->bytes += shard->bytes;
		(void)pthread_mutex_unlock(&shard->lock);
	}
}
