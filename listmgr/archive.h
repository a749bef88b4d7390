/*
 * listmgr/archive.h - the messages of lists as files.
 *
 *	ARCHIVE/LIST/N/1000/N.eml	post N of a list
 *	ARCHIVE/LIST/held/ID.eml	one that waits for a moderator
 *	ARCHIVE/LIST/new-RANDOM		one that has no number yet
 *
 * A message is on disk before SQL says that there is one: archive_write()
 * syncs the file, archive_place_…() gives it its name and syncs the folder,
 * then comes COMMIT. A crash in between leaves a file that nobody knows of and
 * that the next one of its name replaces.
 *
 * Folders and files can be read by the archive's group, where the web pages
 * read them.
 *
 * Errors:    0, or -errno with why.
 * Threads:   any.
 * Units:     octets, lines ending in LF.
 */
#ifndef HAUSPOST_LISTMGR_ARCHIVE_H
#define HAUSPOST_LISTMGR_ARCHIVE_H

#include "core/slice.h"
#include "core/why.h"

#include "listmgr/list.h"

enum { ARCHIVE_NAME_MAX = 32 };

/* Writes a message that has no number yet; its name for the calls below. */
int archive_write(const struct lists *lists, long long list,
    struct slice message, char name[ARCHIVE_NAME_MAX], struct why *why);

/* Its number is known. */
int archive_place_post(const struct lists *lists, long long list,
    const char *name, long long n, struct why *why);
int archive_place_held(const struct lists *lists, long long list,
    const char *name, long long id, struct why *why);

/* It will get none; what fails is swept later. */
void archive_drop(const struct lists *lists, long long list, const char *name);

/* A message in memory, mapped, until archive_close(). */
struct archive_view {
	struct slice message;
};

int archive_open_post(const struct lists *lists, long long list, long long n,
    struct archive_view *view, struct why *why);
int archive_open_held(const struct lists *lists, long long list, long long id,
    struct archive_view *view, struct why *why);
void archive_close(struct archive_view *view);

/* A held message that was decided upon. */
void archive_drop_held(const struct lists *lists, long long list, long long id);

/* A post that was taken down; none there is fine. */
int archive_erase_post(
    const struct lists *lists, long long list, long long n, struct why *why);

#endif
