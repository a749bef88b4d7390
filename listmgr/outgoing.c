#include "listmgr/outgoing.h"

#include <errno.h>
#include <time.h>

#include "core/addr.h"
#include "core/authres.h"
#include "core/header.h"

#include "listmgr/heading.h"
#include "listmgr/summary.h"

static const struct db_stmt signs_stmt = { "list_signs",
	"SELECT hauspost.list_signs($1)", 1 };

/* The author is of the list's own domain, by which posts are signed. */
static int
ask_signs(const struct outgoing *o, struct slice domain, bool *signs_out,
    struct why *why)
{
	struct db_result *result;
	int r =
	    db_ask(o->listmgr->lists.db, &signs_stmt, &domain, &result, why);

	if (r < 0)
		return r;
	*signs_out = db_flag(result, 0, 0) && slice_eq(domain, o->list.domain);
	db_done(result);
	return 0;
}

/* What is known of the author's domain. */
static int
judge_author(const struct outgoing *o, struct slice author,
    struct edit_request *request, struct why *why)
{
	const char *authserv_id = o->listmgr->settings->authserv_id;
	struct slice message = o->view.message, domain = { "", 0 }, asked;
	struct authres authres;
	bool signs, believed;
	int r;

	(void)addr_domain(o->arena, addr_domain_part(author), &domain);
	authres_read(slice_head(message, header_length(message)),
	    slice_of(authserv_id), domain, &authres);
	r = ask_signs(o, domain, &signs, why);
	if (r < 0)
		return r;
	believed = authserv_id[0] == '\0' || authres.dmarc || authres.auth;
	request->own_author = signs && believed;
	/* Else the list's signature would make a forgery look true. */
	request->verified = authres.dkim && !(signs && !believed);
	if (signs && !believed)
		request->strict = true;
	else if (edit_asks_policy(o->arena, request, &asked))
		request->strict =
		    dmarc_is_strict(dmarc_policy(o->listmgr->dmarc, asked));
	return 0;
}

enum verdict
outgoing_edit(struct outgoing *o, struct why *why)
{
	const struct settings *settings = o->listmgr->settings;
	struct edit_request request = {
		.list = &o->list,
		.message = o->view.message,
		.node = slice_of(settings->authserv_id[0] != '\0'
				     ? settings->authserv_id
				     : settings->common.node),
		.number = (unsigned long long)o->n,
	};
	struct summary summary;

	summary_read(o->arena, o->view.message, o->list.domain,
	    (int64_t)time(NULL), &summary);
	request.message_id = summary.message_id;
	if (judge_author(o, summary.from_address, &request, why) < 0)
		return MAIL_TEMPFAIL;
	return edit_post(o->arena, &request, &o->edited, why);
}

/* 1, or as outgoing_open(). */
static int
prepare(struct outgoing *o, struct why *why)
{
	enum verdict verdict = MAIL_OK;

	if (o->digest)
		o->edited = (struct edited){ .fields = o->view.message };
	else
		verdict = outgoing_edit(o, why);
	if (verdict == MAIL_TEMPFAIL)
		return -EAGAIN;
	o->size_bytes = o->edited.top.n + o->edited.fields.n + o->edited.body.n;
	return verdict == MAIL_OK;
}

int
outgoing_open(struct outgoing *o, long long list, long long n, struct why *why)
{
	const struct lists *lists = &o->listmgr->lists;
	int r = list_find_id(lists, list, o->arena, &o->list, why);

	if (r <= 0)
		return r;
	o->n = n;
	r = archive_open_post(lists, list, n, &o->view, why);
	return r < 0 ? r : prepare(o, why);
}

void
outgoing_close(struct outgoing *outgoing)
{
	archive_close(&outgoing->view);
}

struct slice
outgoing_unsubscribe(
    const struct outgoing *outgoing, struct arena *arena, struct slice token)
{
	return heading_unsubscribe(
	    arena, &outgoing->list, outgoing->listmgr->settings->web, token);
}
