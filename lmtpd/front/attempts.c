#include "lmtpd/front/attempts.h"

static uint32_t
seconds(time_t arrival)
{
	if (arrival < 1)
		return 1;
	return arrival > UINT32_MAX ? UINT32_MAX : (uint32_t)arrival;
}

static uint64_t
entry_of(uint64_t h, time_t arrival)
{
	return h >> 32 << 32 | seconds(arrival);
}

void
attempts_init(struct attempts *attempts, time_t now)
{
	atomic_store(&attempts->horizon, seconds(now + ATTEMPTS_SKEW_S));
}

static void
raise_horizon(struct attempts *attempts, uint32_t arrival)
{
	uint32_t seen = atomic_load(&attempts->horizon);

	while (arrival > seen && !atomic_compare_exchange_weak(
				     &attempts->horizon, &seen, arrival))
		;
}

bool
attempts_note(struct attempts *attempts, struct slice name, time_t arrival)
{
	uint64_t h = slice_hash(name), entry = entry_of(h, arrival), old;
	_Atomic uint64_t *set = attempts->slots[h % ATTEMPTS_SETS];

	if (seconds(arrival) <= atomic_load(&attempts->horizon))
		return true;
	for (size_t i = 0; i < ATTEMPTS_WAYS; i++) {
		if (atomic_load(&set[i]) == entry)
			return true;
	}
	for (size_t i = 0; i < ATTEMPTS_WAYS; i++) {
		old = 0;
		if (atomic_compare_exchange_strong(&set[i], &old, entry))
			return false;
	}
	old = atomic_exchange(&set[entry % ATTEMPTS_WAYS], entry);
	raise_horizon(attempts, (uint32_t)old);
	return false;
}

void
attempts_forget(struct attempts *attempts, struct slice name, time_t arrival)
{
	uint64_t h = slice_hash(name), entry = entry_of(h, arrival);
	_Atomic uint64_t *set = attempts->slots[h % ATTEMPTS_SETS];

	for (size_t i = 0; i < ATTEMPTS_WAYS; i++) {
		uint64_t seen = entry;

		if (atomic_compare_exchange_strong(&set[i], &seen, 0))
			return;
	}
}
