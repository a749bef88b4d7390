#include "lmtpd/storer/subscriptions.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/io.h"
#include "core/scope.h"
#include "lmtpd/store_record.h"

enum {
	FILE_MAX = 256 * 1024, /* a thousand long names; more is no list */
	READ_STEP = 8192,
};

static const struct slice second_form = SLICE("V\t2\n\n");

/* --- text ------------------------------------------------------------- */

static void
line_of(const char *folder, bool tabs, char line[STORE_FOLDER_MAX + 1])
{
	size_t i;

	for (i = 0; folder[i] != '\0' && i < STORE_FOLDER_MAX; i++)
		line[i] = tabs && folder[i] == '.' ? '\t' : folder[i];
	line[i] = '\0';
}

bool
subscriptions_plan(struct slice text, const char *folder, struct buf *append)
{
	bool tabs = slice_eq(slice_head(text, second_form.n), second_form);
	char wanted[STORE_FOLDER_MAX + 1];
	struct slice line;

	if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL)
		return false;
	line_of(folder, tabs, wanted);
	/* Whoever wrote last may have left the line end off. */
	if (text.n > 0 && text.p[text.n - 1] != '\n')
		(void)buf_add_char(append, '\n');
	while (slice_cut(&text, '\n', &line)) {
		if (slice_eq(line, slice_of(wanted))) {
			buf_reset(append);
			return true;
		}
	}
	(void)buf_add_text(append, wanted);
	(void)buf_add_char(append, '\n');
	return true;
}

/* --- the file --------------------------------------------------------- */

/* What the file holds, at most FILE_MAX. False when it is more, or on error. */
static bool
read_all(int fd, struct buf *text)
{
	ssize_t n;

	do {
		if (buf_reserve(text, READ_STEP) < 0)
			return false;
		n = read(fd, text->p + text->n, READ_STEP);
		if (n > 0)
			buf_grown(text, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0;
}

static int
open_or_make(int maildir_fd)
{
	int made = beneath_create(maildir_fd, "subscriptions");
	struct stat st;

	scope_close(&made);
	return beneath_file(
	    maildir_fd, "subscriptions", O_RDWR | O_APPEND | O_NOFOLLOW, &st);
}

static void
add_line(int maildir_fd, const char *folder)
{
	AUTO_CLOSE int fd = open_or_make(maildir_fd);
	AUTO_BUF struct buf text = BUF_INIT(FILE_MAX);
	AUTO_BUF struct buf append = BUF_INIT(STORE_FOLDER_MAX + 2);

	if (fd < 0 || !read_all(fd, &text) ||
	    !subscriptions_plan(buf_slice(&text), folder, &append))
		return;
	if (io_write(fd, append.p, append.n) == 0)
		(void)fsync(fd);
}

/*
 * Dovecot holds its lock for the moment of a rewrite. One that a crash left is
 * Dovecot's to find out; we go on without.
 */
void
subscriptions_add(int home_fd, const char *folder)
{
	AUTO_CLOSE int maildir_fd = beneath_directory(home_fd, "Maildir");
	AUTO_CLOSE int lock_fd = -1;

	if (maildir_fd < 0)
		return;
	lock_fd = beneath_lock(maildir_fd, "subscriptions.lock");
	add_line(maildir_fd, folder);
	if (lock_fd >= 0)
		(void)unlinkat(maildir_fd, "subscriptions.lock", 0);
}
