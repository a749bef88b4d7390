#include "core/forwarding.h"

#include <errno.h>
#include <sodium.h>
#include <time.h>

#include "core/directory.h"
#include "core/header.h"

/* --- reading ---------------------------------------------------------- */

enum { F_SRS_DOMAIN, F_SPAM, F_SRS_KEYS, F_COLUMNS };

static bool
read_key(struct arena *arena, struct slice hex, struct slice *key_out)
{
	unsigned char *octets = arena_alloc(arena, hex.n / 2 + 1);
	size_t n;

	if (sodium_hex2bin(octets, hex.n / 2, hex.p, hex.n, NULL, &n, NULL) !=
		0 ||
	    n == 0 || 2 * n != hex.n)
		return false;
	*key_out = (struct slice){ (char *)octets, n };
	return true;
}

static bool
read_keys(struct arena *arena, struct slice text, struct srs_keys *keys)
{
	struct slice hex;

	while (slice_cut(&text, ' ', &hex)) {
		if (keys->n == SRS_KEYS_MAX ||
		    !read_key(arena, hex, &keys->keys[keys->n]))
			return false;
		keys->n++;
	}
	return keys->n > 0;
}

int
forwarding_read(struct arena *arena, const struct rows *rows,
    struct forwarding *forwarding_out, struct why *why)
{
	struct forwarding read = { .stale = false };

	if (rows->n == 1 && rows->columns == F_COLUMNS) {
		read.srs_domain = rows_cell(rows, 0, F_SRS_DOMAIN);
		read.spam = slice_eq(rows_cell(rows, 0, F_SPAM), SLICE("t"));
		if (read.srs_domain.n > 0 &&
		    read_keys(
			arena, rows_cell(rows, 0, F_SRS_KEYS), &read.keys)) {
			*forwarding_out = read;
			return 0;
		}
	}
	(void)why_say(why, 451, "4.3.0", "directory trouble, try later");
	why_detail(why, "hauspost.forwarding() answered no domain or no keys");
	return -EPROTO;
}

/* --- spam ------------------------------------------------------------- */

bool
forwarding_is_spam_flag(struct slice name, struct slice value)
{
	static const struct slice flags[] = { { "X-Spam", 6 },
		{ "X-Spam-Flag", 11 }, { "X-Spam-Status", 13 } };

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		if (slice_eq_nocase(name, flags[i]))
			return slice_starts_nocase(value, SLICE("yes"));
	}
	return false;
}

bool
forwarding_is_spam(struct slice header)
{
	struct header_walk walk = header_start(header);
	struct header_field field;

	while (header_next(&walk, &field)) {
		if (forwarding_is_spam_flag(field.name, field.value))
			return true;
	}
	return false;
}

enum verdict
forwarding_judge_spam(struct directory *dir, struct arena *arena,
    struct slice forwarder, struct why *why)
{
	struct forwarding how;

	if (directory_forwarding(
		dir, arena, addr_domain_part(forwarder), &how, why) < 0)
		return MAIL_TEMPFAIL;
	if (how.spam)
		return MAIL_OK;
	return why_say(why, 550, "5.7.0",
	    "message is flagged as spam, which is not sent on from here");
}

/* --- away ------------------------------------------------------------- */

/*
 * Mail of a domain of ours may come from us, and bounces find it. Where nobody
 * can say, a sender that is rewritten without need does no harm.
 */
static bool
is_ours(struct directory *dir, struct arena *arena, struct slice domain)
{
	struct domain_class class;
	struct why ignored;

	return directory_domain_class(dir, arena, domain, &class, &ignored) >
		   0 &&
	       slice_eq(class.class, SLICE("virtual"));
}

int
forwarding_rewrite(struct directory *dir, struct arena *arena,
    const struct addr *sender, struct slice forwarder, struct addr *sender_out,
    struct why *why)
{
	struct forwarding how;
	int r;

	*sender_out = *sender;
	if (addr_is_null(sender) || is_ours(dir, arena, sender->domain))
		return 0;
	r = directory_forwarding(
	    dir, arena, addr_domain_part(forwarder), &how, why);
	if (r < 0)
		return r;
	if (srs_forward(arena, &how.keys, sender, how.srs_domain, time(NULL),
		sender_out) < 0)
		*sender_out = *sender;
	return 0;
}

/* --- and back --------------------------------------------------------- */

enum verdict
forwarding_reverse(struct directory *dir, struct arena *arena,
    const struct addr *srs, struct addr *sender_out, struct why *why)
{
	struct forwarding how;
	int r = directory_forwarding(dir, arena, srs->domain, &how, why);

	if (r < 0)
		return MAIL_TEMPFAIL;
	r = srs_reverse(arena, &how.keys, srs->local, time(NULL), sender_out);
	if (r == 0)
		return MAIL_OK;
	if (r == -ESTALE)
		return why_say(why, 550, "5.1.8",
		    "this sender was good for %d days only",
		    (int)SRS_MAX_AGE_DAYS);
	if (how.stale)
		return why_say(
		    why, 451, "4.3.0", "directory trouble, try later");
	return why_say(
	    why, 550, "5.7.5", "this sender was not written by this host");
}
