#include "sieve/message.h"

#include "core/buf.h"
#include "core/header.h"
#include "sieve/mime.h"

struct sieve_message *
sieve_message_new(struct arena *arena, struct slice octets)
{
	struct sieve_message *message = arena_new(arena, struct sieve_message);

	message->arena = arena;
	message->octets = octets;
	return message;
}

void
sieve_message_done(struct sieve_message *message)
{
	if (message->mime != NULL)
		mime_done(message->mime);
	message->mime = NULL;
}

struct slice
sieve_message_octets(const struct sieve_message *message)
{
	return message->octets;
}

struct fields *
message_fields(struct sieve_message *message)
{
	if (message->fields == NULL)
		message->fields = fields_parse(message->arena, message->octets);
	return message->fields;
}

struct slice
message_body(const struct sieve_message *message)
{
	struct slice rest =
	    slice_tail(message->octets, header_length(message->octets));

	if (rest.n > 0 && rest.p[0] == '\n')
		return slice_tail(rest, 1);
	if (rest.n > 1 && rest.p[0] == '\r' && rest.p[1] == '\n')
		return slice_tail(rest, 2);
	return rest;
}

struct slice
message_line_end(const struct sieve_message *message)
{
	long lf = slice_find(message->octets, '\n');

	if (lf > 0 && message->octets.p[lf - 1] == '\r')
		return SLICE("\r\n");
	return SLICE("\n");
}

static void
add_field(struct buf *to, const struct sieve_field *field, struct slice eol)
{
	if (field->whole.n > 0) {
		(void)buf_add_slice(to, field->whole);
		/* The last field of a message without body may lack it. */
		if (field->whole.p[field->whole.n - 1] != '\n')
			(void)buf_add_slice(to, eol);
		return;
	}
	(void)buf_add_slice(to, field->name);
	(void)buf_add_text(to, ": ");
	(void)buf_add_slice(to, field->value);
	(void)buf_add_slice(to, eol);
}

struct slice
sieve_edit_message(const struct sieve_edit *edit,
    const struct sieve_message *message, struct arena *arena)
{
	AUTO_BUF struct buf to = BUF_INIT(SIZE_MAX / 4);
	struct slice eol = message_line_end(message);

	if (edit == NULL)
		return message->octets;
	for (size_t i = 0; i < edit->n_fields; i++)
		add_field(&to, &edit->fields[i], eol);
	(void)buf_add_slice(&to, eol);
	(void)buf_add_slice(
	    &to, edit->body_replaced ? edit->body : message_body(message));
	return arena_slice(arena, buf_slice(&to));
}
