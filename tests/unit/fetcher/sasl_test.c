#include "tests/unit/test.h"

#include "core/buf.h"
#include "fetcher/sasl.h"

#define S(literal)                                                             \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}

static const struct sasl_login tim = { .user = S("tim"),
	.secret = S("tanstaaftanstaaf"),
	.host = S("server.example"),
	.port = 143 };
static const struct sasl_login user = { .user = S("user"),
	.secret = S("pencil") };
static const struct sasl_login someuser = { .user = S("someuser@example.com"),
	.secret = S("vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg=="),
	.is_token = true,
	.host = S("server.example.com"),
	.port = 143 };

/* Challenge, answer, challenge, answer …; NULL as an answer: broken off. */
static void
exchanges_are_those_of_the_rfcs(void **state)
{
	static const struct {
		const char *name;
		enum sasl_mechanism mechanism;
		const struct sasl_login *login;
		const char *nonce;
		struct {
			const char *challenge;
			struct slice answer;
		} steps[4];
		bool fine;
	} cases[] = {
		{ "PLAIN", SASL_PLAIN, &tim, NULL,
		    { { "", S("\0tim\0tanstaaftanstaaf") } }, true },
		{ "LOGIN, whatever is asked", SASL_LOGIN, &tim, NULL,
		    { { "Username:", S("tim") },
			{ "?", S("tanstaaftanstaaf") } },
		    true },
		{ "CRAM-MD5 (RFC 2195 2)", SASL_CRAM_MD5, &tim, NULL,
		    { { "<1896.697170952@postoffice.reston.mci.net>",
			S("tim b913a602c7eda7a495b4e6e7334d3890") } },
		    true },
		{ "SCRAM-SHA-1 (RFC 5802 5)", SASL_SCRAM_SHA_1, &user,
		    "fyko+d2lbbFgONRv9qkxdawL",
		    { { "", S("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL") },
			{ "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
			  "s=QSXCR+Q6sek8bf92,i=4096",
			    S("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvW"
			      "Vs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=") },
			{ "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", S("") } },
		    true },
		{ "SCRAM-SHA-256 (RFC 7677 3)", SASL_SCRAM_SHA_256, &user,
		    "rOprNGfwEbeRWgbNEkqO",
		    { { "", S("n,,n=user,r=rOprNGfwEbeRWgbNEkqO") },
			{ "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$"
			  "k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			    S("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxF"
			      "Ilj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqm"
			      "miz7AndVQ=") },
			{ "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
			    S("") } },
		    true },
		{ "a server that does not know the password",
		    SASL_SCRAM_SHA_256, &user, "rOprNGfwEbeRWgbNEkqO",
		    { { "", S("n,,n=user,r=rOprNGfwEbeRWgbNEkqO") },
			{ "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$"
			  "k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			    S("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxF"
			      "Ilj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqm"
			      "miz7AndVQ=") },
			{ "v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
			    { NULL, 0 } } },
		    false },
		{ "a nonce that is not ours", SASL_SCRAM_SHA_1, &user, "fyko",
		    { { "", S("n,,n=user,r=fyko") },
			{ "r=fykX3rfc,s=QSXCR+Q6sek8bf92,i=4096",
			    { NULL, 0 } } },
		    false },
		{ "work for hours", SASL_SCRAM_SHA_1, &user, "fyko",
		    { { "", S("n,,n=user,r=fyko") },
			{ "r=fyko3rfc,s=QSXCR+Q6sek8bf92,i=600001",
			    { NULL, 0 } } },
		    false },
		{ "XOAUTH2, and an empty line when it is refused", SASL_XOAUTH2,
		    &someuser, NULL,
		    { { "",
			  S("user=someuser@example.com\1auth=Bearer vF9dft4qmT"
			    "c2Nvb3RlckBhdHRhdmlzdGEuY29tCg==\1\1") },
			{ "{\"status\":\"401\"}", S("") } },
		    true },
		{ "OAUTHBEARER (RFC 7628 4.1)", SASL_OAUTHBEARER, &someuser,
		    NULL,
		    { { "",
			  S("n,a=someuser@example.com,\1host=server.example.co"
			    "m\1port=143\1auth=Bearer vF9dft4qmTc2Nvb3RlckBhdHR"
			    "hdmlzdGEuY29tCg==\1\1") },
			{ "{\"status\":\"401\"}", S("\1") } },
		    true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sasl sasl;

		CASE(cases[i].name);
		sasl_start(
		    &sasl, cases[i].mechanism, cases[i].login, cases[i].nonce);
		for (size_t s = 0; s < 4 && cases[i].steps[s].challenge; s++) {
			struct slice want = cases[i].steps[s].answer;
			struct buf answer = BUF_INIT(SASL_ANSWER_MAX);
			int r = sasl_step(&sasl,
			    slice_of(cases[i].steps[s].challenge), &answer);

			assert_int_equal(r < 0, want.p == NULL);
			if (r == 0)
				assert_true(slice_eq(buf_slice(&answer), want));
			buf_free(&answer);
		}
		assert_int_equal(sasl_is_fine(&sasl), cases[i].fine);
		sasl_done(&sasl);
	}
}

static void
the_best_is_chosen(void **state)
{
	static const struct {
		const char *name, *wanted, *offered;
		bool is_token, secure;
		enum sasl_mechanism best;
	} cases[] = {
		{ "SCRAM before all", "auto",
		    "LOGIN PLAIN SCRAM-SHA-1 CRAM-MD5", false, true,
		    SASL_SCRAM_SHA_1 },
		{ "PLAIN within TLS", "auto", "CRAM-MD5 login plain", false,
		    true, SASL_PLAIN },
		{ "not without it, if there is another", "auto",
		    "CRAM-MD5 LOGIN PLAIN", false, false, SASL_CRAM_MD5 },
		{ "what is wanted", "LOGIN", "PLAIN LOGIN", false, true,
		    SASL_LOGIN },
		{ "what is wanted is not offered", "SCRAM-SHA-256", "PLAIN",
		    false, true, SASL_NONE },
		{ "a token needs its own", "auto", "PLAIN XOAUTH2", true, true,
		    SASL_XOAUTH2 },
		{ "and is no password", "auto", "PLAIN", true, true,
		    SASL_NONE },
		{ "nothing known", "auto", "DIGEST-MD5 GSSAPI", false, true,
		    SASL_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		CASE(cases[i].name);
		assert_int_equal(
		    sasl_choose(cases[i].wanted, slice_of(cases[i].offered),
			cases[i].is_token, cases[i].secure),
		    cases[i].best);
	}
}

/* RFC 1939 7 */
static void
apop_is_the_rfcs(void **state)
{
	char hex[33];

	(void)state;
	sasl_apop(
	    SLICE("<1896.697170952@dbc.mtview.ca.us>"), SLICE("tanstaaf"), hex);
	assert_string_equal(hex, "c4c9334bac560ecc979e58001b3e22fb");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exchanges_are_those_of_the_rfcs),
		cmocka_unit_test(the_best_is_chosen),
		cmocka_unit_test(apop_is_the_rfcs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
