#include "core/setup.h"

#include <errno.h>

enum { PORT_MAX = 65535 };

enum {
	S_STATUS,
	S_DOMAIN,
	S_LOGIN,
	S_PROFILE,
	S_PROTOCOL,
	S_HOST,
	S_PORT,
	S_TLS,
	S_COLUMNS
};

static const char *const status_names[] = {
	[SETUP_ABSENT] = "absent",
	[SETUP_UNRESOLVED] = "unresolved",
	[SETUP_DOMAIN] = "domain",
	[SETUP_MAILBOX] = "mailbox",
};
_Static_assert(sizeof status_names / sizeof *status_names == SETUP_STATES,
    "name every status");

static const struct {
	const char *name;
	unsigned tls_port; /* RFC 8314 7.3, 3.3; none for ManageSieve */
} protocols[] = {
	[SETUP_IMAP] = { "imap", 993 },
	[SETUP_POP3] = { "pop3", 995 },
	[SETUP_SMTP] = { "smtp", 465 },
	[SETUP_SIEVE] = { "sieve", 0 },
};
_Static_assert(sizeof protocols / sizeof *protocols == SETUP_PROTOCOLS,
    "name every protocol");

const char *
setup_status_name(enum setup_status status)
{
	return status_names[status];
}

const char *
setup_protocol_name(enum setup_protocol protocol)
{
	return protocols[protocol].name;
}

unsigned
setup_tls_port(enum setup_protocol protocol)
{
	return protocols[protocol].tls_port;
}

const struct setup_service *
setup_find(const struct setup *setup, enum setup_protocol protocol)
{
	for (size_t i = 0; i < setup->n; i++) {
		if (setup->services[i].protocol == protocol)
			return &setup->services[i];
	}
	return NULL;
}

static bool
read_status(struct slice name, enum setup_status *status)
{
	for (int i = 0; i < SETUP_STATES; i++) {
		if (slice_eq(name, slice_of(status_names[i])))
			return *status = (enum setup_status)i, true;
	}
	return false;
}

static bool
read_protocol(struct slice name, enum setup_protocol *protocol)
{
	for (int i = 0; i < SETUP_PROTOCOLS; i++) {
		if (slice_eq(name, slice_of(protocols[i].name)))
			return *protocol = (enum setup_protocol)i, true;
	}
	return false;
}

/* It becomes part of XML, JSON and zone files; none wants another octet. */
static bool
is_host(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", s.p[i]) ==
			NULL ||
		    s.p[i] == '\0')
			return false;
	}
	return s.n > 0;
}

static bool
read_service(const struct rows *rows, size_t row, struct setup_service *service)
{
	struct slice tls = rows_cell(rows, row, S_TLS);
	unsigned long long port;

	if (!slice_number(rows_cell(rows, row, S_PORT), PORT_MAX, &port))
		return false;
	service->host = rows_cell(rows, row, S_HOST);
	service->port = (unsigned)port;
	service->starttls = slice_eq(tls, SLICE("starttls"));
	return port > 0 && is_host(service->host) &&
	       (service->starttls || slice_eq(tls, SLICE("implicit"))) &&
	       read_protocol(
		   rows_cell(rows, row, S_PROTOCOL), &service->protocol);
}

static bool
read_services(struct arena *arena, const struct rows *rows, struct setup *setup)
{
	setup->services = arena_calloc(arena, rows->n, sizeof *setup->services);
	for (size_t i = 0; i < rows->n; i++) {
		if (!read_service(rows, i, &setup->services[i]))
			return false;
	}
	setup->n = rows->n;
	return true;
}

static bool
read_setup(struct arena *arena, const struct rows *rows, struct setup *setup)
{
	if (rows->n == 0 || rows->columns != S_COLUMNS ||
	    !read_status(rows_cell(rows, 0, S_STATUS), &setup->status))
		return false;
	if (setup->status == SETUP_ABSENT)
		return true;
	setup->domain = rows_cell(rows, 0, S_DOMAIN);
	setup->login = rows_cell(rows, 0, S_LOGIN);
	setup->profile = rows_cell(rows, 0, S_PROFILE);
	return is_host(setup->domain) && read_services(arena, rows, setup);
}

int
setup_read(struct arena *arena, const struct rows *rows,
    struct setup *setup_out, struct why *why)
{
	struct setup setup = { 0 };

	if (!read_setup(arena, rows, &setup)) {
		(void)why_say(
		    why, 451, "4.3.0", "directory trouble, try later");
		why_detail(
		    why, "hauspost.autoconfig() answered what makes no sense");
		return -EPROTO;
	}
	*setup_out = setup;
	return 0;
}
