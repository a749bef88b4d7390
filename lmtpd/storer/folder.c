#include "lmtpd/storer/folder.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/scope.h"
#include "lmtpd/store_record.h"
#include "lmtpd/storer/subscriptions.h"

enum { FOLDER_MODE = 0700 };

static int
make_directory(int fd, const char *name)
{
	if (mkdirat(fd, name, FOLDER_MODE) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* tmp last: it is what a delivery opens first, and then finds the others. */
static int
make_parts(int fd)
{
	int r = make_directory(fd, "new");

	if (r == 0)
		r = make_directory(fd, "cur");
	if (r == 0)
		r = make_directory(fd, "tmp");
	/* Also when all were there: their maker may not have come so far. */
	return r == 0 ? beneath_sync(fd) : r;
}

int
folder_make_inbox(int home_fd)
{
	AUTO_CLOSE int maildir_fd = -1;
	AUTO_CLOSE int synced_fd = -1;
	int r = make_directory(home_fd, "Maildir");

	if (r < 0)
		return r;
	maildir_fd = beneath_directory(home_fd, "Maildir");
	if (maildir_fd < 0)
		return maildir_fd;
	r = make_parts(maildir_fd);
	if (r < 0)
		return r;
	synced_fd = beneath_directory(home_fd, "."); /* home_fd is O_PATH */
	return synced_fd < 0 ? synced_fd : beneath_sync(synced_fd);
}

/* Without this file the folder still works here: no reason to fail. */
static void
mark_as_folder(int fd)
{
	AUTO_CLOSE int made = beneath_create(fd, "maildirfolder");

	(void)made;
}

int
folder_open(int home_fd, const char *folder)
{
	char path[sizeof "Maildir/." + STORE_FOLDER_MAX];

	(void)snprintf(path, sizeof path, "Maildir%s%s",
	    folder[0] != '\0' ? "/." : "", folder);
	return beneath_directory(home_fd, path);
}

int
folder_make(int home_fd, const char *folder)
{
	char path[sizeof "Maildir/." + STORE_FOLDER_MAX];
	AUTO_CLOSE int maildir_fd = beneath_directory(home_fd, "Maildir");
	AUTO_CLOSE int fd = -1;
	int r;

	if (maildir_fd < 0)
		return maildir_fd;
	(void)snprintf(path, sizeof path, "Maildir/.%s", folder);
	r = make_directory(maildir_fd, path + sizeof "Maildir/" - 1);
	if (r < 0)
		return r;
	fd = beneath_directory(home_fd, path);
	if (fd < 0)
		return fd;
	mark_as_folder(fd);
	r = make_parts(fd);
	if (r == 0)
		r = beneath_sync(maildir_fd);
	if (r == 0)
		subscriptions_add(home_fd, folder);
	return r;
}
