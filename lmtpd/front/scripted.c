#include "lmtpd/front/scripted.h"

static uint32_t
label(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

bool
scripted_has(const struct scripted *scripted, struct slice mailbox)
{
	uint64_t hash = slice_hash(mailbox);

	return atomic_load_explicit(&scripted->slots[hash % SCRIPTED_SLOTS],
		   memory_order_relaxed) == label(hash);
}

void
scripted_note(struct scripted *scripted, struct slice mailbox, bool has_script)
{
	uint64_t hash = slice_hash(mailbox);
	_Atomic uint32_t *slot = &scripted->slots[hash % SCRIPTED_SLOTS];
	uint32_t mine = label(hash);

	if (has_script)
		atomic_store_explicit(slot, mine, memory_order_relaxed);
	else
		(void)atomic_compare_exchange_strong(slot, &mine, 0);
}
