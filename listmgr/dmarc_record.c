#include "listmgr/dmarc_record.h"

static const char *const policy_names[] = { "unknown", "none", "quarantine",
	"reject" };
_Static_assert(sizeof policy_names / sizeof *policy_names == DMARC_POLICIES,
    "name every policy");

const char *
dmarc_policy_name(enum dmarc_policy policy)
{
	return policy_names[policy];
}

static enum dmarc_policy
policy_of(struct slice value)
{
	for (unsigned p = DMARC_NONE; p < DMARC_POLICIES; p++) {
		if (slice_eq_nocase(value, slice_of(policy_names[p])))
			return (enum dmarc_policy)p;
	}
	return DMARC_NONE;
}

static void
read_tag(struct dmarc_record *record, struct slice name, struct slice value)
{
	if (slice_eq_nocase(name, SLICE("p")))
		record->own = policy_of(value);
	else if (slice_eq_nocase(name, SLICE("sp")))
		record->below = policy_of(value);
	else if (slice_eq_nocase(name, SLICE("np")))
		record->absent = policy_of(value);
	else if (slice_eq_nocase(name, SLICE("t")))
		record->testing = slice_eq_nocase(value, SLICE("y"));
	else if (slice_eq_nocase(name, SLICE("psd")))
		record->psd = slice_eq_nocase(value, SLICE("y")) ? DMARC_PSD_YES
			      : slice_eq_nocase(value, SLICE("n"))
				  ? DMARC_PSD_NO
				  : DMARC_PSD_UNSAID;
}

/* RFC 9989 4.7: the version comes first, and just so. */
static bool
is_version(struct slice name, struct slice value)
{
	return slice_eq_nocase(name, SLICE("v")) &&
	       slice_eq(value, SLICE("DMARC1"));
}

bool
dmarc_record_read(struct slice text, struct dmarc_record *record_out)
{
	struct dmarc_record record = { DMARC_UNKNOWN, DMARC_UNKNOWN,
		DMARC_UNKNOWN, DMARC_PSD_UNSAID, false };
	struct slice tag;
	bool first = true;

	while (slice_cut(&text, ';', &tag)) {
		long equals = slice_find(tag, '=');
		struct slice name, value;

		name = slice_trim(
		    slice_head(tag, equals < 0 ? 0 : (size_t)equals));
		value = slice_trim(slice_tail(tag, (size_t)(equals + 1)));
		if (first && !is_version(name, value))
			return false;
		if (!first)
			read_tag(&record, name, value);
		first = false;
	}
	*record_out = record;
	return !first;
}

/* A record that only collects reports wants nothing done. */
static enum dmarc_policy
final(const struct dmarc_record *record, enum dmarc_policy policy)
{
	if (policy == DMARC_UNKNOWN)
		return DMARC_NONE;
	return record->testing && policy > DMARC_NONE ? policy - 1 : policy;
}

enum dmarc_policy
dmarc_record_own(const struct dmarc_record *record)
{
	return final(record, record->own);
}

enum dmarc_policy
dmarc_record_below(const struct dmarc_record *record, bool exists)
{
	enum dmarc_policy policy = record->below;

	if (!exists && record->absent != DMARC_UNKNOWN)
		policy = record->absent;
	return final(record, policy != DMARC_UNKNOWN ? policy : record->own);
}
