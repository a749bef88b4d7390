/*
 * How long a budget check takes where nothing is asked: 1,000 accounts, blocks
 * of a million, one or two threads, for each message one check of a message
 * and one of a recipient.
 *
 *	build/tests/bench/budget [seconds per round]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "milter/budget_source.h"

enum { ACCOUNTS = 1000, THREADS_MAX = 2, GRANTED = 999999 };

static char names[ACCOUNTS][16];
static atomic_bool stop;
static struct budget *budget;

static int
lend(void *self, const struct budget_claim *claim, struct loan *loan_out,
    struct why *why)
{
	(void)self, (void)claim, (void)why;
	*loan_out = (struct loan){ .granted = GRANTED, .lasts_ms = 60000 };
	return 0;
}

static int
take_back(void *self, const struct loan_rest *rests, size_t n, struct why *why)
{
	(void)self, (void)rests, (void)n, (void)why;
	return 0;
}

static void *
check(void *arg)
{
	long *checks = arg;
	unsigned i = (unsigned)*checks;
	struct why why;
	bool hold;

	for (*checks = 0; !atomic_load(&stop); *checks += 2) {
		struct budget_claim claim = { slice_of(names[i++ % ACCOUNTS]),
			false, BUDGET_MESSAGES, 1 };

		(void)budget_take(budget, &claim, &hold, &why);
		claim.counts = BUDGET_RECIPIENTS;
		(void)budget_take(budget, &claim, &hold, &why);
	}
	return NULL;
}

static void
run_round(int n, unsigned seconds)
{
	pthread_t threads[THREADS_MAX];
	long checks[THREADS_MAX], sum = 0;

	atomic_store(&stop, false);
	for (int i = 0; i < n; i++) {
		checks[i] = i * 17;
		if (pthread_create(&threads[i], NULL, check, &checks[i]) != 0)
			abort();
	}
	(void)sleep(seconds);
	atomic_store(&stop, true);
	for (int i = 0; i < n; i++) {
		(void)pthread_join(threads[i], NULL);
		sum += checks[i];
	}
	(void)printf("%d thread(s): %.2f us a check\n", n,
	    1e6 * seconds * n / (double)sum);
}

int
main(int argc, char **argv)
{
	const struct budget_source source = { .borrow = lend,
		.give_back = take_back };
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 2;

	for (int i = 0; i < ACCOUNTS; i++)
		(void)snprintf(names[i], sizeof names[i], "xyz%02d-abc", i);
	budget = budget_start_on(&source);
	for (int n = 1; n <= THREADS_MAX; n++)
		run_round(n, seconds);
	budget_stop(budget);
	return 0;
}
