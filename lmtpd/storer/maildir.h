/*
 * lmtpd/storer/maildir.h - the folders of one mailbox, opened as its user.
 *
 * Everything is found from the home by descriptor and never above it. A
 * Maildir that is missing is made, and synced up to the home, before its
 * first message; the caller has the mailbox' identity throughout.
 *
 * Ownership: maildir_close() follows each maildir_open() that returned 0.
 * Threads:   a struct maildir belongs to one thread.
 */
#ifndef HAUSPOST_LMTPD_STORER_MAILDIR_H
#define HAUSPOST_LMTPD_STORER_MAILDIR_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/why.h"
#include "lmtpd/store_record.h"
#include "lmtpd/storer/users.h"

struct maildir {
	int home_fd, tmp_fd;
	int to_fd;   /* new/, or cur/ for a message with flags */
	int size_fd; /* maildirsize; negative while it is not open (usage.h) */
	char folder[sizeof "Maildir/." + STORE_FOLDER_MAX]; /* from the home */
};

/*
 * The home itself, as O_PATH. -ENXIO when it is not there, -EPERM when it is
 * not the user's own.
 */
int maildir_home(const struct user *user, struct why *why);

/*
 * Makes Maildir with tmp, new and cur where they are missing, and syncs from
 * there up to the home, whoever made them. 0 or -errno.
 */
int maildir_prepare(struct user *user, struct why *why);

/*
 * Opens what the request's message goes to. -ENOENT: there is no such folder
 * and the request did not ask for one.
 */
int maildir_open(struct maildir *maildir, struct user *user,
    const struct store_request *request, struct why *why);
void maildir_close(struct maildir *maildir);

/*
 * Whether new/ or cur/ holds the message base, under whatever flags and
 * sizes: 1 (and that directory was synced), 0, or -errno.
 */
int maildir_has(
    const struct maildir *maildir, const char *base, struct why *why);

/*
 * Calls on_part for the directory part ("new", "cur", "tmp") of INBOX and of
 * every folder. What is no folder, leads out of the home, or is locked, is
 * passed over. 0, or the first error of on_part or of the system.
 */
typedef int maildir_part(DIR *dir, void *arg);
int maildir_each(
    int home_fd, const char *part, maildir_part *on_part, void *arg);

/*
 * Removes from each tmp/ what a crash left there. Errors are of no interest:
 * tomorrow it is tried again.
 */
void maildir_sweep(int home_fd);

#endif
