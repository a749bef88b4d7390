#include "sieve/extension.h"

#include <errno.h>

#include "core/buf.h"

/*
 * Everything there is. A set of extensions has one bit each in this order;
 * sets are never stored, so the order may change.
 */
const struct sieve_extension *const extension_table[] = {
	&ext_core, /* first: index 0 is what every script has */
	&ext_fileinto,
	&ext_reject,
	&ext_envelope,
	&ext_encoded_character,
	&ext_vacation,
	&ext_subaddress,
	&ext_comparator_octet,
	&ext_comparator_casemap,
	&ext_comparator_numeric,
	&ext_relational,
	&ext_regex,
	&ext_imap4flags,
	&ext_imapflags,
	&ext_copy,
	&ext_include,
	&ext_variables,
	&ext_body,
	&ext_enotify,
	&ext_environment,
	&ext_mailbox,
	&ext_date,
	&ext_index,
	&ext_ihave,
	&ext_duplicate,
	&ext_mime,
	&ext_foreverypart,
	&ext_extracttext,
	&ext_vacation_seconds,
	&ext_editheader,
	&ext_spamtest,
	&ext_spamtestplus,
	&ext_virustest,
	&ext_special_use,
	&ext_ereject,
	&ext_mboxmetadata,
	&ext_servermetadata,
	&ext_fcc,
	&ext_mailboxid,
	&ext_envelope_dsn,
	&ext_redirect_dsn,
	&ext_extlists,
	&ext_replace,
	&ext_enclose,
	&ext_notify,
};

enum { COUNT = sizeof extension_table / sizeof *extension_table };
_Static_assert(COUNT <= 64, "a set of extensions has 64 bits");

size_t
extension_count(void)
{
	return COUNT;
}

int
extension_find(struct slice name)
{
	for (int i = 0; i < COUNT; i++) {
		if (slice_eq(name, slice_of(extension_table[i]->name)))
			return i;
	}
	return -1;
}

int
extension_index(const struct sieve_extension *extension)
{
	for (int i = 0; i < COUNT; i++) {
		if (extension_table[i] == extension)
			return i;
	}
	return -1;
}

static sieve_extension_set
set_of(bool (*wanted)(const struct sieve_extension *))
{
	sieve_extension_set set = 0;

	for (int i = 0; i < COUNT; i++) {
		if (wanted(extension_table[i]))
			set |= (sieve_extension_set)1 << i;
	}
	return set;
}

static bool
is_any(const struct sieve_extension *extension)
{
	(void)extension;
	return true;
}

static bool
is_default(const struct sieve_extension *extension)
{
	return !extension->off_by_default;
}

static bool
is_silent(const struct sieve_extension *extension)
{
	return extension->silent;
}

sieve_extension_set
sieve_extensions_all(void)
{
	return set_of(is_any);
}

sieve_extension_set
sieve_extensions_default(void)
{
	return set_of(is_default);
}

sieve_extension_set
extension_silent_set(void)
{
	return set_of(is_silent);
}

/* A blank-separated list: the next word, or false. */
static bool
next_name(struct slice *list, struct slice *name)
{
	while (slice_cut(list, ' ', name)) {
		*name = slice_trim(*name);
		if (name->n > 0)
			return true;
	}
	return false;
}

static bool
is_change(struct slice name)
{
	return name.p[0] == '+' || name.p[0] == '-';
}

int
sieve_extensions_parse(
    struct slice list, sieve_extension_set *set_out, struct slice *bad_out)
{
	struct slice trimmed = slice_trim(list), name;
	sieve_extension_set set = 0, bit;

	/* A list that only changes begins with the default one. */
	if (trimmed.n == 0 || is_change(trimmed))
		set = sieve_extensions_default();
	while (next_name(&list, &name)) {
		bool remove = name.p[0] == '-';
		int i = extension_find(slice_tail(name, is_change(name)));

		if (i <= 0) {
			*bad_out = name;
			return -EINVAL;
		}
		bit = (sieve_extension_set)1 << i;
		set = remove ? set & ~bit : set | bit;
	}
	*set_out = set;
	return 0;
}

struct slice
sieve_extension_names(sieve_extension_set set, struct arena *arena)
{
	AUTO_BUF struct buf names = BUF_INIT(4096);

	for (int i = 1; i < COUNT; i++) {
		if ((set >> i & 1) == 0 || extension_table[i]->silent)
			continue;
		if (names.n > 0)
			(void)buf_add_char(&names, ' ');
		(void)buf_add_text(&names, extension_table[i]->name);
	}
	return arena_slice(arena, buf_slice(&names));
}
