#include "tests/unit/test.h"

#include "listmgr/edit.h"
#include "listmgr/list.h"

#define FIELDS_TOP                                                             \
	"Precedence: list\n"                                                   \
	"List-Id: Club <club.example.org>\n"                                   \
	"List-Help: <mailto:club+help@example.org>\n"                          \
	"List-Subscribe: <mailto:club+subscribe@example.org>\n"
#define FIELDS_REST                                                            \
	"List-Post: <mailto:club@example.org>\n"                               \
	"List-Owner: <mailto:club+owner@example.org>\n"                        \
	"X-Loop: club@example.org\n"
#define FROM "From: Anna <anna@remote.example>\n"
#define ID "Message-ID: <1@remote.example>\n"
#define VIA "From: Anna via Club <club@example.org>\n"
#define ORIGINAL "X-Original-From: Anna <anna@remote.example>\n"
#define SIGNATURE "DKIM-Signature: v=1; h=From:Subject; b=x\n"

static const struct list plain_list = { .name = { "club", 4 },
	.domain = { "example.org", 11 },
	.address = { "club@example.org", 16 },
	.list_id = { "club.example.org", 16 },
	.title = { "Club", 4 },
	.language = LIST_EN,
	.policy = LIST_MEMBERS,
	.page = { "", 0 } };

struct test_case {
	const char *name;
	struct list list; /* what differs from plain_list */
	const char *message;
	const char *fields; /* behind FIELDS_REST; NULL: refused */
	const char *body;
	bool verified, own_author, strict, german;
};

#define S(literal)                                                             \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}

static const struct test_case cases[] = {
	{ .name = "a list that wants nothing changes nothing",
	    .message = SIGNATURE FROM "Subject: x\n" ID "\nHello\n",
	    .fields = SIGNATURE FROM "Subject: x\n" ID "\n",
	    .body = "Hello\n",
	    .verified = true,
	    .strict = true },
	{ .name = "what is not the author's to say goes",
	    .message = "Return-Path: <x@y>\nDelivered-To: Club@example.org\n"
		       "Delivered-To: anna@remote.example\nSender: x@y\n"
		       "Authentication-Results: h01.example; dkim=pass\n"
		       "Authentication-Results: h01.example.net; dkim=pass\n"
		       "List-Id: <other.example>\nlist-unsubscribe: <x>\n"
		       "Errors-To: x\nReturn-Receipt-To: x\nApproved: secret\n"
		       "Disposition-Notification-To: x\nX-Approved: secret\n"
		       "X-Confirm-Reading-To: x\nPrecedence: bulk\n"
		       "X-Loop: other@example\n" FROM ID "\n",
	    .fields = "Delivered-To: anna@remote.example\n"
		      "Authentication-Results: h01.example.net; dkim=pass\n"
		      "X-Loop: other@example\n" FROM ID "\n",
	    .body = "" },
	{ .name = "a missing Message-ID is made up",
	    .message = FROM "\nx",
	    .fields = FROM "Message-ID: <made@example.org>\n\n",
	    .body = "x" },
	{ .name = "without a good signature From becomes the list",
	    .message = FROM ID "\nx\n",
	    .fields =
		ID VIA ORIGINAL "Reply-To: Anna <anna@remote.example>\n\n",
	    .body = "x\n",
	    .strict = true },
	{ .name = "not where nobody asks for it",
	    .message = FROM ID "\nx\n",
	    .fields = FROM ID "\n",
	    .body = "x\n" },
	{ .name = "nor for an author of ours",
	    .message = FROM ID "\nx\n",
	    .fields = FROM ID "\n",
	    .body = "x\n",
	    .strict = true,
	    .own_author = true },
	{ .name = "a prefix breaks the signature",
	    .list = { .prefix = S("[club]") },
	    .message = SIGNATURE FROM "Subject: Re: x\n" ID "\nx\n",
	    .fields = "X-Original-" SIGNATURE ID VIA ORIGINAL
		      "Subject: Re: [club] x\n"
		      "Reply-To: Anna <anna@remote.example>\n\n",
	    .body = "x\n",
	    .verified = true,
	    .strict = true },
	{ .name = "one that is there already does not",
	    .list = { .prefix = S("[club]") },
	    .message = SIGNATURE FROM "Subject: Re: [club] x\n" ID "\nx\n",
	    .fields = SIGNATURE FROM "Subject: Re: [club] x\n" ID "\n",
	    .body = "x\n",
	    .verified = true,
	    .strict = true },
	{ .name = "an encoded subject gets it in UTF-8",
	    .list = { .prefix = S("[club %n]") },
	    .message = FROM "Subject: =?iso-8859-1?q?f=FCr?=\n" ID "\nx\n",
	    .fields = FROM ID "Subject: =?utf-8?b?W2NsdWIgMTddIGbDvHI=?=\n\n",
	    .body = "x\n" },
	{ .name = "a signature over List-Post breaks by our own",
	    .message = "DKIM-Signature: v=1; h=from : list-post; b=x\n" FROM ID
		       "\nx\n",
	    .fields =
		"X-Original-DKIM-Signature: v=1; h=from : list-post; b=x\n" ID
		    VIA ORIGINAL "Reply-To: Anna <anna@remote.example>\n\n",
	    .body = "x\n",
	    .verified = true,
	    .strict = true },
	{ .name = "one over a Sender that there was breaks",
	    .message =
		"DKIM-Signature: h=sender; b=x\nSender: a@b\n" FROM ID "\nx\n",
	    .fields = "X-Original-DKIM-Signature: h=sender; b=x\n" FROM ID "\n",
	    .body = "x\n",
	    .verified = true },
	{ .name = "one over a Sender that there was not stays good",
	    .message = "DKIM-Signature: h=sender; b=x\n" FROM ID "\nx\n",
	    .fields = "DKIM-Signature: h=sender; b=x\n" FROM ID "\n",
	    .body = "x\n",
	    .verified = true,
	    .strict = true },
	{ .name = "always",
	    .list = { .dmarc = LIST_DMARC_ALWAYS },
	    .message = "From: anna@remote.example\nReply-To: x@y\n" ID "\nx\n",
	    .fields =
		"Reply-To: x@y\n" ID "From: =?utf-8?b?YW5uYSDDvGJlciBDbHVi?= "
		"<club@example.org>\n"
		"X-Original-From: anna@remote.example\n\n",
	    .body = "x\n",
	    .own_author = true,
	    .german = true },
	{ .name = "never",
	    .list = { .dmarc = LIST_DMARC_NEVER, .prefix = S("[club]") },
	    .message = FROM ID "Subject: [club] x\n\nx\n",
	    .fields = FROM ID "Subject: [club] x\n\n",
	    .body = "x\n",
	    .strict = true },
	{ .name = "a name that looks like an address loses its domain",
	    .list = { .dmarc = LIST_DMARC_ALWAYS },
	    .message =
		"From: \"a.b@bank.example\" <x@y>\nReply-To: z\n" ID "\nx\n",
	    .fields =
		"Reply-To: z\n" ID "From: \"a.b via Club\" <club@example.org>\n"
		"X-Original-From: \"a.b@bank.example\" <x@y>\n\n",
	    .body = "x\n" },
	{ .name = "Reply-To of the list keeps the author's",
	    .list = { .reply_to = LIST_REPLY_LIST },
	    .message = FROM "Reply-To: a@b,\n c@d\n" ID "\nx\n",
	    .fields = FROM ID "Reply-To: <club@example.org>,\n a@b,\n c@d\n\n",
	    .body = "x\n" },
	{ .name = "unless it is forced",
	    .list = { .reply_to = LIST_REPLY_LIST, .reply_to_force = true },
	    .message = FROM "Reply-To: a@b\n" ID "\nx\n",
	    .fields = FROM ID "Reply-To: <club@example.org>\n\n",
	    .body = "x\n" },
	{ .name = "an author who answers to the list himself",
	    .list = { .reply_to = LIST_REPLY_LIST },
	    .message = SIGNATURE FROM "Reply-To: Club@Example.ORG\n" ID "\nx\n",
	    .fields = SIGNATURE FROM "Reply-To: Club@Example.ORG\n" ID "\n",
	    .body = "x\n" },
	{ .name = "an address of its own",
	    .list = { .reply_to = LIST_REPLY_ADDRESS,
		.reply_to_address = S("desk@example.org") },
	    .message = FROM ID "\nx\n",
	    .fields = FROM ID "Reply-To: <desk@example.org>\n\n",
	    .body = "x\n" },
	{ .name = "munged, the author becomes Cc of a list that is answered",
	    .list = { .reply_to = LIST_REPLY_LIST, .dmarc = LIST_DMARC_ALWAYS },
	    .message = FROM "Cc: b@c\n" ID "\nx\n",
	    .fields =
		ID VIA ORIGINAL "Reply-To: <club@example.org>\n"
				"Cc: b@c,\n Anna <anna@remote.example>\n\n",
	    .body = "x\n" },
	{ .name = "but not twice",
	    .list = { .reply_to = LIST_REPLY_LIST, .dmarc = LIST_DMARC_ALWAYS },
	    .message =
		FROM "To: club@example.org, ANNA@remote.example\n" ID "\nx\n",
	    .fields =
		"To: club@example.org, ANNA@remote.example\n" ID VIA ORIGINAL
		"Reply-To: <club@example.org>\n\n",
	    .body = "x\n" },
	{ .name = "of several authors the Sender counts",
	    .list = { .dmarc = LIST_DMARC_ALWAYS },
	    .message = "From: a@b, c@d\nSender: Eva <e@f>\n" ID "\nx\n",
	    .fields = ID "From: Eva via Club <club@example.org>\n"
			 "X-Original-From: a@b, c@d\nReply-To: a@b, c@d\n\n",
	    .body = "x\n" },
	{ .name = "and without one nobody can say",
	    .list = { .dmarc = LIST_DMARC_ALWAYS },
	    .message = "From: a@b, c@d\n" ID "\nx\n" },
	{ .name = "nor where there is no author at all",
	    .list = { .dmarc = LIST_DMARC_ALWAYS },
	    .message = ID "\nx\n" },
	{ .name = "a footer",
	    .list = { .footer = S("Bye") },
	    .message = SIGNATURE FROM ID "\nx\n",
	    .fields = "X-Original-" SIGNATURE FROM ID "\n",
	    .body = "x\n\n-- \nBye\n",
	    .verified = true },
	{ .name = "a footer that needs another Content-Type",
	    .list = { .footer = S("Bye") },
	    .message = "Content-Type: text/html\nMIME-Version: 1.0\n" FROM ID
		       "Content-Language: de\n\nx\n",
	    .fields =
		"MIME-Version: 1.0\n" FROM ID "Content-Type: multipart/mixed; "
		"boundary=\"=_part-0-\"\n\n",
	    .body = "--=_part-0-\nContent-Type: text/html\n"
		    "Content-Language: de\n\nx\n\n--=_part-0-\n"
		    "Content-Type: text/plain; charset=utf-8\n"
		    "Content-Disposition: inline\n"
		    "Content-Transfer-Encoding: 7bit\n\nBye\n"
		    "--=_part-0---\n" },
	{ .name = "an anonymous list says nothing of the author",
	    .list = { .anonymous = true, .reply_to = LIST_REPLY_LIST },
	    .message = "Received: from home\nX-Mailer: Mine\n" SIGNATURE FROM ID
		       "Reply-To: a@b\nTo: club@example.org\nSubject: x\n"
		       "References: <0@x>\nContent-Type: text/plain\n\nx\n",
	    .fields = "To: club@example.org\nSubject: x\n"
		      "References: <0@x>\nContent-Type: text/plain\n"
		      "From: Club <club@example.org>\n"
		      "Message-ID: <made@example.org>\n"
		      "Reply-To: <club@example.org>\n\n",
	    .body = "x\n" },
	{ .name = "wrapped, the post stays as it was",
	    .list = { .dmarc = LIST_DMARC_WRAP, .prefix = S("[club]") },
	    .message = "Approved: secret\n" SIGNATURE FROM
		       "Subject: x\nTo: a@b\nDate: today\n" ID
		       "References: <0@x>\n\nx\n",
	    .fields = VIA "Subject: [club] x\nDate: today\nTo: a@b\n"
			  "Reply-To: Anna <anna@remote.example>\n"
			  "References: <0@x>\n <made@example.org>\n"
			  "Message-ID: <pwep4x3iwpn7ywkaldlhuxfp@example.org>\n"
			  "MIME-Version: 1.0\n"
			  "Content-Type: multipart/mixed; "
			  "boundary=\"=_part-0-\"\n"
			  "Content-Transfer-Encoding: 8bit\n\n",
	    .body = "--=_part-0-\nContent-Type: text/plain; charset=utf-8\n"
		    "Content-Disposition: inline\n"
		    "Content-Transfer-Encoding: quoted-printable\n\n"
		    "anna@remote.example wrote this message to the list "
		    "club@example.org;\n"
		    "it is attached as it was written.\n\n\n"
		    "--=_part-0-\nContent-Type: message/rfc822\n"
		    "Content-Disposition: inline\n"
		    "Content-Transfer-Encoding: 8bit\n\n" SIGNATURE FROM
		    "Subject: x\nTo: a@b\nDate: today\n" ID
		    "References: <0@x>\n\nx\n\n--=_part-0---\n" },
};

/* What a case says of its list, over what all have in common. */
static struct list
list_of(const struct test_case *c)
{
	struct list list = plain_list;

	list.prefix = c->list.prefix;
	list.footer = c->list.footer;
	list.reply_to = c->list.reply_to;
	list.reply_to_address = c->list.reply_to_address;
	list.reply_to_force = c->list.reply_to_force;
	list.dmarc = c->list.dmarc;
	list.anonymous = c->list.anonymous;
	list.language = c->german ? LIST_DE : LIST_EN;
	return list;
}

static struct edit_request
request_of(const struct test_case *c, const struct list *list)
{
	return (struct edit_request){ .list = list,
		.message = slice_of(c->message),
		.message_id = SLICE("made@example.org"),
		.node = SLICE("h01.example"),
		.number = 17,
		.verified = c->verified,
		.own_author = c->own_author,
		.strict = c->strict };
}

static void
posts_become_the_lists(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct test_case *c = &cases[i];
		const struct list list = list_of(c);
		const struct edit_request request = request_of(c, &list);
		struct why why = { 0 };
		struct edited edited;
		enum verdict verdict;

		CASE(c->name);
		verdict = edit_post(&arena, &request, &edited, &why);
		assert_int_equal(
		    verdict, c->fields != NULL ? MAIL_OK : MAIL_PERMFAIL);
		if (verdict != MAIL_OK)
			continue;
		assert_slice(edited.top, FIELDS_TOP);
		assert_slice(slice_head(edited.fields, strlen(FIELDS_REST)),
		    FIELDS_REST);
		assert_slice(
		    slice_tail(edited.fields, strlen(FIELDS_REST)), c->fields);
		assert_slice(edited.body, c->body);
	}
	arena_done(&arena);
}

static void
policies_are_asked_for_where_they_matter(void **state)
{
	static const struct {
		const char *name;
		struct test_case test;
		const char *domain;
	} asked[] = {
		{ "no signature", { .name = "", .message = FROM "\n" },
		    "remote.example" },
		{ "a good one that stays",
		    { .name = "", .message = FROM "\n", .verified = true },
		    NULL },
		{ "a good one that breaks",
		    { .name = "",
			.list = { .footer = S("Bye") },
			.message = FROM "\nx",
			.verified = true },
		    "remote.example" },
		{ "an author of ours",
		    { .name = "", .message = FROM "\n", .own_author = true },
		    NULL },
		{ "always",
		    { .name = "",
			.list = { .dmarc = LIST_DMARC_ALWAYS },
			.message = FROM "\n" },
		    NULL },
		{ "nobody", { .name = "", .message = "From: me\n\n" }, NULL },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		const struct list list = list_of(&asked[i].test);
		const struct edit_request request =
		    request_of(&asked[i].test, &list);
		struct slice domain;

		CASE(asked[i].name);
		assert_int_equal(edit_asks_policy(&arena, &request, &domain),
		    asked[i].domain != NULL);
		if (asked[i].domain != NULL)
			assert_slice(domain, asked[i].domain);
	}
	arena_done(&arena);
}

static void
sender_is_the_list_when_it_wants_that(void **state)
{
	struct arena arena = ARENA_INIT;
	struct list list = plain_list;
	const struct test_case test = { .name = "", .message = FROM "\nx\n" };
	struct edit_request request = request_of(&test, &list);
	struct edited edited;
	struct why why;

	(void)state;
	list.sender_header = true;
	assert_int_equal(edit_post(&arena, &request, &edited, &why), MAIL_OK);
	assert_slice(
	    edited.top, "Sender: <club+owner@example.org>\n" FIELDS_TOP);
	list.dmarc = LIST_DMARC_ALWAYS;
	assert_int_equal(edit_post(&arena, &request, &edited, &why), MAIL_OK);
	assert_slice(edited.top, FIELDS_TOP);
	assert_int_equal(edited.from, EDIT_MUNGED);
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posts_become_the_lists),
		cmocka_unit_test(policies_are_asked_for_where_they_matter),
		cmocka_unit_test(sender_is_the_list_when_it_wants_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
