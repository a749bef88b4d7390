#include "fetcher/idlers.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/db.h"

struct idler {
	struct idler *next;
	long long account;
	int fd;
};

struct idlers {
	pthread_mutex_t lock; /* for what follows */
	struct idler *first;
	size_t n;
};

struct idlers *
idlers_new(void)
{
	struct idlers *idlers = calloc(1, sizeof *idlers);

	if (idlers == NULL)
		abort();
	(void)pthread_mutex_init(&idlers->lock, NULL);
	return idlers;
}

void
idlers_free(struct idlers *idlers)
{
	(void)pthread_mutex_destroy(&idlers->lock);
	free(idlers);
}

/* Without a descriptor nobody wakes it; it looks by itself every time that
 * the wait is begun anew. */
int
idlers_enter(struct idlers *idlers, long long account)
{
	struct idler *idler = calloc(1, sizeof *idler);

	if (idler == NULL)
		abort();
	idler->account = account;
	idler->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_lock(&idlers->lock);
	idler->next = idlers->first;
	idlers->first = idler;
	idlers->n++;
	(void)pthread_mutex_unlock(&idlers->lock);
	return idler->fd;
}

void
idlers_leave(struct idlers *idlers, long long account, int fd)
{
	struct idler **at, *found;

	(void)pthread_mutex_lock(&idlers->lock);
	at = &idlers->first;
	while ((*at)->account != account)
		at = &(*at)->next;
	found = *at;
	*at = found->next;
	idlers->n--;
	(void)pthread_mutex_unlock(&idlers->lock);
	free(found);
	if (fd >= 0)
		(void)close(fd);
}

size_t
idlers_count(struct idlers *idlers)
{
	size_t n;

	(void)pthread_mutex_lock(&idlers->lock);
	n = idlers->n;
	(void)pthread_mutex_unlock(&idlers->lock);
	return n;
}

size_t
idlers_list(
    struct idlers *idlers, struct arena *arena, struct slice **accounts_out)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&idlers->lock);
	*accounts_out = arena_calloc(arena, idlers->n, sizeof **accounts_out);
	for (struct idler *i = idlers->first; i != NULL; i = i->next)
		(*accounts_out)[n++] = db_number_param(arena, i->account);
	(void)pthread_mutex_unlock(&idlers->lock);
	return n;
}

void
idlers_wake(struct idlers *idlers, long long account)
{
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&idlers->lock);
	for (struct idler *i = idlers->first; i != NULL; i = i->next) {
		if (i->account == account)
			(void)!write(i->fd, &one, sizeof one);
	}
	(void)pthread_mutex_unlock(&idlers->lock);
}
