#include "lmtpd/front/suspects.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* What a script could bring about. Whoever kills a worker is no script. */
static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL,
	SIGSYS };

static _Thread_local struct suspect_run *current;

/* --- in a worker ------------------------------------------------------ */

/* Back from here the signal comes again, by now with its usual end
 * (SA_RESETHAND). */
static void
on_crash(int number)
{
	if (current != NULL)
		atomic_store(&current->crashed, true);
	(void)raise(number);
}

/* Sanitizers report crashes themselves, on stacks of their own. */
#ifdef __SANITIZE_ADDRESS__
static const bool is_watched = false;
#else
static const bool is_watched = true;
#endif

void
suspects_watch(void)
{
	struct sigaction action = { .sa_handler = on_crash,
		.sa_flags = SA_RESETHAND | SA_ONSTACK };

	for (size_t i = 0; is_watched && i < sizeof crashes / sizeof *crashes;
	     i++)
		(void)sigaction(crashes[i], &action, NULL);
}

/* A script that uses the stack up leaves none for the handler. */
static void
have_signal_stack(void)
{
	static _Thread_local char stack[16 * 1024];
	static _Thread_local bool done;

	if (is_watched && !done)
		(void)sigaltstack(
		    &(stack_t){ .ss_sp = stack, .ss_size = sizeof stack },
		    NULL);
	done = true;
}

void
suspects_begin(struct suspects *suspects, uint64_t id)
{
	pid_t self = getpid();
	size_t first = (size_t)id;

	have_signal_stack();
	for (size_t i = 0; i < SUSPECTS_RUNS; i++) {
		struct suspect_run *run =
		    &suspects->runs[(first + i) % SUSPECTS_RUNS];
		pid_t nobody = 0;

		if (!atomic_compare_exchange_strong(
			&run->worker, &nobody, self))
			continue;
		atomic_store(&run->id, id);
		current = run;
		return;
	}
}

static void
free_run(struct suspect_run *run)
{
	atomic_store(&run->crashed, false);
	atomic_store(&run->id, 0);
	atomic_store(&run->worker, 0);
}

void
suspects_end(void)
{
	if (current != NULL)
		free_run(current);
	current = NULL;
}

bool
suspects_is_aside(struct suspects *suspects, uint64_t id)
{
	unsigned n = atomic_load(&suspects->n_aside);

	for (unsigned i = 0; i < n && i < SUSPECTS_ASIDE; i++) {
		if (atomic_load(&suspects->aside[i]) == id)
			return true;
	}
	return false;
}

/* --- in the parent ---------------------------------------------------- */

static bool
is_crash(int number)
{
	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
		if (crashes[i] == number)
			return true;
	}
	return false;
}

static bool
any_marked(struct suspects *suspects, pid_t worker)
{
	for (size_t i = 0; i < SUSPECTS_RUNS; i++) {
		if (atomic_load(&suspects->runs[i].worker) == worker &&
		    atomic_load(&suspects->runs[i].crashed))
			return true;
	}
	return false;
}

static bool
set_aside(struct suspects *suspects, uint64_t id)
{
	unsigned n = atomic_load(&suspects->n_aside);

	if (id == 0 || suspects_is_aside(suspects, id))
		return false;
	atomic_store(&suspects->aside[n % SUSPECTS_ASIDE], id);
	atomic_store(&suspects->n_aside, n + 1);
	return true;
}

unsigned
suspects_judge(struct suspects *suspects, pid_t worker, int number)
{
	bool marked_only = any_marked(suspects, worker);
	unsigned n = 0;

	for (size_t i = 0; i < SUSPECTS_RUNS; i++) {
		struct suspect_run *run = &suspects->runs[i];

		if (atomic_load(&run->worker) != worker)
			continue;
		if (is_crash(number) &&
		    (!marked_only || atomic_load(&run->crashed)))
			n += set_aside(suspects, atomic_load(&run->id));
		free_run(run);
	}
	return n;
}
