#include "core/addr.h"

#include <errno.h>
#include <idn2.h>

#include "core/buf.h"

/* atext of RFC 5322 3.2.3; octets above 127 come with SMTPUTF8 (RFC 6531). */
static bool
is_atext(unsigned char c)
{
	static const char specials[] = "!#$%&'*+-/=?^_`{|}~";

	if (c >= 0x80)
		return true;
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z'))
		return true;
	return c != '\0' && strchr(specials, c) != NULL;
}

/* Octets of the dot-string at the front of s; 0 when there is none. */
static size_t
dot_string(struct slice s)
{
	size_t n = 0;

	/* RFC 5321 wants atoms between dots, but "a..b" and ".a" exist in
	 * the wild and in old directories: SQL decides what it knows. */
	while (n < s.n && (s.p[n] == '.' || is_atext((unsigned char)s.p[n])))
		n++;
	return n;
}

/* The quoted string at the front of s: its octets meant, its length in s. */
static size_t
quoted_string(struct arena *arena, struct slice s, struct slice *meant)
{
	char *to = arena_alloc(arena, s.n);
	size_t n = 0;

	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"') {
			*meant = (struct slice){ to, n };
			return i + 1;
		}
		if (s.p[i] == '\\' && ++i == s.n)
			return 0;
		to[n++] = s.p[i];
	}
	return 0;
}

static bool
has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	}
	return false;
}

/* [192.0.2.1] or [IPv6:…]: taken as it is, no directory knows it. */
static bool
is_literal(struct slice s)
{
	return s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']' &&
	       slice_find(s, ' ') < 0;
}

static bool
is_label_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_'; /* against RFC 1123, but in use */
}

/* Lower-case letters, digits, hyphens in labels of 1 to 63 octets. */
static bool
is_host_name(struct slice s)
{
	struct slice label;

	while (slice_cut(&s, '.', &label)) {
		if (label.n == 0 || label.n > 63)
			return false;
		for (size_t i = 0; i < label.n; i++) {
			if (!is_label_char((unsigned char)label.p[i]))
				return false;
		}
	}
	return true;
}

static struct slice
lower(struct arena *arena, struct slice s)
{
	char *copy = arena_strndup(arena, s.p, s.n);

	for (size_t i = 0; i < s.n; i++)
		copy[i] = (char)ascii_lower((unsigned char)copy[i]);
	return (struct slice){ copy, s.n };
}

static int
to_ascii(struct arena *arena, struct slice text, struct slice *domain_out)
{
	char *ascii = NULL;
	int r = idn2_to_ascii_8z(arena_strndup(arena, text.p, text.n), &ascii,
	    IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);

	if (r != IDN2_OK)
		return r == IDN2_TOO_BIG_DOMAIN ? -ENAMETOOLONG : -EINVAL;
	*domain_out = arena_slice(arena, slice_of(ascii));
	idn2_free(ascii);
	return 0;
}

int
addr_domain(struct arena *arena, struct slice text, struct slice *domain_out)
{
	struct slice domain;
	int r = 0;

	if (text.n > 0 && text.p[text.n - 1] == '.')
		text.n--; /* the root's dot means the same name */
	if (text.n == 0 || has_control(text) || !slice_is_text(text))
		return -EINVAL;
	if (text.n > 4 * ADDR_DOMAIN_MAX) /* U-labels shrink at most so far */
		return -ENAMETOOLONG;
	if (slice_has_8bit(text))
		r = to_ascii(arena, text, &domain);
	else
		domain = lower(arena, text);
	if (r < 0)
		return r;
	if (domain.n > ADDR_DOMAIN_MAX)
		return -ENAMETOOLONG;
	if (!is_literal(domain) && !is_host_name(domain))
		return -EINVAL;
	*domain_out = domain;
	return 0;
}

static int
parse_local(struct arena *arena, struct slice *rest, struct slice *local_out)
{
	size_t used;

	if (rest->n > 0 && rest->p[0] == '"') {
		used = quoted_string(arena, *rest, local_out);
	} else {
		used = dot_string(*rest);
		*local_out = arena_slice(arena, slice_head(*rest, used));
	}
	if (used == 0 || used >= rest->n || rest->p[used] != '@')
		return -EINVAL;
	*rest = slice_tail(*rest, used + 1);
	return local_out->n <= ADDR_LEAF_LOCAL_MAX ? 0 : -ENAMETOOLONG;
}

/* RFC 5321 appendix C: a route is accepted and ignored. */
static struct slice
without_route(struct slice s)
{
	long colon;

	if (s.n == 0 || s.p[0] != '@')
		return s;
	colon = slice_find(s, ':');
	return colon < 0 ? s : slice_tail(s, (size_t)colon + 1);
}

int
addr_parse(
    struct arena *arena, struct slice text, bool utf8, struct addr *addr_out)
{
	struct addr addr;
	int r;

	if (text.n >= 2 && text.p[0] == '<' && text.p[text.n - 1] == '>')
		text = (struct slice){ text.p + 1, text.n - 2 };
	if (text.n == 0) {
		*addr_out = (struct addr){ { "", 0 }, { "", 0 } };
		return 0;
	}
	if (has_control(text) || !slice_is_text(text))
		return -EILSEQ;
	text = without_route(text);
	r = parse_local(arena, &text, &addr.local);
	if (r < 0)
		return r;
	if (!utf8 && slice_has_8bit(addr.local))
		return -EILSEQ;
	r = addr_domain(arena, text, &addr.domain);
	if (r < 0)
		return r;
	*addr_out = addr;
	return 0;
}

static bool
is_dot_string(struct slice s)
{
	struct slice atom;

	if (s.n == 0 || dot_string(s) != s.n)
		return false;
	while (slice_cut(&s, '.', &atom)) {
		if (atom.n == 0)
			return false;
	}
	return true;
}

static void
add_quoted(struct buf *to, struct slice local)
{
	(void)buf_add_char(to, '"');
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			(void)buf_add_char(to, '\\');
		(void)buf_add_char(to, local.p[i]);
	}
	(void)buf_add_char(to, '"');
}

struct slice
addr_text(struct arena *arena, const struct addr *addr)
{
	AUTO_BUF struct buf text = BUF_INIT(2 * ADDR_MAX + 4);

	if (addr_is_null(addr))
		return (struct slice){ "", 0 };
	if (is_dot_string(addr->local))
		(void)buf_add_slice(&text, addr->local);
	else
		add_quoted(&text, addr->local);
	(void)buf_add_char(&text, '@');
	(void)buf_add_slice(&text, addr->domain);
	return arena_slice(arena, buf_slice(&text));
}
