#include "cli/roster_mailman.h"

#include <stdbool.h>
#include <string.h>

#include "cli/roster.h"

/* Our word for one of theirs; a word that we do not know stays out. */
struct translation {
	const char *theirs, *ours;
};

static const struct translation modes[] = { { "normal", "normal" },
	{ "digest", "digest" }, { "nomail", "nomail" }, { "regular", "normal" },
	{ "plaintext_digests", "digest" }, { "mime_digests", "digest" },
	{ "summary_digests", "digest" }, { NULL, NULL } };
static const struct translation roles[] = { { "member", "member" },
	{ "poster", "poster" }, { "moderator", "moderator" },
	{ "owner", "owner" }, { NULL, NULL } };
static const struct translation languages[] = { { "de", "de" }, { "en", "en" },
	{ NULL, NULL } };

static const char *
translate(const struct translation *table, const char *theirs)
{
	for (; theirs != NULL && table->theirs != NULL; table++) {
		if (strcmp(theirs, table->theirs) == 0)
			return table->ours;
	}
	return NULL;
}

static void
set(json_t *entry, const char *key, const char *value)
{
	if (value != NULL && value[0] != '\0')
		(void)json_object_set_new(entry, key, json_string(value));
}

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* --- Mailman 3 ---------------------------------------------------------- */

static const char *
either(const char *first, const char *second)
{
	return first != NULL ? first : second;
}

static void
set_delivery(json_t *entry, const json_t *member)
{
	const char *status = text_of(member, "delivery_status");

	set(entry, "mode",
	    translate(modes, either(text_of(member, "mode"),
				 text_of(member, "delivery_mode"))));
	set(entry, "state", text_of(member, "state"));
	if (status == NULL)
		return;
	if (strcmp(status, "by_bounces") == 0)
		set(entry, "state", "disabled_bounce");
	else if (strcmp(status, "enabled") != 0)
		set(entry, "mode", "nomail");
}

json_t *
roster_mailman_member(const json_t *member)
{
	const char *address =
	    either(text_of(member, "address"), text_of(member, "email"));
	const char *role = text_of(member, "role");
	json_t *entry;

	/* REST calls the address' own URL "address". */
	if (text_of(member, "email") != NULL)
		address = text_of(member, "email");
	if (address == NULL || (role != NULL && translate(roles, role) == NULL))
		return NULL;
	entry = json_object();
	set(entry, "address", address);
	set(entry, "name",
	    either(text_of(member, "name"), text_of(member, "display_name")));
	set(entry, "role", role);
	set(entry, "language",
	    translate(languages, either(text_of(member, "language"),
				     text_of(member, "preferred_language"))));
	set(entry, "joined", text_of(member, "joined"));
	set_delivery(entry, member);
	return entry;
}

/* --- Mailman 2 ---------------------------------------------------------- */

enum { DELIVERY_ENABLED, DELIVERY_BY_BOUNCE = 4 };
enum { FLAG_DISABLE_DELIVERY = 1 }; /* before Mailman 2.1 */

/* delivery_status: address → (status, time). */
static json_int_t
delivery_of(const json_t *config, const char *address)
{
	const json_t *status = json_object_get(
	    json_object_get(config, "delivery_status"), address);

	return json_integer_value(json_array_get(status, 0));
}

static bool
is_disabled_by_flag(const json_t *config, const char *address)
{
	json_int_t flags = json_integer_value(
	    json_object_get(json_object_get(config, "user_options"), address));

	return (flags & FLAG_DISABLE_DELIVERY) != 0;
}

static void
set_status(json_t *entry, const json_t *config, const char *address)
{
	json_int_t delivery = delivery_of(config, address);

	if (delivery == DELIVERY_BY_BOUNCE)
		set(entry, "state", "disabled_bounce");
	else if (delivery != DELIVERY_ENABLED ||
		 is_disabled_by_flag(config, address))
		set(entry, "mode", "nomail");
}

/* members: address in lower case → 0, or the address as its owner wrote it. */
static void
add_members(
    const json_t *config, const char *table, const char *mode, json_t *entries)
{
	json_t *members = json_object_get(config, table), *written;
	const char *address;

	json_object_foreach(members, address, written)
	{
		json_t *entry = json_object();

		set(entry, "address",
		    either(json_string_value(written), address));
		set(entry, "mode", mode);
		set(entry, "name",
		    text_of(json_object_get(config, "usernames"), address));
		set(entry, "language",
		    translate(languages,
			text_of(json_object_get(config, "language"), address)));
		set_status(entry, config, address);
		(void)json_array_append_new(entries, entry);
	}
}

/* Owners need not be members; then they get no posts here, either. */
static void
add_role(
    const json_t *config, const char *table, const char *role, json_t *entries)
{
	json_t *addresses = json_object_get(config, table), *one;
	size_t i;

	json_array_foreach(addresses, i, one)
	{
		const char *address = json_string_value(one);
		json_t *entry;

		if (address == NULL)
			continue;
		entry = roster_find(entries, address);
		if (entry != NULL) {
			set(entry, "role", role);
			continue;
		}
		entry = json_object();
		set(entry, "address", address);
		set(entry, "mode", "nomail");
		set(entry, "role", role);
		(void)json_array_append_new(entries, entry);
	}
}

void
roster_mailman_config(const json_t *config, json_t *entries)
{
	add_members(config, "members", "normal", entries);
	add_members(config, "digest_members", "digest", entries);
	add_role(config, "moderator", "moderator", entries);
	add_role(config, "owner", "owner", entries);
}
