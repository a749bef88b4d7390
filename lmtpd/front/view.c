#include "lmtpd/front/view.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static void
copy(struct view *view, struct arena *arena, struct slice head,
    struct slice text)
{
	char *octets = arena_alloc(arena, head.n + text.n + 1);

	(void)memcpy(octets, head.p, head.n);
	(void)memcpy(octets + head.n, text.p, text.n);
	view->octets = (struct slice){ octets, head.n + text.n };
}

static size_t
whole_pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

/* Room for both, then the file over its rear part. */
static int
map(struct view *view, struct slice head, int fd, size_t size)
{
	size_t front = whole_pages(head.n);
	char *room = mmap(NULL, front + size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return -errno;
	view->map = room;
	view->map_size = front + size;
	if (mmap(room + front, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd,
		0) == MAP_FAILED)
		return -errno;
	(void)memcpy(room + front - head.n, head.p, head.n);
	view->octets = (struct slice){ room + front - head.n, head.n + size };
	return 0;
}

int
view_open(struct view *view, struct arena *arena, struct slice head,
    struct message *message, struct why *why)
{
	struct slice text = message_text(message);
	int fd, r;

	*view = (struct view){ .head = head.n };
	if (text.p != NULL) {
		copy(view, arena, head, text);
		return 0;
	}
	fd = message_fd(message, why);
	if (fd < 0)
		return fd;
	r = map(view, head, fd, message->size_bytes);
	if (r < 0) {
		view_close(view);
		return why_fail(why, -r, "map a message");
	}
	return 0;
}

void
view_close(struct view *view)
{
	if (view->map != NULL)
		(void)munmap(view->map, view->map_size);
	*view = (struct view){ 0 };
}
