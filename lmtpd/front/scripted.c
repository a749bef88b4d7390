#include "lmtpd/front/scripted.h"

void
scripted_init(struct scripted *scripted)
{
	*scripted = (struct scripted){ 0 };
	(void)pthread_mutex_init(&scripted->lock, NULL);
}

void
scripted_done(struct scripted *scripted)
{
	(void)pthread_mutex_destroy(&scripted->lock);
}

struct store_script
scripted_last(struct scripted *scripted, struct slice mailbox)
{
	uint64_t hash = slice_hash(mailbox);
	const struct scripted_slot *slot =
	    &scripted->slots[hash % SCRIPTED_SLOTS];
	struct store_script last = { 0 };

	(void)pthread_mutex_lock(&scripted->lock);
	if (slot->mailbox == hash)
		last = slot->script;
	(void)pthread_mutex_unlock(&scripted->lock);
	return last;
}

void
scripted_note(struct scripted *scripted, struct slice mailbox,
    const struct store_script *script)
{
	uint64_t hash = slice_hash(mailbox);
	struct scripted_slot *slot = &scripted->slots[hash % SCRIPTED_SLOTS];

	(void)pthread_mutex_lock(&scripted->lock);
	/* To have no script takes no place from those who have one. */
	if (script->inode != 0 || slot->mailbox == hash)
		*slot = (struct scripted_slot){ hash, *script };
	(void)pthread_mutex_unlock(&scripted->lock);
}
