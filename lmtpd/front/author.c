#include "lmtpd/front/author.h"

#include <time.h>

#include "core/header.h"
#include "core/log.h"
#include "lmtpd/front/owner.h"

enum { SHOWN_MAX = 200 };

static struct slice
message_id(const struct txn *txn)
{
	struct header_field field;

	if (header_find(
		message_header(&txn->message), SLICE("Message-ID"), &field))
		return slice_head(field.value, SHOWN_MAX);
	return SLICE("<no Message-ID>");
}

/* Of a stranger's message or of the owner's script: no line ends in it. */
static struct slice
one_line(struct arena *arena, struct slice text)
{
	char *copy = arena_strndup(arena, text.p, text.n);

	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)copy[i] < ' ' || copy[i] == 0x7f)
			copy[i] = '?';
	}
	return (struct slice){ copy, text.n };
}

static void
write_line(struct txn *txn, const struct rcpt *rcpt, const char *text)
{
	char date[32];
	struct tm utc;
	time_t now = time(NULL);
	struct slice id = one_line(&txn->arena, message_id(txn));
	struct slice line = one_line(&txn->arena, slice_of(text));
	struct why why = { 0 };

	(void)strftime(
	    date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	line = slice_of(arena_printf(&txn->arena, "%s %.*s: %.*s\n", date,
	    SLICE_FMT(id), SLICE_FMT(line)));
	if (store_log(txn->lmtpd->store, rcpt->plan.mailbox, line, &why) !=
	    MAIL_OK)
		log_event(LOG_NOTICE, txn_queue_id(txn), "sieve-log-failed",
		    LOG_SLICE("mailbox", rcpt->plan.mailbox), LOG_WHY(&why));
}

void
author_tell(struct txn *txn, const struct rcpt *rcpt, const char *text)
{
	figures_add(&txn->lmtpd->shared->figures, FIGURE_SCRIPT_TROUBLE, 1);
	write_line(txn, rcpt, text);
	owner_tell(txn, &rcpt->plan, SLICE("sieve"),
	    arena_printf(&txn->arena,
		"The mail filter of the mailbox %.*s does not work as\n"
		"written:\n\n    %s\n\n"
		"Mail concerned was kept in the INBOX where the filter says\n"
		"nothing else. More is in the file .dovecot.sieve.log of\n"
		"that mailbox' home.\n",
		SLICE_FMT(rcpt->plan.mailbox), text));
}

void
author_tell_error(struct txn *txn, const struct rcpt *rcpt, struct slice script,
    const struct sieve_error *error)
{
	author_tell(txn, rcpt,
	    arena_printf(&txn->arena, "%.*s%sline %u: %s", SLICE_FMT(script),
		script.n > 0 ? ", " : "", error->line, error->text));
}
