#include "lmtpd/storer/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/beneath.h"
#include "core/io.h"
#include "core/scope.h"

enum {
	/* Attempts that were killed may have left the next serials. */
	CREATE_TRIES = 100,
	/* sendfile(2) takes a little less than 2^31 at a time. */
	PIECE = 1 << 30,
};

/* --- quota ------------------------------------------------------------ */

static void
release(struct staged *staged)
{
	(void)atomic_fetch_sub(
	    &staged->user->box.claimed_bytes, (long long)staged->size);
}

/*
 * Whether the message is there under this very name. Only a file of its size
 * is: whoever plants something else under the name gets no mail that way.
 */
static bool
is_there(const struct staged *staged)
{
	struct stat st;

	return fstatat(staged->maildir.to_fd, staged->name, &st,
		   AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && (uint64_t)st.st_size == staged->size;
}

/*
 * Claims the message's octets; on success they are for release(). Those of
 * others count as if they were there, whether they will be or not: at the
 * edge of a quota a message too many waits rather than one too few.
 */
static int
claim(struct staged *staged, uint64_t limit, struct why *why)
{
	struct box *box = &staged->user->box;
	long long others =
	    atomic_fetch_add(&box->claimed_bytes, (long long)staged->size);
	struct usage now;
	int r = usage_read(box, &staged->maildir, limit, &now, why);

	if (r == 0 && limit > 0 &&
	    (uint64_t)now.bytes + (uint64_t)others + staged->size > limit &&
	    !is_there(staged))
		r = why_fail(why, EDQUOT, "keep to %llu octets, %lld in use",
		    (unsigned long long)limit, (long long)now.bytes);
	if (r < 0) {
		release(staged);
		return r;
	}
	staged->usage.bytes = now.bytes + (int64_t)staged->size;
	staged->usage.messages = now.messages + 1;
	return 0;
}

/* --- writing ---------------------------------------------------------- */

static int
create(struct staged *staged, const char *base, unsigned long serial)
{
	int fd = -EEXIST;

	for (int i = 0; fd == -EEXIST && i < CREATE_TRIES; i++) {
		name_temporary(base, serial + (unsigned long)i, staged->tmp);
		fd = beneath_create(staged->maildir.tmp_fd, staged->tmp);
	}
	return fd;
}

static int
copy_octets(int to_fd, int from_fd, uint64_t offset, uint64_t left)
{
	off_t at = (off_t)offset;

	while (left > 0) {
		ssize_t n =
		    sendfile(to_fd, from_fd, &at, left < PIECE ? left : PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA; /* less than the front promised */
		left -= (uint64_t)n;
	}
	return 0;
}

static int
write_message(int fd, const struct packet *packet, int message_fd)
{
	struct slice head = request_head(packet);
	struct slice message = request_message(packet);
	struct iovec parts[] = { { (void *)head.p, head.n },
		{ (void *)message.p, message.n } };
	int r = io_writev(fd, parts, 2);

	if (r == 0 && message_fd >= 0)
		r = copy_octets(fd, message_fd, packet->record.message_offset,
		    packet->record.message_size);
	return r;
}

static int
write_file(struct staged *staged, const struct packet *packet, int message_fd,
    unsigned long serial)
{
	AUTO_CLOSE int fd = create(staged, packet->record.name, serial);
	int r;

	if (fd < 0)
		return fd;
	r = write_message(fd, packet, message_fd);
	if (r == 0)
		r = beneath_sync(fd);
	if (r == 0)
		r = close_fd(&fd); /* a late EIO or EDQUOT shows here */
	if (r < 0)
		(void)unlinkat(staged->maildir.tmp_fd, staged->tmp, 0);
	return r;
}

/* --- the steps -------------------------------------------------------- */

/* An earlier attempt came through: there is nothing to claim or to write. */
static int
find_earlier(
    struct staged *staged, const struct store_request *request, struct why *why)
{
	int r;

	if ((request->hints & STORE_LOOK_IN_CUR) == 0)
		return 0;
	r = maildir_has(&staged->maildir, request->name, why);
	if (r <= 0)
		return r;
	staged->was_there = true;
	staged->size = 0;
	return usage_read(&staged->user->box, &staged->maildir,
	    request->quota_bytes, &staged->usage, why);
}

static bool
is_in_home(const struct staged *staged, const char *name)
{
	struct stat st;

	return fstatat(staged->maildir.home_fd, name, &st,
		   AT_SYMLINK_NOFOLLOW) == 0;
}

/* Where none was seen, none may be there, whatever it leads to. */
static bool
is_script(const struct staged *staged, const struct store_script *seen)
{
	static const char path[] = ".dovecot.sieve";
	struct store_script there;
	struct stat st;
	AUTO_CLOSE int fd = -1;

	if (seen->inode == 0)
		return !is_in_home(staged, path);
	fd = beneath_file(staged->maildir.home_fd, path, O_RDONLY, &st);
	if (fd < 0)
		return false;
	there = store_script_of(&st);
	return store_script_eq(&there, seen);
}

/* The hint whose condition is not met, or 0. */
static uint32_t
unmet_condition(
    const struct staged *staged, const struct store_request *request)
{
	if ((request->hints & STORE_IF_SCRIPT) != 0 &&
	    !is_script(staged, &request->script))
		return STORE_IF_SCRIPT;
	if ((request->hints & STORE_UNLESS_PROCMAIL) != 0 &&
	    request->folder[0] == '\0' && is_in_home(staged, ".procmailrc"))
		return STORE_UNLESS_PROCMAIL;
	return 0;
}

/* It costs less to look in the home that is open than to ask before. */
static int
check_conditions(
    struct staged *staged, const struct store_request *request, struct why *why)
{
	staged->hint = unmet_condition(staged, request);
	if (staged->hint == 0)
		return 0;
	return why_fail(why, ECANCELED, "store: %s",
	    staged->hint == STORE_IF_SCRIPT ? "the script is another one"
					    : "recipes come first");
}

static int
fill(struct staged *staged, const struct packet *packet, int message_fd,
    unsigned long serial, struct why *why)
{
	int r = check_conditions(staged, &packet->record, why);

	if (r == 0)
		r = find_earlier(staged, &packet->record, why);
	if (r < 0 || staged->was_there)
		return r;
	r = claim(staged, packet->record.quota_bytes, why);
	if (r < 0)
		return r;
	r = write_file(staged, packet, message_fd, serial);
	if (r < 0) {
		release(staged);
		return why_fail(why, -r, "write %s/tmp/%s",
		    staged->maildir.folder, staged->tmp);
	}
	return 0;
}

int
stage_write(struct staged *staged_out, struct user *user,
    const struct packet *packet, int message_fd, unsigned long serial,
    struct why *why)
{
	struct staged *staged = staged_out;
	int r = maildir_open(&staged->maildir, user, &packet->record, why);

	if (r < 0)
		return r;
	staged->user = user;
	staged->size = packet->record.head_size + packet->record.message_size;
	name_message(&packet->record, staged->name);
	r = fill(staged, packet, message_fd, serial, why);
	if (r < 0)
		maildir_close(&staged->maildir);
	return r;
}

static void
done(struct staged *staged)
{
	release(staged);
	maildir_close(&staged->maildir);
	users_put(staged->user);
}

static void
drop_file(const struct staged *staged)
{
	(void)unlinkat(staged->maildir.tmp_fd, staged->tmp, 0);
}

/* What an earlier attempt brought adds nothing. */
static void
note_earlier(struct staged *staged)
{
	staged->was_there = true;
	staged->usage.bytes -= (int64_t)staged->size;
	staged->usage.messages--;
}

/* One step for those who count: the message is in and added, or neither. */
static int
move_in(struct staged *staged)
{
	pthread_rwlock_t *counting = &staged->user->box.counting;
	int r;

	(void)pthread_rwlock_rdlock(counting);
	r = beneath_move(staged->maildir.tmp_fd, staged->tmp,
	    staged->maildir.to_fd, staged->name);
	if (r == 0)
		usage_add(&staged->maildir, staged->size);
	(void)pthread_rwlock_unlock(counting);
	if (r < 0)
		drop_file(staged);
	if (r == -EEXIST && is_there(staged)) {
		note_earlier(staged);
		return 0;
	}
	return r;
}

int
stage_commit(struct staged *staged, struct why *why)
{
	int r = staged->was_there ? 0 : move_in(staged);

	/* The move shows the message at once, but only a synced directory
	 * keeps it through a power cut. */
	if (r == 0)
		r = beneath_sync(staged->maildir.to_fd);
	if (r < 0)
		r = why_fail(why, -r, "move %s/%s in", staged->maildir.folder,
		    staged->name);
	done(staged);
	return r;
}

void
stage_abandon(struct staged *staged)
{
	if (!staged->was_there)
		drop_file(staged);
	done(staged);
}
