#include "core/config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

const struct config_key config_common_keys[] = {
	CONFIG_TEXT(struct config_common, node, node, "localhost",
	    "this machine's host name, as in table node"),
	CONFIG_TEXT(struct config_common, database, database, "dbname=hauspost",
	    "libpq connection string; user= defaults to the program's role"),
	CONFIG_MS(struct config_common, database_timeout, database_timeout_ms,
	    "5s", 100, 60000, "longest wait for the database"),
	CONFIG_TEXT(struct config_common, log, log, "syslog",
	    "where to log: syslog or stderr"),
	CONFIG_FLAG(struct config_common, verbose, verbose, "no",
	    "log debugging lines as well"),
	CONFIG_TEXT(struct config_common, user, user, "",
	    "system user to become when started as root"),
	CONFIG_TEXT(struct config_common, metrics, metrics, "",
	    "where /metrics is served, as inet:HOST:PORT; empty: nowhere"),
	CONFIG_END,
};

struct reader {
	const char *section;
	const struct config_key *tables[2]; /* common, own */
	char *config;
	struct arena *arena;
	struct why *why;
	bool own_section; /* the second pass, whose values win */
};

static const struct config_key *
find_key(const struct reader *reader, const char *name)
{
	for (size_t t = 0; t < 2; t++) {
		for (const struct config_key *k = reader->tables[t];
		     k->name != NULL; k++) {
			if (strcmp(k->name, name) == 0)
				return k;
		}
	}
	return NULL;
}

static const struct unit {
	enum config_type type;
	const char *suffix;
	long factor;
} units[] = {
	{ CONFIG_TYPE_COUNT, "", 1 },
	{ CONFIG_TYPE_MS, "ms", 1 },
	{ CONFIG_TYPE_MS, "s", 1000 },
	{ CONFIG_TYPE_MS, "m", 60000 },
	{ CONFIG_TYPE_MS, "h", 3600000 },
	{ CONFIG_TYPE_MS, "d", 86400000 },
	{ CONFIG_TYPE_BYTES, "", 1 },
	{ CONFIG_TYPE_BYTES, "K", 1L << 10 },
	{ CONFIG_TYPE_BYTES, "M", 1L << 20 },
	{ CONFIG_TYPE_BYTES, "G", 1L << 30 },
};

/* The unit's factor; 0 when the type has no such unit. */
static long
unit_factor(enum config_type type, const char *suffix)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (units[i].type == type &&
		    strcmp(units[i].suffix, suffix) == 0)
			return units[i].factor;
	}
	return 0;
}

static bool
parse_number(const struct config_key *key, const char *value, long *out)
{
	char *end;
	long number, factor;

	errno = 0;
	number = strtol(value, &end, 10);
	if (end == value || errno != 0)
		return false;
	factor = unit_factor(key->type, end);
	/* A bare 0 needs no unit. */
	if (factor == 0 && number == 0 && *end == '\0')
		factor = 1;
	if (factor == 0 || __builtin_mul_overflow(number, factor, out))
		return false;
	return *out >= key->min && *out <= key->max;
}

static bool
parse_flag(const char *value, bool *out)
{
	if (strcmp(value, "yes") == 0)
		return *out = true, true;
	if (strcmp(value, "no") == 0)
		return *out = false, true;
	return false;
}

static bool
store_value(
    struct reader *reader, const struct config_key *key, const char *value)
{
	void *place = reader->config + key->place;

	switch (key->type) {
	case CONFIG_TYPE_TEXT:
		*(const char **)place = arena_strdup(reader->arena, value);
		return true;
	case CONFIG_TYPE_FLAG:
		return parse_flag(value, place);
	case CONFIG_TYPE_COUNT:
	case CONFIG_TYPE_MS:
	case CONFIG_TYPE_BYTES:
		return parse_number(key, value, place);
	}
	return false;
}

static const char *
expected(const struct config_key *key)
{
	switch (key->type) {
	case CONFIG_TYPE_FLAG:
		return "yes or no";
	case CONFIG_TYPE_MS:
		return "a duration such as 500ms, 30s, 5m or 2h";
	case CONFIG_TYPE_BYTES:
		return "a size such as 100, 64K or 128M";
	case CONFIG_TYPE_COUNT:
		return "a number";
	case CONFIG_TYPE_TEXT:
		break;
	}
	return "a text";
}

/* inih's handler: 0 makes ini_parse() report this line. */
static int
on_setting(void *user, const char *section, const char *name, const char *value)
{
	struct reader *reader = user;
	const struct config_key *key;
	bool own = strcmp(section, reader->section) == 0;

	if (own != reader->own_section ||
	    (!own && strcmp(section, "hauspost") != 0))
		return 1;
	key = find_key(reader, name);
	if (key == NULL) {
		why_detail(reader->why, "[%s] has no key %s", section, name);
		return 0;
	}
	if (!store_value(reader, key, value)) {
		why_detail(reader->why, "%s = %s: want %s", name, value,
		    expected(key));
		return 0;
	}
	return 1;
}

static void
store_fallbacks(struct reader *reader)
{
	for (size_t t = 0; t < 2; t++) {
		for (const struct config_key *k = reader->tables[t];
		     k->name != NULL; k++) {
			bool ok = store_value(reader, k, k->fallback);

			assert(ok); /* our own table */
			(void)ok;
		}
	}
}

static int
read_pass(const char *path, struct reader *reader)
{
	char said[WHY_DETAIL_MAX];
	int line;

	reader->why->detail[0] = '\0';
	line = ini_parse(path, on_setting, reader);
	if (line == 0)
		return 0;
	if (line < 0) /* inih: -1 cannot open, -2 out of memory */
		return why_fail(
		    reader->why, errno != 0 ? errno : ENOENT, "read %s", path);
	(void)strcpy(said, reader->why->detail);
	(void)why_say(reader->why, 451, "4.3.5", "bad configuration");
	why_detail(reader->why, "%s:%d: %s", path, line,
	    said[0] != '\0' ? said : "want [section] or key = value");
	return -EINVAL;
}

int
config_read(const char *path, const char *section,
    const struct config_key *keys, void *config, struct arena *arena,
    struct why *why)
{
	struct reader reader = { .section = section,
		.tables = { config_common_keys, keys },
		.config = config,
		.arena = arena,
		.why = why };
	int r;

	store_fallbacks(&reader);
	errno = 0;
	r = read_pass(path, &reader);
	if (r < 0)
		return r;
	reader.own_section = true;
	return read_pass(path, &reader);
}

static void
print_table(FILE *out, const struct config_key *keys)
{
	for (; keys->name != NULL; keys++)
		(void)fprintf(out, "; %s\n;%s = %s\n", keys->help, keys->name,
		    keys->fallback);
}

void
config_print_section(
    FILE *out, const char *section, const struct config_key *keys)
{
	(void)fprintf(out, "[%s]\n", section);
	print_table(out, keys);
}

void
config_print(FILE *out, const char *section, const struct config_key *keys)
{
	config_print_section(out, "hauspost", config_common_keys);
	(void)fputc('\n', out);
	config_print_section(out, section, keys);
}
