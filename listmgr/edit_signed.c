#include "core/header.h"
#include "listmgr/edit_work.h"

/* Fields that every post gets, so that a signature of their absence breaks. */
static bool
is_added(const struct work *work, struct slice name)
{
	if (slice_eq_nocase(name, SLICE("Sender")))
		return work->list->sender_header;
	return slice_eq_nocase(name, SLICE("Precedence")) ||
	       slice_eq_nocase(name, SLICE("X-Loop")) ||
	       slice_eq_nocase(name, SLICE("Archived-At")) ||
	       slice_starts_nocase(name, SLICE("List-"));
}

/* h= of RFC 6376 3.5: names between colons. */
static bool
covers_change(const struct work *work, struct slice names)
{
	struct slice name;

	while (slice_cut(&names, ':', &name)) {
		name = slice_trim(name);
		if (is_added(work, name) ||
		    (edit_removes(work, name) && edit_value(work, name).n > 0))
			return true;
	}
	return false;
}

static bool
is_broken(const struct work *work, struct slice signature)
{
	struct slice tag;

	while (slice_cut(&signature, ';', &tag)) {
		long equals = slice_find(tag, '=');

		if (equals > 0 &&
		    slice_eq(slice_trim(slice_head(tag, (size_t)equals)),
			SLICE("h")))
			return covers_change(
			    work, slice_tail(tag, (size_t)equals + 1));
	}
	return false;
}

bool
edit_breaks_signature(const struct work *work)
{
	struct header_walk walk = header_start(work->message.header);
	struct header_field field;

	while (header_next(&walk, &field)) {
		if (slice_eq_nocase(field.name, SLICE("DKIM-Signature")) &&
		    is_broken(work, field.value))
			return true;
	}
	return false;
}
