#include "cli/filter_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/beneath.h"
#include "core/buf.h"
#include "core/io.h"
#include "core/scope.h"

/* A script in the home, never one that a link out of it leads to. */
static int
read_script(
    const struct sources *sources, const char *path, struct slice *text_out)
{
	AUTO_BUF struct buf text = BUF_INIT(SIEVE_SCRIPT_MAX + 1);
	struct stat st;
	AUTO_CLOSE int fd = -1;
	int r;

	if (sources->home_fd < 0)
		return sources->home_fd;
	fd = beneath_file(sources->home_fd, path, O_RDONLY, &st);
	if (fd < 0)
		return fd;
	r = buf_reserve(&text, (size_t)st.st_size);
	if (r == 0)
		r = io_read(fd, text.p, (size_t)st.st_size);
	if (r < 0)
		return r;
	buf_grown(&text, (size_t)st.st_size);
	*text_out = arena_slice(&sources->cli->arena, buf_slice(&text));
	return 0;
}

static bool
compile(struct source *source, bool all)
{
	const struct sieve_options options = {
		all ? sieve_extensions_all() : sieve_extensions_default(), NULL
	};
	struct sieve_errors errors;
	bool good;

	sieve_errors_init(&errors);
	good = sieve_compile(
		   source->text, &options, &source->program, &errors) == 0;
	for (size_t i = 0; i < errors.n; i++)
		(void)say_failure(EX_DATAERR, "%s, line %u: %s", source->title,
		    errors.list[i].line, errors.list[i].text);
	sieve_errors_done(&errors);
	return good;
}

static void
add(struct sources *sources, const char *title, struct slice text, bool all)
{
	struct source *source = &sources->list[sources->n];

	if (sources->n == SOURCES_MAX)
		return;
	*source = (struct source){ .title = title, .text = text };
	if (compile(source, all))
		sources->n++;
}

/* The next row of that place from *i on, which moves behind it. */
static bool
next_row(const struct sources *sources, enum script_place place, int *i)
{
	struct slice wanted = slice_of(script_place_name(place));
	struct db_result *rows = sources->directory;

	for (; *i < db_rows(rows); ++*i) {
		if (slice_eq(db_text(rows, *i, 0), wanted) &&
		    !db_is_null(rows, *i, 2))
			return true;
	}
	return false;
}

void
sources_add_defaults(struct sources *sources, enum script_place place)
{
	for (int i = 0; next_row(sources, place, &i); i++)
		add(sources,
		    arena_printf(&sources->cli->arena, "default %.*s (%s)",
			SLICE_FMT(db_text(sources->directory, i, 1)),
			script_place_name(place)),
		    db_text(sources->directory, i, 2), true);
}

void
sources_add_own(struct sources *sources, struct slice text)
{
	int r = 0;

	if (text.p == NULL)
		r = read_script(sources, ".dovecot.sieve", &text);
	if (r == 0)
		add(sources, "the mailbox' script", text, false);
	else if (r != -ENOENT)
		(void)say_failure(
		    EX_NOPERM, "the mailbox' script: %s", strerror(-r));
}

/* --- included ones ---------------------------------------------------- */

static bool
find_global(
    const struct sources *sources, struct slice name, struct slice *text_out)
{
	for (int i = 0; next_row(sources, SCRIPT_INCLUDE, &i); i++) {
		if (!slice_eq(db_text(sources->directory, i, 1), name))
			continue;
		*text_out = db_text(sources->directory, i, 2);
		return true;
	}
	return false;
}

static bool
find_personal(
    const struct sources *sources, struct slice name, struct slice *text_out)
{
	if (name.n == 0 || name.p[0] == '.' || slice_find(name, '/') >= 0)
		return false;
	return read_script(sources,
		   arena_printf(&sources->cli->arena, "sieve/%.*s.sieve",
		       SLICE_FMT(name)),
		   text_out) == 0;
}

int
sources_include(struct sources *sources, bool global, struct slice name,
    struct sieve_program **program_out)
{
	struct source source = { .title = "an included script" };
	bool found = global ? find_global(sources, name, &source.text)
			    : find_personal(sources, name, &source.text);

	if (!found || !compile(&source, global))
		return 0;
	*program_out = source.program;
	return 1;
}

const struct source *
sources_find(const struct sources *sources, const struct sieve_program *program)
{
	static const struct source included = { .title = "an included script" };

	for (size_t i = 0; i < sources->n; i++) {
		if (sources->list[i].program == program)
			return &sources->list[i];
	}
	return &included;
}

void
sources_done(struct sources *sources)
{
	for (size_t i = 0; i < sources->n; i++)
		sieve_program_unref(sources->list[i].program);
	sources->n = 0;
}
