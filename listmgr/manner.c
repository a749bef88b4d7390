#include "listmgr/manner.h"

#include "core/addr.h"
#include "core/header.h"
#include "sieve/address.h"

static bool
ends_nocase(struct slice s, struct slice end)
{
	return s.n >= end.n && slice_eq_nocase(slice_tail(s, s.n - end.n), end);
}

/* Among words with commas between, as Exchange writes its field. */
static bool
names_one_of(struct slice value, const char *const *words)
{
	struct slice word;

	while (slice_cut(&value, ',', &word)) {
		for (size_t i = 0; words[i] != NULL; i++) {
			if (slice_eq_nocase(
				slice_trim(word), slice_of(words[i])))
				return true;
		}
	}
	return false;
}

/* --- what a machine wrote ---------------------------------------------------
 */

static bool
is_loop(const struct manner *mail, struct slice value)
{
	return value.n == mail->name.n + 1 + mail->domain.n &&
	       slice_starts_nocase(value, mail->name) &&
	       value.p[mail->name.n] == '@' && ends_nocase(value, mail->domain);
}

static const char *
automatic_field(
    const struct manner *mail, struct slice name, struct slice value)
{
	static const char *const bulk[] = { "bulk", "junk", "list", NULL };
	static const char *const quiet[] = { "All", "AutoReply", "DR", NULL };

	if (slice_starts_nocase(name, SLICE("List-")))
		return "of a list";
	if (slice_eq_nocase(name, SLICE("Precedence")))
		return names_one_of(value, bulk) ? "bulk mail" : NULL;
	if (slice_eq_nocase(name, SLICE("Auto-Submitted")))
		return slice_eq_nocase(value, SLICE("no")) ? NULL
							   : "of a program";
	if (slice_eq_nocase(name, SLICE("X-Auto-Response-Suppress")))
		return names_one_of(value, quiet) ? "wants no answer" : NULL;
	if (slice_eq_nocase(name, SLICE("X-Loop")))
		return is_loop(mail, value) ? "of this list" : NULL;
	return NULL;
}

const char *
manner_automatic(const struct manner *mail)
{
	struct header_walk walk = header_start(mail->header);
	struct header_field field;
	const char *reason = NULL;

	if (mail->sender.n == 0)
		return "without a sender";
	while (reason == NULL && header_next(&walk, &field))
		reason = automatic_field(mail, field.name, field.value);
	return reason;
}

/* --- what is not answered ---------------------------------------------------
 */

static bool
is_machine(struct slice sender)
{
	static const char *const whole[] = { "mailer-daemon", "postmaster",
		"no-reply", "noreply", "donotreply", "do-not-reply" };
	struct slice local = slice_head(sender,
	    (size_t)(slice_rfind(sender, '@') < 0 ? 0
						  : slice_rfind(sender, '@')));

	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		if (slice_eq_nocase(local, slice_of(whole[i])))
			return true;
	}
	return slice_starts_nocase(local, SLICE("owner-")) ||
	       ends_nocase(local, SLICE("-owner")) ||
	       ends_nocase(local, SLICE("-request")) ||
	       ends_nocase(local, SLICE("-bounces")) ||
	       slice_starts_nocase(local, SLICE("bounces+")) ||
	       slice_starts_nocase(local, SLICE("bounces-"));
}

static bool
is_ours(const struct manner *mail, const struct address *address)
{
	size_t n = mail->name.n;

	return slice_eq_nocase(address->domain, mail->domain) &&
	       slice_starts_nocase(address->local, mail->name) &&
	       (address->local.n == n || address->local.p[n] == '+' ||
		   address->local.p[n] == '-');
}

static bool
field_names_us(
    struct arena *arena, const struct manner *mail, struct slice value)
{
	struct address_walk walk = address_start(arena, value);
	struct address address;

	while (address_next(&walk, &address)) {
		if (is_ours(mail, &address))
			return true;
	}
	return false;
}

/* RFC 3834 2: no answer where the mail was not written to us. */
static bool
names_us(struct arena *arena, const struct manner *mail)
{
	struct header_walk walk = header_start(mail->header);
	struct header_field field;

	while (header_next(&walk, &field)) {
		if ((slice_eq_nocase(field.name, SLICE("To")) ||
			slice_eq_nocase(field.name, SLICE("Cc"))) &&
		    field_names_us(arena, mail, field.value))
			return true;
	}
	return false;
}

const char *
manner_unanswerable(struct arena *arena, const struct manner *mail)
{
	const char *reason = manner_automatic(mail);

	if (reason != NULL)
		return reason;
	if (is_machine(mail->sender))
		return "a machine's sender";
	return names_us(arena, mail) ? NULL : "not written to the list";
}

/* --- who asks ---------------------------------------------------------------
 */

struct slice
manner_asker(struct slice sender, struct slice from, bool verified)
{
	if (from.n == 0 || slice_eq_nocase(sender, from))
		return sender;
	if (verified ||
	    slice_eq_nocase(addr_domain_part(sender), addr_domain_part(from)))
		return from;
	return (struct slice){ "", 0 };
}
