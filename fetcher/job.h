/*
 * fetcher/job.h - an account that is due, as hauspost.fetch_claim() gives it.
 *
 * Ownership: texts live in the job's arena and are NUL-terminated as well.
 */
#ifndef HAUSPOST_FETCHER_JOB_H
#define HAUSPOST_FETCHER_JOB_H

#include <stdint.h>

#include "core/db.h"
#include "core/oauth.h"
#include "fetcher/connection.h"

enum { JOB_LEAVE_FOR_EVER = -1 };

struct job {
	struct arena arena;
	long long account;
	struct slice mailbox;
	struct slice recipient, original; /* its leaf, its address */
	struct slice address;		  /* the remote account's, for people */
	bool imap;
	struct slice host, login, auth, secret, pins, tls_word;
	unsigned port;
	enum connection_tls tls;
	int leave_days;	     /* or JOB_LEAVE_FOR_EVER */
	long long last_item; /* when the run began: others are new */
	uint64_t max_size;
	struct slice *folders;
	size_t n_folders;
	struct slice folder;  /* local one; .p NULL: INBOX */
	bool test;	      /* log in, and no more */
	bool import;	      /* all folders, with flags and dates */
	bool idle;	      /* then wait there for new mail */
	struct slice move_to; /* folder there; .p NULL: delete */
	bool mark_read;
	bool dedup; /* not what other accounts have brought */
	bool trace;
	bool partial;		   /* POP3 lists some messages at a time */
	struct oauth_client oauth; /* of its provider */
};

/* Of one row; for job_free(). */
struct job *job_new(const struct db_result *rows, int row);
void job_free(struct job *job);

#endif
