#include "tests/unit/test.h"

#include <stdlib.h>

#include "autoconfig-cgi/pox.h"

#define NS "xmlns='" POX_REQUEST_NS "'"
#define SCHEMA                                                                 \
	"<AcceptableResponseSchema>" POX_SCHEMA "</AcceptableResponseSchema>"
#define ADDRESS "<EMailAddress>a@x.example</EMailAddress>"
#define WHOLE(inside)                                                          \
	"<Autodiscover " NS "><Request>" inside "</Request></Autodiscover>"
#define EIGHT(x) x x x x x x x x

static const struct {
	const char *name, *body;
	enum pox_code want;
	const char *address;
} cases[] = {
	{ "as Thunderbird asks",
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Autodiscover " NS
	    ">\n  <Request>\n    " ADDRESS "\n    " SCHEMA
	    "\n  </Request>\n</Autodiscover>\n",
	    POX_OK, "a@x.example" },
	{ "in the other order, with more in between",
	    WHOLE(SCHEMA "<LegacyDN>x</LegacyDN>" ADDRESS), POX_OK,
	    "a@x.example" },
	{ "with a prefix for the namespace",
	    "<a:Autodiscover xmlns:a='" POX_REQUEST_NS
	    "'><a:Request><a:EMailAddress>a@x.example</a:EMailAddress>"
	    "</a:Request></a:Autodiscover>",
	    POX_OK, "a@x.example" },
	{ "without a schema", WHOLE(ADDRESS), POX_OK, "a@x.example" },
	{ "an address in pieces",
	    WHOLE("<EMailAddress>a&amp;b<!-- c --><![CDATA[@x]]>.example"
		  "</EMailAddress>"),
	    POX_OK, "a&b@x.example" },
	{ "the first address counts",
	    WHOLE(ADDRESS "<EMailAddress>b@x.example</EMailAddress>"), POX_OK,
	    "a@x.example" },
	{ "an address deeper down is none", WHOLE("<Other>" ADDRESS "</Other>"),
	    POX_MALFORMED, NULL },
	{ "nor is one beside the request",
	    "<Autodiscover " NS "><Request/><Other>" ADDRESS
	    "</Other></Autodiscover>",
	    POX_MALFORMED, NULL },
	{ "an empty address", WHOLE("<EMailAddress> </EMailAddress>"),
	    POX_MALFORMED, NULL },
	{ "nothing", "", POX_MALFORMED, NULL },
	{ "no XML", "emailaddress=a@x.example", POX_MALFORMED, NULL },
	{ "another root", "<Autoconfig " NS "/>", POX_MALFORMED, NULL },
	{ "another namespace",
	    "<Autodiscover xmlns='urn:x'><Request>" ADDRESS
	    "</Request></Autodiscover>",
	    POX_MALFORMED, NULL },
	{ "no namespace",
	    "<Autodiscover><Request>" ADDRESS "</Request></Autodiscover>",
	    POX_MALFORMED, NULL },
	{ "the end is missing", "<Autodiscover " NS "><Request>" ADDRESS,
	    POX_MALFORMED, NULL },
	{ "more behind the end", WHOLE(ADDRESS) "<x/>", POX_MALFORMED, NULL },
	{ "a document type",
	    "<!DOCTYPE Autodiscover [<!ENTITY e 'a@x.example'>]>" WHOLE(
		"<EMailAddress>&e;</EMailAddress>"),
	    POX_MALFORMED, NULL },
	{ "one in small letters", "<!doctype x>" WHOLE(ADDRESS), POX_MALFORMED,
	    NULL },
	{ "an entity that nobody declared",
	    WHOLE("<EMailAddress>&e;</EMailAddress>"), POX_MALFORMED, NULL },
	{ "another encoding, by name only",
	    "<?xml version='1.0' encoding='UTF-16'?>" WHOLE(ADDRESS), POX_OK,
	    "a@x.example" },
	{ "malformed UTF-8",
	    WHOLE("<EMailAddress>\xFF@x.example</EMailAddress>"), POX_MALFORMED,
	    NULL },
	{ "63 elements and the address",
	    WHOLE(EIGHT("<x/><x/><x/><x/><x/><x/><x/>") "<x/><x/><x/>"
							"<x/><x/>" ADDRESS),
	    POX_OK, "a@x.example" },
	{ "one too many",
	    WHOLE(EIGHT("<x/><x/><x/><x/><x/><x/><x/>") "<x/><x/><x/>"
							"<x/><x/><x/>" ADDRESS),
	    POX_MALFORMED, NULL },
	{ "too deep",
	    WHOLE(
		ADDRESS EIGHT("<x>") EIGHT("<x>") EIGHT("</x>") EIGHT("</x>")),
	    POX_MALFORMED, NULL },
	{ "ActiveSync",
	    "<Autodiscover xmlns='" POX_MOBILE_REQUEST_NS "'><Request>" ADDRESS
	    "<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/"
	    "autodiscover/mobilesync/responseschema/2006"
	    "</AcceptableResponseSchema></Request></Autodiscover>",
	    POX_NO_SCHEMA, NULL },
};

static void
requests_are_read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena = ARENA_INIT;
		struct slice address;

		CASE(cases[i].name);
		assert_int_equal(
		    pox_parse(&arena, slice_of(cases[i].body), &address),
		    cases[i].want);
		if (cases[i].want == POX_OK)
			assert_slice(address, cases[i].address);
		arena_done(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
