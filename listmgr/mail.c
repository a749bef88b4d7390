#include "listmgr/mail.h"

#include "listmgr/bounces.h"
#include "listmgr/decide.h"
#include "listmgr/judge.h"
#include "listmgr/request.h"

static mail_handler *const handlers[] = {
	[EXTENSION_POST] = judge_post,
	[EXTENSION_SUBSCRIBE] = request_change,
	[EXTENSION_UNSUBSCRIBE] = request_change,
	[EXTENSION_CONFIRM] = request_confirm,
	[EXTENSION_HELP] = request_help,
	[EXTENSION_REQUEST] = request_help,
	[EXTENSION_OWNER] = decide_owner,
	[EXTENSION_MODERATE] = decide_answer,
	[EXTENSION_BOUNCE] = bounces_post,
	[EXTENSION_BOUNCE_TOKEN] = bounces_post,
	[EXTENSION_BOUNCE_PROBE] = bounces_probe,
	[EXTENSION_BOUNCE_LETTER] = bounces_letter,
	[EXTENSION_GET] = request_get,
	[EXTENSION_SET] = request_change,
};
_Static_assert(
    sizeof handlers / sizeof *handlers == EXTENSION_KINDS, "handle every kind");

enum verdict
mail_handle(struct mail *mail, struct why *why)
{
	return handlers[mail->extension.kind](mail, why);
}
