#include "fetcher/imap_run.h"

#include "fetcher/imap_folder.h"

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

static int
run_named(struct imap_session *s)
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

static int
run_all(struct imap_session *s)
{
	struct imap_folder *folders;
	size_t n;
	int r = imap_list(s, &folders, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = imap_folder_run(s, &folders[i]);
	return r;
}

int
imap_run(struct run *run)
{
	struct imap_session session;
	int r;

	imap_session_init(&session, run);
	r = imap_session_login(&session);
	if (r == 0 && !run->job->test)
		r = run->job->import ? run_all(&session) : run_named(&session);
	if (r == 0)
		r = log_out(&session);
	imap_session_done(&session);
	return r;
}
