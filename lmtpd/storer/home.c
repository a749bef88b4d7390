#include "lmtpd/storer/home.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/scope.h"
#include "lmtpd/storer/name.h"

/* Users pass through to their homes, but cannot list their neighbours. */
enum { FOLDER_MODE = 0711, HOME_MODE = 0700 };

/* The path from mail_root to the home; false when it is not below. */
static bool
below_root(const char *mail_root, const char *home, struct slice *path_out)
{
	size_t n = strlen(mail_root);

	if (strncmp(home, mail_root, n) != 0 || home[n] != '/')
		return false;
	*path_out = slice_of(home + n + 1);
	return true;
}

static bool
copy_component(struct slice component, char name[NAME_SPACE])
{
	if (component.n == 0 || component.n >= NAME_SPACE - sizeof ".new." ||
	    component.p[0] == '.')
		return false;
	(void)memcpy(name, component.p, component.n);
	name[component.n] = '\0';
	return true;
}

static int
make_folder(int parent_fd, const char *name)
{
	if (mkdirat(parent_fd, name, FOLDER_MODE) < 0)
		return errno == EEXIST ? 0 : -errno;
	return beneath_sync(parent_fd);
}

/* Steps from *folder_fd into the folder name below it, made if need be. */
static int
enter_folder(int *folder_fd, const char *name)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;
	int r = make_folder(*folder_fd, name);

	if (r < 0)
		return r;
	fd = openat(
	    *folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid())
		return -EPERM; /* its owner could lead us elsewhere */
	(void)close(*folder_fd);
	*folder_fd = take_fd(&fd);
	return 0;
}

static int
give_away(int folder_fd, const char *name, const struct user *user)
{
	AUTO_CLOSE int fd = openat(
	    folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fchown(fd, user->uid, user->gid) < 0)
		return -errno;
	return beneath_sync(fd);
}

static int
make_new(int folder_fd, const char *name, const struct user *user)
{
	char new_name[sizeof ".new." + NAME_SPACE];
	int r;

	(void)snprintf(new_name, sizeof new_name, ".new.%s", name);
	/* Left by a crash; empty, and nobody else may write here. */
	(void)unlinkat(folder_fd, new_name, AT_REMOVEDIR);
	if (mkdirat(folder_fd, new_name, HOME_MODE) < 0)
		return -errno;
	r = give_away(folder_fd, new_name, user);
	if (r == 0 && renameat2(folder_fd, new_name, folder_fd, name,
			  RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(folder_fd, new_name, AT_REMOVEDIR);
	return r;
}

static int
make_missing(int folder_fd, const char *name, const struct user *user)
{
	struct stat st;
	int r;

	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	r = make_new(folder_fd, name, user);
	return r == 0 ? beneath_sync(folder_fd) : r;
}

static int
walk(int root_fd, struct slice path, const struct user *user)
{
	AUTO_CLOSE int folder_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
	char name[NAME_SPACE];
	struct slice component;

	if (folder_fd < 0)
		return -errno;
	while (slice_cut(&path, '/', &component)) {
		int r;

		if (!copy_component(component, name))
			return -EINVAL;
		if (path.n == 0)
			return make_missing(folder_fd, name, user);
		r = enter_folder(&folder_fd, name);
		if (r < 0)
			return r;
	}
	return -EINVAL;
}

static int
sync_once(struct homes *homes, int root_fd)
{
	struct stat st;

	if (fstat(root_fd, &st) < 0)
		return -errno;
	if (homes->synced && homes->synced_dev == st.st_dev)
		return 0;
	if (syncfs(root_fd) < 0)
		return -errno;
	homes->synced = true;
	homes->synced_dev = st.st_dev;
	return 0;
}

int
home_make(struct homes *homes, const struct user *user, struct why *why)
{
	AUTO_CLOSE int root_fd = -1;
	struct slice path;
	int r;

	if (!below_root(homes->mail_root, user->home, &path))
		return why_fail(
		    why, ENXIO, "make %s: not below mail_root", user->home);
	/* Opened each time: it may be mounted while we run. */
	root_fd = open(homes->mail_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return why_fail(
		    why, errno, "open mail_root %s", homes->mail_root);
	/* Whoever finds a home under this lock finds it synced. */
	(void)pthread_mutex_lock(&homes->making);
	r = sync_once(homes, root_fd);
	if (r == 0)
		r = walk(root_fd, path, user);
	(void)pthread_mutex_unlock(&homes->making);
	return r < 0 ? why_fail(why, -r, "make home %s", user->home) : 0;
}
