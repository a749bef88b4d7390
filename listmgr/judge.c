#include "listmgr/judge.h"

#include "core/addr.h"
#include "core/authres.h"
#include "core/forwarding.h"
#include "core/log.h"
#include "listmgr/held.h"
#include "listmgr/petition.h"
#include "lists/ask.h"

/* A post and what is thought of it. */
struct case_of {
	struct mail *mail;
	struct petition petition;
	struct listpolicy policy;
	struct listpolicy_post post;
	struct listpolicy_answer answer;
	struct slice author;
};

static void
read_post(struct case_of *c)
{
	struct mail *mail = c->mail;
	struct slice header, domain = { "", 0 };
	struct authres found;

	petition_read(mail, &c->petition);
	header = c->petition.header;
	c->author = listpolicy_author(mail->arena, header);
	(void)addr_domain(mail->arena, addr_domain_part(c->author), &domain);
	authres_read(header, slice_of(mail->listmgr->settings->common.node),
	    domain, &found);
	c->post = (struct listpolicy_post){
		.sender = mail->sender,
		.header = header,
		.body = slice_tail(mail->message, header.n),
		.size_bytes = mail->message.n,
		.is_spam = forwarding_is_spam(header),
		.checked = found.seen,
		.verified = found.dmarc || found.auth,
	};
}

/* What the checks found is kept: when it is let through they are not redone. */
static enum verdict
hold(struct case_of *c, struct why *why)
{
	const struct petition *p = &c->petition;
	const struct held held = {
		.kind = "post",
		.reason = slice_of(c->answer.reason),
		.author = c->author,
		.subject = p->summary.subject,
		.message_id = p->summary.message_id,
		.spam = c->post.is_spam,
		.tell = p->unanswerable == NULL,
	};

	return held_keep(c->mail, &held, why);
}

static int
carry_out(struct case_of *c, struct why *why)
{
	switch (c->answer.action) {
	case LISTPOLICY_HOLD:
		return hold(c, why) == MAIL_OK ? 0 : -1;
	case LISTPOLICY_REJECT:
		*why = c->answer.why;
		return -1;
	case LISTPOLICY_DISCARD:
		(void)petition_ignore(c->mail, c->answer.reason, why);
		return 0;
	case LISTPOLICY_ACCEPT:
	case LISTPOLICY_ACTIONS:
		break;
	}
	return 1;
}

int
judge_post(struct mail *mail, struct why *why)
{
	struct case_of c = { .mail = mail };
	struct slice question[2];
	int r;

	read_post(&c);
	question[ASK_RECIPIENT] = mail->list.address;
	question[ASK_AUTHOR] = c.author;
	r = ask_listpolicy(
	    mail->listmgr->lists.db, mail->arena, question, &c.policy, why);
	if (r == 0) /* removed since RCPT */
		(void)why_say(why, 550, "5.1.1", "no such list");
	if (r <= 0)
		return -1;
	listpolicy_decide(mail->arena, &c.policy, &c.post, &c.answer);
	return carry_out(&c, why);
}
