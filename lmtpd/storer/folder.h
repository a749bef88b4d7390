/*
 * lmtpd/storer/folder.h - make a Maildir and its Maildir++ folders, durably.
 *
 * A folder Lists.C is the directory .Lists.C in Maildir, with tmp, new, cur
 * and the empty file maildirfolder, which tells other programs that it is no
 * Maildir of its own. A new one is subscribed to, so that mail clients show
 * it.
 *
 * Threads: any; makers of the same folder do not disturb each other.
 */
#ifndef HAUSPOST_LMTPD_STORER_FOLDER_H
#define HAUSPOST_LMTPD_STORER_FOLDER_H

/*
 * Maildir itself in the home, with tmp, new and cur, all synced. 0 or -errno.
 */
int folder_make_inbox(int home_fd);

/* The folder in a Maildir that is there, all synced. 0 or -errno. */
int folder_make(int home_fd, const char *folder);

/* The directory of a folder, or of INBOX (""). -ENOENT: there is none. */
int folder_open(int home_fd, const char *folder);

#endif
