/*
 * listweb/reader.h - the process that takes new posts into the archive.
 *
 * Reads each once: which words it has, and whether its author wants it here.
 * A post that cannot be read now is tried again; one whose file is gone is
 * nowhere to be seen, and holds up none behind it.
 */
#ifndef HAUSPOST_LISTWEB_READER_H
#define HAUSPOST_LISTWEB_READER_H

#include "listweb/visit.h"

#define LISTWEB_ROLE "hauspost_listweb"

/* Until told to stop. 0 or -errno. */
int reader_run(struct service *service, struct why *why);

#endif
