/*
 * lmtpd/front/library.h - compiled Sieve scripts, remembered.
 *
 * A script in a file is known by (device, inode, ctime, size), one out of the
 * directory by its text; so a changed script is another one, and nothing is
 * ever told to forget. That a script can't be compiled is remembered as well.
 * What has not been asked for goes when others need the room.
 *
 * Ownership: library_done() follows each lookup that found something.
 * Threads:   any; scripts are compiled outside of the lock, so two threads
 *            may compile the same one at the same time.
 */
#ifndef HAUSPOST_LMTPD_FRONT_LIBRARY_H
#define HAUSPOST_LMTPD_FRONT_LIBRARY_H

#include <stdint.h>

#include "core/why.h"
#include "lmtpd/store_record.h"
#include "sieve/sieve.h"

enum {
	/* Programs are a few KB; a script of 100 KB has up to 5 MB. */
	LIBRARY_BYTES_MAX = 64 * 1024 * 1024,
};

struct library;

struct library *library_new(size_t bytes_max);
void library_free(struct library *library);

struct library_book {
	struct sieve_program *program; /* NULL: it has errors … */
	struct sieve_error error;      /* … and this is the first */
	uint64_t id;		       /* differs when the script does */
	struct store_script file;      /* that it was read from */
};

/*
 * The script in an open file. 0, or -errno when it can't be read. The error's
 * text goes into the arena.
 */
int library_read(struct library *library, int fd, sieve_extension_set allowed,
    struct arena *arena, struct library_book *book_out);

/* The same for a file that was read before; false: it is not remembered. */
bool library_recall(struct library *library, const struct store_script *file,
    struct arena *arena, struct library_book *book_out);

/* A script of the directory, which may use all extensions. */
void library_text(struct library *library, struct slice text,
    struct arena *arena, struct library_book *book_out);

void library_done(struct library_book *book);

#endif
