#include "fetcher/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdint.h>

enum { ADDRESS_OCTETS = 16, RANGES_MAX = 256, PORTS_MAX = 64 };

/* IPv4 as ::ffff:a.b.c.d, so that there is one kind of address. */
struct guard_range {
	unsigned char octets[ADDRESS_OCTETS];
	unsigned bits;
};

#define V4(a, b, c, d, n)                                                      \
	{                                                                      \
		{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d },      \
		    96 + (n)                                                   \
	}

/* What no mail provider is reached at (IANA's special-purpose registries). */
static const struct guard_range denied[] = {
	V4(0, 0, 0, 0, 8),
	V4(10, 0, 0, 0, 8),
	V4(100, 64, 0, 0, 10),
	V4(127, 0, 0, 0, 8),
	V4(169, 254, 0, 0, 16),
	V4(172, 16, 0, 0, 12),
	V4(192, 0, 0, 0, 24),
	V4(192, 0, 2, 0, 24),
	V4(192, 88, 99, 0, 24),
	V4(192, 168, 0, 0, 16),
	V4(198, 18, 0, 0, 15),
	V4(198, 51, 100, 0, 24),
	V4(203, 0, 113, 0, 24),
	V4(224, 0, 0, 0, 3), /* multicast, reserved, broadcast */
	{ { 0 }, 96 },	     /* ::, ::1, and IPv4-compatible ones */
	{ { 0x01 }, 64 },    /* discard only */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
	{ { 0xfc }, 7 },
	{ { 0xfe, 0x80 }, 9 }, /* link local, and the old site local */
	{ { 0xff }, 8 },
};

/* Prefixes that carry an IPv4 address behind them. */
static const struct {
	unsigned char octets[12];
	size_t n, at;
} carriers[] = {
	{ { 0x00, 0x64, 0xff, 0x9b }, 12, 12 }, /* NAT64, RFC 6052 */
	{ { 0x20, 0x02 }, 2, 2 },		/* 6to4, RFC 3056 */
};

static bool
is_in(
    const unsigned char octets[ADDRESS_OCTETS], const struct guard_range *range)
{
	unsigned whole = range->bits / 8, rest = range->bits % 8;
	unsigned char mask = (unsigned char)(0xff00 >> rest);

	return memcmp(octets, range->octets, whole) == 0 &&
	       (rest == 0 ||
		   ((octets[whole] ^ range->octets[whole]) & mask) == 0);
}

static bool
is_in_any(const unsigned char octets[ADDRESS_OCTETS],
    const struct guard_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_in(octets, &ranges[i]))
			return true;
	}
	return false;
}

static void
map_v4(unsigned char octets[ADDRESS_OCTETS], const void *v4)
{
	(void)memset(octets, 0, 10);
	octets[10] = octets[11] = 0xff;
	(void)memcpy(octets + 12, v4, 4);
}

static void
unwrap(unsigned char octets[ADDRESS_OCTETS])
{
	unsigned char v4[4];

	for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
		if (memcmp(octets, carriers[i].octets, carriers[i].n) != 0)
			continue;
		(void)memcpy(v4, octets + carriers[i].at, sizeof v4);
		map_v4(octets, v4);
		return;
	}
}

static bool
read_sockaddr(
    const struct sockaddr *address, unsigned char octets[ADDRESS_OCTETS])
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET)
		map_v4(octets, &v4->sin_addr);
	else if (address->sa_family == AF_INET6)
		(void)memcpy(octets, &v6->sin6_addr, ADDRESS_OCTETS);
	else
		return false;
	unwrap(octets);
	return true;
}

bool
guard_allows_port(const struct guard *guard, unsigned port)
{
	for (size_t i = 0; i < guard->n_ports; i++) {
		if (guard->ports[i] == port)
			return true;
	}
	return false;
}

bool
guard_allows(const struct guard *guard, const struct sockaddr *address)
{
	unsigned char octets[ADDRESS_OCTETS];

	if (!read_sockaddr(address, octets))
		return false;
	if (is_in_any(octets, guard->allowed, guard->n_allowed))
		return true;
	return !is_in_any(octets, denied, sizeof denied / sizeof *denied) &&
	       !is_in_any(octets, guard->own, guard->n_own);
}

/* --- settings --------------------------------------------------------- */

static int
complain(struct why *why, const char *what, struct slice word)
{
	(void)why_say(why, 451, "4.3.5", "bad configuration");
	why_detail(why, "%s: \"%.*s\" is none", what, SLICE_FMT(word));
	return -EINVAL;
}

static bool
read_range(struct slice text, struct guard_range *range)
{
	char address[INET6_ADDRSTRLEN];
	unsigned char v4[4];
	unsigned long long bits = 128;
	struct slice host;
	bool is_v4;

	(void)slice_cut(&text, '/', &host);
	if (host.n >= sizeof address)
		return false;
	(void)memcpy(address, host.p, host.n);
	address[host.n] = '\0';
	is_v4 = inet_pton(AF_INET, address, v4) == 1;
	if (is_v4)
		map_v4(range->octets, v4);
	else if (inet_pton(AF_INET6, address, range->octets) != 1)
		return false;
	if (text.n > 0 && !slice_number(text, is_v4 ? 32 : 128, &bits))
		return false;
	range->bits = (unsigned)bits + (is_v4 && text.n > 0 ? 96 : 0);
	return true;
}

static int
read_networks(struct guard *guard, struct slice text, struct arena *arena,
    struct why *why)
{
	struct guard_range *ranges =
	    arena_calloc(arena, RANGES_MAX, sizeof *ranges);
	struct slice word;

	guard->allowed = ranges;
	while (slice_cut(&text, ',', &word)) {
		word = slice_trim(word);
		if (word.n == 0)
			continue;
		if (guard->n_allowed == RANGES_MAX ||
		    !read_range(word, &ranges[guard->n_allowed++]))
			return complain(why, "allow_networks", word);
	}
	return 0;
}

static int
read_ports(struct guard *guard, struct slice text, struct arena *arena,
    struct why *why)
{
	unsigned *ports = arena_calloc(arena, PORTS_MAX, sizeof *ports);
	unsigned long long port;
	struct slice word;

	guard->ports = ports;
	while (slice_cut(&text, ',', &word)) {
		word = slice_trim(word);
		if (word.n == 0)
			continue;
		if (guard->n_ports == PORTS_MAX ||
		    !slice_number(word, 65535, &port))
			return complain(why, "ports", word);
		ports[guard->n_ports++] = (unsigned)port;
	}
	return 0;
}

static int
read_own(struct guard *guard, struct arena *arena, struct why *why)
{
	struct guard_range *ranges =
	    arena_calloc(arena, RANGES_MAX, sizeof *ranges);
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return why_fail(why, errno, "own addresses");
	guard->own = ranges;
	for (struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
		struct guard_range *range = &ranges[guard->n_own];

		range->bits = 8 * ADDRESS_OCTETS;
		if (one->ifa_addr != NULL && guard->n_own < RANGES_MAX - 1 &&
		    read_sockaddr(one->ifa_addr, range->octets))
			guard->n_own++;
	}
	freeifaddrs(all);
	return 0;
}

int
guard_open(struct guard *guard, const char *networks, const char *ports,
    struct arena *arena, struct why *why)
{
	int r;

	*guard = (struct guard){ 0 };
	r = read_networks(guard, slice_of(networks), arena, why);
	if (r == 0)
		r = read_ports(guard, slice_of(ports), arena, why);
	if (r == 0)
		r = read_own(guard, arena, why);
	return r;
}
