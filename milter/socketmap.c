#include "milter/socketmap.h"

#include <errno.h>

enum { LENGTH_DIGITS_MAX = 4 };

/* The length before the colon: 1, 0 more needed, -EPROTO. */
static int
read_length(struct slice in, size_t *length_out, size_t *used_out)
{
	long colon = slice_find(slice_head(in, LENGTH_DIGITS_MAX + 1), ':');
	unsigned long long length;

	if (colon < 0)
		return in.n > LENGTH_DIGITS_MAX ? -EPROTO : 0;
	if (!slice_number(
		slice_head(in, (size_t)colon), SOCKETMAP_REQUEST_MAX, &length))
		return -EPROTO;
	*length_out = (size_t)length;
	*used_out = (size_t)colon + 1;
	return 1;
}

int
socketmap_read(
    struct slice in, struct socketmap_request *request_out, size_t *used_out)
{
	struct slice text;
	size_t length, before;
	long blank;
	int r = read_length(in, &length, &before);

	if (r <= 0)
		return r;
	if (in.n < before + length + 1)
		return 0;
	text = slice_head(slice_tail(in, before), length);
	blank = slice_find(text, ' ');
	if (in.p[before + length] != ',' || blank < 0)
		return -EPROTO;
	request_out->map = slice_head(text, (size_t)blank);
	request_out->key = slice_tail(text, (size_t)blank + 1);
	*used_out = before + length + 1;
	return 1;
}

void
socketmap_write(
    struct buf *out, enum socketmap_status status, struct slice text)
{
	static const struct slice words[] = {
		[SOCKETMAP_OK] = { "OK ", 3 },
		[SOCKETMAP_NOTFOUND] = { "NOTFOUND ", 9 },
		[SOCKETMAP_TEMP] = { "TEMP ", 5 },
	};

	(void)buf_addf(out, "%zu:", words[status].n + text.n);
	(void)buf_add_slice(out, words[status]);
	(void)buf_add_slice(out, text);
	(void)buf_add_char(out, ',');
}
