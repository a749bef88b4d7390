#include "milter/callbacks.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/endpoint.h"
#include "core/log.h"
#include "milter/session.h"

enum {
	BACKLOG = 512,			    /* as core/endpoint.c */
	REPLY_LINE_MAX = 2 * WHY_REPLY_MAX, /* every "%" twice */
};

/* What we do to messages. */
enum {
	ACTIONS = SMFIF_ADDHDRS | SMFIF_ADDRCPT_PAR | SMFIF_DELRCPT |
		  SMFIF_CHGFROM | SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
};

/*
 * What we need not see, and what needs no answer of ours. The body must come:
 * SIZE at MAIL is what a client says, and Postfix has no macro for the real
 * size; without answers its chunks cost a copy and no round trip.
 */
static const unsigned long steps =
    SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH |
    SMFIP_NR_CONN | SMFIP_NR_HDR | SMFIP_NR_BODY | SMFIP_HDR_LEADSPC;

/* libmilter's connect callback has no other way to reach what is shared. */
static struct milter *shared;

/* --- conversions ------------------------------------------------------ */

static struct session *
session_of(SMFICTX *ctx)
{
	return smfi_getpriv(ctx);
}

static struct slice
macro(SMFICTX *ctx, const char *name)
{
	char text[32];
	const char *value;

	(void)snprintf(text, sizeof text, "%s", name);
	value = smfi_getsymval(ctx, text);
	return slice_of(value != NULL ? value : "");
}

/* libmilter's texts are formats. */
static void
double_percents(const char *text, char line[static REPLY_LINE_MAX])
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text == '%')
			line[n++] = '%';
		line[n++] = *text;
	}
	line[n] = '\0';
}

static sfsistat
answer(SMFICTX *ctx, enum verdict verdict, const struct why *why)
{
	char code[8], dsn[WHY_DSN_MAX], line[REPLY_LINE_MAX];

	if (verdict == MAIL_OK)
		return SMFIS_CONTINUE;
	(void)snprintf(code, sizeof code, "%d", why->code);
	(void)snprintf(dsn, sizeof dsn, "%s", why->dsn);
	double_percents(why->reply, line);
	/* If it fails Postfix says a general text of the same class. */
	(void)smfi_setreply(ctx, code, dsn, line);
	return verdict == MAIL_PERMFAIL ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* --- the connection --------------------------------------------------- */

static int
want_macros(SMFICTX *ctx)
{
	char at_connect[] = "{daemon_name} {daemon_addr} {daemon_port} "
			    "{client_addr} {client_port}";
	char at_mail[] = "{auth_authen}";
	char at_end[] = "i";

	return smfi_setsymlist(ctx, SMFIM_CONNECT, at_connect) == MI_SUCCESS &&
	       smfi_setsymlist(ctx, SMFIM_ENVFROM, at_mail) == MI_SUCCESS &&
	       smfi_setsymlist(ctx, SMFIM_EOM, at_end) == MI_SUCCESS;
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long offered_actions,
    unsigned long offered_steps, unsigned long f2, unsigned long f3,
    unsigned long *actions_out, unsigned long *steps_out, unsigned long *f2_out,
    unsigned long *f3_out)
{
	(void)f2, (void)f3;
	if ((offered_actions & ACTIONS) != ACTIONS ||
	    (offered_steps & steps) != steps || !want_macros(ctx)) {
		log_event(LOG_ERR, NULL, "mta-too-old",
		    LOG_NUM("actions", (long long)offered_actions),
		    LOG_NUM("steps", (long long)offered_steps));
		return SMFIS_REJECT;
	}
	*actions_out = ACTIONS;
	*steps_out = steps;
	*f2_out = *f3_out = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *addr)
{
	const struct session_peer peer = {
		.daemon_name = macro(ctx, "{daemon_name}"),
		.client_addr = macro(ctx, "{client_addr}"),
		.client_port = macro(ctx, "{client_port}"),
		.daemon_addr = macro(ctx, "{daemon_addr}"),
		.daemon_port = macro(ctx, "{daemon_port}"),
	};

	(void)host, (void)addr;
	(void)smfi_setpriv(ctx, session_open(shared, &peer));
	return SMFIS_NOREPLY;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	session_close(session_of(ctx));
	(void)smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

/* --- the message ------------------------------------------------------ */

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	const struct session_path path = { slice_of(argv[0]), argv + 1 };
	struct session *session = session_of(ctx);
	struct why why = { 0 };
	enum verdict verdict =
	    session_mail(session, &path, macro(ctx, "{auth_authen}"), &why);

	if (verdict == MAIL_OK && session_is_done(session))
		return SMFIS_ACCEPT;
	return answer(ctx, verdict, &why);
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	const struct session_path path = { slice_of(argv[0]), argv + 1 };
	struct why why = { 0 };

	return answer(ctx, session_rcpt(session_of(ctx), &path, &why), &why);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	session_header(session_of(ctx), slice_of(name), slice_of(value));
	return SMFIS_NOREPLY;
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *octets, size_t n)
{
	session_body(
	    session_of(ctx), (struct slice){ (const char *)octets, n });
	return SMFIS_NOREPLY;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	if (session_of(ctx) != NULL)
		session_abort(session_of(ctx));
	return SMFIS_CONTINUE;
}

/* --- the end of the message ------------------------------------------- */

static int
remove_rcpt(SMFICTX *ctx, struct slice given)
{
	char text[2 * ADDR_MAX];

	if ((size_t)snprintf(text, sizeof text, "%.*s", SLICE_FMT(given)) >=
	    sizeof text)
		return MI_FAILURE;
	return smfi_delrcpt(ctx, text);
}

static int
add_rcpt(SMFICTX *ctx, const struct plan_leaf *leaf)
{
	char text[2 * ADDR_MAX], parameters[4 * ADDR_MAX];

	if (leaf->fate != FATE_QUEUED && leaf->fate != FATE_REJECTED)
		return MI_SUCCESS;
	if ((size_t)snprintf(text, sizeof text, "<%.*s>",
		SLICE_FMT(leaf->recipient)) >= sizeof text ||
	    (size_t)snprintf(parameters, sizeof parameters, "%s",
		leaf->parameters) >= sizeof parameters)
		return MI_FAILURE;
	return smfi_addrcpt_par(ctx, text, parameters);
}

/* Uppermost, where trace fields belong; the blank as SMFIP_HDR_LEADSPC. */
static int
add_mark(SMFICTX *ctx, struct slice delivered_to)
{
	char name[] = "Delivered-To", value[2 * ADDR_MAX];

	if (delivered_to.n == 0)
		return MI_SUCCESS;
	(void)snprintf(value, sizeof value, " %.*s", SLICE_FMT(delivered_to));
	return smfi_insheader(ctx, 0, name, value);
}

static int
add_results(SMFICTX *ctx, const char *results)
{
	char name[] = "Authentication-Results", value[WHY_REPLY_MAX];

	if (results == NULL)
		return MI_SUCCESS;
	(void)snprintf(value, sizeof value, " %s", results);
	return smfi_insheader(ctx, 0, name, value);
}

/* Without parameters: those that the client gave stay. */
static int
change_sender(SMFICTX *ctx, struct slice sender)
{
	char text[2 * ADDR_MAX];

	if (sender.n == 0)
		return MI_SUCCESS;
	(void)snprintf(text, sizeof text, "<%.*s>", SLICE_FMT(sender));
	return smfi_chgfrom(ctx, text, NULL);
}

static int
hold(SMFICTX *ctx, const char *reason)
{
	char text[WHY_REPLY_MAX];

	if (reason == NULL)
		return MI_SUCCESS;
	(void)snprintf(text, sizeof text, "%s", reason);
	return smfi_quarantine(ctx, text);
}

/* Removes first: a leaf may be spelled like a recipient. */
static int
apply(SMFICTX *ctx, const struct plan *plan)
{
	int r = add_mark(ctx, plan->delivered_to);

	if (r == MI_SUCCESS)
		r = add_results(ctx, plan->results);
	if (r == MI_SUCCESS)
		r = change_sender(ctx, plan->sender);
	for (size_t i = 0; i < plan->n_remove && r == MI_SUCCESS; i++)
		r = remove_rcpt(ctx, plan->remove[i]);
	for (size_t i = 0; i < plan->n_leaves && r == MI_SUCCESS; i++)
		r = add_rcpt(ctx, &plan->leaves[i]);
	if (r == MI_SUCCESS)
		r = hold(ctx, plan->hold);
	return r;
}

static sfsistat
on_end(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);
	struct plan plan;
	struct why why = { 0 };
	enum verdict verdict =
	    session_end(session, macro(ctx, "i"), &plan, &why);

	/* Half a change is worse than none: Postfix drops it on a 4xx. */
	if (verdict == MAIL_OK && !plan.discard &&
	    apply(ctx, &plan) != MI_SUCCESS)
		verdict = why_errno(&why, EPROTO, "change the message");
	session_report(session, &plan, verdict, &why);
	if (verdict == MAIL_OK && plan.discard)
		return SMFIS_DISCARD;
	return answer(ctx, verdict, &why);
}

/* --- the socket ------------------------------------------------------- */

static const struct smfiDesc description = {
	.xxfi_name = (char[]){ "hauspost-milter" },
	.xxfi_version = SMFI_VERSION,
	.xxfi_flags = ACTIONS,
	.xxfi_negotiate = on_negotiate,
	.xxfi_connect = on_connect,
	.xxfi_envfrom = on_mail,
	.xxfi_envrcpt = on_rcpt,
	.xxfi_header = on_header,
	.xxfi_body = on_body,
	.xxfi_eom = on_end,
	.xxfi_abort = on_abort,
	.xxfi_close = on_close,
};

/* inet:ADDRESS:PORT is inet:PORT@ADDRESS there, unix:PATH is the same. */
static bool
libmilter_name(const char *endpoint, char *text, size_t size)
{
	struct slice rest = slice_of(endpoint), host;
	long colon = slice_rfind(rest, ':');
	bool is_inet = slice_starts_nocase(rest, SLICE("inet:"));
	int n;

	if (!is_inet)
		return (size_t)snprintf(text, size, "%s", endpoint) < size;
	host = slice_tail(slice_head(rest, (size_t)colon), strlen("inet:"));
	if (host.n > 2 && host.p[0] == '[')
		n = snprintf(text, size, "inet6:%s@%.*s", endpoint + colon + 1,
		    (int)host.n - 2, host.p + 1);
	else
		n = snprintf(text, size, "inet:%s@%.*s", endpoint + colon + 1,
		    SLICE_FMT(host));
	return (size_t)n < size;
}

/* Nobody connects while the group is not yet the right one. */
static int
bind_socket(void)
{
	mode_t saved = umask(0177);
	int r = smfi_opensocket(true);

	(void)umask(saved);
	return r;
}

int
callbacks_open(struct milter *milter, struct why *why)
{
	const char *endpoint = milter->config.listen;
	char name[256];

	shared = milter;
	if (!libmilter_name(endpoint, name, sizeof name) ||
	    smfi_setconn(name) != MI_SUCCESS ||
	    smfi_register(description) != MI_SUCCESS)
		return why_fail(why, EINVAL,
		    "read listen = %s as unix:PATH or inet:ADDRESS:PORT",
		    endpoint);
	(void)smfi_setbacklog(BACKLOG);
	errno = 0;
	if (bind_socket() != MI_SUCCESS)
		return why_fail(
		    why, errno != 0 ? errno : EIO, "listen on %s", endpoint);
	return endpoint_share(endpoint, milter->config.socket_group, why);
}

int
callbacks_serve(struct why *why)
{
	if (smfi_main() != MI_SUCCESS)
		return why_fail(why, EIO, "serve Postfix");
	return 0;
}
