#include "lmtpd/storer/usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/io.h"
#include "core/scope.h"
#include "lmtpd/storer/name.h"

#define SIZE_FILE "Maildir/maildirsize"

enum {
	FRESH_SECONDS = 15 * 60, /* as in Dovecot and Courier */
	DIGITS_MAX = 18,	 /* below 2^63 */
	LINE_SPACE = 64,	 /* two 64-bit numbers */
};

/* More than any disk, and room above for what is on its way. */
#define BYTES_MAX (INT64_MAX / 4)

/* --- text ------------------------------------------------------------- */

/*
 * A number off the front of the line, with a sign or without, behind blanks.
 * By hand: a file has hundreds of them, and strtoll() knows about locales.
 */
static bool
take_number(struct slice *line, int64_t *number_out)
{
	const char *p = line->p, *end = line->p + line->n, *digits;
	uint64_t n = 0;
	bool negative;

	while (p < end && *p == ' ')
		p++;
	negative = p < end && *p == '-';
	digits = p += negative;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	if (p == digits || p - digits > DIGITS_MAX)
		return false;
	*number_out = negative ? -(int64_t)n : (int64_t)n;
	*line = (struct slice){ p, (size_t)(end - p) };
	return true;
}

static bool
add_line(struct slice line, struct usage *sum)
{
	int64_t bytes, messages;

	return take_number(&line, &bytes) && take_number(&line, &messages) &&
	       !__builtin_add_overflow(sum->bytes, bytes, &sum->bytes) &&
	       !__builtin_add_overflow(sum->messages, messages, &sum->messages);
}

/*
 * "1000S", also "1000S,0C": a limit that is 0 means none, and we have none
 * for the number of messages.
 */
static bool
has_limit(struct slice header, uint64_t limit)
{
	unsigned long long bytes = 0, messages = 0, *place;
	struct slice part;

	while (slice_cut(&header, ',', &part)) {
		if (part.n == 0)
			continue;
		if (part.p[part.n - 1] == 'S')
			place = &bytes;
		else if (part.p[part.n - 1] == 'C')
			place = &messages;
		else
			continue;
		if (!slice_number(
			slice_head(part, part.n - 1), INT64_MAX, place))
			*place = 0;
	}
	return bytes == limit && messages == 0;
}

/* Without an unfinished last line, which somebody may be writing. */
static struct slice
whole_lines(struct slice text)
{
	long last = slice_rfind(text, '\n');

	return last < 0 ? (struct slice){ NULL, 0 }
			: slice_head(text, (size_t)last);
}

bool
usage_parse(
    struct slice text, uint64_t limit, bool fresh, struct usage *usage_out)
{
	struct usage sum = { 0, 0 };
	struct slice line;
	int lines = 0;

	if (text.n >= USAGE_FILE_MAX || memchr(text.p, '\0', text.n) != NULL)
		return false;
	text = whole_lines(text);
	if (!slice_cut(&text, '\n', &line) || !has_limit(line, limit))
		return false;
	for (; slice_cut(&text, '\n', &line); lines++) {
		if (!add_line(line, &sum))
			return false;
	}
	if (sum.bytes < 0 || sum.bytes > BYTES_MAX || sum.messages < 0)
		return false;
	/* Nobody is refused over sums that went astray. */
	if (limit > 0 && (uint64_t)sum.bytes > limit && (lines > 1 || !fresh))
		return false;
	*usage_out = sum;
	return true;
}

/* --- counting --------------------------------------------------------- */

struct count {
	struct usage sum;
	struct timespec latest; /* change of any directory that was counted */
	bool changed;		/* one of them, since */
};

static bool
is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

/* A name that tells no size costs a stat, as it does in Dovecot. */
static void
count_entry(int fd, const char *entry, struct usage *sum)
{
	struct stat st;
	uint64_t size;

	if (entry[0] == '.' && (entry[1] == '\0' || entry[1] == '.'))
		return;
	if (!name_size(entry, &size)) {
		if (fstatat(fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return;
		size = (uint64_t)st.st_size;
	}
	/* The names are the user's: absurd sizes must not overflow a sum. */
	if (__builtin_add_overflow(sum->bytes, size, &sum->bytes) ||
	    sum->bytes > BYTES_MAX)
		sum->bytes = BYTES_MAX;
	sum->messages++;
}

static int
count_part(DIR *dir, void *arg)
{
	struct count *count = arg;
	const struct dirent *entry;
	struct stat st;

	if (fstat(dirfd(dir), &st) < 0)
		return -errno;
	if (is_later(&st.st_mtim, &count->latest))
		count->latest = st.st_mtim;
	while ((entry = readdir(dir)) != NULL)
		count_entry(dirfd(dir), entry->d_name, &count->sum);
	return 0;
}

static int
check_part(DIR *dir, void *arg)
{
	struct count *count = arg;
	struct stat st;

	if (fstat(dirfd(dir), &st) < 0)
		return -errno;
	count->changed |= is_later(&st.st_mtim, &count->latest);
	return 0;
}

static int
each_message_folder(
    const struct maildir *maildir, maildir_part *on_part, struct count *count)
{
	int r = maildir_each(maildir->home_fd, "new", on_part, count);

	return r == 0 ? maildir_each(maildir->home_fd, "cur", on_part, count)
		      : r;
}

static int
count_all(const struct maildir *maildir, struct count *count)
{
	int r = each_message_folder(maildir, count_part, count);

	return r == 0 ? each_message_folder(maildir, check_part, count) : r;
}

/* --- the file --------------------------------------------------------- */

static void
open_file(struct maildir *maildir, struct stat *st_out)
{
	scope_close(&maildir->size_fd);
	maildir->size_fd = beneath_file(maildir->home_fd, SIZE_FILE,
	    O_RDWR | O_APPEND | O_NOFOLLOW, st_out);
}

/*
 * Whether the file gives the usage. If not it will be counted: the file is
 * missing, a link, a FIFO, a directory, not ours to write, or no use.
 */
static bool
read_file(struct maildir *maildir, uint64_t limit, struct usage *usage_out)
{
	char text[USAGE_FILE_MAX];
	struct stat st;
	ssize_t n;

	open_file(maildir, &st);
	if (maildir->size_fd < 0)
		return false;
	n = read(maildir->size_fd, text, sizeof text);
	if (n < 0)
		return false;
	return usage_parse((struct slice){ text, (size_t)n }, limit,
	    st.st_mtime >= time(NULL) - FRESH_SECONDS, usage_out);
}

static void
remove_file(const struct maildir *maildir)
{
	AUTO_CLOSE int fd = beneath_directory(maildir->home_fd, "Maildir");

	if (fd >= 0)
		(void)unlinkat(fd, "maildirsize", 0);
}

static int
write_new(const struct maildir *maildir, uint64_t limit,
    const struct usage *usage, const char *name)
{
	AUTO_CLOSE int fd = -1;
	char text[2 * LINE_SPACE];
	int n = snprintf(text, sizeof text, "%lluS\n%lld %lld\n",
	    (unsigned long long)limit, (long long)usage->bytes,
	    (long long)usage->messages);

	(void)unlinkat(maildir->tmp_fd, name, 0); /* a crash left it */
	fd = beneath_create(maildir->tmp_fd, name);
	return fd < 0 ? fd : io_write(fd, text, (size_t)n);
}

/*
 * Nothing is synced: a power cut costs a count. Neither does a failure
 * matter, for the number is known now and the next reader counts again.
 */
static void
write_file(
    const struct maildir *maildir, uint64_t limit, const struct usage *usage)
{
	AUTO_CLOSE int fd = beneath_directory(maildir->home_fd, "Maildir");
	const char *name = "maildirsize.new";

	if (fd < 0)
		return;
	if (write_new(maildir, limit, usage, name) < 0 ||
	    renameat(maildir->tmp_fd, name, fd, "maildirsize") < 0)
		(void)unlinkat(maildir->tmp_fd, name, 0);
}

static int
count_anew(
    const struct maildir *maildir, uint64_t limit, struct usage *usage_out)
{
	struct count count = { 0 };
	int r = count_all(maildir, &count);

	if (r < 0)
		return r;
	if (count.changed)
		remove_file(maildir);
	else
		write_file(maildir, limit, &count.sum);
	*usage_out = count.sum;
	return 0;
}

int
usage_read(struct box *box, struct maildir *maildir, uint64_t limit,
    struct usage *usage_out, struct why *why)
{
	int r = 0;

	if (read_file(maildir, limit, usage_out))
		return 0;
	(void)pthread_rwlock_wrlock(&box->counting);
	/* Whoever held the lock may have counted for us. */
	if (!read_file(maildir, limit, usage_out))
		r = count_anew(maildir, limit, usage_out);
	(void)pthread_rwlock_unlock(&box->counting);
	return r < 0 ? why_fail(why, -r, "find out the usage") : 0;
}

void
usage_add(struct maildir *maildir, uint64_t bytes)
{
	char text[LINE_SPACE];
	int n =
	    snprintf(text, sizeof text, "%llu 1\n", (unsigned long long)bytes);
	struct stat st;

	/* A count may have put another file in its place. */
	if (maildir->size_fd < 0 || fstat(maildir->size_fd, &st) < 0 ||
	    st.st_nlink != 1)
		open_file(maildir, &st);
	if (maildir->size_fd == -ENOENT)
		return; /* the next one counts, and finds this message */
	if (maildir->size_fd < 0 ||
	    io_write(maildir->size_fd, text, (size_t)n) < 0)
		remove_file(maildir);
}
