/*
 * sieve/tools/files.h - scripts and messages from files, for the tools.
 *
 * A tool is one source file, so this is all in the header.
 */
#ifndef HAUSPOST_SIEVE_TOOLS_FILES_H
#define HAUSPOST_SIEVE_TOOLS_FILES_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/scope.h"
#include "sieve/sieve.h"

enum { FILES_MAX = 512 * 1024 * 1024 };

/* The whole file; false and a line on stderr when it cannot be read. */
static inline bool
files_read(const char *path, struct arena *arena, struct slice *out)
{
	AUTO_BUF struct buf all = BUF_INIT(FILES_MAX);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && buf_reserve(&all, 64 * 1024) == 0) {
		n = read(fd, all.p + all.n, 64 * 1024);
		if (n <= 0)
			break;
		buf_grown(&all, (size_t)n);
	}
	if (n != 0) {
		(void)fprintf(stderr, "%s: %s\n", path,
		    buf_failed(&all) ? "too large" : strerror(errno));
		return false;
	}
	*out = arena_slice(arena, buf_slice(&all));
	return true;
}

/* Compiles a file, errors go to stderr as FILE:LINE:COLUMN: text. */
static inline int
files_compile(const char *path, const struct sieve_options *options,
    struct sieve_program **program_out)
{
	struct arena arena = ARENA_INIT;
	struct sieve_errors errors;
	struct slice script;
	int status = EX_NOINPUT;

	sieve_errors_init(&errors);
	if (files_read(path, &arena, &script)) {
		status =
		    sieve_compile(script, options, program_out, &errors) < 0
			? EX_DATAERR
			: EX_OK;
		for (size_t i = 0; i < errors.n; i++)
			(void)fprintf(stderr, "%s:%u:%u: %s\n", path,
			    errors.list[i].line, errors.list[i].column,
			    errors.list[i].text);
	}
	sieve_errors_done(&errors);
	arena_done(&arena);
	return status;
}

/*
 * A script to include: NAME.sieve beside the one at path, or in "global/"
 * there. 1 and a program, or 0.
 */
static inline int
files_include(const char *path, bool global, struct slice name,
    const struct sieve_options *options, struct sieve_program **program_out)
{
	struct arena arena = ARENA_INIT;
	const char *slash = strrchr(path, '/');
	int folder = slash != NULL ? (int)(slash - path) + 1 : 0;
	const char *file = arena_printf(&arena, "%.*s%s%.*s.sieve", folder,
	    path, global ? "global/" : "", SLICE_FMT(name));
	int found = access(file, R_OK) == 0 &&
		    files_compile(file, options, program_out) == EX_OK;

	arena_done(&arena);
	return found;
}

#endif
