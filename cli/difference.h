/*
 * cli/difference.h - what a change does to where an address leads.
 *
 * Two explanations become one tree, as diff(1) would show them: "-" before
 * what goes, "+" before what comes. What people read is what is compared.
 */
#ifndef HAUSPOST_CLI_DIFFERENCE_H
#define HAUSPOST_CLI_DIFFERENCE_H

#include "cli/explanation.h"

void difference_print(struct cli *cli, const struct explanation *before,
    const struct explanation *after, FILE *out);

/* { "differs": …, "before": …, "after": … } */
json_t *difference_json(
    const struct explanation *before, const struct explanation *after);

#endif
