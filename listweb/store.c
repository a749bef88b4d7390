#include "listweb/store.h"

#include <fcntl.h>

#include "core/beneath.h"
#include "core/io.h"
#include "core/scope.h"

enum { FOLDER_POSTS = 1000 };

static int
read_file(const struct store *store, const char *path, int start_fd,
    struct slice *octets_out)
{
	AUTO_CLOSE int fd = -1;
	struct stat st = { 0 };
	size_t n;
	char *octets;
	int r;

	fd = beneath_file(start_fd, path, O_RDONLY, &st);
	if (fd < 0)
		return fd;
	n = (size_t)st.st_size;
	if (n > STORE_MESSAGE_MAX)
		n = STORE_MESSAGE_MAX;
	octets = arena_alloc(store->arena, n + 1);
	r = io_read(fd, octets, n);
	if (r == 0)
		*octets_out = (struct slice){ octets, n };
	return r;
}

static int
read_path(const struct store *store, const char *path, struct slice *octets_out)
{
	AUTO_CLOSE int start_fd = beneath_start(store->archive);
	int r = start_fd < 0 ? start_fd
			     : read_file(store, path, start_fd, octets_out);

	if (r < 0)
		return why_fail(
		    store->why, -r, "read %s/%s", store->archive, path);
	return 0;
}

int
store_post(const struct store *store, long long list, long long n,
    struct slice *octets_out)
{
	const char *path = arena_printf(
	    store->arena, "%lld/%lld/%lld.eml", list, n / FOLDER_POSTS, n);

	return read_path(store, path, octets_out);
}

int
store_held(const struct store *store, long long list, long long id,
    struct slice *octets_out)
{
	const char *path =
	    arena_printf(store->arena, "%lld/held/%lld.eml", list, id);

	return read_path(store, path, octets_out);
}
