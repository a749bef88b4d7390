#include "lmtpd/front/edited.h"

#include "core/header.h"

void
edited_init(struct edited *edited, struct filter *filter)
{
	edited->filter = filter;
	edited->edit = NULL;
	message_init(&edited->message, filter->txn->lmtpd->settings->spool);
}

void
edited_done(struct edited *edited)
{
	message_done(&edited->message);
}

static void
add_field(struct message *message, const struct sieve_field *field)
{
	if (field->whole.n > 0) {
		message_add(message, field->whole);
		if (field->whole.p[field->whole.n - 1] == '\n')
			return;
	} else {
		message_add(message, field->name);
		message_add(message, SLICE(": "));
		message_add(message, field->value);
	}
	message_add(message, SLICE("\n"));
}

/* What stands behind the header of the received message. */
static struct slice
received_body(const struct filter *filter)
{
	struct slice all = filter->view.octets;
	struct slice rest = slice_tail(all, header_length(all));

	return slice_tail(rest, rest.n > 0 && rest.p[0] == '\n');
}

static void
write_version(struct edited *edited, const struct sieve_edit *edit)
{
	struct filter *filter = edited->filter;
	struct message *message = &edited->message;

	for (size_t i = 0; i < edit->n_fields; i++) {
		if (!view_is_head(&filter->view, edit->fields[i].whole))
			add_field(message, &edit->fields[i]);
	}
	message_add(message, SLICE("\n"));
	message_add(
	    message, edit->body_replaced ? edit->body : received_body(filter));
}

/* Scripts may add fields, but within bounds; and nothing is without any. */
static uint64_t
size_max(const struct filter *filter)
{
	return 2 * filter->view.octets.n +
	       (uint64_t)filter->txn->lmtpd->settings->size_max_bytes;
}

struct message *
edited_message(
    struct edited *edited, const struct sieve_edit *edit, struct why *why)
{
	if (edit == NULL)
		return &edited->filter->txn->message;
	if (edited->edit == edit)
		return &edited->message;
	message_reset(&edited->message, size_max(edited->filter));
	write_version(edited, edit);
	edited->edit = NULL;
	if (message_finish(&edited->message, why) != MAIL_OK)
		return NULL;
	edited->edit = edit;
	return &edited->message;
}
