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

#endif
