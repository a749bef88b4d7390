#include "lmtpd/storer/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "lmtpd/storer/identity.h"

/* Work, then memory and threads, then libpq and what it stands on. */
static const int allowed[] = {
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(accept4),
	SCMP_SYS(shutdown),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(sendfile),
	SCMP_SYS(fsync),
	SCMP_SYS(syncfs),
	SCMP_SYS(close),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(getdents64),
	SCMP_SYS(mkdirat),
	SCMP_SYS(fchown),
	SCMP_SYS(utimensat), /* of dovecot-keywords */
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(linkat),
	SCMP_SYS(unlinkat),

	SCMP_SYS(brk),
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(madvise),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(futex),
	SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(tgkill),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(eventfd2),
	SCMP_SYS(signalfd4),

	SCMP_SYS(socket),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(fcntl),
	SCMP_SYS(ioctl),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(statx),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(open),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	SCMP_SYS(sigaltstack),
#endif
};

static int
allow_listed(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);

		if (r < 0)
			return r;
	}
	return 0;
}

static int
rule_first_argument(scmp_filter_ctx filter, uint32_t action, int call,
    enum scmp_compare compare, uint64_t with)
{
	const struct scmp_arg_cmp argument = {
		.arg = 0, .op = compare, .datum_a = with
	};

	return seccomp_rule_add_array(filter, action, call, 1, &argument);
}

static int
allow_identity(scmp_filter_ctx filter, int call, unsigned own)
{
	int r = rule_first_argument(
	    filter, SCMP_ACT_ALLOW, call, SCMP_CMP_GE, IDENTITY_MIN);

	return r < 0 ? r
		     : rule_first_argument(
			   filter, SCMP_ACT_ALLOW, call, SCMP_CMP_EQ, own);
}

/*
 * What is not listed fails with EPERM: a C library that takes another way one
 * day costs a deferral, not the process.
 */
static int
load_list(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter != NULL ? allow_listed(filter) : -ENOMEM;

	if (r == 0)
		r = allow_identity(filter, SCMP_SYS(setfsuid), geteuid());
	if (r == 0)
		r = allow_identity(filter, SCMP_SYS(setfsgid), getegid());
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

/*
 * The kernel looks at 32 of an id's 64 bits, the comparison above at all: so
 * ids with higher bits, which could mean 0, must not pass. A filter of its
 * own, since libseccomp compares an argument once in a rule; of several
 * filters' answers the strictest holds.
 */
static int
load_width(void)
{
	const int calls[] = { SCMP_SYS(setfsuid), SCMP_SYS(setfsgid) };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r = filter != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < sizeof calls / sizeof *calls; i++)
		r = rule_first_argument(filter, SCMP_ACT_KILL_PROCESS, calls[i],
		    SCMP_CMP_GT, UINT32_MAX);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

int
sandbox_enter(struct why *why)
{
	int r = load_width();

	if (r == 0)
		r = load_list();
	return r < 0 ? why_fail(why, -r, "enter the sandbox") : 0;
}
