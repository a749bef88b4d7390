/*
 * core/provider.h - what the provider says of itself, section [provider].
 *
 * hauspost-autoconfig tells it to mail clients, `hauspost dns` and `hauspost
 * doctor` to the world's name servers.
 *
 * Ownership: texts live in the arena that was passed.
 * Threads:   read before the first thread, const afterwards.
 */
#ifndef HAUSPOST_CORE_PROVIDER_H
#define HAUSPOST_CORE_PROVIDER_H

#include "core/config.h"

enum {
	/* Longest that clients show: draft-ietf-mailmaint-autoconfig. */
	PROVIDER_NAME_MAX = 60,
	PROVIDER_SHORT_NAME_MAX = 20,
};

struct provider {
	struct config_common common; /* as every section has it */
	const char *domain;	  /* of the MX hosts, where clients ask too */
	const char *service_host; /* whose certificate is always there */
	const char *name, *short_name;
	bool pacc;
	const char *mx; /* "10 mx1.example, 20 mx2.example" */
	const char *spf, *dmarc;
	const char *dkim_selector;
	const char *dkim; /* path of the record: it is too long for a line */
};

extern const struct config_key provider_keys[];

/*
 * Reads the section and checks it. 0, or -errno with why naming file and
 * key. What is left out is made from domain.
 */
int provider_read(const char *path, struct arena *arena,
    struct provider *provider_out, struct why *why);

#endif
