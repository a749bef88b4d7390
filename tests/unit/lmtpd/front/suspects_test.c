#include "lmtpd/front/suspects.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

static struct suspects *suspects;

enum { CALM = 11, WILD = 22 };

static int
begin(void **state)
{
	(void)state;
	suspects = mmap(NULL, sizeof *suspects, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return suspects == MAP_FAILED;
}

static int
end(void **state)
{
	(void)state;
	return munmap(suspects, sizeof *suspects);
}

/* Runs a script for ever, in a thread beside the one that crashes. */
static void *
run_calmly(void *ready)
{
	suspects_begin(suspects, CALM);
	(void)pthread_barrier_wait(ready);
	for (;;)
		(void)pause();
	return NULL;
}

static _Noreturn void
worker(void (*crash)(void))
{
	const struct rlimit none = { 0, 0 };
	pthread_barrier_t ready;
	pthread_t thread;

	(void)setrlimit(RLIMIT_CORE, &none);
	suspects_watch();
	(void)pthread_barrier_init(&ready, NULL, 2);
	if (pthread_create(&thread, NULL, run_calmly, &ready) != 0)
		_exit(1);
	(void)pthread_barrier_wait(&ready);
	suspects_begin(suspects, WILD);
	crash();
	_exit(0);
}

/* How many were set aside after a worker crashed. */
static unsigned
judge(void (*crash)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		worker(crash);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return suspects_judge(suspects, pid, WTERMSIG(status));
}

static void
fail_an_assertion(void)
{
	abort();
}

static int
use_the_stack_up(volatile int depth)
{
	volatile char room[4096];

	room[depth % 4096] = 1;
	if (depth < 0)
		return 0;
	return use_the_stack_up(depth + 1) + room[0];
}

static void
recur(void)
{
	(void)use_the_stack_up(0);
}

static void
be_killed(void)
{
	(void)kill(getpid(), SIGKILL);
	(void)pause();
}

static void
who_crashed_is_set_aside_and_nobody_else(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip();
#endif
	assert_int_equal(judge(fail_an_assertion), 1);
	assert_true(suspects_is_aside(suspects, WILD));
	assert_false(suspects_is_aside(suspects, CALM));
	assert_int_equal(judge(recur), 0); /* it is aside already */
}

static void
whoever_is_killed_proves_nothing(void **state)
{
	(void)state;
	assert_int_equal(judge(be_killed), 0);
	assert_false(suspects_is_aside(suspects, CALM));
}

static void
without_a_mark_all_are_suspected(void **state)
{
	(void)state;
	suspects_begin(suspects, CALM);
	assert_int_equal(suspects_judge(suspects, getpid(), SIGSEGV), 1);
	assert_true(suspects_is_aside(suspects, CALM));
	suspects_end();
}

static void
what_ended_is_forgotten(void **state)
{
	(void)state;
	suspects_begin(suspects, 33);
	suspects_end();
	assert_int_equal(suspects_judge(suspects, getpid(), SIGSEGV), 0);
	assert_false(suspects_is_aside(suspects, 33));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_crashed_is_set_aside_and_nobody_else),
		cmocka_unit_test(whoever_is_killed_proves_nothing),
		cmocka_unit_test(without_a_mark_all_are_suspected),
		cmocka_unit_test(what_ended_is_forgotten),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
