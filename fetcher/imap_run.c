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

int
imap_run(struct run *run)
{
	const struct job *job = run->job;
	struct imap_session session;
	int r;

	imap_session_init(&session, run);
	r = imap_session_login(&session);
	for (size_t i = 0; i < job->n_folders && r == 0 && !job->test; i++)
		r = imap_folder_run(&session, job->folders[i]);
	if (r == 0)
		r = log_out(&session);
	imap_session_done(&session);
	return r;
}
