/*
 * core/beneath.h - open files without ever leaving a directory.
 *
 * A mailbox' owner may plant links, FIFOs and devices, and swap directories
 * while we walk them. openat2(2) with RESOLVE_BENEATH makes the kernel refuse
 * what leads out of the directory it began in; directories are then used by
 * descriptor, so a swap behind us changes nothing. Files are opened without
 * waiting and must be regular.
 *
 * Errors:    -errno, as a rule without why: the caller knows the purpose.
 * Ownership: descriptors are the caller's, O_CLOEXEC from birth.
 */
#ifndef HAUSPOST_CORE_BENEATH_H
#define HAUSPOST_CORE_BENEATH_H

#include <dirent.h>
#include <sys/stat.h>

/* An absolute path that we were told by the directory; as O_PATH. */
int beneath_start(const char *path);

/* A directory, for renames and for beneath_sync(). Links inside are fine. */
int beneath_directory(int start_fd, const char *path);

/* The same to read its entries, for closedir(); NULL with errno. */
DIR *beneath_list(int start_fd, const char *path);

/*
 * A file that exists, opened without waiting for anybody. -EISDIR or -ENOTSUP
 * when it is not regular, -EMLINK for writing into one that has other names.
 */
int beneath_file(
    int start_fd, const char *path, int flags, struct stat *st_out);

/* A new file in a directory that is already held. */
int beneath_create(int directory_fd, const char *name);

/*
 * The same for a lock file, as Dovecot has them. Waits a fifth of a second
 * at most: a lock that is held longer was left by a crash.
 */
int beneath_lock(int directory_fd, const char *name);

/*
 * Renames a file into another directory unless the name is taken there
 * (-EEXIST). Where the file system cannot (NFS): link and unlink.
 */
int beneath_move(int from_fd, const char *from, int to_fd, const char *to);

/* fsync(2). */
int beneath_sync(int fd);

#endif
