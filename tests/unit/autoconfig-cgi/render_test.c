#include "tests/unit/test.h"

#include <stdlib.h>

#include "autoconfig-cgi/render.h"

static struct setup_service services[] = {
	{ SETUP_IMAP, { "i.example", 9 }, 143, true },
	{ SETUP_SMTP, { "s.example", 9 }, 587, true },
	{ SETUP_SIEVE, { "f.example", 9 }, 4190, true },
};
static const struct setup setup = { .status = SETUP_DOMAIN,
	.domain = { "x.example", 9 },
	.login = { "", 0 },
	.profile = { "f00d", 4 },
	.services = services,
	.n = COUNT(services) };
static const struct provider provider = { .domain = "p.example",
	.name = "A & B <C>",
	.short_name = "\"D'",
	.service_host = "autoconfig.p.example" };

static void
assert_has(struct slice text, const char *part)
{
	if (memmem(text.p, text.n, part, strlen(part)) == NULL)
		fail_msg("%s is not in\n%.*s", part, SLICE_FMT(text));
}

static void
text_is_escaped_in_each_format(void **state)
{
	static struct slice (*const renders[])(
	    struct arena *, const struct publication *) = { render_mozilla,
		render_pox, render_apple };
	const struct publication publication = { .provider = &provider,
		.setup = &setup,
		.address = SLICE("\"><x a='&\"@x.example") };
	struct arena arena = ARENA_INIT;
	struct slice page = render_help(&arena, &publication, LANGUAGE_ENGLISH);

	(void)state;
	for (size_t i = 0; i < COUNT(renders); i++) {
		struct slice text = renders[i](&arena, &publication);

		assert_null(memmem(text.p, text.n, "<x", 2));
		assert_null(memmem(text.p, text.n, "<C>", 3));
	}
	assert_null(memmem(page.p, page.n, "<x", 2));
	assert_has(page, "value=\"&quot;&gt;&lt;x a='&amp;&quot;@x.example\"");
	assert_has(render_mozilla(&arena, &publication),
	    "<displayName>A &amp; B &lt;C&gt;</displayName>");
	arena_done(&arena);
}

static void
starttls_is_said_in_each_format_s_words(void **state)
{
	const struct publication publication = { .provider = &provider,
		.setup = &setup,
		.address = SLICE("a@x.example") };
	struct arena arena = ARENA_INIT;
	struct slice mozilla = render_mozilla(&arena, &publication);
	struct slice pox = render_pox(&arena, &publication);

	(void)state;
	assert_has(mozilla, "<socketType>STARTTLS</socketType>");
	assert_has(mozilla, "<setupServer type=\"managesieve\">");
	assert_has(mozilla, "<username>%EMAILADDRESS%</username>");
	assert_has(pox, "<Encryption>TLS</Encryption>");
	assert_has(pox, "<LoginName>a@x.example</LoginName>");
	assert_null(memmem(pox.p, pox.n, "4190", 4));
	assert_has(render_help(&arena, &publication, LANGUAGE_ENGLISH),
	    "<td>STARTTLS</td>");
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped_in_each_format),
		cmocka_unit_test(starttls_is_said_in_each_format_s_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
