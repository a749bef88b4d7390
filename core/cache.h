/*
 * core/cache.h - octets remembered by a question, until a key changes.
 *
 * Whoever puts something in says which keys it was made from and when it
 * began to be made. cache_find() gives it only while none of these keys has
 * changed since. So there is no moment between "asked" and "stored" in which
 * a change could be missed, and what was overtaken on its way in is simply
 * never found.
 *
 * How: changes are counted. A table of marks, indexed by a keyed hash of the
 * key, holds the count at which a key changed last; an entry knows the count
 * at which it began. A change is one store, whatever depends on it. Two keys
 * on one mark drop a few entries too many, which costs a query. An index from
 * keys to entries would be exact, but needs a lock across all shards.
 *
 * Bounded in entries and octets. What goes first is what was asked for only
 * once (CLOCK, new entries start without their second chance), so a stranger
 * trying out names does not push out the addresses that get mail.
 *
 * Hashes are keyed (SipHash): nobody outside can make entries collide.
 *
 * Threads: any; shards have a lock each, changes take none.
 */
#ifndef HAUSPOST_CORE_CACHE_H
#define HAUSPOST_CORE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/slice.h"

struct cache;

struct cache_item {
	struct slice octets;
	uint64_t began;	 /* cache_now() before it was made */
	long born_ms;	 /* clock_ms() then */
	long expires_ms; /* never found from then on; LONG_MAX = never */
	bool good;	 /* for the caller */
	bool any;	 /* any change at all ends it */
};

struct cache *cache_new(size_t entries_max, size_t bytes_max);
void cache_free(struct cache *cache);

/* How many changes there were. Ask before you begin to make an item. */
uint64_t cache_now(const struct cache *cache);

/* This key, or everything, is another from now on. */
void cache_change(struct cache *cache, struct slice key);
void cache_change_all(struct cache *cache);

/* Has any of these keys changed since began? */
bool cache_is_overtaken(const struct cache *cache, uint64_t began,
    const struct slice *keys, size_t n);

/* Replaces what is there unless that began later. */
void cache_put(struct cache *cache, struct slice question,
    const struct cache_item *item, const struct slice *keys, size_t n);

/* The item if it is still true; its octets are copied into the arena. */
bool cache_find(struct cache *cache, struct slice question, long now_ms,
    struct arena *arena, struct cache_item *item_out);

/* Forgets all entries, so that their memory is free. */
void cache_clear(struct cache *cache);

struct cache_stats {
	uint64_t entries, bytes, changes;
};

void cache_stats(struct cache *cache, struct cache_stats *stats_out);

#endif
