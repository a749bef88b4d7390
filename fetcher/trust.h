/*
 * fetcher/trust.h - whose certificates count, and what one says.
 *
 * One store of authorities serves all connections. Left to itself libcurl
 * reads the whole file for each of them: a megabyte and tens of milliseconds.
 *
 * Ownership: a trust lives as long as what watches with it.
 * Threads:   const once it is open, and may be shared.
 */
#ifndef HAUSPOST_FETCHER_TRUST_H
#define HAUSPOST_FETCHER_TRUST_H

#include <curl/curl.h>
#include <openssl/types.h>

#include "core/buf.h"
#include "core/why.h"

struct trust {
	X509_STORE *store;
};

/* ca_file: "" is the system's authorities. 0, or -errno with why->detail. */
int trust_open(const char *ca_file, struct trust *trust_out, struct why *why);
void trust_close(struct trust *trust);

struct trust_watch {
	const struct trust *trust;
	X509 *seen; /* what the server has shown */
};

/* Until trust_unwatch(), which comes after curl_easy_cleanup(). */
void trust_watch(struct trust_watch *watch, CURL *curl);
void trust_unwatch(struct trust_watch *watch);

/*
 * Adds what people compare and pin: "key sha256//…=, subject …, issuer …,
 * until 2026-11-24". Nothing when no certificate was shown.
 */
void trust_describe(const struct trust_watch *watch, struct buf *to);

#endif
