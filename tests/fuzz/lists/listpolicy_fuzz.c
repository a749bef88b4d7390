/* Any header: the policy of a list says something sensible about it. */
#include <assert.h>
#include <stdint.h>

#include "core/authres.h"
#include "lists/listpolicy.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static const struct listpolicy_rule rules[] = {
		{ LISTPOLICY_REJECT, { "Subject", 7 }, { "^(a|b)+$", 8 },
		    false },
	};
	static const struct listpolicy policy = {
		.address = { "news@example.org", 16 },
		.list_id = { "news.example.org", 16 },
		.mode = LISTPOLICY_MEMBERS,
		.nonmember = LISTPOLICY_REJECT,
		.max_size = 100000,
		.max_recipients = 10,
		.rules = rules,
		.n_rules = 1,
	};
	struct slice header = { (const char *)octets, n };
	const struct listpolicy_post post = { .sender = { "a@b", 3 },
		.header = header,
		.body = header,
		.size_bytes = n };
	struct arena arena = ARENA_INIT;
	struct listpolicy_answer answer;
	struct authres authres;

	listpolicy_decide(&arena, &policy, &post, &answer);
	assert(answer.reason != NULL);
	assert((answer.action == LISTPOLICY_REJECT) == (answer.why.code != 0));
	assert(slice_is_text(listpolicy_author(&arena, header)));
	authres_read(header, (struct slice){ "mx", 2 },
	    (struct slice){ "b.example", 9 }, &authres);
	assert(
	    authres.seen || !(authres.dmarc || authres.auth || authres.dkim));
	arena_done(&arena);
	return 0;
}
