#include "milter/lists.h"

#include "core/authres.h"
#include "lists/ask.h"

bool
lists_want(const struct rcpt *rcpt)
{
	for (size_t i = 0; i < rcpt->n_leaves; i++)
		if (rcpt->leaves[i].kind == LEAF_LIST)
			return true;
	return false;
}

void
lists_add_field(struct buf *header, struct slice name, struct slice value)
{
	size_t before = header->n;

	(void)buf_add_slice(header, name);
	(void)buf_add_text(header, ": ");
	(void)buf_add_slice(header, value);
	if (buf_add_char(header, '\n') < 0)
		header->n = before; /* no field is seen in part */
}

static struct listpolicy_post
describe(struct milter *milter, struct arena *arena,
    const struct lists_post *post, struct slice author)
{
	struct slice authserv_id = slice_of(milter->config.authserv_id);
	struct slice domain = { "", 0 };
	struct authres authres;

	(void)addr_domain(arena, addr_domain_part(author), &domain);
	authres_read(post->header, authserv_id, domain, &authres);
	return (struct listpolicy_post){
		.sender = post->envelope->sender,
		.header = post->header,
		.size_bytes = (unsigned long long)post->envelope->size_bytes,
		.is_spam = post->envelope->is_spam,
		/* Filters may stand behind us, too. */
		.checked =
		    authserv_id.n > 0 && (authres.seen || post->login.n > 0),
		.verified = authres.dmarc || post->login.n > 0,
	};
}

/* The leaf gets the code of a refusal. */
static void
refuse(struct arena *arena, struct leaf *leaf, const struct why *why)
{
	leaf->code = why->code;
	leaf->dsn = slice_of(arena_strdup(arena, why->dsn));
	leaf->reply = slice_of(arena_strdup(arena, why->reply));
}

static int
judge_leaf(struct milter *milter, struct arena *arena,
    const struct lists_post *post, struct leaf *leaf, struct why *why)
{
	const struct slice question[] = { [ASK_RECIPIENT] =
					      leaf->queue_recipient,
		[ASK_AUTHOR] = listpolicy_author(arena, post->header) };
	const struct listpolicy_post facts =
	    describe(milter, arena, post, question[ASK_AUTHOR]);
	struct listpolicy_answer answer;
	struct listpolicy policy;
	int r =
	    ask_listpolicy(milter->budget_pool, arena, question, &policy, why);

	if (r <= 0)
		return r;
	listpolicy_decide(arena, &policy, &facts, &answer);
	if (answer.action == LISTPOLICY_REJECT)
		refuse(arena, leaf, &answer.why);
	return 0;
}

int
lists_judge(struct milter *milter, struct arena *arena,
    const struct lists_post *post, struct why *why)
{
	const struct envelope *envelope = post->envelope;
	int r = 0;

	for (size_t i = 0; i < envelope->n_rcpts; i++) {
		const struct rcpt *rcpt = &envelope->rcpts[i];

		for (size_t j = 0; j < rcpt->n_leaves && r == 0; j++)
			if (rcpt->leaves[j].kind == LEAF_LIST &&
			    rcpt->leaves[j].code == 250)
				r = judge_leaf(
				    milter, arena, post, &rcpt->leaves[j], why);
	}
	return r;
}

const char *
lists_results(
    struct milter *milter, struct arena *arena, const struct lists_post *post)
{
	if (milter->config.authserv_id[0] == '\0' || post->login.n == 0)
		return NULL;
	return arena_printf(arena, "%s; auth=pass smtp.auth=%.*s",
	    milter->config.authserv_id, SLICE_FMT(post->login));
}
