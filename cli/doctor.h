/*
 * cli/doctor.h - what the parts of `hauspost doctor` share.
 */
#ifndef HAUSPOST_CLI_DOCTOR_H
#define HAUSPOST_CLI_DOCTOR_H

#include <jansson.h>

#include "cli/command.h"
#include "cli/probe.h"
#include "cli/served.h"
#include "core/resolver.h"

struct doctor {
	struct cli *cli;
	struct arena *arena;
	const struct args *args;
	struct served served;
	struct resolver *resolver;
	json_t *findings;
	bool sick;
};

/* Tells a finding, or keeps it for JSON; problem NULL: all is well. */
void doctor_find(struct doctor *doctor, const char *what, const char *problem,
    const char *breaks);

/* Asks the web server as each family of clients does. */
void doctor_ask_web(struct doctor *doctor, const struct probe_place *place);

#endif
