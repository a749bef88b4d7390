#include "listmgr/mail.h"

#include "listmgr/post.h"

static mail_handler *const handlers[EXTENSION_KINDS] = {
	[EXTENSION_POST] = post_take,
};

enum verdict
mail_handle(struct mail *mail, struct why *why)
{
	mail_handler *handler = handlers[mail->extension.kind];

	if (handler == NULL)
		return why_say(why, 550, "5.1.1", "the list has no %s address",
		    extension_name(mail->extension.kind));
	return handler(mail, why);
}
