/*
 * core/pacc.h - provider automatic configuration for clients, the JSON file,
 * as draft-ietf-mailmaint-pacc-03 has it (-02 still called submission "smtp").
 * A later one may differ, so the setting is off until it is an RFC.
 *
 * The zone holds a digest of the file, so both sides of it, the web end and
 * `hauspost dns`, must write the very same octets: keys sorted, no blanks.
 * The draft has one answer per domain, login is the address, TLS at once and
 * at its default port; what is published otherwise is not in it.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_CORE_PACC_H
#define HAUSPOST_CORE_PACC_H

#include "core/provider.h"
#include "core/setup.h"

#define PACC_LABEL "ua-auto-config"

/* The file for setup->domain. */
struct slice pacc_body(struct arena *arena, const struct provider *provider,
    const struct setup *setup);

/* The TXT record of _ua-auto-config.DOMAIN for such a file. */
struct slice pacc_record(struct arena *arena, struct slice body);

#endif
