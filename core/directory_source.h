/*
 * core/directory_source.h - what lies below the directory's cache.
 *
 * The rules of the cache are about time: what happens while a query runs,
 * after LISTEN was lost, before it works again. Tests put a source of their
 * own here and play each of these moments exactly.
 */
#ifndef HAUSPOST_CORE_DIRECTORY_SOURCE_H
#define HAUSPOST_CORE_DIRECTORY_SOURCE_H

#include "core/directory.h"
#include "core/rows.h"

enum directory_query {
	DIRECTORY_RESOLVE,
	DIRECTORY_LEAF,
	DIRECTORY_DOMAIN,
	DIRECTORY_MAX_SIZE,
	DIRECTORY_SETUP,
	DIRECTORY_SCRIPTS,
	DIRECTORY_FORWARDING,
	DIRECTORY_ACCOUNT,
	DIRECTORY_MAY_SEND,
	DIRECTORY_QUOTA,
	DIRECTORY_QUERIES
};

struct directory_question {
	enum directory_query query;
	struct slice text;
	long deadline_ms; /* of clock_ms() */
};

struct directory_reply {
	struct rows rows;   /* columns as answer.c reads them */
	struct slice *keys; /* which keys the answer is made from */
	size_t n_keys;
	long lasts_ms; /* until changes_at; LONG_MAX = for ever */
};

struct directory_source {
	void *self;

	/* 0, or -errno (db.h) by the question's deadline. */
	int (*ask)(void *self, const struct directory_question *question,
	    struct arena *arena, struct directory_reply *reply_out,
	    struct why *why);

	/* Connects and listens, closing what was there. 0 or -errno. */
	int (*listen)(void *self, struct why *why);

	/*
	 * Waits for the next changed key, valid until the next call: 1; 0 when
	 * stop_fd became readable; -errno when nothing can be heard any more.
	 */
	int (*next_change)(
	    void *self, int stop_fd, struct slice *key_out, struct why *why);

	void (*close)(void *self);
};

/* directory_new() on another source; it is closed by directory_free(). */
struct directory *directory_new_on(const struct directory_source *source,
    const struct directory_settings *settings, long timeout_ms,
    const struct directory_hooks *hooks);

/* PostgreSQL, as directory_new() uses it. */
struct directory_source directory_db_open(
    const struct directory_settings *settings,
    const struct config_common *common, const char *role);

#endif
