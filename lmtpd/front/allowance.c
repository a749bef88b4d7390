#include "lmtpd/front/allowance.h"

enum { USED_BITS = 20, HOUR_BITS = 12, HOUR_S = 3600 };

#define USED_MAX ((UINT64_C(1) << USED_BITS) - 1)

/* Everything of an entry but what was used. */
static uint64_t
label(uint64_t h, time_t now)
{
	uint64_t hour =
	    (uint64_t)(now / HOUR_S) & ((UINT64_C(1) << HOUR_BITS) - 1);

	return (h >> 32 << HOUR_BITS | hour) << USED_BITS;
}

static uint64_t
used(uint64_t entry, uint64_t mine)
{
	return (entry & ~USED_MAX) == mine ? entry & USED_MAX : 0;
}

long
allowance_left(struct allowance *allowance, struct slice mailbox, time_t now)
{
	uint64_t h = slice_hash(mailbox);
	uint64_t entry = atomic_load(&allowance->places[h % ALLOWANCE_PLACES]);
	long left = ALLOWANCE_STEPS - (long)used(entry, label(h, now));

	return left > 0 ? left : 0;
}

void
allowance_use(
    struct allowance *allowance, struct slice mailbox, time_t now, long steps)
{
	uint64_t h = slice_hash(mailbox), mine = label(h, now), next;
	_Atomic uint64_t *place = &allowance->places[h % ALLOWANCE_PLACES];
	uint64_t entry = atomic_load(place);

	do {
		next = used(entry, mine) + (uint64_t)steps;
		next = mine | (next < USED_MAX ? next : USED_MAX);
	} while (!atomic_compare_exchange_weak(place, &entry, next));
}
