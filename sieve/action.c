#include "sieve/action.h"

#include "sieve/flags.h"
#include "sieve/text.h"

/* Which types a message may not be given to together (RFC 5429 2.1, 2.2). */
static bool
refuses(enum sieve_action_type type)
{
	return type == SIEVE_REJECT || type == SIEVE_EREJECT;
}

static bool
accepts(enum sieve_action_type type)
{
	return type == SIEVE_KEEP || type == SIEVE_FILEINTO ||
	       type == SIEVE_REDIRECT || type == SIEVE_VACATION;
}

static const char *const names[] = { "keep", "fileinto", "redirect", "discard",
	"reject", "ereject", "vacation", "notify" };
_Static_assert(
    sizeof names / sizeof *names == SIEVE_ACTION_TYPES, "name every action");

static int
check_conflicts(struct run *run, enum sieve_action_type type)
{
	for (const struct sieve_action *a = run->actions; a; a = a->next) {
		if ((refuses(type) && accepts(a->type)) ||
		    (accepts(type) && refuses(a->type)))
			return run_fail(run,
			    "\"%s\" cannot go with the \"%s\" of line %u",
			    names[type], names[a->type], a->line);
		if (refuses(type) && refuses(a->type))
			return run_fail(run,
			    "the message is rejected in line %u already",
			    a->line);
		if (type == SIEVE_VACATION && a->type == SIEVE_VACATION)
			return run_fail(run,
			    "\"vacation\" was used in line %u already",
			    a->line);
	}
	return FLOW_NEXT;
}

static int
check_budgets(struct run *run, enum sieve_action_type type)
{
	long redirects = run->environment->redirects;
	long actions = run->environment->actions;

	if ((long)run->n_actions >= actions)
		return run_limit(
		    run, "actions", "more than %ld actions", actions);
	if (type == SIEVE_REDIRECT && (long)run->n_redirects >= redirects)
		return run_limit(
		    run, "redirects", "more than %ld redirects", redirects);
	return FLOW_NEXT;
}

/* RFC 5703 6: what is redirected is never the enclosure. */
static const struct sieve_edit *
edit_for(struct run *run, enum sieve_action_type type)
{
	if (type == SIEVE_REDIRECT && run->enclosed)
		return run->inner_edit;
	return run_edit(run);
}

struct sieve_action *
action_add(struct run *run, enum sieve_action_type type)
{
	struct sieve_action *action;

	if (check_conflicts(run, type) < 0 || check_budgets(run, type) < 0)
		return NULL;
	action = arena_new(run->arena, struct sieve_action);
	action->type = type;
	action->line = run->at.line;
	action->edit = edit_for(run, type);
	*run->actions_end = action;
	run->actions_end = &action->next;
	run->n_actions++;
	run->n_redirects += type == SIEVE_REDIRECT;
	return action;
}

struct sieve_store
action_store(struct run *run, struct slice mailbox, const struct store *store)
{
	static const struct store plain;
	struct sieve_store to = { .mailbox = arena_slice(run->arena, mailbox) };

	if (store == NULL)
		store = &plain;
	to.create = store->create;
	to.special_use = text_copy(run, store->special_use);
	to.mailbox_id = text_copy(run, store->mailbox_id);
	to.flags = flags_now(run, store->flags, &to.n_flags);
	return to;
}

static bool
same_place(const struct sieve_action *action, enum sieve_action_type type,
    const struct sieve_store *to)
{
	return action->type == type &&
	       slice_eq(action->store.mailbox, to->mailbox) &&
	       slice_eq(action->store.mailbox_id, to->mailbox_id) &&
	       slice_eq(action->store.special_use, to->special_use);
}

/*
 * RFC 5228 2.10.3 and RFC 5293 6: once per mailbox and version. The flags of
 * the later command count, for it is the one that knew more.
 */
static int
file(struct run *run, enum sieve_action_type type, struct sieve_store to)
{
	struct sieve_action *action = run->actions;

	for (; action != NULL; action = action->next) {
		if (same_place(action, type, &to) &&
		    action->edit == run_edit(run))
			break;
	}
	if (action == NULL)
		action = action_add(run, type);
	if (action == NULL)
		return RUN_FAIL;
	action->store = to;
	return FLOW_NEXT;
}

int
action_keep(struct run *run, const struct store *store)
{
	run->implicit_keep = false;
	run->kept = true;
	return file(run, SIEVE_KEEP, action_store(run, SLICE("INBOX"), store));
}

int
action_fileinto(
    struct run *run, struct slice mailbox, const struct store *store)
{
	if (store == NULL || !store->copy)
		run->implicit_keep = false;
	/* In the INBOX it is a keep, however it was said. */
	if (slice_eq_nocase(mailbox, SLICE("INBOX")))
		return file(
		    run, SIEVE_KEEP, action_store(run, SLICE("INBOX"), store));
	return file(run, SIEVE_FILEINTO, action_store(run, mailbox, store));
}

int
action_redirect(
    struct run *run, struct slice address, const struct store *store)
{
	struct sieve_action *action = run->actions;

	if (store == NULL || !store->copy)
		run->implicit_keep = false;
	for (; action != NULL; action = action->next) {
		if (action->type == SIEVE_REDIRECT &&
		    action->edit == edit_for(run, SIEVE_REDIRECT) &&
		    slice_eq_nocase(action->redirect.address, address))
			return FLOW_NEXT;
	}
	action = action_add(run, SIEVE_REDIRECT);
	if (action == NULL)
		return RUN_FAIL;
	action->redirect.address = arena_slice(run->arena, address);
	if (store != NULL) {
		action->redirect.notify = text_copy(run, store->notify);
		action->redirect.ret = text_copy(run, store->ret);
		action->redirect.is_list = store->list;
	}
	return FLOW_NEXT;
}

void
action_drop_from(struct run *run, struct sieve_action **mark)
{
	for (const struct sieve_action *a = *mark; a; a = a->next)
		run->n_actions--;
	*mark = NULL;
	run->actions_end = mark;
}

void
action_drop_keeps(struct run *run)
{
	struct sieve_action **link = &run->actions;

	while (*link != NULL) {
		if ((*link)->type == SIEVE_KEEP) {
			*link = (*link)->next;
			run->n_actions--;
		} else {
			link = &(*link)->next;
		}
	}
	run->actions_end = link;
}

/* An action the budgets do not count: the mail is kept in any case. */
static struct sieve_action *
append(struct run *run, enum sieve_action_type type)
{
	struct sieve_action *action =
	    arena_new(run->arena, struct sieve_action);

	action->type = type;
	action->edit = run_edit(run);
	*run->actions_end = action;
	run->actions_end = &action->next;
	run->n_actions++;
	return action;
}

void
action_finish(struct run *run)
{
	if (run->implicit_keep)
		append(run, SIEVE_KEEP)->store =
		    action_store(run, SLICE("INBOX"), NULL);
	else if (run->n_actions == 0)
		(void)append(run, SIEVE_DISCARD);
}

/* ---- For people ---- */

static void
print_store(const struct sieve_store *store, FILE *out)
{
	(void)fprintf(out, " \"%.*s\"", SLICE_FMT(store->mailbox));
	if (store->special_use.n > 0)
		(void)fprintf(
		    out, " specialuse=%.*s", SLICE_FMT(store->special_use));
	if (store->mailbox_id.n > 0)
		(void)fprintf(
		    out, " mailboxid=%.*s", SLICE_FMT(store->mailbox_id));
	if (store->create)
		(void)fputs(" create", out);
	for (size_t i = 0; i < store->n_flags; i++)
		(void)fprintf(out, "%s%.*s", i == 0 ? " flags=" : ",",
		    SLICE_FMT(store->flags[i]));
}

static void
print_vacation(const struct sieve_vacation *vacation, FILE *out)
{
	(void)fprintf(out, " to=%.*s period=%lds subject=\"%.*s\"",
	    SLICE_FMT(vacation->to), vacation->period_s,
	    SLICE_FMT(vacation->subject));
	if (vacation->has_fcc) {
		(void)fputs(" fcc", out);
		print_store(&vacation->fcc, out);
	}
}

/* Text of a message stays on its line. */
static void
print_line(struct slice text, FILE *out)
{
	(void)fputs(" \"", out);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		(void)fputc(c < ' ' || c == 0x7f ? ' ' : c, out);
	}
	(void)fputc('"', out);
}

static void
print_details(const struct sieve_action *action, FILE *out)
{
	switch (action->type) {
	case SIEVE_KEEP:
	case SIEVE_FILEINTO:
		print_store(&action->store, out);
		break;
	case SIEVE_REDIRECT:
		(void)fprintf(
		    out, " %.*s", SLICE_FMT(action->redirect.address));
		break;
	case SIEVE_REJECT:
	case SIEVE_EREJECT:
		print_line(action->reason, out);
		break;
	case SIEVE_VACATION:
		print_vacation(&action->vacation, out);
		break;
	case SIEVE_NOTIFY:
		(void)fprintf(out, " %.*s", SLICE_FMT(action->notify.method));
		print_line(action->notify.message, out);
		break;
	default:
		break;
	}
}

void
sieve_action_print(const struct sieve_action *action, FILE *out)
{
	(void)fputs(names[action->type], out);
	print_details(action, out);
	if (action->edit != NULL)
		(void)fputs(" edited", out);
	if (action->line == 0 && action->type == SIEVE_KEEP)
		(void)fputs(" (implicit)", out);
	(void)fputc('\n', out);
}
