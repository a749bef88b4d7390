#include "core/limiter.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	SLOTS = 1 << 16, /* 512 KB, of which only used pages exist */
	BURST_US = 60 * 1000 * 1000,
	IPV4_NETWORK = 3, /* octets of a /24 … */
	IPV6_NETWORK = 7, /* … and of a /56, what one customer gets */
};

/*
 * The bucket is one number (GCRA, as in ATM Forum's traffic management): the
 * moment at which it will be full again. Each token moves it on by the time
 * one takes to drip in; a minute ahead of now, the bucket is empty.
 */
struct limiter {
	unsigned char seed[crypto_shorthash_KEYBYTES];
	int64_t token_us;
	_Atomic int64_t full_at_us[SLOTS];
};

struct limiter *
limiter_new(long per_minute)
{
	struct limiter *limiter;

	if (per_minute == 0)
		return NULL;
	limiter = mmap(NULL, sizeof *limiter, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (limiter == MAP_FAILED)
		abort();
	randombytes_buf(limiter->seed, sizeof limiter->seed);
	limiter->token_us = BURST_US / per_minute;
	return limiter;
}

/* What is no address of either kind is all one network. */
static size_t
network_of(struct slice client, unsigned char network[IPV6_NETWORK])
{
	char text[INET6_ADDRSTRLEN] = "";
	unsigned char octets[sizeof(struct in6_addr)] = { 0 };
	size_t n = 0;

	if (client.n < sizeof text)
		(void)memcpy(text, client.p, client.n);
	if (inet_pton(AF_INET, text, octets) == 1)
		n = IPV4_NETWORK;
	else if (inet_pton(AF_INET6, text, octets) == 1)
		n = IPV6_NETWORK;
	(void)memcpy(network, octets, n);
	return n;
}

static _Atomic int64_t *
find_slot(struct limiter *limiter, struct slice client)
{
	unsigned char network[IPV6_NETWORK];
	size_t n = network_of(client, network);
	uint64_t hash;

	(void)crypto_shorthash(
	    (unsigned char *)&hash, network, n, limiter->seed);
	return &limiter->full_at_us[hash % SLOTS];
}

bool
limiter_take(struct limiter *limiter, struct slice client, long now_ms)
{
	int64_t now_us = (int64_t)now_ms * 1000, was, full_at;
	_Atomic int64_t *slot;

	if (limiter == NULL)
		return true;
	slot = find_slot(limiter, client);
	was = atomic_load(slot);
	do {
		full_at = (was > now_us ? was : now_us) + limiter->token_us;
		if (full_at - now_us > BURST_US)
			return false;
	} while (!atomic_compare_exchange_weak(slot, &was, full_at));
	return true;
}
