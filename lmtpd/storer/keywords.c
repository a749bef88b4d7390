#include "lmtpd/storer/keywords.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/io.h"
#include "core/scope.h"

static const char name[] = "dovecot-keywords";
static const char lock_name[] = "dovecot-keywords.lock";

/* --- text ------------------------------------------------------------- */

struct table {
	struct slice keywords[KEYWORDS_MAX]; /* .n 0: the letter is free */
};

/* Lines that make no sense to Dovecot make none to us. */
static void
read_table(struct slice file, struct table *table)
{
	struct slice line, number;
	unsigned long long i;

	*table = (struct table){ 0 };
	while (slice_cut(&file, '\n', &line)) {
		if (slice_cut(&line, ' ', &number) &&
		    slice_number(number, KEYWORDS_MAX - 1, &i))
			table->keywords[i] = line;
	}
}

/* Keywords have no case (RFC 9051 2.3.2). -1: it is not there. */
static int
find(const struct table *table, struct slice keyword)
{
	for (int i = 0; i < KEYWORDS_MAX; i++) {
		if (table->keywords[i].n > 0 &&
		    slice_eq_nocase(table->keywords[i], keyword))
			return i;
	}
	return -1;
}

static int
add(struct table *table, struct slice keyword, struct buf *append)
{
	for (int i = 0; append != NULL && i < KEYWORDS_MAX; i++) {
		if (table->keywords[i].n > 0)
			continue;
		table->keywords[i] = keyword;
		(void)buf_addf(append, "%d %.*s\n", i, SLICE_FMT(keyword));
		return i;
	}
	return -1;
}

static bool
is_keyword(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	}
	return text.n > 0 && text.n <= KEYWORD_OCTETS_MAX;
}

void
keywords_plan(struct slice file, struct slice wanted, struct buf *append,
    char letters[KEYWORDS_LETTERS])
{
	bool used[KEYWORDS_MAX] = { false };
	struct table table;
	struct slice keyword;
	size_t n = 0;

	read_table(file, &table);
	while (slice_cut(&wanted, ' ', &keyword)) {
		int i = is_keyword(keyword) ? find(&table, keyword) : -1;

		if (i < 0 && is_keyword(keyword))
			i = add(&table, keyword, append);
		if (i >= 0)
			used[i] = true;
	}
	for (int i = 0; i < KEYWORDS_MAX; i++) {
		if (used[i])
			letters[n++] = (char)('a' + i);
	}
	letters[n] = '\0';
}

/* --- the file --------------------------------------------------------- */

/* What it holds, and since when; a larger one is not Dovecot's. */
static bool
read_file(int folder_fd, struct buf *text, time_t *written_out)
{
	struct stat st;
	AUTO_CLOSE int fd = beneath_file(folder_fd, name, O_RDONLY, &st);
	int r;

	*written_out = 0;
	if (fd == -ENOENT)
		return true;
	if (fd >= 0)
		*written_out = st.st_mtim.tv_sec;
	if (fd < 0 || buf_reserve(text, (size_t)st.st_size) < 0)
		return false;
	r = io_read(fd, text->p + text->n, (size_t)st.st_size);
	if (r == 0)
		buf_grown(text, (size_t)st.st_size);
	return r == 0;
}

/*
 * Dovecot reads the file again when its time is another second. So it grows
 * with every change, as it does when Dovecot writes.
 */
static int
set_time(int lock_fd, time_t before)
{
	time_t now = time(NULL);
	const struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = now > before ? now : before + 1 } };

	return futimens(lock_fd, times) < 0 ? -errno : 0;
}

/* Whoever wrote last may have left the line end off. */
static int
write_file(int lock_fd, struct slice old, struct slice append)
{
	int r = io_write(lock_fd, old.p, old.n);

	if (r == 0 && old.n > 0 && old.p[old.n - 1] != '\n')
		r = io_write(lock_fd, "\n", 1);
	if (r == 0)
		r = io_write(lock_fd, append.p, append.n);
	return r == 0 ? beneath_sync(lock_fd) : r;
}

/* Under the lock. False: nothing was written, the letters are wrong. */
static bool
replace_file(int folder_fd, int lock_fd, struct slice wanted,
    char letters[KEYWORDS_LETTERS])
{
	AUTO_BUF struct buf old = BUF_INIT(KEYWORDS_FILE_MAX);
	AUTO_BUF struct buf append = BUF_INIT(KEYWORDS_FILE_MAX);
	time_t before;

	if (!read_file(folder_fd, &old, &before))
		return false;
	keywords_plan(buf_slice(&old), wanted, &append, letters);
	return !buf_failed(&append) &&
	       write_file(lock_fd, buf_slice(&old), buf_slice(&append)) == 0 &&
	       set_time(lock_fd, before) == 0 &&
	       renameat(folder_fd, lock_name, folder_fd, name) == 0;
}

static bool
needs_new(struct slice file, struct slice wanted)
{
	AUTO_BUF struct buf append = BUF_INIT(KEYWORDS_FILE_MAX);
	char letters[KEYWORDS_LETTERS];

	keywords_plan(file, wanted, &append, letters);
	return append.n > 0;
}

void
keywords_letters(
    int folder_fd, struct slice wanted, char letters[KEYWORDS_LETTERS])
{
	AUTO_BUF struct buf text = BUF_INIT(KEYWORDS_FILE_MAX);
	AUTO_CLOSE int lock_fd = -1;
	time_t written;

	letters[0] = '\0';
	if (!read_file(folder_fd, &text, &written))
		return;
	if (needs_new(buf_slice(&text), wanted)) {
		lock_fd = beneath_lock(folder_fd, lock_name);
		if (lock_fd >= 0 &&
		    replace_file(folder_fd, lock_fd, wanted, letters))
			return;
		if (lock_fd >= 0)
			(void)unlinkat(folder_fd, lock_name, 0);
	}
	keywords_plan(buf_slice(&text), wanted, NULL, letters);
}
