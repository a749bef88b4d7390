/*
 * libsieve SCRIPT MESSAGE - what libsieve 2 would do, one action a line.
 *
 * A second opinion on the core of RFC 3028, for the tests only. The library
 * crashes and eats memory on some mail, so it gets a process of its own with
 * limits, runs one script, and is never linked into a program of ours.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include <sieve2.h> /* wants stddef.h before it */

enum { FILE_MAX = 1024 * 1024, MEMORY_MAX = 256 << 20, CPU_S = 5 };

struct job {
	char script[FILE_MAX], message[FILE_MAX];
	size_t message_size;
};

static struct job job;

static int
on_keep(sieve2_context_t *s, void *context)
{
	(void)s, (void)context;
	(void)puts("keep");
	return SIEVE2_OK;
}

static int
on_discard(sieve2_context_t *s, void *context)
{
	(void)s, (void)context;
	(void)puts("discard");
	return SIEVE2_OK;
}

static int
on_fileinto(sieve2_context_t *s, void *context)
{
	(void)context;
	(void)printf("fileinto %s\n", sieve2_getvalue_string(s, "mailbox"));
	return SIEVE2_OK;
}

static int
on_redirect(sieve2_context_t *s, void *context)
{
	(void)context;
	(void)printf("redirect %s\n", sieve2_getvalue_string(s, "address"));
	return SIEVE2_OK;
}

static int
get_script(sieve2_context_t *s, void *context)
{
	(void)context;
	(void)sieve2_setvalue_string(s, "script", job.script);
	return SIEVE2_OK;
}

static int
get_headers(sieve2_context_t *s, void *context)
{
	(void)context;
	(void)sieve2_setvalue_string(s, "allheaders", job.message);
	return SIEVE2_OK;
}

static int
get_size(sieve2_context_t *s, void *context)
{
	(void)context;
	(void)sieve2_setvalue_int(s, "size", (int)job.message_size);
	return SIEVE2_OK;
}

static sieve2_callback_t callbacks[] = {
	{ SIEVE2_ACTION_KEEP, on_keep },
	{ SIEVE2_ACTION_DISCARD, on_discard },
	{ SIEVE2_ACTION_FILEINTO, on_fileinto },
	{ SIEVE2_ACTION_REDIRECT, on_redirect },
	{ SIEVE2_SCRIPT_GETSCRIPT, get_script },
	{ SIEVE2_MESSAGE_GETALLHEADERS, get_headers },
	{ SIEVE2_MESSAGE_GETSIZE, get_size },
	{ 0, NULL },
};

/* Whole file, ended by a NUL, which is all the library understands. */
static size_t
read_file(const char *path, char *to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, to, FILE_MAX - 1);

	if (n < 0)
		err(EX_NOINPUT, "%s", path);
	(void)close(fd);
	return (size_t)n;
}

/* The library wants the header alone. */
static void
cut_body(char *message)
{
	char *end = strstr(message, "\n\n");

	if (end != NULL)
		end[1] = '\0';
}

static void
limit(void)
{
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };
	const struct rlimit cpu = { CPU_S, CPU_S }, core = { 0, 0 };

	if (setrlimit(RLIMIT_AS, &memory) < 0 ||
	    setrlimit(RLIMIT_CPU, &cpu) < 0 ||
	    setrlimit(RLIMIT_CORE, &core) < 0)
		err(EX_OSERR, "setrlimit");
}

int
main(int argc, char **argv)
{
	sieve2_context_t *context = NULL;
	int r;

	if (argc != 3)
		errx(EX_USAGE, "usage: libsieve SCRIPT MESSAGE");
	(void)read_file(argv[1], job.script);
	job.message_size = read_file(argv[2], job.message);
	cut_body(job.message);
	limit();
	r = sieve2_alloc(&context);
	if (r == SIEVE2_OK)
		r = sieve2_callbacks(context, callbacks);
	if (r == SIEVE2_OK)
		r = sieve2_execute(context, NULL);
	(void)fflush(stdout);
	if (r != SIEVE2_OK)
		errx(EX_DATAERR, "%s", sieve2_errstr(r));
	return EX_OK;
}
