/*
 * core/directory.h - answers of the directory, remembered while they are true.
 *
 * One cache per process. It is current, not merely young: PostgreSQL tells
 * every change by NOTIFY (channel hauspost_directory), so that a change is
 * seen milliseconds after its COMMIT. The rules:
 *
 * - An answer is true as long as none of its keys was notified since its
 *   query began and its changes_at has not come. One whose query was
 *   overtaken by a notification is used by its asker and by nobody else.
 * - That somebody is unknown is remembered like anything else: its keys are
 *   those that would make it known.
 * - While we hear no notifications (LISTEN lost) every question goes to the
 *   database. Only when that fails an accepting answer from before is given,
 *   marked stale, for stale_max_ms at most; a refusal from before is 451,
 *   because who was unknown then may have moved in since.
 * - When we hear again, everything from before is forgotten.
 * - Concurrent questions about one address ask once.
 *
 * Waiting: no call waits for the database longer than its time limit.
 * Errors:    -errno with why filled, always a 4xx: db.h says which; garbage
 *            from the database is -EPROTO. "No such user" is no error but an
 *            answer.
 * Ownership: answers are copied into the caller's arena.
 * Threads:   any, except where noted.
 */
#ifndef HAUSPOST_CORE_DIRECTORY_H
#define HAUSPOST_CORE_DIRECTORY_H

#include "core/answer.h"
#include "core/arena.h"
#include "core/config.h"
#include "core/forwarding.h"
#include "core/scripts.h"
#include "core/sender.h"
#include "core/setup.h"

struct directory;

/* What an admin may set; part of a program's settings by DIRECTORY_KEYS. */
struct directory_settings {
	long connections; /* to the database, beside the listening one */
	long entries_max;
	long bytes_max;
	long stale_max_ms;
};

/* s: the program's struct, which has a field `directory` of the above. */
#define DIRECTORY_KEYS(s)                                                      \
	CONFIG_COUNT(s, database_connections, directory.connections, "4", 1,   \
	    64, "connections to the database at most"),                        \
	    CONFIG_COUNT(s, cache_entries, directory.entries_max, "200000",    \
		1000, 100000000, "answers of the directory kept at most"),     \
	    CONFIG_BYTES(s, cache_size, directory.bytes_max, "128M", 1048576,  \
		68719476736, "memory for answers of the directory at most"),   \
	    CONFIG_MS(s, cache_stale_max, directory.stale_max_ms, "24h", 0,    \
		604800000,                                                     \
		"how long answers serve while the database is away")

/* Events for the program to act upon; called from the listening thread. */
struct directory_hooks {
	void *arg;
	/* LISTEN works (why NULL, everything was forgotten) or was lost. */
	void (*on_listening)(void *arg, const struct why *lost);
	/* A key was notified: "domain:example.com", "name:xyz00-abc", "*". */
	void (*on_change)(void *arg, struct slice key);
};

/*
 * Asks nothing yet; timeout_ms is the time limit of every call. hooks may be
 * NULL, as may its functions.
 */
struct directory *directory_new(const struct directory_settings *settings,
    const struct config_common *common, const char *role,
    const struct directory_hooks *hooks);

/*
 * Starts the listening thread: after fork and after rights were dropped. A
 * directory that is never started works, but remembers nothing (the CLI).
 */
int directory_start(struct directory *dir, struct why *why);

/* Stops the thread. Nobody may be inside another call. */
void directory_free(struct directory *dir);

/* The leaves of an address (local@domain, as addr_text() writes it). */
int directory_resolve(struct directory *dir, struct arena *arena,
    struct slice address, struct answer *answer_out, struct why *why);

/* What is to be done with a recipient in the queue. */
int directory_leaf(struct directory *dir, struct arena *arena,
    struct slice queue_recipient, struct leaf_target *target_out,
    struct why *why);

/* 1 and *class_out, 0 when the domain is not ours, -errno. */
int directory_domain_class(struct directory *dir, struct arena *arena,
    struct slice domain, struct domain_class *class_out, struct why *why);

/* The largest message any recipient takes; 0 = no limit. */
int directory_max_size(
    struct directory *dir, int64_t *bytes_out, struct why *why);

/* How addresses of a domain send on what they get. */
int directory_forwarding(struct directory *dir, struct arena *arena,
    struct slice domain, struct forwarding *forwarding_out, struct why *why);
/* Whose login ("xyz00-abc") or Unix user ("uid:70001") that is. */
int directory_account(struct directory *dir, struct arena *arena,
    struct slice who, struct sender_account *account_out, struct why *why);

/* May this mailbox send as this address (as addr_text() writes it)? */
int directory_may_send(struct directory *dir, struct arena *arena,
    struct slice mailbox, struct slice address, struct sender_right *right_out,
    struct why *why);

/* What a mail client is told; it may be nothing (SETUP_ABSENT). */
int directory_setup(struct directory *dir, struct arena *arena,
    const struct setup_question *question, struct setup *setup_out,
    struct why *why);

/*
 * Sieve scripts for a mailbox, and for mail that was written to a domain,
 * beside the mailbox' own.
 */
int directory_scripts(struct directory *dir, struct arena *arena,
    struct slice mailbox, struct slice domain, struct scripts *scripts_out,
    struct why *why);

/*
 * Quota is never remembered. Gives good leaves that end in a mailbox the
 * code of its quota where it is not fine now. -errno: nothing changed.
 */
int directory_quota(struct directory *dir, struct arena *arena,
    struct leaf *leaves, size_t n, struct why *why);

struct directory_stats {
	uint64_t hits, misses, joined; /* joined: waited for another's query */
	uint64_t stale, failures;
	uint64_t changes, listens; /* notified keys; successful LISTENs */
	uint64_t entries, bytes;
	bool listening;
};

void directory_stats(struct directory *dir, struct directory_stats *stats_out);

#endif
