/*
 * lmtpd/run_record.h - what hauspost-lmtpd may ask of hauspost-runner.
 *
 * The runner starts programs as a mailbox' user. What is run is never said
 * here: a request names a leaf, and the runner asks the directory itself whose
 * it is and which program it means. So whoever takes over the front, which
 * reads strangers' mail, can have users' programs run and nothing else.
 *
 * One packet of a SOCK_SEQPACKET Unix socket is a request, with the message
 * as a descriptor (SCM_RIGHTS): a regular file or memfd, read from its
 * beginning, head and all. A connection has one request at a time; closing it
 * ends the program. Every request gets exactly one answer.
 *
 * Both ends are of one build and one machine: host byte order, and a version
 * that must be equal.
 */
#ifndef HAUSPOST_LMTPD_RUN_RECORD_H
#define HAUSPOST_LMTPD_RUN_RECORD_H

#include <stdint.h>

enum {
	RUN_VERSION = 1,
	RUN_TEXT_MAX = 320,	    /* an address */
	RUN_OUTPUT_MAX = 64 * 1024, /* a file of 1,000 addresses */
	RUN_DETAIL_MAX = 200,
};

enum run_op {
	/* The leaf's own |program, or procmail where it is a mailbox. */
	RUN_PROGRAM = 1,
	/* The |program that is entry `index` of the mailbox' ~/.forward. */
	RUN_FORWARD_PROGRAM,
	/* Read the leaf's :include:/file, or the mailbox' ~/.forward. */
	RUN_READ_INCLUDE,
	RUN_READ_FORWARD,
};

struct run_request {
	uint32_t version, op;
	uint32_t index;
	uint32_t reserved;
	/* The recipient in the queue, at mbox.NODE or program.NODE. */
	char leaf[2 * RUN_TEXT_MAX + 1];
	/* What the program finds in SENDER, RECIPIENT and EXTENSION. */
	char sender[RUN_TEXT_MAX + 1];
	char recipient[RUN_TEXT_MAX + 1];
	char detail[RUN_TEXT_MAX + 1];
};

enum run_end {
	RUN_EXITED = 1, /* with status */
	RUN_KILLED,	/* by signal number status */
	RUN_TIMED_OUT,
	RUN_FAILED, /* never began; status is an errno: see below */
};

/*
 * After RUN_FAILED: ESRCH no such mailbox, ENOENT no such program or file,
 * EAGAIN too many programs of this package run already, EINVAL malformed
 * request, all others trouble of this machine. None is a reason to bounce.
 *
 * output_size octets follow in the same packet: the content of a file that
 * was asked for, or the beginning of what the program printed.
 */
struct run_answer {
	uint32_t version, end;
	int32_t status;
	uint32_t output_size;
	char detail[RUN_DETAIL_MAX]; /* for the log */
};

#endif
