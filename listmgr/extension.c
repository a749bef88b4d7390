#include "listmgr/extension.h"

#include <errno.h>
#include <stdint.h>

static const char *const kind_names[] = {
	[EXTENSION_POST] = "post",
	[EXTENSION_SUBSCRIBE] = "subscribe",
	[EXTENSION_UNSUBSCRIBE] = "unsubscribe",
	[EXTENSION_CONFIRM] = "confirm",
	[EXTENSION_HELP] = "help",
	[EXTENSION_REQUEST] = "request",
	[EXTENSION_OWNER] = "owner",
	[EXTENSION_MODERATE] = "moderate",
	[EXTENSION_BOUNCE] = "bounce",
	[EXTENSION_BOUNCE_TOKEN] = "bounce-token",
	[EXTENSION_BOUNCE_PROBE] = "bounce-probe",
	[EXTENSION_BOUNCE_LETTER] = "bounce-letter",
	[EXTENSION_GET] = "get",
	[EXTENSION_SET] = "set",
};
_Static_assert(sizeof kind_names / sizeof *kind_names == EXTENSION_KINDS,
    "name every kind");

const char *
extension_name(enum extension_kind kind)
{
	return kind_names[kind];
}

/* --- the pieces ------------------------------------------------------- */

static struct slice
lower(struct arena *arena, struct slice s)
{
	char *p = arena_strndup(arena, s.p, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)ascii_lower((unsigned char)p[i]);
	return (struct slice){ p, s.n };
}

static bool
is_base32(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = ascii_lower((unsigned char)s.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '2' && c <= '7'))
			return false;
	}
	return s.n > 0;
}

static int
read_token(struct arena *arena, struct slice text, struct slice *token_out)
{
	if (text.n < EXTENSION_TOKEN_MIN || text.n > EXTENSION_TOKEN_MAX ||
	    !is_base32(text))
		return -EINVAL;
	*token_out = lower(arena, text);
	return 0;
}

/* user=domain is user@domain: an = of the user's comes before the last one. */
static int
read_address(struct arena *arena, struct slice text, struct slice *address_out)
{
	long at = slice_rfind(text, '=');
	char *address;

	if (at <= 0 || (size_t)at + 1 == text.n)
		return -EINVAL;
	address = arena_strndup(arena, text.p, text.n);
	address[at] = '@';
	*address_out = (struct slice){ address, text.n };
	return 0;
}

static int
read_number(struct slice text, long long *number_out)
{
	unsigned long long number;

	if (!slice_number(text, INT32_MAX, &number) || number == 0)
		return -EINVAL;
	*number_out = (long long)number;
	return 0;
}

/* --- what may follow a command ---------------------------------------- */

typedef int read_rest(
    struct arena *arena, struct slice rest, struct extension *extension);

static int
read_nothing(
    struct arena *arena, struct slice rest, struct extension *extension)
{
	(void)arena, (void)extension;
	return rest.n == 0 ? 0 : -EINVAL;
}

static int
read_mode(struct arena *arena, struct slice rest, struct extension *extension)
{
	static const char *const modes[] = { "normal", "digest", "nomail" };

	(void)arena;
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (slice_eq_nocase(rest, slice_of(modes[i]))) {
			extension->mode = slice_of(modes[i]);
			return 0;
		}
	return -EINVAL;
}

static int
read_leaver(struct arena *arena, struct slice rest, struct extension *extension)
{
	return rest.n == 0 ? 0 : read_address(arena, rest, &extension->address);
}

static int
read_joiner(struct arena *arena, struct slice rest, struct extension *extension)
{
	extension->mode = SLICE("normal");
	if (read_mode(arena, rest, extension) == 0)
		return 0;
	return read_leaver(arena, rest, extension);
}

static int
read_only_token(
    struct arena *arena, struct slice rest, struct extension *extension)
{
	return read_token(arena, rest, &extension->token);
}

static int
read_decision(
    struct arena *arena, struct slice rest, struct extension *extension)
{
	static const char *const decisions[] = { "ok", "no", "drop", "member" };
	long at = slice_find(rest, '-');
	struct slice word;

	if (at < 0)
		return -EINVAL;
	word = slice_tail(rest, (size_t)at + 1);
	for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++)
		if (slice_eq_nocase(word, slice_of(decisions[i])))
			extension->decision = slice_of(decisions[i]);
	if (extension->decision.n == 0)
		return -EINVAL;
	return read_token(
	    arena, slice_head(rest, (size_t)at), &extension->token);
}

/* TOKEN, or N.MAC-user=domain */
static int
read_bounce(struct arena *arena, struct slice rest, struct extension *extension)
{
	struct slice number, mac;
	int r;

	if (read_token(arena, rest, &extension->token) == 0) {
		extension->kind = EXTENSION_BOUNCE_TOKEN;
		return 0;
	}
	if (!slice_cut(&rest, '.', &number) || !slice_cut(&rest, '-', &mac) ||
	    mac.n != EXTENSION_MAC || !is_base32(mac))
		return -EINVAL;
	extension->mac = lower(arena, mac);
	r = read_number(number, &extension->first);
	return r < 0 ? r : read_address(arena, rest, &extension->address);
}

static int
read_range(struct arena *arena, struct slice rest, struct extension *extension)
{
	struct slice first;
	int r;

	(void)arena;
	if (!slice_cut(&rest, '_', &first))
		return -EINVAL;
	r = read_number(first, &extension->first);
	extension->last = extension->first;
	if (r == 0 && rest.n > 0)
		r = read_number(rest, &extension->last);
	return extension->last < extension->first ? -EINVAL : r;
}

/* --- commands --------------------------------------------------------- */

static const struct command_word {
	struct slice word;
	enum extension_kind kind;
	read_rest *read; /* of what stands behind "word-" */
} words[] = {
	{ { "subscribe", 9 }, EXTENSION_SUBSCRIBE, read_joiner },
	{ { "join", 4 }, EXTENSION_SUBSCRIBE, read_joiner },
	{ { "unsubscribe", 11 }, EXTENSION_UNSUBSCRIBE, read_leaver },
	{ { "leave", 5 }, EXTENSION_UNSUBSCRIBE, read_leaver },
	{ { "confirm", 7 }, EXTENSION_CONFIRM, read_only_token },
	{ { "help", 4 }, EXTENSION_HELP, read_nothing },
	{ { "request", 7 }, EXTENSION_REQUEST, read_nothing },
	{ { "owner", 5 }, EXTENSION_OWNER, read_nothing },
	{ { "mod", 3 }, EXTENSION_MODERATE, read_decision },
	{ { "b", 1 }, EXTENSION_BOUNCE, read_bounce },
	{ { "p", 1 }, EXTENSION_BOUNCE_PROBE, read_only_token },
	{ { "c", 1 }, EXTENSION_BOUNCE_LETTER, read_only_token },
	{ { "get", 3 }, EXTENSION_GET, read_range },
	{ { "set", 3 }, EXTENSION_SET, read_mode },
};

static bool
begins(const struct command_word *word, struct slice text)
{
	size_t n = word->word.n;
	char next = text.n > n ? text.p[n] : '-';

	return slice_starts_nocase(text, word->word) && text.n != n + 1 &&
	       (next == '-' ||
		   (next == '+' && word->kind == EXTENSION_CONFIRM));
}

int
extension_parse(
    struct arena *arena, struct slice text, struct extension *extension_out)
{
	struct extension extension = { .kind = EXTENSION_POST };
	int r = text.n == 0 ? 0 : -EINVAL;

	for (size_t i = 0; r < 0 && i < sizeof words / sizeof *words; i++) {
		if (!begins(&words[i], text))
			continue;
		extension = (struct extension){ .kind = words[i].kind };
		r = words[i].read(
		    arena, slice_tail(text, words[i].word.n + 1), &extension);
	}
	if (r == 0)
		*extension_out = extension;
	return r;
}
