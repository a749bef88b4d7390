#include "listmgr/judge.h"

#include "core/addr.h"
#include "core/authres.h"
#include "core/forwarding.h"
#include "core/header.h"
#include "core/log.h"
#include "lists/ask.h"

#include "listmgr/held.h"
#include "listmgr/outgoing.h"
#include "listmgr/petition.h"
#include "listmgr/post.h"

struct judging {
	struct mail *mail;
	struct slice header, author;
	struct authres authres;
	struct listpolicy policy;
	struct listpolicy_post post;
	struct listpolicy_answer answer;
};

static void
gather(struct judging *j)
{
	struct mail *mail = j->mail;
	const char *authserv_id = mail->listmgr->settings->authserv_id;
	struct slice domain = { "", 0 };
	size_t head = header_length(mail->message);

	j->header = slice_head(mail->message, head);
	j->author = listpolicy_author(mail->arena, j->header);
	(void)addr_domain(mail->arena, addr_domain_part(j->author), &domain);
	authres_read(j->header, slice_of(authserv_id), domain, &j->authres);
	j->post = (struct listpolicy_post){
		.sender = mail->sender,
		.header = j->header,
		.body = slice_tail(mail->message, head),
		.size_bytes = mail->message.n,
		.is_spam = forwarding_is_spam(j->header),
		.checked = authserv_id[0] != '\0',
		.verified = j->authres.dmarc || j->authres.auth,
	};
}

/* 1 decided, 0 the list has just gone, -errno. */
static int
decide(struct judging *j, struct why *why)
{
	struct mail *mail = j->mail;
	const struct slice question[] = {
		[ASK_RECIPIENT] = mail->list.address, [ASK_AUTHOR] = j->author
	};
	int r = ask_listpolicy(
	    mail->listmgr->lists.db, mail->arena, question, &j->policy, why);

	if (r > 0)
		listpolicy_decide(
		    mail->arena, &j->policy, &j->post, &j->answer);
	return r;
}

static enum verdict
hold(struct judging *j, struct why *why)
{
	struct petition petition;
	struct held held = {
		.kind = "post",
		.reason = slice_of(j->answer.reason),
		.author = j->author,
		.spam = j->post.is_spam,
		.verified = j->post.verified,
	};

	petition_read(j->mail, &petition);
	held.subject = petition.summary.subject;
	held.message_id = petition.summary.message_id;
	held.tell = petition.unanswerable == NULL;
	return held_keep(j->mail, &held, why);
}

/* Postfix sends it back to the envelope's sender, who may be a stranger. */
static enum verdict
refuse(struct judging *j, struct why *why)
{
	if (j->post.checked && !j->post.verified)
		return why_say(why, 250, "2.0.0", "dropped");
	*why = j->answer.why;
	return MAIL_PERMFAIL;
}

/* Editing may find that no From of the list can stand for the authors. */
static enum verdict
distribute(struct judging *j, struct why *why)
{
	struct mail *mail = j->mail;
	struct outgoing outgoing = { .listmgr = mail->listmgr,
		.arena = mail->arena,
		.list = mail->list,
		.view = { mail->message } };
	enum verdict verdict = outgoing_edit(&outgoing, why);

	if (verdict == MAIL_PERMFAIL) {
		j->answer.why = *why;
		return refuse(j, why);
	}
	return verdict == MAIL_OK ? post_distribute(mail, why) : verdict;
}

static enum verdict
act(struct judging *j, struct why *why)
{
	switch (j->answer.action) {
	case LISTPOLICY_ACCEPT:
		return distribute(j, why);
	case LISTPOLICY_HOLD:
		return hold(j, why);
	case LISTPOLICY_REJECT:
		return refuse(j, why);
	case LISTPOLICY_DISCARD:
	case LISTPOLICY_ACTIONS:
		break;
	}
	return why_say(why, 250, "2.0.0", "dropped");
}

enum verdict
judge_post(struct mail *mail, struct why *why)
{
	struct judging j = { .mail = mail };
	int r;

	gather(&j);
	r = decide(&j, why);
	if (r < 0)
		return MAIL_TEMPFAIL;
	if (r == 0)
		return why_say(why, 550, "5.1.1", "no such list");
	if (j.answer.action != LISTPOLICY_ACCEPT)
		log_event(LOG_INFO, mail->queue_id,
		    listpolicy_action_name(j.answer.action),
		    LOG_SLICE("list", mail->list.address),
		    LOG_SLICE("author", j.author),
		    LOG_TEXT("why", j.answer.reason));
	return act(&j, why);
}
