#include "lmtpd/runner/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/forward_file.h"
#include "core/io.h"
#include "lmtpd/runner/command.h"

enum {
	CPU_S = 60,
	FILE_BYTES = 256 << 20, /* twice the largest message */
	PROCESSES = 100, /* of the user, so that a fork bomb ends early */
	DESCRIPTORS = 256,
};

/* A sanitizer reserves terabytes of addresses for itself. */
#ifdef __SANITIZE_ADDRESS__
static const rlim_t memory_bytes = RLIM_INFINITY;
#else
static const rlim_t memory_bytes = 1 << 30;
#endif

static const char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";

/* --- becoming the user ------------------------------------------------ */

static int
set_limits(void)
{
	const struct {
		int resource;
		rlim_t limit;
	} limits[] = {
		{ RLIMIT_CPU, CPU_S },
		{ RLIMIT_FSIZE, FILE_BYTES },
		{ RLIMIT_AS, memory_bytes },
		{ RLIMIT_NPROC, PROCESSES },
		{ RLIMIT_NOFILE, DESCRIPTORS },
		{ RLIMIT_CORE, 0 },
	};

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		const struct rlimit both = { limits[i].limit, limits[i].limit };

		if (setrlimit((__rlimit_resource_t)limits[i].resource, &both) <
		    0)
			return -errno;
	}
	return 0;
}

/*
 * A change from one ordinary uid to another leaves the capabilities alone, so
 * the program would inherit the right to become anybody.
 */
static int
drop_capabilities(void)
{
	cap_t none = cap_init();
	int r = 0;

	if (none == NULL)
		return -errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L) < 0 ||
	    cap_set_proc(none) < 0)
		r = -errno;
	(void)cap_free(none);
	return r;
}

static bool
has_no_capabilities(void)
{
	cap_t have = cap_get_proc(), none = cap_init();
	bool same =
	    have != NULL && none != NULL && cap_compare(have, none) == 0;

	(void)cap_free(have);
	(void)cap_free(none);
	return same;
}

static bool
is_only(const struct owner *owner)
{
	uid_t uid[3];
	gid_t gid[3];

	return getresuid(&uid[0], &uid[1], &uid[2]) == 0 &&
	       getresgid(&gid[0], &gid[1], &gid[2]) == 0 &&
	       uid[0] == owner->uid && uid[1] == owner->uid &&
	       uid[2] == owner->uid && gid[0] == owner->gid &&
	       gid[1] == owner->gid && gid[2] == owner->gid &&
	       getgroups(0, NULL) == 1;
}

static int
become(const struct owner *owner)
{
	int r = set_limits();

	if (r < 0)
		return r;
	if (setgroups(1, &owner->gid) < 0 ||
	    setresgid(owner->gid, owner->gid, owner->gid) < 0 ||
	    setresuid(owner->uid, owner->uid, owner->uid) < 0)
		return -errno;
	r = drop_capabilities();
	if (r < 0)
		return r;
	return is_only(owner) && has_no_capabilities() ? 0 : -EPERM;
}

/* --- what it inherits -------------------------------------------------- */

static int
take_descriptors(const struct order *order, int *report_fd)
{
	int in = order->message_fd;

	if (in < 0)
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	*report_fd = fcntl(order->report_fd, F_DUPFD_CLOEXEC, 3);
	if (in < 0 || *report_fd < 0 || lseek(in, 0, SEEK_SET) < 0 ||
	    dup2(in, STDIN_FILENO) < 0 ||
	    dup2(order->output_fd, STDOUT_FILENO) < 0 ||
	    dup2(order->output_fd, STDERR_FILENO) < 0)
		return -errno;
	return 0;
}

static void
default_signals(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
}

static char **
environment(struct arena *arena, const struct order *order)
{
	const struct run_request *request = order->request;
	char **env = arena_calloc(arena, 10, sizeof *env);

	env[0] = arena_strdup(arena, path);
	env[1] = arena_printf(arena, "HOME=%s", order->owner->home);
	env[2] = arena_printf(arena, "USER=%s", order->owner->mailbox);
	env[3] = arena_printf(arena, "LOGNAME=%s", order->owner->mailbox);
	env[4] = arena_strdup(arena, "SHELL=/bin/sh");
	env[5] = arena_printf(
	    arena, "SENDER=%s", command_clean(arena, request->sender));
	env[6] = arena_printf(
	    arena, "RECIPIENT=%s", command_clean(arena, request->recipient));
	env[7] = arena_printf(
	    arena, "EXTENSION=%s", command_clean(arena, request->detail));
	return env;
}

/* --- what it runs ------------------------------------------------------ */

static int
run_command(struct arena *arena, const struct order *order, struct slice text)
{
	char **argv;
	int r = command_parse(arena, text, &argv);

	if (r < 0)
		return r;
	(void)execvpe(argv[0], argv, environment(arena, order));
	return -errno;
}

/*
 * -t: what procmail could not do is tried again. -m: without it, procmail
 * first looks at the mail spool of its user in passwd(5); where our users do
 * not stand, it waits for /tmp/dead.letter and then crashes. The words tell
 * it who it is; mail that no recipe takes goes to the Maildir.
 */
static int
run_procmail(struct arena *arena, const struct order *order)
{
	const char *home = order->owner->home;
	const char *detail = command_clean(arena, order->request->detail);
	const char *recipes = access(".procmailrc", F_OK) == 0
				  ? arena_printf(arena, "%s/.procmailrc", home)
				  : "/dev/null";
	char *argv[] = { "procmail", "-t", "-m",
		arena_printf(arena, "HOME=%s", home),
		arena_printf(arena, "LOGNAME=%s", order->owner->mailbox),
		"SHELL=/bin/sh", "COMSAT=no",
		arena_printf(arena, "EXTENSION=%s", detail),
		arena_printf(arena, "MAILDIR=%s/Maildir", home),
		arena_printf(arena, "DEFAULT=%s/Maildir/", home),
		arena_printf(arena, "ORGMAIL=%s/Maildir/", home),
		arena_strdup(arena, recipes), NULL };

	(void)execve("/usr/bin/procmail", argv, environment(arena, order));
	return -errno;
}

/* A file, if it is one and not too long. */
static int
read_file(struct arena *arena, const char *name, struct stat *st,
    struct slice *text_out)
{
	/* O_NONBLOCK: a FIFO planted there must not hold us up. */
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	char *content;

	if (fd < 0 || fstat(fd, st) < 0)
		return -errno;
	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	if (st->st_size > RUN_OUTPUT_MAX)
		return -EFBIG;
	content = arena_alloc(arena, (size_t)st->st_size);
	if (io_read(fd, content, (size_t)st->st_size) < 0)
		return -EIO;
	*text_out = (struct slice){ content, (size_t)st->st_size };
	return 0;
}

/* Its programs run as the user: nobody else may have written it. */
static int
read_forward(struct arena *arena, struct slice *text_out)
{
	struct stat st;
	int r = read_file(arena, ".forward", &st, text_out);

	if (r < 0)
		return r;
	if ((st.st_mode & S_IWOTH) != 0 ||
	    (st.st_uid != getuid() && st.st_uid != 0))
		return -EPERM;
	return 0;
}

static int
print(struct slice text)
{
	if (io_write(STDOUT_FILENO, text.p, text.n) < 0)
		return -EIO;
	_exit(EX_OK);
}

static int
run_forward_program(struct arena *arena, const struct order *order)
{
	const uint32_t index = order->request->index;
	struct forward_entry *entries;
	struct slice text;
	ssize_t n = read_forward(arena, &text);

	if (n == 0)
		n = forward_file_parse(arena, text, &entries);
	if (n < 0)
		return (int)n;
	/* The user may have changed the file since the front read it. */
	if (index >= (size_t)n || entries[index].kind != FORWARD_PROGRAM)
		return -ENOENT;
	return run_command(arena, order, entries[index].text);
}

static int
run_leaf_program(struct arena *arena, const struct order *order)
{
	const char *program = order->owner->program;

	if (program == NULL)
		return run_procmail(arena, order);
	if (program[0] != '|')
		return -EINVAL;
	return run_command(arena, order, slice_of(program + 1));
}

static int
print_include(struct arena *arena, const struct order *order)
{
	static const char prefix[] = ":include:";
	const char *program = order->owner->program;
	struct slice text;
	struct stat st;
	int r;

	if (program == NULL || strncmp(program, prefix, sizeof prefix - 1) != 0)
		return -EINVAL;
	r = read_file(arena, program + sizeof prefix - 1, &st, &text);
	return r < 0 ? r : print(text);
}

static int
print_forward(struct arena *arena)
{
	struct slice text;
	int r = read_forward(arena, &text);

	return r < 0 ? r : print(text);
}

static int
carry_out(struct arena *arena, const struct order *order)
{
	switch ((enum run_op)order->request->op) {
	case RUN_PROGRAM:
		return run_leaf_program(arena, order);
	case RUN_FORWARD_PROGRAM:
		return run_forward_program(arena, order);
	case RUN_READ_INCLUDE:
		return print_include(arena, order);
	case RUN_READ_FORWARD:
		return print_forward(arena);
	}
	return -EINVAL;
}

_Noreturn void
child_run(const struct order *order)
{
	struct arena arena = ARENA_INIT;
	int report_fd = order->report_fd, r;

	/* A group of its own: what it starts can be ended with it. */
	(void)setsid();
	default_signals();
	(void)umask(077);
	r = take_descriptors(order, &report_fd);
	if (r == 0)
		r = become(order->owner);
	if (r == 0 && chdir(order->owner->home) < 0)
		r = -errno;
	if (r == 0)
		r = carry_out(&arena, order);
	r = -r;
	(void)io_write(report_fd, &r, sizeof r);
	_exit(EX_TEMPFAIL);
}
