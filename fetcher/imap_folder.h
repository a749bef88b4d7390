/*
 * fetcher/imap_folder.h - one folder of an IMAP account: list, fetch, delete.
 *
 * Errors: 0, or negative with the run's trouble filled.
 */
#ifndef HAUSPOST_FETCHER_IMAP_FOLDER_H
#define HAUSPOST_FETCHER_IMAP_FOLDER_H

#include "fetcher/imap_list.h"

int imap_folder_run(
    struct imap_session *session, const struct imap_folder *folder);

/*
 * Selects it. 1 there is something to fetch, 0 not; next_out: its UIDNEXT.
 */
int imap_folder_watch(struct imap_session *session,
    const struct imap_folder *folder, uint64_t *next_out);

/* Where a folder of an import goes: as it is called there. */
struct slice imap_folder_place(
    struct arena *arena, const struct imap_folder *folder);

#endif
