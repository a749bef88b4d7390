#include "fetcher/uid_set.h"

enum { RANGE_TEXT_MAX = 22 }; /* ",4294967295:4294967295" */

/* How many follow each other without a gap. */
static size_t
run_length(const uint32_t *uids, size_t n)
{
	size_t length = 1;

	while (length < n && uids[length] == uids[length - 1] + 1)
		length++;
	return length;
}

size_t
uid_set_add(struct buf *set, const uint32_t *uids, size_t n)
{
	size_t done = 0;

	while (done < n && set->n + RANGE_TEXT_MAX <= UID_SET_TEXT_MAX) {
		size_t length = run_length(uids + done, n - done);

		(void)buf_addf(set, "%s%lu", done > 0 ? "," : "",
		    (unsigned long)uids[done]);
		if (length > 1)
			(void)buf_addf(set, ":%lu",
			    (unsigned long)uids[done + length - 1]);
		done += length;
	}
	return done;
}
