/*
 * core/config.h - a program's settings are one table.
 *
 * The parser, --check, --settings and the manual pages read the same table.
 * A program embeds struct config_common as the first member of its own
 * struct; section [hauspost] and the program's own section may both set
 * any key of either table, the own section wins. Other programs' sections
 * are skipped, an unknown key in one of ours is an error with file and line.
 *
 *	struct lmtpd_config { struct config_common common; long idle_ms; };
 *	static const struct config_key lmtpd_keys[] = {
 *		CONFIG_MS(struct lmtpd_config, idle_timeout, idle_ms, "5m",
 *		    1000, 3600000, "how long a silent peer is kept"),
 *		CONFIG_END };
 *
 * Values: durations take ms, s, m, h, d; sizes take K, M, G (of 1024).
 *
 * Errors:    0, or -EINVAL / -errno with why->detail naming file and line.
 * Ownership: strings live in the arena that was passed.
 * Threads:   read before the first thread, const afterwards.
 */
#ifndef HAUSPOST_CORE_CONFIG_H
#define HAUSPOST_CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/why.h"

enum config_type {
	CONFIG_TYPE_TEXT,
	CONFIG_TYPE_FLAG,
	CONFIG_TYPE_COUNT,
	CONFIG_TYPE_MS,
	CONFIG_TYPE_BYTES,
};

struct config_key {
	const char *name; /* NULL ends a table */
	enum config_type type;
	size_t place;	      /* offset in the program's struct */
	const char *fallback; /* as it would stand in the file; "" = unset */
	long min, max;	      /* of numbers */
	const char *help;     /* one line for people */
};

#define CONFIG_TEXT(s, name, field, fallback, help)                            \
	{                                                                      \
#name, CONFIG_TYPE_TEXT, offsetof(s, field), fallback, 0, 0,   \
		    help                                                       \
	}
#define CONFIG_FLAG(s, name, field, fallback, help)                            \
	{                                                                      \
#name, CONFIG_TYPE_FLAG, offsetof(s, field), fallback, 0, 1,   \
		    help                                                       \
	}
#define CONFIG_COUNT(s, name, field, fallback, min, max, help)                 \
	{                                                                      \
#name, CONFIG_TYPE_COUNT, offsetof(s, field), fallback, min,   \
		    max, help                                                  \
	}
#define CONFIG_MS(s, name, field, fallback, min, max, help)                    \
	{                                                                      \
#name, CONFIG_TYPE_MS, offsetof(s, field), fallback, min, max, \
		    help                                                       \
	}
#define CONFIG_BYTES(s, name, field, fallback, min, max, help)                 \
	{                                                                      \
#name, CONFIG_TYPE_BYTES, offsetof(s, field), fallback, min,   \
		    max, help                                                  \
	}
#define CONFIG_END                                                             \
	{                                                                      \
		NULL, CONFIG_TYPE_TEXT, 0, NULL, 0, 0, NULL                    \
	}

/* What every program knows. Fields: TEXT const char *, FLAG bool, else long. */
struct config_common {
	const char *node;     /* host name of this machine, as in table node */
	const char *database; /* libpq conninfo; the role is added if absent */
	long database_timeout_ms; /* for connecting, and for each statement */
	const char *log;	  /* "stderr" or "syslog" */
	bool verbose;
	const char *user;    /* dropped to when started as root; "" = stay */
	const char *metrics; /* endpoint of /metrics; "" = none */
};

extern const struct config_key config_common_keys[];

/*
 * Fills config (which begins with a struct config_common) from the file's
 * sections [hauspost] and [section]; absent keys get their fallback.
 */
int config_read(const char *path, const char *section,
    const struct config_key *keys, void *config, struct arena *arena,
    struct why *why);

/* Writes the common table and this one as commented sample sections. */
void config_print(
    FILE *out, const char *section, const struct config_key *keys);

/* Writes just this one. */
void config_print_section(
    FILE *out, const char *section, const struct config_key *keys);

#endif
