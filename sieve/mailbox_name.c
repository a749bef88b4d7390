#include "sieve/mailbox_name.h"

bool
mailbox_name_ok(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < ' ' || c == 0x7f)
			return false;
	}
	return name.n > 0 && name.n <= MAILBOX_NAME_MAX && slice_is_text(name);
}

bool
mailbox_name_check(struct compiler *compiler, const struct text *name)
{
	if (!text_is_fixed(name) || mailbox_name_ok(name->fixed))
		return true;
	return compile_error(compiler,
	    "\"%.*s\" is no name for a mailbox: "
	    "it must be UTF-8 without control characters",
	    ERRORS_WORD(name->fixed));
}

bool
mailbox_fcc_check(struct compiler *compiler, const struct node *node)
{
	if (node->store == NULL)
		return true;
	if (node->store->fcc == NULL)
		return compile_error(compiler,
		    "\"%s\" files a copy only "
		    "with \":fcc\"",
		    node->word->name);
	return mailbox_name_check(compiler, node->store->fcc);
}
