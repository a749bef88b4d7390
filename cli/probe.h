/*
 * cli/probe.h - asks a web server as mail clients do.
 *
 * Errors are findings here: they are what the caller wants to know.
 */
#ifndef HAUSPOST_CLI_PROBE_H
#define HAUSPOST_CLI_PROBE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"

struct probe_place {
	const char *http, *https; /* HOST:PORT to ask instead; NULL: DNS */
	const char *ca; /* certificates to trust; NULL: the system's */
};

struct probe {
	const char *url;
	const char *body;    /* POST this as text/xml; NULL: GET */
	const char *address; /* of the URL's host; NULL: by the system */
};

struct probe_answer {
	long status; /* 0: none; then problem tells why */
	const char *problem;
	bool certificate; /* the problem is the certificate */
	struct slice body;
	struct slice location; /* where a redirection goes, or empty */
};

void probe_ask(struct arena *arena, const struct probe_place *place,
    const struct probe *probe, struct probe_answer *answer_out);

#endif
