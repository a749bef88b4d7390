#include "sieve/address_test.h"

/* The part that is compared; false when the address has no such part. */
static bool
choose(const struct address_matching *m, const struct address *address,
    struct slice *part)
{
	char separator = m->matching.run->environment->subaddress_separator;
	int which = m->pick != NULL ? m->pick->address_part : ADDRESS_ALL;
	struct slice user, detail = { "", 0 };
	bool has_detail;

	*part = address->text;
	if (which == 0 || which == ADDRESS_ALL)
		return true;
	*part = which == ADDRESS_DOMAIN ? address->domain : address->local;
	if (!address->valid)
		return false;
	if (which == ADDRESS_DOMAIN || which == ADDRESS_LOCALPART)
		return true;
	has_detail = address_detail(address->local, separator, &user, &detail);
	*part = which == ADDRESS_USER ? user : detail;
	return which == ADDRESS_USER || has_detail;
}

int
address_test_value(struct address_matching *m, const struct address *address)
{
	struct slice part;

	/* RFC 5231 4.2: addresses are counted, whichever part is asked for. */
	if (!choose(m, address, &part) &&
	    m->matching.match->type != MATCH_COUNT)
		return 0;
	return matching_value(&m->matching, part);
}

static bool
holds_addresses(struct slice name)
{
	static const char *const names[] = { "from", "to", "cc", "bcc",
		"sender", "reply-to", "resent-from", "resent-to", "resent-cc",
		"resent-bcc", "resent-sender", "resent-reply-to", "return-path",
		"delivered-to", "envelope-to", "errors-to", "apparently-to",
		"mail-followup-to", "mail-reply-to",
		"disposition-notification-to", "return-receipt-to",
		"original-recipient", "list-post", "author", "approved-by" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (slice_eq_nocase(name, slice_of(names[i])))
			return true;
	}
	return slice_starts_nocase(name, SLICE("x-"));
}

bool
address_test_check(struct compiler *compiler, const struct texts *names)
{
	for (size_t i = 0; i < names->n; i++) {
		struct slice name = names->list[i].fixed;

		if (text_is_fixed(&names->list[i]) && !holds_addresses(name))
			return compile_error(compiler,
			    "\"%.*s\" holds no "
			    "addresses: use the test \"header\"",
			    ERRORS_WORD(name));
	}
	return true;
}
