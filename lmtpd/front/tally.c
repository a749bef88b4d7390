#include "lmtpd/front/tally.h"

void
tally_add(struct tally *tally, const struct why *why)
{
	struct why *first = &tally->later;

	if (why->verdict == MAIL_OK) {
		tally->good++;
		return;
	}
	if (why->verdict == MAIL_PERMFAIL)
		first = &tally->never;
	if (first->verdict == 0)
		*first = *why;
}

bool
tally_say(const struct tally *tally, struct why *why_out)
{
	if (tally->later.verdict != 0)
		*why_out = tally->later;
	else if (tally->good > 0)
		(void)why_say(why_out, 250, "2.0.0", "sent on");
	else if (tally->never.verdict != 0)
		*why_out = tally->never;
	else
		return false;
	return true;
}
