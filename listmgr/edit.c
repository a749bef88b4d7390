#include "core/header.h"
#include "listmgr/anonymous.h"
#include "listmgr/edit_work.h"
#include "listmgr/heading.h"
#include "listmgr/line.h"
#include "listmgr/subject.h"
#include "sieve/encoded_word.h"

enum {
	FIELDS_ROOM = 32 * 1024, /* for what is added */
	SUBJECT_MAX = 2000,
};

static bool
is_among(struct slice name, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (slice_eq_nocase(name, slice_of(*list)))
			return true;
	}
	return false;
}

/* --- what goes ---------------------------------------------------------- */

bool
edit_removes(const struct work *work, struct slice name)
{
	/* Approved may hold a password; receipts would come from everybody. */
	static const char *const removed[] = { "Return-Path", "Sender",
		"Errors-To", "Return-Receipt-To", "Disposition-Notification-To",
		"X-Confirm-Reading-To", "Precedence", "Approved", "X-Approved",
		"Archived-At", "X-Original-From", NULL };

	if (is_among(name, removed) ||
	    slice_starts_nocase(name, SLICE("List-")))
		return true;
	return work->list->anonymous && !anonymous_keeps(name) &&
	       !slice_eq_nocase(name, SLICE("From"));
}

/* The address it was delivered to, and what only we may say of a message. */
static bool
is_of_ours(const struct work *work, const struct header_field *field)
{
	const struct slice node = work->request->node;

	if (slice_eq_nocase(field->name, SLICE("Delivered-To")))
		return slice_eq_nocase(field->value, work->list->address);
	if (!slice_eq_nocase(field->name, SLICE("Authentication-Results")))
		return false;
	return slice_starts_nocase(field->value, node) &&
	       (field->value.n == node.n ||
		   strchr("; \t\r\n", field->value.p[node.n]) != NULL);
}

struct slice
edit_value(const struct work *work, struct slice name)
{
	struct header_field field;

	return header_find(work->message.header, name, &field)
		   ? field.value
		   : (struct slice){ "", 0 };
}

/* --- what the list wants ------------------------------------------------ */

static void
plan_subject(struct work *work)
{
	struct slice subject = line_clean(work->arena,
	    encoded_word_decode(
		work->arena, edit_value(work, SLICE("Subject"))),
	    SUBJECT_MAX);

	if (subject_add_prefix(work->arena, work->list->prefix,
		work->request->number, &subject))
		work->new_subject = subject;
}

static bool
changes_content(const struct work *work)
{
	return work->new_subject.n > 0 || work->new_reply_to.n > 0 ||
	       work->has_footer || work->list->anonymous;
}

static bool
depends_on_policy(const struct work *work)
{
	return work->list->dmarc == LIST_DMARC_AUTO && !work->list->anonymous &&
	       !work->request->own_author &&
	       !(work->request->verified && !work->breaks);
}

static enum edit_from
outcome_of(const struct work *work)
{
	if (work->list->anonymous)
		return EDIT_MUNGED;
	switch (work->list->dmarc) {
	case LIST_DMARC_ALWAYS:
		return EDIT_MUNGED;
	case LIST_DMARC_WRAP:
		return EDIT_WRAPPED;
	case LIST_DMARC_NEVER:
		return EDIT_KEPT;
	default:
		return depends_on_policy(work) && work->request->strict
			   ? EDIT_MUNGED
			   : EDIT_KEPT;
	}
}

static void
plan(struct work *work, struct arena *arena, const struct edit_request *request)
{
	*work = (struct work){ .arena = arena,
		.request = request,
		.list = request->list,
		.message = entity_of(request->message) };
	edit_read_author(work);
	plan_subject(work);
	edit_plan_reply_to(work);
	work->has_footer = footer_add(
	    arena, request->message, request->list->footer, &work->footed);
	work->breaks = changes_content(work) || edit_breaks_signature(work);
	work->outcome = outcome_of(work);
}

bool
edit_asks_policy(struct arena *arena, const struct edit_request *request,
    struct slice *domain_out)
{
	struct work work;

	plan(&work, arena, request);
	if (!depends_on_policy(&work) || work.author.domain.n == 0)
		return false;
	*domain_out = work.author.domain;
	return true;
}

/* --- the fields as they go out ------------------------------------------ */

static void
add_whole(struct buf *to, struct slice whole)
{
	(void)buf_add_slice(to, whole);
	if (whole.n > 0 && whole.p[whole.n - 1] != '\n')
		(void)buf_add_char(to, '\n');
}

/* Fields that are written anew behind the others. */
static bool
is_replaced(const struct work *work, struct slice name)
{
	if (slice_eq_nocase(name, SLICE("From")))
		return work->outcome == EDIT_MUNGED;
	if (slice_eq_nocase(name, SLICE("Subject")))
		return work->new_subject.n > 0;
	if (slice_eq_nocase(name, SLICE("Reply-To")))
		return work->new_reply_to.n > 0;
	if (slice_eq_nocase(name, SLICE("Cc")))
		return work->new_cc.n > 0;
	return work->has_footer && work->footed.fields.n > 0 &&
	       slice_starts_nocase(name, SLICE("Content-"));
}

/* A signature that is no good is worse than none to some filters. */
static void
add_field(
    const struct work *work, struct buf *to, const struct header_field *field)
{
	if (edit_removes(work, field->name) || is_of_ours(work, field) ||
	    is_replaced(work, field->name))
		return;
	if ((work->breaks || work->outcome == EDIT_MUNGED) &&
	    slice_eq_nocase(field->name, SLICE("DKIM-Signature")))
		(void)buf_add_text(to, "X-Original-");
	add_whole(to, field->whole);
}

static void
add_value(struct buf *to, const char *field, struct slice value)
{
	if (value.n > 0)
		(void)buf_addf(to, "%s: %.*s\n", field, SLICE_FMT(value));
}

static void
add_from(struct work *work, struct buf *to)
{
	if (work->outcome != EDIT_MUNGED)
		return;
	edit_add_from(work, to);
	if (!work->list->anonymous)
		add_value(to, "X-Original-From", work->from);
}

static void
add_message_id(const struct work *work, struct buf *to)
{
	if (work->list->anonymous ||
	    edit_value(work, SLICE("Message-ID")).n == 0)
		(void)buf_addf(to, "Message-ID: <%.*s>\n",
		    SLICE_FMT(work->request->message_id));
}

static void
add_rest(struct work *work, struct buf *to)
{
	struct header_walk walk = header_start(work->message.header);
	struct header_field field;

	heading_add_rest(
	    work->arena, work->list, work->request->message_id, to);
	while (header_next(&walk, &field))
		add_field(work, to, &field);
	add_from(work, to);
	add_message_id(work, to);
	if (work->new_subject.n > 0)
		heading_add_text(work->arena, to, "Subject", work->new_subject);
	add_value(to, "Reply-To", work->new_reply_to);
	add_value(to, "Cc", work->new_cc);
	if (work->has_footer)
		(void)buf_add_slice(to, work->footed.fields);
	(void)buf_add_char(to, '\n');
}

static void
add_top(struct work *work, struct buf *to)
{
	if (work->list->sender_header && work->outcome == EDIT_KEPT)
		(void)buf_addf(to, "Sender: <%.*s>\n",
		    SLICE_FMT(
			list_sub_address(work->arena, work->list, "owner")));
	heading_add_top(work->arena, work->list, to);
}

static enum verdict
too_large(struct why *why)
{
	return why_say(
	    why, 552, "5.3.4", "The header of this message is too large");
}

static enum verdict
finish(struct work *work, struct edited *edited_out, struct why *why)
{
	AUTO_BUF struct buf top = BUF_INIT(FIELDS_ROOM);
	AUTO_BUF struct buf fields =
	    BUF_INIT(4 * work->message.header.n + FIELDS_ROOM);

	add_top(work, &top);
	add_rest(work, &fields);
	if (buf_failed(&top) || buf_failed(&fields))
		return too_large(why);
	*edited_out = (struct edited){
		.top = arena_slice(work->arena, buf_slice(&top)),
		.fields = arena_slice(work->arena, buf_slice(&fields)),
		.body =
		    work->has_footer ? work->footed.body : work->message.body,
		.from = work->outcome,
	};
	return MAIL_OK;
}

enum verdict
edit_post(struct arena *arena, const struct edit_request *request,
    struct edited *edited_out, struct why *why)
{
	struct work work;

	plan(&work, arena, request);
	if (work.outcome != EDIT_KEPT && !work.list->anonymous &&
	    !work.has_one_author)
		return why_say(why, 550, "5.6.0",
		    "This list has to rewrite From, but neither From nor "
		    "Sender names just one author: send it as one of them");
	if (work.outcome != EDIT_KEPT && !work.list->anonymous)
		edit_keep_repliers(&work);
	if (work.outcome == EDIT_WRAPPED)
		return edit_wrap(&work, edited_out, why);
	return finish(&work, edited_out, why);
}
