/*
 * What a plan does when it is carried out, in memory.
 */
#include "sieve/compose.h"
#include "sieve/tools/files.h"
#include "sieve/tools/svtest/testsuite.h"

/* ---- Errors ---- */

void
world_error(struct testsuite *suite, struct slice text)
{
	struct text_entry **end = &suite->errors;

	while (*end != NULL)
		end = &(*end)->next;
	*end = arena_new(&suite->arena, struct text_entry);
	(*end)->text = arena_slice(&suite->arena, text);
}

void
world_forget_errors(struct testsuite *suite)
{
	suite->errors = NULL;
}

/* ---- Files ---- */

bool
world_read(struct testsuite *suite, struct slice name, struct slice *out,
    const char **path_out)
{
	bool absolute = name.n > 0 && name.p[0] == '/';
	const char *path = arena_printf(&suite->arena, "%s%.*s",
	    absolute ? "" : suite->folder, SLICE_FMT(name));

	*path_out = path;
	return access(path, R_OK) == 0 && files_read(path, &suite->arena, out);
}

bool
world_compile(struct testsuite *suite, struct slice name,
    struct sieve_program **program_out)
{
	struct sieve_errors errors;
	struct slice script;
	const char *path;
	int r;

	if (!world_read(suite, name, &script, &path)) {
		world_error(suite, slice_of(arena_printf(&suite->arena,
				       "%s: cannot be read", path)));
		return false;
	}
	sieve_errors_init(&errors);
	r = sieve_compile(script, &suite->options, program_out, &errors);
	for (size_t i = 0; i < errors.n; i++)
		world_error(suite, slice_of(errors.list[i].text));
	sieve_errors_done(&errors);
	return r == 0;
}

/* ---- Mailboxes ---- */

struct mailbox *
world_mailbox(struct testsuite *suite, struct slice name)
{
	struct mailbox *m = suite->mailboxes;

	while (m != NULL && !slice_eq(m->name, name))
		m = m->next;
	return m;
}

void
world_create_mailbox(struct testsuite *suite, struct slice name)
{
	struct mailbox *m;

	if (world_mailbox(suite, name) != NULL)
		return;
	m = arena_new(&suite->arena, struct mailbox);
	m->name = arena_slice(&suite->arena, name);
	m->next = suite->mailboxes;
	suite->mailboxes = m;
}

void
world_delete_mailbox(struct testsuite *suite, struct slice name)
{
	struct mailbox **link = &suite->mailboxes;

	while (*link != NULL && !slice_eq((*link)->name, name))
		link = &(*link)->next;
	if (*link != NULL)
		*link = (*link)->next;
}

static void
add_mail(struct mail **list, struct mail *mail)
{
	while (*list != NULL)
		list = &(*list)->next;
	*list = mail;
}

const struct mail *
world_mail(const struct mail *list, uint64_t n)
{
	while (list != NULL && n-- > 0)
		list = list->next;
	return list;
}

/* ---- Marks, annotations, settings ---- */

static struct entry *
find(struct entry *list, struct slice mailbox, struct slice name)
{
	while (list != NULL && (!slice_eq(list->name, name) ||
				   !slice_eq(list->mailbox, mailbox)))
		list = list->next;
	return list;
}

void
world_set(struct testsuite *suite, struct entry **list, struct slice mailbox,
    struct slice name, struct slice value)
{
	struct entry *e = find(*list, mailbox, name);

	if (e == NULL) {
		e = arena_new(&suite->arena, struct entry);
		e->mailbox = arena_slice(&suite->arena, mailbox);
		e->name = arena_slice(&suite->arena, name);
		e->next = *list;
		*list = e;
	}
	e->value = arena_slice(&suite->arena, value);
}

static void
mark(struct testsuite *suite, struct slice key, long period_s)
{
	world_set(suite, &suite->marks, SLICE(""), key, SLICE(""));
	find(suite->marks, SLICE(""), key)->until =
	    suite->environment.now + period_s;
}

/* ---- Answers to the engine ---- */

static int
mailbox_exists(void *context, struct slice name)
{
	return world_mailbox(context, name) != NULL;
}

static int
metadata(void *context, struct slice mailbox, struct slice annotation,
    struct slice *value_out)
{
	struct testsuite *suite = context;
	struct entry *e = find(suite->annotations, mailbox, annotation);

	if (e == NULL)
		return 0;
	*value_out = e->value;
	return 1;
}

static int
seen(void *context, struct slice key)
{
	struct testsuite *suite = context;
	struct entry *e = find(suite->marks, SLICE(""), key);

	return e != NULL && e->until > suite->environment.now;
}

/* Beside the test file, or in the folders that such tests use. */
static int
include(void *context, bool global, struct slice name,
    struct sieve_program **program_out)
{
	struct testsuite *suite = context;
	const char *const folders[] = {
		global ? "included-global/" : "included/", ""
	};
	struct slice script;
	const char *path;

	for (size_t i = 0; i < 2; i++) {
		struct slice file = slice_of(arena_printf(&suite->arena,
		    "%s%.*s.sieve", folders[i], SLICE_FMT(name)));

		if (world_read(suite, file, &script, &path))
			return world_compile(suite, file, program_out);
	}
	return 0;
}

void
world_init(struct testsuite *suite)
{
	suite->callbacks.mailbox_exists = mailbox_exists;
	suite->callbacks.metadata = metadata;
	suite->callbacks.duplicate_seen = seen;
	suite->callbacks.vacation_seen = seen;
	suite->callbacks.include = include;
	world_create_mailbox(suite, SLICE("INBOX"));
}

/* ---- Carrying out ---- */

struct execution {
	struct testsuite *suite;
	struct run *run;
	struct sieve_compose compose;
};

static void
send_mail(struct testsuite *suite, struct slice octets, struct slice from,
    struct slice to)
{
	struct mail *mail = arena_new(&suite->arena, struct mail);

	mail->octets = octets;
	mail->from = arena_slice(&suite->arena, from);
	mail->to = arena_slice(&suite->arena, to);
	add_mail(&suite->sent, mail);
}

/* False: the mailbox is not there and must not be made. */
static bool
file(struct testsuite *suite, const struct sieve_store *store,
    struct slice octets)
{
	struct mailbox *m = world_mailbox(suite, store->mailbox);
	struct mail *mail;

	if (m == NULL && !store->create)
		return false;
	world_create_mailbox(suite, store->mailbox);
	mail = arena_new(&suite->arena, struct mail);
	mail->octets = octets;
	add_mail(&world_mailbox(suite, store->mailbox)->mails, mail);
	return true;
}

static struct slice
edited(const struct execution *x, const struct sieve_action *action)
{
	return sieve_edit_message(
	    action->edit, x->run->received, &x->suite->arena);
}

static bool
vacation(const struct execution *x, const struct sieve_vacation *v)
{
	struct testsuite *suite = x->suite;
	struct slice octets =
	    sieve_compose_vacation(&x->compose, v, &suite->arena);

	send_mail(suite, octets, SLICE(""), v->to);
	mark(suite, arena_slice(&suite->arena, v->key), v->period_s);
	return !v->has_fcc || file(suite, &v->fcc, octets);
}

static bool
notify(const struct execution *x, const struct sieve_notify *n)
{
	struct testsuite *suite = x->suite;
	struct slice octets = sieve_compose_notify(
	    &x->compose, n, x->run->envelope.to, &suite->arena);

	for (size_t i = 0; i < n->n_to; i++)
		send_mail(suite, octets,
		    n->from.n > 0 ? n->from : x->run->envelope.to, n->to[i]);
	return !n->has_fcc || file(suite, &n->fcc, octets);
}

static bool
carry_out(const struct execution *x, const struct sieve_action *action)
{
	struct testsuite *suite = x->suite;
	struct sieve_envelope *envelope = &x->run->envelope;

	switch (action->type) {
	case SIEVE_KEEP:
	case SIEVE_FILEINTO:
		return file(suite, &action->store, edited(x, action));
	case SIEVE_REDIRECT:
		send_mail(suite, edited(x, action), envelope->from,
		    action->redirect.address);
		return true;
	case SIEVE_REJECT:
	case SIEVE_EREJECT:
		if (envelope->from.n > 0)
			send_mail(suite,
			    sieve_compose_reject(
				&x->compose, action->reason, &suite->arena),
			    SLICE(""), envelope->from);
		return true;
	case SIEVE_VACATION:
		return vacation(x, &action->vacation);
	case SIEVE_NOTIFY:
		return notify(x, &action->notify);
	default:
		return true;
	}
}

bool
world_execute(struct testsuite *suite, struct run *run)
{
	struct sieve_store inbox = { .mailbox = SLICE("INBOX") };
	struct execution x = { suite, run,
		{ .message = run->message,
		    .envelope = &run->envelope,
		    .host = SLICE("testsuite.example"),
		    .now = suite->environment.now } };
	bool ok = true;

	x.compose.message_id = slice_of(arena_printf(
	    &suite->arena, "<%u@testsuite.example>", ++suite->n_sent));
	for (const struct sieve_action *a = run->actions; a && ok; a = a->next)
		ok = carry_out(&x, a);
	for (const struct sieve_mark *m = run->duplicates; m; m = m->next)
		mark(suite, m->key, m->period_s);
	if (!suite->from_script && run->implicit_keep)
		ok = file(suite, &inbox,
			 sieve_edit_message(
			     run_edit(run), run->received, &suite->arena)) &&
		     ok;
	return ok;
}
