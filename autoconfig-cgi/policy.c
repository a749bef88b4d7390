#include "autoconfig-cgi/policy.h"

#include "core/pacc.h"

/* These formats have no place for "the address that you were given". */
static bool
needs_address(enum contract contract)
{
	return contract == CONTRACT_POX || contract == CONTRACT_APPLE ||
	       contract == CONTRACT_HELP;
}

bool
policy_publishes(
    const struct request *request, const struct setup *setup, bool as_domain)
{
	if (setup->status == SETUP_ABSENT)
		return false;
	if (needs_address(request->contract) &&
	    request->address_state != ADDRESS_GIVEN)
		return false;
	if (setup->status == SETUP_UNRESOLVED ||
	    request->address_state == ADDRESS_MALFORMED)
		return as_domain;
	return true;
}

struct slice
policy_domain(struct slice address)
{
	long at = slice_rfind(address, '@');

	return at < 0 ? SLICE("") : slice_tail(address, (size_t)at + 1);
}

struct slice
policy_base(struct slice host, bool pacc)
{
	size_t n = request_label(host);

	if (n == 0 || (!pacc && slice_starts_nocase(host, SLICE(PACC_LABEL))))
		return SLICE("");
	return slice_tail(host, n);
}

bool
policy_is_local(struct slice client)
{
	return slice_eq(client, SLICE("::1")) ||
	       slice_starts_nocase(client, SLICE("127."));
}
