/*
 * hauspost vacation - a mailbox' automatic reply.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/object.h"

/* Options change what the row says, or its defaults where there is none. */
static const struct db_stmt turn_on = { "vacation_on",
	"INSERT INTO hauspost.vacation AS v SELECT n.*"
	" FROM jsonb_populate_record(NULL::hauspost.vacation, coalesce("
	"  (SELECT to_jsonb(o) FROM hauspost.vacation AS o"
	"   WHERE o.mailbox = $1),"
	"  jsonb_build_object('every_days', 7, 'known_only', false,"
	"   'zone', current_setting('TimeZone')))"
	"  || $2::jsonb || CASE WHEN $2::jsonb ? 'weekdays'"
	"   THEN jsonb_build_object('weekdays',"
	"    string_to_array($2::jsonb ->> 'weekdays', ',')) ELSE '{}' END"
	"  || jsonb_build_object('mailbox', $1, 'active', true)) AS n"
	" ON CONFLICT (mailbox) DO UPDATE SET (active, subject, reply,"
	"  valid_from, valid_until, every_days, weekdays, zone, known_only) ="
	"  (excluded.active, excluded.subject, excluded.reply,"
	"   excluded.valid_from, excluded.valid_until, excluded.every_days,"
	"   excluded.weekdays, excluded.zone, excluded.known_only)"
	" RETURNING 1",
	2 };

static const struct db_stmt turn_off = { "vacation_off",
	"UPDATE hauspost.vacation SET active = false"
	" WHERE mailbox = $1 AND $2 IS NOT NULL RETURNING 1",
	2 };

static const struct db_stmt look = { "vacation_show",
	"SELECT to_jsonb(v) || jsonb_build_object("
	" 'in_force', hauspost.vacation_script(v.mailbox) IS NOT NULL)"
	" FROM hauspost.vacation AS v"
	" WHERE $1 IS NULL AND v.mailbox = $2",
	2 };

static const struct command_option options[] = {
	{ "reply", "TEXT", "what the sender reads", "reply", VALUE_TEXT },
	{ "subject", "TEXT", "\"\": Auto: and the one answered", "subject",
	    VALUE_TEXT },
	{ "from", "TIME", "no replies before", "valid_from", VALUE_TEXT },
	{ "until", "TIME", "no replies from then on", "valid_until",
	    VALUE_TEXT },
	{ "days", "N", "a sender gets one reply in so many", "every_days",
	    VALUE_NUMBER },
	{ "weekdays", "N,N…", "on these days only; 1 is Monday", "weekdays",
	    VALUE_TEXT },
	{ "zone", "ZONE", "time zone of the days: Europe/Berlin", "zone",
	    VALUE_TEXT },
	{ "known-only", "yes|no", "only to whom the mailbox has written",
	    "known_only", VALUE_FLAG },
	{ .name = NULL },
};

static const struct object_column columns[] = {
	{ "mailbox", true },
	{ "active", true },
	{ "in_force", true },
	{ "subject", true },
	{ "reply", false },
	{ "valid_from", false },
	{ "valid_until", false },
	{ "every_days", false },
	{ "weekdays", false },
	{ "zone", false },
	{ "known_only", false },
	{ NULL, false },
};

static const struct object on = {
	.noun = "vacation",
	.columns = columns,
	.select = &look,
	.update = &turn_on,
};

static const struct object off = {
	.noun = "vacation",
	.columns = columns,
	.select = &look,
	.update = &turn_off,
};

static int
vacation_run(struct cli *cli, const struct args *args)
{
	const char *verb = args->operands[1];
	struct args call = *args;

	if (strcmp(verb, "on") == 0) {
		call.subject = &on;
		return object_set(cli, &call);
	}
	(void)memset(call.values, 0, sizeof call.values);
	call.subject = &off;
	if (strcmp(verb, "off") == 0)
		return object_set(cli, &call);
	if (strcmp(verb, "show") == 0)
		return object_show(cli, &call);
	return say_failure(EX_USAGE, "say on, off or show");
}

const struct command vacation_commands[] = {
	{ .words = "vacation",
	    .operands = "MAILBOX on|off|show",
	    .least = 2,
	    .most = 2,
	    .purpose = "a mailbox' automatic reply",
	    .details = "Off keeps the texts for the next time; on without "
		       "options takes them up again.",
	    .options = options,
	    .run = vacation_run },
	{ .words = NULL },
};
