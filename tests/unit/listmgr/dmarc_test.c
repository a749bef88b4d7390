/* Asks a name server of its own, which knows a table and counts questions. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listmgr/dmarc.h"
#include "listmgr/dmarc_record.h"

/* --- a name server ------------------------------------------------------ */

enum { ANSWER_MAX = 512, TYPE_TXT = 16 };

static const struct {
	const char *name, *text;
} zone[] = {
	{ "_dmarc.own.example", "v=DMARC1; p=reject" },
	{ "_dmarc.own.example", "another text" },
	{ "_dmarc.weak.example", "v=DMARC1;p=none;sp=reject" },
	{ "_dmarc.two.example", "v=DMARC1; p=reject" },
	{ "_dmarc.two.example", "v=DMARC1; p=none" },
	{ "_dmarc.np.example", "v=DMARC1; p=none; np=reject" },
	{ "there.np.example", "x" },
	{ "_dmarc.psd", "v=DMARC1; psd=y; p=reject; sp=quarantine" },
	{ "_dmarc.org.psd", "v=DMARC1; p=none; sp=reject" },
	{ "_dmarc.n.no.example", "v=DMARC1; psd=n; sp=quarantine; p=none" },
	{ "_dmarc.no.example", "v=DMARC1; p=reject" },
	{ "_dmarc.h.g.f.e.d.c.b.a.long", "v=DMARC1; p=reject" },
	{ "_dmarc.f.e.d.c.b.a.long", "v=DMARC1; p=quarantine" },
	{ "_dmarc.test.example", "v=DMARC1; p=quarantine; t=y" },
};

struct server {
	int fd;
	char address[32];
	pthread_t thread;
	atomic_int questions;
};

/* The question's name as text; octets of it with type and class. */
static size_t
read_name(const unsigned char *packet, char name[256])
{
	size_t at = 12, n = 0;

	while (packet[at] != 0) {
		size_t length = packet[at++];

		memcpy(name + n, packet + at, length);
		n += length;
		name[n++] = '.';
		at += length;
	}
	name[n > 0 ? n - 1 : 0] = '\0';
	return at + 5 - 12;
}

static size_t
add_text(unsigned char *to, const char *text)
{
	const unsigned char head[] = { 0xc0, 12, 0, TYPE_TXT, 0, 1, 0, 0, 0, 60,
		0, (unsigned char)(strlen(text) + 1),
		(unsigned char)strlen(text) };

	memcpy(to, head, sizeof head);
	memcpy(to + sizeof head, text, strlen(text));
	return sizeof head + strlen(text);
}

/* Below "broken" it refuses to say; below a known name, one exists. */
static int
code_of(const char *name, int answers)
{
	if (strstr(name, "broken") != NULL)
		return 2;
	for (size_t i = 0; i < COUNT(zone); i++) {
		if (strcmp(name, zone[i].name) == 0)
			return 0;
	}
	return answers > 0 ? 0 : 3;
}

static size_t
answer(unsigned char *packet)
{
	char name[256];
	size_t question = read_name(packet, name), n = 12 + question;
	bool is_text = packet[n - 3] == TYPE_TXT;
	unsigned char answers = 0;

	for (size_t i = 0; is_text && i < COUNT(zone); i++) {
		if (strcmp(name, zone[i].name) == 0) {
			n += add_text(packet + n, zone[i].text);
			answers++;
		}
	}
	packet[2] = 0x84;
	packet[3] = (unsigned char)(0x80 | code_of(name, answers));
	memset(packet + 6, 0, 6);
	packet[7] = answers;
	return n;
}

static void *
serve(void *arg)
{
	struct server *server = arg;

	for (;;) {
		unsigned char packet[ANSWER_MAX];
		struct sockaddr_in peer;
		socklen_t peer_n = sizeof peer;
		ssize_t n = recvfrom(server->fd, packet, sizeof packet, 0,
		    (struct sockaddr *)&peer, &peer_n);

		if (n < 17)
			return NULL;
		atomic_fetch_add(&server->questions, 1);
		(void)sendto(server->fd, packet, answer(packet), 0,
		    (struct sockaddr *)&peer, peer_n);
	}
}

static int
start(void **state)
{
	static struct server server;
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof here;

	server.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(server.fd, (struct sockaddr *)&here, sizeof here), 0);
	assert_int_equal(
	    getsockname(server.fd, (struct sockaddr *)&here, &n), 0);
	(void)snprintf(server.address, sizeof server.address, "127.0.0.1:%d",
	    ntohs(here.sin_port));
	assert_int_equal(
	    pthread_create(&server.thread, NULL, serve, &server), 0);
	*state = &server;
	return 0;
}

static int
stop(void **state)
{
	struct server *server = *state;

	(void)shutdown(server->fd, SHUT_RDWR);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->fd);
	return 0;
}

/* --- what is asked ------------------------------------------------------ */

static void
policies_are_found(void **state)
{
	static const struct {
		const char *name, *domain;
		enum dmarc_policy policy;
		int questions;
	} cases[] = {
		{ "its own record, beside other texts", "own.example",
		    DMARC_REJECT, 1 },
		{ "of the domain above, by its sp", "a.b.weak.example",
		    DMARC_REJECT, 4 },
		{ "p where there is no sp", "mail.own.example", DMARC_REJECT,
		    3 },
		{ "a weak one for the domain itself", "weak.example",
		    DMARC_NONE, 1 },
		{ "two records are none", "two.example", DMARC_NONE, 2 },
		{ "none at all", "nothing.example", DMARC_NONE, 2 },
		{ "np for a name that does not exist", "gone.np.example",
		    DMARC_REJECT, 4 },
		{ "but not for one that does", "there.np.example", DMARC_NONE,
		    4 },
		{ "a public suffix' for a domain without one", "bank.psd",
		    DMARC_QUARANTINE, 2 },
		{ "but the organisation's before it", "www.org.psd",
		    DMARC_REJECT, 3 },
		{ "psd=n ends the walk", "x.n.no.example", DMARC_QUARANTINE,
		    2 },
		{ "names of more than eight labels are cut to seven",
		    "i.h.g.f.e.d.c.b.a.long", DMARC_QUARANTINE, 8 },
		{ "testing asks for less", "test.example", DMARC_NONE, 1 },
		{ "a server that does not say", "broken.example", DMARC_UNKNOWN,
		    -1 },
	};
	struct server *server = *state;
	struct dmarc *dmarc = dmarc_new(server->address);

	for (size_t i = 0; i < COUNT(cases); i++) {
		int before = atomic_load(&server->questions);

		CASE(cases[i].name);
		assert_string_equal(dmarc_policy_name(dmarc_policy(
					dmarc, slice_of(cases[i].domain))),
		    dmarc_policy_name(cases[i].policy));
		if (cases[i].questions >= 0)
			assert_int_equal(
			    atomic_load(&server->questions) - before,
			    cases[i].questions);
	}
	dmarc_free(dmarc);
}

static void
answers_are_remembered(void **state)
{
	static const char *const domains[] = { "own.example", "nothing.example",
		"broken.example" };
	struct server *server = *state;
	struct dmarc *dmarc = dmarc_new(server->address);
	enum dmarc_policy first[COUNT(domains)];
	int before;

	for (size_t i = 0; i < COUNT(domains); i++)
		first[i] = dmarc_policy(dmarc, slice_of(domains[i]));
	before = atomic_load(&server->questions);
	for (size_t i = 0; i < COUNT(domains); i++)
		assert_int_equal(
		    dmarc_policy(dmarc, slice_of(domains[i])), first[i]);
	assert_int_equal(atomic_load(&server->questions), before);
	assert_true(dmarc_is_strict(first[2]));
	assert_false(dmarc_is_strict(first[1]));
	dmarc_free(dmarc);
}

static void
records_are_read(void **state)
{
	static const struct {
		const char *text;
		bool is_record;
		enum dmarc_policy own, below, absent;
	} cases[] = {
		{ "v=DMARC1; p=reject; pct=0", true, DMARC_REJECT, DMARC_REJECT,
		    DMARC_REJECT },
		{ " V = DMARC1 ;P=Quarantine;sp=NONE;np=reject;", true,
		    DMARC_QUARANTINE, DMARC_NONE, DMARC_REJECT },
		{ "v=DMARC1; t=y; p=reject; sp=none", true, DMARC_QUARANTINE,
		    DMARC_NONE, DMARC_NONE },
		{ "v=DMARC1; rua=mailto:a@b", true, DMARC_NONE, DMARC_NONE,
		    DMARC_NONE },
		{ "v=DMARC1; p=nothing; sp", true, DMARC_NONE, DMARC_NONE,
		    DMARC_NONE },
		{ "v=DMARC1", true, DMARC_NONE, DMARC_NONE, DMARC_NONE },
		{ "v=dmarc1; p=reject", false, 0, 0, 0 },
		{ "p=reject; v=DMARC1", false, 0, 0, 0 },
		{ "v=spf1 -all", false, 0, 0, 0 },
		{ "", false, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dmarc_record record;

		CASE(cases[i].text);
		assert_int_equal(
		    dmarc_record_read(slice_of(cases[i].text), &record),
		    cases[i].is_record);
		if (!cases[i].is_record)
			continue;
		assert_int_equal(dmarc_record_own(&record), cases[i].own);
		assert_int_equal(
		    dmarc_record_below(&record, true), cases[i].below);
		assert_int_equal(
		    dmarc_record_below(&record, false), cases[i].absent);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_are_found),
		cmocka_unit_test(answers_are_remembered),
		cmocka_unit_test(records_are_read),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
