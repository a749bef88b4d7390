#include "tests/unit/test.h"

#include "listmgr/footer.h"

#define FOOTER "List of the club\nhttps://lists.example.org/l/club"
#define UMLAUT "Liste f\xC3\xBCr alle"

/* What a part with the footer begins with. */
#define PART                                                                   \
	"Content-Type: text/plain; charset=utf-8\n"                            \
	"Content-Disposition: inline\n"                                        \
	"Content-Transfer-Encoding: "
#define PART_7BIT PART "7bit\n\n" FOOTER "\n"
#define WRAP "Content-Type: multipart/mixed; boundary=\"=_part-0-\"\n"

static const struct test_case {
	const char *name, *message, *footer;
	const char *fields, *body; /* fields NULL: takes no footer */
} cases[] = {
	{ "an ASCII text", "Subject: x\n\nHello\n", FOOTER, "",
	    "Hello\n\n-- \n" FOOTER "\n" },
	{ "one without a line end", "Subject: x\n\nHello", FOOTER, "",
	    "Hello\n\n-- \n" FOOTER "\n" },
	{ "an empty one", "Subject: x\n\n", FOOTER, "", "\n-- \n" FOOTER "\n" },
	{ "8bit UTF-8 stays 8bit",
	    "Content-Type: text/plain; charset=UTF-8\n"
	    "Content-Transfer-Encoding: 8bit\n\nGr\xC3\xBC\xC3\x9F\x65\n",
	    UMLAUT, "", "Gr\xC3\xBC\xC3\x9F\x65\n\n-- \n" UMLAUT "\n" },
	{ "8bit latin1: the footer becomes latin1",
	    "Content-Type: text/plain; charset=iso-8859-1\n"
	    "Content-Transfer-Encoding: 8bit\n\nGr\xFC\xDF\x65\n",
	    UMLAUT, "", "Gr\xFC\xDF\x65\n\n-- \nListe f\xFCr alle\n" },
	{ "a footer that latin1 has not: all in UTF-8",
	    "Content-Type: text/plain; charset=iso-8859-1; name=x\n"
	    "Content-Transfer-Encoding: 8bit\nMIME-Version: 1.0\n\n\xFC\n",
	    "\xE2\x98\x83",
	    "Content-Type: text/plain; charset=\"utf-8\"\n"
	    "Content-Transfer-Encoding: quoted-printable\n",
	    "=C3=BC\n\n--=20\n=E2=98=83\n" },
	{ "an umlaut under an ASCII text", "Subject: x\n\nHello = you\n",
	    UMLAUT,
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=\"utf-8\"\n"
	    "Content-Transfer-Encoding: quoted-printable\n",
	    "Hello =3D you\n\n--=20\nListe f=C3=BCr alle\n" },
	{ "quoted-printable is added to as it is",
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n=C3=bc =\nx\n",
	    UMLAUT, "", "=C3=bc =\nx\n\n--=20\nListe f=C3=BCr alle\n" },
	{ "unless it ends in a soft break",
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n"
	    "MIME-Version: 1.0\n\nab=\n",
	    "F",
	    "Content-Type: text/plain; charset=\"utf-8\"\n"
	    "Content-Transfer-Encoding: quoted-printable\n",
	    "ab\n\n--=20\n=46\n" },
	{ "base64 with CRLF in it",
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: base64\n\nSGFsbG8NCg==\n",
	    "F",
	    "Content-Type: text/plain; charset=\"utf-8\"\n"
	    "Content-Transfer-Encoding: base64\n",
	    "SGFsbG8NCg0KLS0gDQpGDQo=\n" },
	{ "format=flowed: stuffed, and no line flows",
	    "Content-Type: text/plain; format=flowed; delsp=yes\n\nx \ny\n",
	    "a \n>b\nFrom c", "", "x \ny\n\n-- \na\n >b\n From c\n" },
	{ "flowed and delsp stay when it is encoded anew",
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain; format=flowed; delsp=yes\n\nx \n",
	    UMLAUT,
	    "Content-Type: text/plain; charset=\"utf-8\"; format=flowed; "
	    "delsp=yes\nContent-Transfer-Encoding: quoted-printable\n",
	    "x=20\n\n--=20\nListe f=C3=BCr alle\n" },
	{ "multipart/mixed gets one more part",
	    "Content-Type: multipart/mixed; boundary=b\n\n"
	    "pre\n--b\n\n\xFC\n--b\nContent-Type: a/b\n\n\n--b--\nepi\n",
	    FOOTER, "",
	    "pre\n--b\n\n\xFC\n--b\nContent-Type: a/b\n\n\n--b\n" PART_7BIT
	    "--b--\nepi\n" },
	{ "with an umlaut",
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\n--b--\n",
	    UMLAUT, "",
	    "--b\n\n\n--b\n" PART
	    "quoted-printable\n\nListe f=C3=BCr alle\n--b--\n" },
	{ "but not when its end is missing",
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n", FOOTER,
	    NULL, NULL },
	{ "nor without a boundary", "Content-Type: multipart/mixed\n\n--b--\n",
	    FOOTER, NULL, NULL },
	{ "nor when the footer has its boundary in it",
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\n--b--\n",
	    "--b", NULL, NULL },
	{ "multipart/alternative is wrapped",
	    "Subject: x\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/alternative;\n boundary=b\n\n"
	    "--b\n\nx\n--b--\n",
	    FOOTER, WRAP,
	    "--=_part-0-\nContent-Type: multipart/alternative;\n boundary=b\n\n"
	    "--b\n\nx\n--b--\n\n--=_part-0-\n" PART_7BIT "--=_part-0---\n" },
	{ "HTML alone is wrapped, 8bit as it is",
	    "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n<b>\xC3\xBC</b>",
	    FOOTER, WRAP "Content-Transfer-Encoding: 8bit\n",
	    "--=_part-0-\nContent-Type: text/html; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n<b>\xC3\xBC</b>\n"
	    "--=_part-0-\n" PART_7BIT "--=_part-0---\n" },
	{ "so is a text that is an attachment",
	    "MIME-Version: 1.0\nContent-Type: text/plain\n"
	    "Content-Disposition: attachment; filename=a\n\nx\n",
	    FOOTER, WRAP,
	    "--=_part-0-\nContent-Type: text/plain\n"
	    "Content-Disposition: attachment; filename=a\n\nx\n\n"
	    "--=_part-0-\n" PART_7BIT "--=_part-0---\n" },
	{ "one of an unknown charset",
	    "MIME-Version: 1.0\nContent-Type: text/plain; charset=x/y\n\nx\n",
	    FOOTER, WRAP,
	    "--=_part-0-\nContent-Type: text/plain; charset=x/y\n\nx\n\n"
	    "--=_part-0-\n" PART_7BIT "--=_part-0---\n" },
	{ "and 8 bits that say not what they are",
	    "MIME-Version: 1.0\n\n\xFC\n", UMLAUT, WRAP,
	    "--=_part-0-\n\n\xFC\n\n--=_part-0-\n" PART
	    "quoted-printable\n\nListe f=C3=BCr alle\n--=_part-0---\n" },
	{ "a boundary that occurs is not taken",
	    "MIME-Version: 1.0\nContent-Type: text/html\n\n--=_part-0-\n",
	    FOOTER, "Content-Type: multipart/mixed; boundary=\"=_part-1-\"\n",
	    "--=_part-1-\nContent-Type: text/html\n\n--=_part-0-\n\n"
	    "--=_part-1-\n" PART_7BIT "--=_part-1---\n" },
	{ "a signed message", "Content-Type: multipart/signed; boundary=b\n\nx",
	    FOOTER, NULL, NULL },
	{ "an encrypted one",
	    "Content-Type: Multipart/Encrypted; boundary=b\n\nx", FOOTER, NULL,
	    NULL },
	{ "S/MIME", "Content-Type: application/pkcs7-mime; smime-type=x\n\nx",
	    FOOTER, NULL, NULL },
	{ "no footer", "Subject: x\n\nHello\n", " \n", NULL, NULL },
};

static void
the_footer_goes_where_it_does_no_harm(void **state)
{
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct test_case *c = &cases[i];
		struct footed footed;
		bool added;

		CASE(c->name);
		added = footer_add(
		    &arena, slice_of(c->message), slice_of(c->footer), &footed);
		assert_int_equal(added, c->fields != NULL);
		if (!added)
			continue;
		assert_slice(footed.fields, c->fields);
		assert_slice(footed.body, c->body);
	}
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_footer_goes_where_it_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
