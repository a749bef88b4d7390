/*
 * lmtpd/store_record.h - what hauspost-lmtpd may ask of hauspost-storer.
 *
 * The storer has the rights to become a mailbox' user, so it parses nothing:
 * a request is one record of fixed fields in one packet of a SOCK_SEQPACKET
 * Unix socket, followed in the same packet by octets it only copies, or with
 * a descriptor (SCM_RIGHTS, a regular file) it only reads. Requests of one
 * connection are served one after the other; whoever wants several stores in
 * flight opens several connections. Every request gets exactly one answer.
 *
 * One message, one place: STORE_DELIVER. Several places that must all be
 * taken or none: STORE_STAGE for each (durable in tmp/, seen by nobody), then
 * one STORE_COMMIT, or STORE_ABANDON. What is staged belongs to the
 * connection; its end abandons it. A commit that fails in the middle may have
 * shown some of the messages: the retry finds them by their names.
 *
 * After error 0 to DELIVER or COMMIT file and directory are on disk. After
 * any other error the message may or may not be in the folder; a retry with
 * the same name never makes it two. Errors with a meaning of their own:
 *
 *	EDQUOT   over quota (the mailbox' or the file system's); not stored
 *	ENOENT   the folder, or the script, does not exist
 *	ESRCH    the directory knows no such mailbox
 *	ENXIO    the home is missing (a mount?) and not ours to make
 *	EINVAL   the request is malformed; detail says which field
 *	ECANCELED  a hint's condition was not met
 *
 * All others are trouble of this machine. None is a reason to bounce.
 *
 * What Sieve needs besides goes by the same socket: scripts to read, a look
 * at folders, letters for keywords, and lines for the script's author.
 *
 * Both ends are of one build and one machine: host byte order, and a version
 * that must be equal.
 */
#ifndef HAUSPOST_LMTPD_STORE_RECORD_H
#define HAUSPOST_LMTPD_STORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum {
	STORE_VERSION = 2,
	STORE_MAILBOX_MAX = 64, /* table mailbox, name */
	STORE_FOLDER_MAX = 240, /* as core/folder_name.h has it */
	STORE_NAME_MAX = 160, /* leaves room for ",S=…,W=…:2,…" in 255 */
	STORE_FLAGS_MAX = 32, /* DFPRST and the keywords a to z */
	STORE_HEAD_MAX = 16 * 1024,
	STORE_INLINE_MAX = 64 * 1024, /* above: a descriptor */
	STORE_STAGED_MAX = 32,	      /* the actions of one message */
	STORE_DETAIL_MAX = 200,
};

enum store_op {
	STORE_PREPARE = 1, /* make home and Maildir of a new mailbox */
	STORE_DELIVER,	   /* put one message into a folder, durably */
	STORE_STAGE,	   /* … only into its tmp/ */
	STORE_COMMIT,	   /* move all that is staged, durably */
	STORE_ABANDON,	   /* forget all that is staged */
	/*
	 * Answered with a script open for reading: the active one, which is
	 * ~/.dovecot.sieve, or with a name ~/sieve/NAME.sieve.
	 */
	STORE_SCRIPT,
	STORE_LOOK, /* is there such a folder? 0 or ENOENT */
	/*
	 * The head holds keywords separated by blanks; the answer's detail is
	 * the letters that stand for them in this folder, in ascending order.
	 * A folder has 26 of them: what gets none is left out.
	 */
	STORE_KEYWORDS,
	STORE_LOG, /* the head is a line for ~/.dovecot.sieve.log */
	STORE_OPS,
};

/* store_request.hints */
enum {
	/*
	 * A retry: the mail client may have moved the message on, and the
	 * sizes in its name may differ. Look in new/ and cur/ for its name up
	 * to the first comma.
	 */
	STORE_LOOK_IN_CUR = 1,
	/* Make the folder if it is missing, and subscribe to it. */
	STORE_CREATE_FOLDER = 2,
	/* Not into INBOX where there is a ~/.procmailrc: ECANCELED. */
	STORE_UNLESS_PROCMAIL = 4,
	/* Nowhere, unless the active script is the one that was seen:
	 * ECANCELED.
	 */
	STORE_IF_SCRIPT = 8,
};

/* A script's file, another one whenever it was written to; all 0: none. */
struct store_script {
	uint64_t device, inode, size;
	int64_t changed_s, changed_ns; /* ctime, which no user can set */
};

struct store_request {
	uint32_t version, op;
	uint32_t hints;
	uint32_t head_size;   /* octets behind this record in the packet … */
	uint32_t inline_size; /* … then the message, or 0: in descriptor */
	uint32_t reserved;
	uint64_t message_size;	    /* octets, lines ending in LF */
	uint64_t message_offset;    /* where they begin in the descriptor */
	uint64_t line_ends;	    /* LFs in head and message, for W= */
	uint64_t quota_bytes;	    /* maildirsize' limit; 0: none */
	struct store_script script; /* that was seen */
	char mailbox[STORE_MAILBOX_MAX + 1];
	/* "" is INBOX; modified UTF-7, levels separated by dots: "Lists.C" */
	char folder[STORE_FOLDER_MAX + 1];
	/* Same for every retry; printable ASCII without "/", "," and ":". Of
	 * STORE_SCRIPT: the script's, UTF-8 without "/". */
	char name[STORE_NAME_MAX + 1];
	char flags[STORE_FLAGS_MAX + 1]; /* ascending; "" none: new/ */
};

struct store_answer {
	uint32_t version;
	int32_t error;	    /* 0 done and on disk; else a positive errno */
	uint32_t was_there; /* an earlier attempt had delivered it */
	uint32_t hint;	    /* of ECANCELED: whose condition was not met */
	int64_t usage_bytes, usage_messages; /* after it; -1 unknown */
	char detail[STORE_DETAIL_MAX]; /* for the log: which step failed */
};

static inline struct store_script
store_script_of(const struct stat *st)
{
	return (struct store_script){ st->st_dev, st->st_ino,
		(uint64_t)st->st_size, st->st_ctim.tv_sec,
		st->st_ctim.tv_nsec };
}

static inline bool
store_script_eq(const struct store_script *a, const struct store_script *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->changed_s == b->changed_s &&
	       a->changed_ns == b->changed_ns;
}

#endif
