#include "milter/milter.h"

#include <errno.h>
#include <pwd.h>

#include "core/log.h"
#include "core/notice.h"
#include "core/trail.h"
#include "milter/report.h"

#define ROLE "hauspost_milter"

enum { BEHIND_CONNECTIONS = 3 }; /* one for each batch */

static const struct db_stmt note_bounce = { "bounce",
	"SELECT hauspost.note_bounce(srs_domain, recipient, reply)"
	" FROM unnest($1::text[], $2::text[], $3::text[])"
	" AS b(srs_domain, recipient, reply)",
	3 };

const struct config_key milter_keys[] = {
	CONFIG_TEXT(struct milter_config, listen, listen,
	    "unix:/run/hauspost/milter.sock",
	    "where Postfix connects, as unix:PATH or inet:ADDRESS:PORT"),
	CONFIG_TEXT(struct milter_config, socketmap, socketmap,
	    "unix:/run/hauspost/socketmap.sock",
	    "where it asks for domain classes; empty: nowhere"),
	CONFIG_TEXT(struct milter_config, socket_group, socket_group, "",
	    "group that may connect to both"),
	CONFIG_TEXT(struct milter_config, reinject_user, reinject_user,
	    "hauspost hauspost-listmgr",
	    "users whose mail of class reinject, reply and list is believed"),
	CONFIG_TEXT(struct milter_config, postfix_user, postfix_user, "postfix",
	    "user whose mail of class moved is believed"),
	CONFIG_TEXT(struct milter_config, authserv_id, authserv_id, "",
	    "name by which our own filters sign Authentication-Results; as "
	    "for hauspost-listmgr"),
	CONFIG_COUNT(struct milter_config, bulk_recipients, bulk_recipients,
	    "100", 1, 100000, "more recipients are a newsletter"),
	CONFIG_COUNT(struct milter_config, bulk_burst, bulk_burst, "60", 1,
	    100000, "more messages of a login in a minute are one, too"),
	CONFIG_COUNT(struct milter_config, bulk_port, bulk_port, "4587", 1,
	    65535, "where newsletters are to be sent to"),
	CONFIG_COUNT(struct milter_config, trail_days, trail_days, "30", 1,
	    3660, "how long the life of a message is remembered"),
	DIRECTORY_KEYS(struct milter_config),
	CONFIG_END,
};

/* --- whom we trust ---------------------------------------------------- */

static int
find_user(const char *key, const char *name, uid_t *uid_out, struct why *why)
{
	const struct passwd *entry = getpwnam(name);

	if (entry == NULL)
		return why_fail(why, ENOENT, "look up %s %s", key, name);
	*uid_out = entry->pw_uid;
	return 0;
}

static int
trust_user(struct milter *milter, const char *name, struct why *why)
{
	int r;

	if (milter->n_trusted == TRUSTED_MAX)
		return why_fail(
		    why, E2BIG, "trust more than %d users", (int)TRUSTED_MAX);
	r = find_user(
	    "reinject_user", name, &milter->trusted[milter->n_trusted], why);
	if (r == 0)
		milter->n_trusted++;
	return r;
}

int
milter_trust(struct milter *milter, struct arena *arena, struct why *why)
{
	struct slice names = slice_of(milter->config.reinject_user), name;
	int r = find_user(
	    "postfix_user", milter->config.postfix_user, &milter->postfix, why);

	while (r == 0 && slice_cut(&names, ' ', &name)) {
		if (name.n > 0)
			r = trust_user(
			    milter, arena_strndup(arena, name.p, name.n), why);
	}
	return r;
}

bool
milter_trusts(const struct milter *milter, uid_t uid)
{
	for (size_t i = 0; i < milter->n_trusted; i++) {
		if (milter->trusted[i] == uid)
			return true;
	}
	return false;
}

/* --- what is shared --------------------------------------------------- */

static void
on_listening(void *arg, const struct why *lost)
{
	report_directory(arg);
	if (lost == NULL)
		log_event(LOG_NOTICE, NULL, "directory-heard",
		    LOG_TEXT("detail", "answers are remembered"));
	else
		log_event(LOG_WARNING, NULL, "directory-lost", LOG_WHY(lost));
}

/* "*" is all that a changed limit says. */
static void
on_change(void *arg, struct slice key)
{
	struct milter *milter = arg;

	if (slice_eq(key, SLICE("*")))
		budget_changed(milter->budget);
}

void
milter_open(struct milter *milter)
{
	const struct directory_hooks hooks = { milter, on_listening,
		on_change };
	struct config_common *common = &milter->config.common;

	milter->directory =
	    directory_new(&milter->config.directory, common, ROLE, &hooks);
	milter->pool = db_pool_new(common->database, ROLE, BEHIND_CONNECTIONS,
	    common->database_timeout_ms);
	milter->trail = trail_start(milter->pool);
	milter->notices = notice_start(milter->pool);
	milter->bounces = batch_start(milter->pool, &note_bounce);
	milter->budget_pool = db_pool_new(common->database, ROLE,
	    (int)milter->config.directory.connections,
	    common->database_timeout_ms);
	milter->budget =
	    budget_start(milter->budget_pool, milter->config.trail_days);
}

void
milter_close(struct milter *milter)
{
	directory_free(milter->directory);
	budget_stop(milter->budget);
	batch_stop(milter->trail);
	batch_stop(milter->notices);
	batch_stop(milter->bounces);
	db_pool_free(milter->pool);
	db_pool_free(milter->budget_pool);
}
