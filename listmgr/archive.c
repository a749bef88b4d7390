#include "listmgr/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "core/io.h"
#include "core/scope.h"

enum {
	FOLDER_MODE = 0750, /* the web pages' group reads */
	FILE_MODE = 0640,
	POSTS_PER_FOLDER = 1000,
	FILE_NAME_MAX = 64,
};

/* --- folders ---------------------------------------------------------- */

static int
open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : -errno;
}

static const char *
post_name(char name[FILE_NAME_MAX], long long n)
{
	(void)snprintf(
	    name, FILE_NAME_MAX, "%lld/%lld.eml", n / POSTS_PER_FOLDER, n);
	return name;
}

static const char *
held_name(char name[FILE_NAME_MAX], long long id)
{
	(void)snprintf(name, FILE_NAME_MAX, "held/%lld.eml", id);
	return name;
}

static int
sync_fd(int fd)
{
	return fsync(fd) < 0 ? -errno : 0;
}

/* Makes it where it is missing; the parent is synced then. */
static int
make_folder(int at, const char *name)
{
	int r = open_folder(at, name);

	if (r != -ENOENT)
		return r;
	if (mkdirat(at, name, FOLDER_MODE) < 0 && errno != EEXIST)
		return -errno;
	r = sync_fd(at);
	return r < 0 ? r : open_folder(at, name);
}

static int
open_list(const struct lists *lists, long long list)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/%lld", lists->archive, list);
	return open_folder(AT_FDCWD, path);
}

static int
make_list(const struct lists *lists, long long list)
{
	AUTO_CLOSE int archive = open_folder(AT_FDCWD, lists->archive);
	char name[24];

	if (archive < 0)
		return archive;
	(void)snprintf(name, sizeof name, "%lld", list);
	return make_folder(archive, name);
}

/* --- writing ---------------------------------------------------------- */

static int
write_file(int folder, const char *name, struct slice message)
{
	AUTO_CLOSE int fd = openat(
	    folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write(fd, message.p, message.n);
	if (r == 0)
		r = sync_fd(fd);
	if (r == 0)
		r = close_fd(&fd); /* a late EIO or EDQUOT shows here */
	if (r < 0)
		(void)unlinkat(folder, name, 0);
	return r;
}

int
archive_write(const struct lists *lists, long long list, struct slice message,
    char name[ARCHIVE_NAME_MAX], struct why *why)
{
	AUTO_CLOSE int folder = make_list(lists, list);
	uint64_t random;
	int r = folder;

	randombytes_buf(&random, sizeof random);
	(void)snprintf(name, ARCHIVE_NAME_MAX, "new-%016" PRIx64, random);
	if (folder >= 0)
		r = write_file(folder, name, message);
	return r < 0 ? why_fail(why, -r, "write %s of list %lld in %s", name,
			   list, lists->archive)
		     : 0;
}

/* Into its folder, replacing what a crash may have left there. */
static int
place(const struct lists *lists, long long list, const char *name,
    const char *folder_name, long long number)
{
	AUTO_CLOSE int root = open_list(lists, list);
	AUTO_CLOSE int folder =
	    root >= 0 ? make_folder(root, folder_name) : root;
	char file[32];

	if (folder < 0)
		return folder;
	(void)snprintf(file, sizeof file, "%lld.eml", number);
	if (renameat(root, name, folder, file) < 0)
		return -errno;
	return sync_fd(folder);
}

int
archive_place_post(const struct lists *lists, long long list, const char *name,
    long long n, struct why *why)
{
	char folder[24];
	int r;

	(void)snprintf(folder, sizeof folder, "%lld", n / POSTS_PER_FOLDER);
	r = place(lists, list, name, folder, n);
	return r < 0 ? why_fail(why, -r, "name post %lld of list %lld", n, list)
		     : 0;
}

int
archive_place_held(const struct lists *lists, long long list, const char *name,
    long long id, struct why *why)
{
	int r = place(lists, list, name, "held", id);

	return r < 0 ? why_fail(why, -r, "name held mail %lld of list %lld", id,
			   list)
		     : 0;
}

void
archive_drop(const struct lists *lists, long long list, const char *name)
{
	AUTO_CLOSE int folder = open_list(lists, list);

	if (folder >= 0)
		(void)unlinkat(folder, name, 0);
}

void
archive_drop_held(const struct lists *lists, long long list, long long id)
{
	char name[FILE_NAME_MAX];

	archive_drop(lists, list, held_name(name, id));
}

int
archive_erase_post(
    const struct lists *lists, long long list, long long n, struct why *why)
{
	AUTO_CLOSE int folder = open_list(lists, list);
	char name[FILE_NAME_MAX];
	int r = folder < 0 ? folder : 0;

	if (r == 0 && unlinkat(folder, post_name(name, n), 0) < 0)
		r = -errno;
	return r < 0 && r != -ENOENT
		   ? why_fail(why, -r, "delete post %lld of list %lld", n, list)
		   : 0;
}

/* --- reading ---------------------------------------------------------- */

static int
map_file(int fd, struct slice *message_out)
{
	struct stat st;
	void *map;

	if (fstat(fd, &st) < 0)
		return -errno;
	*message_out = (struct slice){ "", 0 };
	if (st.st_size == 0)
		return 0;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*message_out = (struct slice){ map, (size_t)st.st_size };
	return 0;
}

static int
open_view(const struct lists *lists, long long list, const char *name,
    struct archive_view *view)
{
	AUTO_CLOSE int root = open_list(lists, list);
	AUTO_CLOSE int fd =
	    root >= 0 ? openat(root, name, O_RDONLY | O_CLOEXEC) : -1;

	if (root < 0)
		return root;
	return fd < 0 ? -errno : map_file(fd, &view->message);
}

int
archive_open_post(const struct lists *lists, long long list, long long n,
    struct archive_view *view, struct why *why)
{
	char name[FILE_NAME_MAX];
	int r = open_view(lists, list, post_name(name, n), view);

	return r < 0 ? why_fail(why, -r, "read post %lld of list %lld", n, list)
		     : 0;
}

int
archive_open_held(const struct lists *lists, long long list, long long id,
    struct archive_view *view, struct why *why)
{
	char name[FILE_NAME_MAX];
	int r = open_view(lists, list, held_name(name, id), view);

	return r < 0 ? why_fail(why, -r, "read held mail %lld of list %lld", id,
			   list)
		     : 0;
}

void
archive_close(struct archive_view *view)
{
	if (view->message.n > 0)
		(void)munmap((void *)view->message.p, view->message.n);
	view->message = (struct slice){ "", 0 };
}
