#include "listmgr/petition.h"

#include <time.h>

#include "core/addr.h"
#include "core/authres.h"
#include "core/header.h"
#include "core/log.h"
#include "listmgr/manner.h"

/* Of whoever wrote it; browsers and some mail programs say Accept-Language. */
static struct slice
language_of(struct slice header)
{
	static const struct slice names[] = { SLICE("Content-Language"),
		SLICE("Accept-Language") };
	struct header_field field;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!header_find(header, names[i], &field))
			continue;
		if (slice_starts_nocase(field.value, SLICE("de")))
			return SLICE("de");
		if (slice_starts_nocase(field.value, SLICE("en")))
			return SLICE("en");
	}
	return DB_NULL;
}

static bool
is_verified(const struct mail *mail, const struct petition *p)
{
	struct slice from = addr_domain_part(p->summary.from_address), domain;
	struct authres found;

	if (addr_domain(mail->arena, from, &domain) < 0)
		return false;
	authres_read(p->header, slice_of(mail->listmgr->settings->authserv_id),
	    domain, &found);
	return found.dmarc || found.auth;
}

void
petition_read(const struct mail *mail, struct petition *p)
{
	struct arena *arena = mail->arena;
	struct manner manner;

	p->header = slice_head(mail->message, header_length(mail->message));
	summary_read(arena, mail->message, mail->list.domain,
	    (int64_t)time(NULL), &p->summary);
	p->answers = slice_of(
	    arena_printf(arena, "<%.*s>", SLICE_FMT(p->summary.message_id)));
	p->source =
	    slice_of(arena_printf(arena, "mail %.*s", SLICE_FMT(p->answers)));
	p->language = language_of(p->header);
	manner = (struct manner){ p->header, mail->sender, mail->list.name,
		mail->list.domain };
	p->automatic = manner_automatic(&manner);
	p->unanswerable = manner_unanswerable(arena, &manner);
	p->verified = is_verified(mail, p);
	p->asker =
	    manner_asker(mail->sender, p->summary.from_address, p->verified);
}

enum verdict
petition_ignore(const struct mail *mail, const char *reason, struct why *why)
{
	log_event(LOG_INFO, mail->queue_id, "ignored",
	    LOG_SLICE("list", mail->list.address),
	    LOG_TEXT("for", extension_name(mail->extension.kind)),
	    LOG_SLICE("from", mail->sender), LOG_TEXT("why", reason));
	return why_say(why, 250, "2.0.0", "taken, nothing to do");
}

enum verdict
petition_done(const struct mail *mail, const struct petition *petition,
    const char *outcome, struct why *why)
{
	log_event(LOG_INFO, mail->queue_id, "command",
	    LOG_SLICE("list", mail->list.address),
	    LOG_TEXT("for", extension_name(mail->extension.kind)),
	    LOG_SLICE("asker", petition->asker), LOG_TEXT("result", outcome));
	return why_say(why, 250, "2.0.0", "taken");
}
