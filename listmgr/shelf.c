#include "listmgr/shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/beneath.h"
#include "core/io.h"
#include "core/scope.h"

enum {
	SHELF_NAME_MAX = 64,
	SHELF_FOLDER_POSTS = 1000, /* what a folder lists quickly */
};

struct shelf_name {
	char list[SHELF_NAME_MAX], folder[SHELF_NAME_MAX], file[SHELF_NAME_MAX];
	char path[4 * SHELF_NAME_MAX];
};

static struct shelf_name
name_of(const struct shelf_place *place)
{
	struct shelf_name name;

	(void)snprintf(name.list, sizeof name.list, "%lld", place->list);
	if (place->held)
		(void)snprintf(name.folder, sizeof name.folder, "held");
	else
		(void)snprintf(name.folder, sizeof name.folder, "%lld",
		    place->n / SHELF_FOLDER_POSTS);
	(void)snprintf(name.file, sizeof name.file, "%lld.eml", place->n);
	(void)snprintf(name.path, sizeof name.path, "%s/%s/%s", name.list,
	    name.folder, name.file);
	return name;
}

/* A folder in another one, made where it is missing; that is on disk, too. */
static int
enter(int parent_fd, const char *name)
{
	int r = 0;

	if (mkdirat(parent_fd, name, 0750) == 0)
		r = beneath_sync(parent_fd);
	else if (errno != EEXIST)
		r = -errno;
	return r < 0 ? r : beneath_directory(parent_fd, name);
}

static int
open_folder(const struct lists *lists, const struct shelf_name *name)
{
	AUTO_CLOSE int archive_fd =
	    open(lists->archive, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int list_fd = -1;

	if (archive_fd < 0)
		return -errno;
	list_fd = enter(archive_fd, name->list);
	return list_fd < 0 ? list_fd : enter(list_fd, name->folder);
}

static int
write_file(int folder_fd, const char *name, struct slice message)
{
	/* The group reads: it is that of the web pages. */
	AUTO_CLOSE int fd = openat(folder_fd, name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write(fd, message.p, message.n);
	if (r == 0)
		r = beneath_sync(fd);
	if (r == 0)
		r = close_fd(&fd);
	return r == 0 ? beneath_sync(folder_fd) : r;
}

int
shelf_put(const struct lists *lists, const struct shelf_place *place,
    struct slice message, struct why *why)
{
	struct shelf_name name = name_of(place);
	AUTO_CLOSE int folder_fd = open_folder(lists, &name);
	int r = folder_fd < 0 ? folder_fd
			      : write_file(folder_fd, name.file, message);

	if (r == 0)
		return 0;
	if (folder_fd >= 0) /* half of it helps nobody */
		(void)unlinkat(folder_fd, name.file, 0);
	return why_fail(why, -r, "write %s", name.path);
}

int
shelf_open(const struct lists *lists, const struct shelf_place *place,
    uint64_t *size_out, struct why *why)
{
	struct shelf_name name = name_of(place);
	AUTO_CLOSE int archive_fd = beneath_start(lists->archive);
	struct stat st;
	int fd = archive_fd < 0
		     ? archive_fd
		     : beneath_file(archive_fd, name.path, O_RDONLY, &st);

	if (fd < 0)
		return why_fail(why, -fd, "open %s", name.path);
	*size_out = (uint64_t)st.st_size;
	return fd;
}

int
shelf_remove(
    const struct lists *lists, const struct shelf_place *place, struct why *why)
{
	struct shelf_name name = name_of(place);
	AUTO_CLOSE int archive_fd = beneath_start(lists->archive);

	if (archive_fd < 0)
		return why_fail(why, -archive_fd, "open the archive");
	if (unlinkat(archive_fd, name.path, 0) < 0 && errno != ENOENT)
		return why_fail(why, errno, "remove %s", name.path);
	return 0;
}
