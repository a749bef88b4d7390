#include "lmtpd/storer/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/clock.h"
#include "core/scope.h"
#include "lmtpd/storer/folder.h"
#include "lmtpd/storer/name.h"

/* 36 h: longer than any delivery, so a live tmp/ file is never swept. */
enum { TMP_SECONDS_MAX = 36 * 60 * 60, SWEEP_MS = 24 * 60 * 60 * 1000 };

int
maildir_home(const struct user *user, struct why *why)
{
	AUTO_CLOSE int fd = beneath_start(user->home);
	struct stat st;

	if (fd == -ENOENT)
		return why_fail(why, ENXIO, "open home %s", user->home);
	if (fd < 0)
		return why_fail(why, -fd, "open home %s", user->home);
	if (fstat(fd, &st) < 0)
		return why_fail(why, errno, "stat home %s", user->home);
	if (st.st_uid != user->uid)
		return why_fail(why, EPERM, "use home %s of uid %u for uid %u",
		    user->home, (unsigned)st.st_uid, (unsigned)user->uid);
	return take_fd(&fd);
}

/* --- making ----------------------------------------------------------- */

int
maildir_prepare(struct user *user, struct why *why)
{
	AUTO_CLOSE int home_fd = maildir_home(user, why);
	int r;

	if (home_fd < 0)
		return home_fd;
	r = folder_make_inbox(home_fd);
	if (r < 0)
		return why_fail(why, -r, "make %s/Maildir", user->home);
	atomic_store(&user->box.prepared, true);
	return 0;
}

/* --- all folders ------------------------------------------------------ */

static bool
is_no_part(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES ||
	       error == ELOOP || error == EXDEV;
}

static int
do_part(int home_fd, const char *path, maildir_part *on_part, void *arg)
{
	DIR *dir = beneath_list(home_fd, path);
	int r;

	if (dir == NULL)
		return is_no_part(errno) ? 0 : -errno;
	r = on_part(dir, arg);
	(void)closedir(dir);
	return r;
}

int
maildir_each(int home_fd, const char *part, maildir_part *on_part, void *arg)
{
	char path[sizeof "Maildir//tmp" + NAME_SPACE];
	const struct dirent *entry;
	DIR *dir = beneath_list(home_fd, "Maildir");
	int r;

	if (dir == NULL)
		return -errno;
	(void)snprintf(path, sizeof path, "Maildir/%s", part);
	r = do_part(home_fd, path, on_part, arg);
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		if (!name_is_folder_entry(entry->d_name))
			continue;
		(void)snprintf(
		    path, sizeof path, "Maildir/%s/%s", entry->d_name, part);
		r = do_part(home_fd, path, on_part, arg);
	}
	(void)closedir(dir);
	return r;
}

/* --- sweeping --------------------------------------------------------- */

/*
 * The time of change, not of modification: whoever appends a message by IMAP
 * gives its file the date that the message had elsewhere.
 */
static bool
is_stale(int tmp_fd, const char *name, time_t now)
{
	struct stat st;

	return fstatat(tmp_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       !S_ISDIR(st.st_mode) && st.st_ctime < now - TMP_SECONDS_MAX;
}

static int
sweep_part(DIR *dir, void *arg)
{
	const time_t *now = arg;
	const struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		if (is_stale(dirfd(dir), entry->d_name, *now))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	return 0;
}

void
maildir_sweep(int home_fd)
{
	time_t now = time(NULL);

	(void)maildir_each(home_fd, "tmp", sweep_part, &now);
}

/* --- opening ---------------------------------------------------------- */

static int
open_part(const struct maildir *maildir, const char *part)
{
	char path[sizeof maildir->folder + sizeof "/tmp"];

	(void)snprintf(path, sizeof path, "%s/%s", maildir->folder, part);
	return beneath_directory(maildir->home_fd, path);
}

static int
open_parts(struct maildir *maildir, const char *to)
{
	maildir->tmp_fd = open_part(maildir, "tmp");
	if (maildir->tmp_fd < 0)
		return maildir->tmp_fd;
	maildir->to_fd = open_part(maildir, to);
	if (maildir->to_fd < 0) {
		(void)close(maildir->tmp_fd);
		return maildir->to_fd;
	}
	return 0;
}

/* Somebody removed the Maildir, or the folder was never there. */
static int
make_missing(struct maildir *maildir, struct user *user,
    const struct store_request *request, struct why *why)
{
	int r = maildir_prepare(user, why);

	if (r < 0 || request->folder[0] == '\0')
		return r;
	if ((request->hints & STORE_CREATE_FOLDER) == 0)
		return why_fail(why, ENOENT, "open %s", maildir->folder);
	r = folder_make(maildir->home_fd, request->folder);
	return r < 0 ? why_fail(why, -r, "make %s", maildir->folder) : 0;
}

static int
open_or_make(struct maildir *maildir, struct user *user,
    const struct store_request *request, struct why *why)
{
	const char *to = request->flags[0] != '\0' ? "cur" : "new";
	int r = open_parts(maildir, to);

	if (r == -ENOENT) {
		r = make_missing(maildir, user, request, why);
		if (r < 0)
			return r;
		r = open_parts(maildir, to);
	}
	if (r < 0)
		return why_fail(
		    why, -r, "open %s/%s", user->home, maildir->folder);
	return 0;
}

static void
sweep_daily(struct user *user, int home_fd)
{
	long now_ms = clock_ms(), last_ms = atomic_load(&user->box.swept_ms);

	if (last_ms != 0 && now_ms - last_ms < SWEEP_MS)
		return;
	/* Whoever sets the time sweeps. */
	if (atomic_compare_exchange_strong(
		&user->box.swept_ms, &last_ms, now_ms))
		maildir_sweep(home_fd);
}

int
maildir_open(struct maildir *maildir, struct user *user,
    const struct store_request *request, struct why *why)
{
	int r;

	(void)snprintf(maildir->folder, sizeof maildir->folder, "Maildir%s%s",
	    request->folder[0] != '\0' ? "/." : "", request->folder);
	maildir->size_fd = -1;
	maildir->home_fd = maildir_home(user, why);
	if (maildir->home_fd < 0)
		return maildir->home_fd;
	r = open_or_make(maildir, user, request, why);
	if (r < 0) {
		(void)close(maildir->home_fd);
		return r;
	}
	sweep_daily(user, maildir->home_fd);
	return 0;
}

void
maildir_close(struct maildir *maildir)
{
	scope_close(&maildir->size_fd);
	(void)close(maildir->to_fd);
	(void)close(maildir->tmp_fd);
	(void)close(maildir->home_fd);
}

/* --- looking ---------------------------------------------------------- */

/* 1 when it is there, and the directory on disk; 0; -errno. */
static int
part_has(const struct maildir *maildir, const char *part, const char *base)
{
	char path[sizeof maildir->folder + sizeof "/tmp"];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;
	int r;

	(void)snprintf(path, sizeof path, "%s/%s", maildir->folder, part);
	dir = beneath_list(maildir->home_fd, path);
	if (dir == NULL)
		return errno == ENOENT ? 0 : -errno;
	errno = 0;
	while (!found && (entry = readdir(dir)) != NULL)
		found = name_has_base(entry->d_name, base);
	r = found ? beneath_sync(dirfd(dir)) : -errno;
	(void)closedir(dir);
	return r < 0 ? r : found;
}

int
maildir_has(const struct maildir *maildir, const char *base, struct why *why)
{
	int r = part_has(maildir, "new", base);

	/* In this order: clients move from new/ to cur/, never back. */
	if (r == 0)
		r = part_has(maildir, "cur", base);
	if (r < 0)
		return why_fail(why, -r, "look into %s", maildir->folder);
	return r;
}
