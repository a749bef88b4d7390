#include "lists/listpolicy.h"

#include "core/header.h"
#include "sieve/address.h"
#include "sieve/encoded_word.h"
#include "sieve/regex.h"

enum {
	RECEIVED_MAX = 50, /* as Postfix' hopcount_limit */
	LISTS_MAX = 3,	   /* that a post may come through */
	COMMAND_LINES = 11,
	VALUE_MAX = 8192,    /* octets of a field that rules look at */
	RULE_FUEL = 1000000, /* octets compared, all rules together */
};

static const char *const action_names[] = { "accept", "hold", "reject",
	"discard" };
_Static_assert(sizeof action_names / sizeof *action_names == LISTPOLICY_ACTIONS,
    "name every action");

const char *
listpolicy_action_name(enum listpolicy_action action)
{
	return action_names[action];
}

/* --- what the sender hears -------------------------------------------- */

/* ASCII: the German stands in an SMTP reply, where umlauts arrive as noise. */
static const struct refusal {
	const char *reason;
	int code;
	const char *dsn, *english, *german;
} refusals[] = {
	{ "loop", 554, "5.4.6", "mail loop", "Mailschleife" },
	{ "banned", 550, "5.7.1", "you may not post to this list",
	    "Sie duerfen hier nicht schreiben" },
	{ "size", 552, "5.3.4", "message too large for this list",
	    "Nachricht zu gross fuer diese Liste" },
	{ "rule", 550, "5.7.1", "this list does not take such messages",
	    "Diese Liste nimmt solche Nachrichten nicht an" },
	{ "nonmember", 550, "5.7.1", "only members may post to this list",
	    "Nur Mitglieder duerfen hier schreiben" },
	{ "announce", 550, "5.7.1", "this list only takes announcements",
	    "Diese Liste dient nur Ankuendigungen" },
};

static void
say_refusal(const struct listpolicy *policy, struct listpolicy_answer *answer)
{
	const struct refusal *refusal = refusals;
	long at = slice_rfind(policy->address, '@');

	while (strcmp(refusal->reason, answer->reason) != 0)
		refusal++; /* every reason that rejects has one */
	(void)why_say(&answer->why, refusal->code, refusal->dsn,
	    "%.*s: %s. %s%s%.*s+owner%.*s", SLICE_FMT(policy->address),
	    refusal->english, policy->german ? refusal->german : "",
	    policy->german ? ". Fragen: " : "Questions: ", (int)at,
	    policy->address.p, (int)policy->address.n - (int)at,
	    policy->address.p + at);
}

/* --- header ----------------------------------------------------------- */

static bool
field_is(struct slice header, struct slice name, struct slice value)
{
	struct header_walk walk = header_start(header);
	struct header_field field;

	while (header_next(&walk, &field))
		if (slice_eq_nocase(field.name, name) &&
		    slice_eq_nocase(field.value, value))
			return true;
	return false;
}

static size_t
count_fields(struct slice header, struct slice name)
{
	struct header_walk walk = header_start(header);
	struct header_field field;
	size_t n = 0;

	while (header_next(&walk, &field))
		n += slice_eq_nocase(field.name, name);
	return n;
}

/* "mailto:" of List-Post, which tells the address of the list (RFC 2369). */
static struct slice
nested_list(struct slice header)
{
	struct header_field field;
	struct slice value, address = { "", 0 };
	long at;

	if (!header_find(header, SLICE("List-Id"), &field) ||
	    !header_find(header, SLICE("List-Post"), &field))
		return address;
	value = field.value;
	at = slice_find(value, '<');
	value = slice_tail(value, (size_t)(at + 1));
	if (at < 0 || !slice_starts_nocase(value, SLICE("mailto:")))
		return address;
	(void)slice_cut(&value, '>', &address);
	return slice_tail(address, strlen("mailto:"));
}

static struct slice
from_address(struct arena *arena, struct slice header)
{
	struct header_field field;
	struct address address;

	if (!header_find(header, SLICE("From"), &field) ||
	    !address_parse(arena, field.value, &address))
		return (struct slice){ "", 0 };
	return address.text;
}

struct slice
listpolicy_author(struct arena *arena, struct slice header)
{
	struct slice author = nested_list(header);

	if (author.n == 0)
		author = from_address(arena, header);
	/* SQL takes no other; an address that is no text is nobody's. */
	return slice_is_text(author) ? author : (struct slice){ "", 0 };
}

/* --- the steps -------------------------------------------------------- */

struct deciding {
	struct arena *arena;
	const struct listpolicy *policy;
	const struct listpolicy_post *post;
	struct listpolicy_answer *answer;
};

/* True: this step decides. */
static bool
decide(struct deciding *d, enum listpolicy_action action, const char *reason)
{
	d->answer->action = action;
	d->answer->reason = reason;
	return true;
}

static bool
is_automatic(struct deciding *d)
{
	struct header_field field;

	if (d->post->sender.n == 0)
		return decide(d, LISTPOLICY_DISCARD, "null-sender");
	if (header_find(d->post->header, SLICE("Auto-Submitted"), &field) &&
	    slice_starts_nocase(field.value, SLICE("auto-")))
		return decide(d, LISTPOLICY_DISCARD, "automatic");
	return false;
}

/* RFC 2919: <id> behind a phrase. */
static bool
is_own_list_id(struct slice header, struct slice list_id)
{
	struct header_field field;
	struct slice value;
	long open;

	if (!header_find(header, SLICE("List-Id"), &field))
		return false;
	open = slice_rfind(field.value, '<');
	value = slice_tail(field.value, (size_t)(open + 1));
	if (value.n > 0 && value.p[value.n - 1] == '>')
		value.n--;
	return slice_eq_nocase(value, list_id);
}

static bool
is_loop(struct deciding *d)
{
	struct slice header = d->post->header, address = d->policy->address;

	if (is_own_list_id(header, d->policy->list_id) ||
	    field_is(header, SLICE("X-Loop"), address) ||
	    field_is(header, SLICE("Delivered-To"), address))
		return decide(d, LISTPOLICY_DISCARD, "loop");
	if (count_fields(header, SLICE("Received")) > RECEIVED_MAX ||
	    count_fields(header, SLICE("X-Loop")) > LISTS_MAX)
		return decide(d, LISTPOLICY_REJECT, "loop");
	return false;
}

static bool
is_stopped(struct deciding *d)
{
	if (d->policy->hold)
		return decide(d, LISTPOLICY_HOLD, "emergency");
	if (d->policy->banned)
		return decide(d, LISTPOLICY_REJECT, "banned");
	if (d->post->size_bytes > (unsigned long long)d->policy->max_size)
		return decide(d, LISTPOLICY_REJECT, "size");
	return false;
}

/* A command that was meant for list-request@: its first word says so. */
static bool
is_command(struct deciding *d)
{
	static const struct slice words[] = { { "subscribe", 9 },
		{ "unsubscribe", 11 }, { "help", 4 } };
	struct slice rest = slice_trim(d->post->body), line, word;
	size_t lines = 1;

	for (size_t i = 0; i < rest.n && lines < COMMAND_LINES; i++)
		lines += rest.p[i] == '\n';
	if (lines >= COMMAND_LINES || !slice_cut(&rest, '\n', &line))
		return false;
	line = slice_trim(line);
	(void)slice_cut(&line, ' ', &word);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_eq_nocase(word, words[i]))
			return decide(d, LISTPOLICY_HOLD, "command");
	return false;
}

/* A subject that tells nobody which of the digest's posts is answered. */
static bool
answers_digest(struct deciding *d)
{
	struct header_field field;
	struct slice subject;

	if (!header_find(d->post->header, SLICE("Subject"), &field))
		return false;
	subject = encoded_word_decode(d->arena,
	    header_unfold(d->arena, slice_head(field.value, VALUE_MAX)));
	if (slice_contains_nocase(subject, SLICE("Digest, Vol ")) ||
	    slice_contains_nocase(subject, SLICE("Digest, Band ")))
		return decide(d, LISTPOLICY_HOLD, "digest");
	return false;
}

struct recipients {
	long long n;
	bool named; /* the list is among them */
};

static void
count_recipients(
    struct deciding *d, struct slice value, struct recipients *recipients)
{
	struct address_walk walk = address_start(d->arena, value);
	struct address address;

	while (address_next(&walk, &address)) {
		recipients->n++;
		recipients->named |=
		    slice_eq_nocase(address.text, d->policy->address);
	}
}

static bool
is_badly_addressed(struct deciding *d)
{
	struct header_walk walk = header_start(d->post->header);
	struct recipients recipients = { 0 };
	struct header_field field;

	while (header_next(&walk, &field))
		if (slice_eq_nocase(field.name, SLICE("To")) ||
		    slice_eq_nocase(field.name, SLICE("Cc")))
			count_recipients(d, field.value, &recipients);
	if (!recipients.named && !d->policy->allow_bcc)
		return decide(d, LISTPOLICY_HOLD, "implicit");
	if (d->policy->max_recipients > 0 &&
	    recipients.n > d->policy->max_recipients)
		return decide(d, LISTPOLICY_HOLD, "recipients");
	return false;
}

/* --- rules ------------------------------------------------------------ */

/* 1 a field of this name matches, 0 none does, -1 the fuel ran out. */
static int
match_fields(struct deciding *d, struct slice name, const pcre2_code *code,
    uint64_t *fuel)
{
	struct header_walk walk = header_start(d->post->header);
	struct header_field field;
	struct slice group;
	size_t n;
	int r = 0;

	while (r == 0 && header_next(&walk, &field)) {
		struct slice value = slice_head(field.value, VALUE_MAX);

		if (!slice_eq_nocase(field.name, name))
			continue;
		value = encoded_word_decode(
		    d->arena, header_unfold(d->arena, value));
		r = regex_match(code, value, &group, 1, &n, fuel);
	}
	return r;
}

static bool
fits(struct deciding *d, const struct listpolicy_rule *rule, uint64_t *fuel)
{
	const char *ignored;
	pcre2_code *code;
	int r;

	/* One that is no expression fits nothing. */
	if (regex_compile(rule->pattern, true, &code, &ignored) < 0)
		return false;
	r = match_fields(d, rule->header, code, fuel);
	pcre2_code_free(code);
	return r >= 0 && (r > 0) != rule->negate;
}

static bool
has_rule(struct deciding *d)
{
	uint64_t fuel = RULE_FUEL;

	for (size_t i = 0; i < d->policy->n_rules; i++)
		if (fits(d, &d->policy->rules[i], &fuel))
			return decide(d, d->policy->rules[i].action, "rule");
	return false;
}

static bool
is_spam(struct deciding *d)
{
	if (!d->post->is_spam || d->policy->spam == LISTPOLICY_ACCEPT)
		return false;
	return decide(d, d->policy->spam, "spam");
}

/* --- the author ------------------------------------------------------- */

static enum listpolicy_author
author_of(const struct deciding *d)
{
	enum listpolicy_author author = d->policy->author;

	if (author > LISTPOLICY_MEMBER && d->post->checked &&
	    !d->post->verified)
		return LISTPOLICY_STRANGER;
	return author;
}

static void
judge_stranger(struct deciding *d, const char *reason)
{
	bool nested = nested_list(d->post->header).n > 0;

	/* Sending it back would tell the other list, not the author. */
	if (nested && d->policy->nonmember == LISTPOLICY_REJECT)
		(void)decide(d, LISTPOLICY_HOLD, "nested");
	else
		(void)decide(d, d->policy->nonmember, reason);
}

static void
judge_member(struct deciding *d, enum listpolicy_author author)
{
	if (author == LISTPOLICY_MEMBER && d->policy->held_posts_left > 0)
		(void)decide(d, LISTPOLICY_HOLD, "new-member");
	else
		(void)decide(d, LISTPOLICY_ACCEPT, "author");
}

static void
judge_author(struct deciding *d)
{
	enum listpolicy_author author = author_of(d);

	switch (d->policy->mode) {
	case LISTPOLICY_ANNOUNCE:
		if (author < LISTPOLICY_POSTER)
			judge_stranger(d, "announce");
		return;
	case LISTPOLICY_MODERATED:
		if (author < LISTPOLICY_MODERATOR)
			(void)decide(d, LISTPOLICY_HOLD, "moderated");
		return;
	case LISTPOLICY_MEMBERS:
		if (author == LISTPOLICY_STRANGER) {
			judge_stranger(d, "nonmember");
			return;
		}
		break;
	case LISTPOLICY_OPEN:
	case LISTPOLICY_MODES:
		break;
	}
	judge_member(d, author);
}

void
listpolicy_decide(struct arena *arena, const struct listpolicy *policy,
    const struct listpolicy_post *post, struct listpolicy_answer *answer_out)
{
	static bool (*const steps[])(struct deciding *) = { is_automatic,
		is_loop, is_stopped, is_command, answers_digest,
		is_badly_addressed, has_rule, is_spam };
	struct deciding d = { arena, policy, post, answer_out };
	bool decided = false;

	*answer_out = (struct listpolicy_answer){ .action = LISTPOLICY_ACCEPT,
		.reason = "author" };
	for (size_t i = 0; !decided && i < sizeof steps / sizeof *steps; i++)
		decided = steps[i](&d);
	if (!decided)
		judge_author(&d);
	if (answer_out->action == LISTPOLICY_REJECT)
		say_refusal(policy, answer_out);
}
