#include "fetcher/imap_run.h"

#include "fetcher/imap_folder.h"
#include "fetcher/imap_idle.h"
#include "fetcher/imap_login.h"
#include "fetcher/imap_rules.h"

/* After the last folder, whatever it says: nothing is left undone. */
static int
log_out(struct imap_session *s)
{
	struct trouble ignored = { 0 };
	int r;

	s->stream.trouble = &ignored;
	r = imap_session_begin(s, "LOGOUT");
	s->stream.trouble = &s->run->trouble;
	return r < 0 ? 0 : r;
}

/* Each must be there. */
static int
look_at_named(struct imap_session *s)
{
	const struct job *job = s->run->job;
	int r = 0;

	for (size_t i = 0; i < job->n_folders && r == 0; i++) {
		struct imap_folder folder =
		    imap_list_named(&s->run->arena, job->folders[i]);

		r = imap_folder_run(s, &folder);
	}
	return r;
}

static bool
is_wanted(const struct imap_session *s, struct imap_folder *folder)
{
	const struct job *job = s->run->job;
	struct arena *arena = &s->run->arena;

	if (job->import) {
		folder->place = imap_folder_place(arena, folder);
		return true;
	}
	if (job->move_to.p != NULL && slice_eq(job->move_to, folder->name))
		return false; /* or they would go round */
	return imap_rules_find(arena, job->folders, job->n_folders,
	    folder->name, folder->aside, &folder->place);
}

static int
look_at_listed(struct imap_session *s)
{
	struct imap_folder *folders;
	size_t n;
	int r = imap_list(s, &folders, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (is_wanted(s, &folders[i]))
			r = imap_folder_run(s, &folders[i]);
	}
	return r;
}

static int
look(struct imap_session *s)
{
	const struct job *job = s->run->job;
	struct arena kept = run_begin_round(s->run);
	bool plain =
	    !job->import && imap_rules_plain(job->folders, job->n_folders);
	int r = plain ? look_at_named(s) : look_at_listed(s);

	run_end_round(s->run, kept);
	return r;
}

/* INBOX, or the first that is named. */
static struct imap_folder
watched(struct imap_session *s)
{
	const struct job *job = s->run->job;
	struct arena *arena = &s->run->arena;
	struct slice place;

	if (!imap_rules_plain(job->folders, job->n_folders) ||
	    imap_rules_find(arena, job->folders, job->n_folders, SLICE("INBOX"),
		false, &place))
		return imap_list_named(arena, SLICE("INBOX"));
	return imap_list_named(arena, job->folders[0]);
}

static int
serve(struct imap_session *s)
{
	struct imap_folder folder = watched(s);
	const struct imap_idle idle = { s, &folder, look };
	bool gone = false;
	int r = look(s);

	if (r == 0)
		r = imap_idle(&idle, &gone);
	return r == 0 && !gone ? log_out(s) : r;
}

int
imap_run(struct run *run)
{
	struct imap_session session;
	int r;

	imap_session_init(&session, run);
	r = imap_login(&session);
	run_forget_secret(run); /* there is no second session */
	if (r == 0)
		r = run->job->test ? log_out(&session) : serve(&session);
	imap_session_done(&session);
	return r;
}
