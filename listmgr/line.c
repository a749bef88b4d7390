#include "listmgr/line.h"

#include "core/buf.h"
#include "sieve/charset.h"
#include "sieve/text.h"

enum { GROWTH = 3 }; /* an octet that is no UTF-8 becomes U+FFFD */

struct slice
line_clean(struct arena *arena, struct slice text, size_t max)
{
	AUTO_BUF struct buf clean = BUF_INIT(GROWTH * max);
	char *line;

	/* What is cut off anyway need not be converted. */
	(void)charset_to_utf8(SLICE("utf-8"), text_cut(text, max), &clean);
	text = text_cut(buf_slice(&clean), max);
	line = arena_strndup(arena, text.p, text.n);
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = ' ';
	}
	return slice_trim((struct slice){ line, text.n });
}
