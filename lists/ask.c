#include "lists/ask.h"

#include <errno.h>

static const struct db_stmt ask = { "list_policy",
	"SELECT * FROM hauspost.list_policy($1, $2)", 2 };

enum {
	C_ID,
	C_ADDRESS,
	C_LIST_ID,
	C_GERMAN,
	C_POLICY,
	C_NONMEMBER,
	C_SPAM,
	C_HOLD,
	C_ALLOW_BCC,
	C_BANNED,
	C_MAX_SIZE,
	C_MAX_RECIPIENTS,
	C_AUTHOR,
	C_HELD_LEFT,
	C_ACTIONS,
	C_HEADERS,
	C_PATTERNS,
	C_NEGATES,
};

static const char *const modes[] = { "open", "members", "moderated",
	"announce" };
static const char *const authors[] = { "stranger", "allowed", "member",
	"poster", "moderator", "owner" };
_Static_assert(sizeof modes / sizeof *modes == LISTPOLICY_MODES &&
		   sizeof authors / sizeof *authors == LISTPOLICY_AUTHORS,
    "name every choice");

/* Its place among n names, or n. */
static size_t
place_of(struct slice text, const char *const *names, size_t n)
{
	size_t i = 0;

	while (i < n && !slice_eq(text, slice_of(names[i])))
		i++;
	return i;
}

static enum listpolicy_action
action_of(struct slice text)
{
	enum listpolicy_action action = LISTPOLICY_ACCEPT;

	while (action < LISTPOLICY_ACTIONS &&
	       !slice_eq(text, slice_of(listpolicy_action_name(action))))
		action++;
	return action;
}

static void
read_rules(struct arena *arena, const struct db_result *result,
    struct listpolicy *policy)
{
	struct slice *actions, *headers, *patterns, *negates;
	size_t n = db_array(result, 0, C_ACTIONS, arena, &actions);
	struct listpolicy_rule *rules = arena_calloc(arena, n, sizeof *rules);

	(void)db_array(result, 0, C_HEADERS, arena, &headers);
	(void)db_array(result, 0, C_PATTERNS, arena, &patterns);
	(void)db_array(result, 0, C_NEGATES, arena, &negates);
	for (size_t i = 0; i < n; i++)
		rules[i] = (struct listpolicy_rule){
			.action = action_of(actions[i]),
			.header = headers[i],
			.pattern = patterns[i],
			.negate = negates[i].n > 0,
		};
	policy->rules = rules;
	policy->n_rules = n;
}

static struct slice
text(struct arena *arena, const struct db_result *result, int column)
{
	return arena_slice(arena, db_text(result, 0, column));
}

/* The columns that are words. 0, or -EPROTO: one is not known here. */
static int
read_words(const struct db_result *result, struct listpolicy *policy)
{
	size_t mode =
	    place_of(db_text(result, 0, C_POLICY), modes, LISTPOLICY_MODES);
	size_t author =
	    place_of(db_text(result, 0, C_AUTHOR), authors, LISTPOLICY_AUTHORS);

	policy->mode = (enum listpolicy_mode)mode;
	policy->author = (enum listpolicy_author)author;
	policy->nonmember = action_of(db_text(result, 0, C_NONMEMBER));
	policy->spam = action_of(db_text(result, 0, C_SPAM));
	if (mode == LISTPOLICY_MODES || author == LISTPOLICY_AUTHORS ||
	    policy->nonmember == LISTPOLICY_ACTIONS ||
	    policy->spam == LISTPOLICY_ACTIONS ||
	    policy->spam == LISTPOLICY_REJECT)
		return -EPROTO;
	return 0;
}

/* 1, or -EPROTO. */
static int
read_policy(struct arena *arena, const struct db_result *result,
    struct listpolicy *policy_out)
{
	struct listpolicy policy = {
		.id = db_number(result, 0, C_ID),
		.address = text(arena, result, C_ADDRESS),
		.list_id = text(arena, result, C_LIST_ID),
		.german = db_flag(result, 0, C_GERMAN),
		.hold = db_flag(result, 0, C_HOLD),
		.allow_bcc = db_flag(result, 0, C_ALLOW_BCC),
		.banned = db_flag(result, 0, C_BANNED),
		.max_size = db_number(result, 0, C_MAX_SIZE),
		.max_recipients = db_number(result, 0, C_MAX_RECIPIENTS),
		.held_posts_left = db_number(result, 0, C_HELD_LEFT),
	};

	if (read_words(result, &policy) < 0)
		return -EPROTO;
	read_rules(arena, result, &policy);
	*policy_out = policy;
	return 1;
}

int
ask_listpolicy(struct db_pool *pool, struct arena *arena,
    const struct slice question[2], struct listpolicy *policy_out,
    struct why *why)
{
	struct db_result *result;
	int r = db_ask(pool, &ask, question, &result, why);

	if (r < 0)
		return r;
	r = db_rows(result);
	if (r > 0)
		r = read_policy(arena, result, policy_out);
	db_done(result);
	return r < 0 ? why_fail(why, -r, "policy of a list") : r;
}
