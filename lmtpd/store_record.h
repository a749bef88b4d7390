/*
 * lmtpd/store_record.h - what hauspost-lmtpd may ask of hauspost-storer.
 *
 * The storer has the rights to become a mailbox' user, so it parses nothing:
 * a request is one record of fixed fields in one packet of a SOCK_SEQPACKET
 * Unix socket, followed in the same packet by octets it only copies, or with
 * a descriptor (SCM_RIGHTS) it only reads. Requests of one connection are
 * served one after the other; whoever wants several stores in flight opens
 * several connections. Every request gets exactly one answer.
 *
 * Both ends are of one build and one machine: host byte order, and a version
 * that must be equal.
 */
#ifndef HAUSPOST_LMTPD_STORE_RECORD_H
#define HAUSPOST_LMTPD_STORE_RECORD_H

#include <stdint.h>

enum {
	STORE_VERSION = 1,
	STORE_MAILBOX_MAX = 64, /* table mailbox, name */
	STORE_FOLDER_MAX = 240, /* a file name of 255 with dot and suffixes */
	STORE_NAME_MAX = 160, /* leaves room for ",S=…,W=…:2,…" in 255 */
	STORE_FLAGS_MAX = 32,
	STORE_INLINE_MAX = 64 * 1024, /* above: a descriptor */
	STORE_DETAIL_MAX = 200,
};

enum store_op {
	STORE_PREPARE = 1, /* make home and Maildir of a new mailbox */
	STORE_DELIVER,	   /* put one message into new/, durably */
};

/* store_request.hints */
enum {
	STORE_LOOK_IN_CUR = 1,	 /* a retry: the client may have moved it on */
	STORE_CREATE_FOLDER = 2, /* make the folder if it is missing */
};

struct store_request {
	uint32_t version, op;
	uint32_t hints;
	uint32_t head_size;   /* octets behind this record in the packet … */
	uint32_t inline_size; /* … then the message, or 0: in descriptor */
	uint32_t reserved;
	uint64_t message_size;	 /* octets, lines ending in LF */
	uint64_t message_offset; /* where they begin in the descriptor */
	uint64_t line_ends;	 /* LFs in head and message, for W= */
	uint64_t quota_bytes;	 /* maildirsize' limit; 0: none */
	char mailbox[STORE_MAILBOX_MAX + 1];
	char folder[STORE_FOLDER_MAX + 1]; /* "" is INBOX; modified UTF-7 */
	char name[STORE_NAME_MAX + 1];	 /* same for every retry of this leaf */
	char flags[STORE_FLAGS_MAX + 1]; /* Maildir flags, "" none: new/ */
};

struct store_answer {
	uint32_t version;
	int32_t error;	    /* 0 done and on disk; else a positive errno */
	uint32_t was_there; /* an earlier attempt had delivered it */
	uint32_t reserved;
	int64_t usage_bytes, usage_messages; /* after it; -1 unknown */
	char detail[STORE_DETAIL_MAX]; /* for the log: which step failed */
};

#endif
