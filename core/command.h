/*
 * core/command.h - what an LMTP command says (RFC 2033, RFC 5321 4.1,
 * and the parameters of RFC 1870, 3461, 6152, 6531; XFORWARD as Postfix
 * documents it).
 *
 * Errors:    MAIL_OK, or MAIL_PERMFAIL with the reply in why.
 * Ownership: results live in the arena, or show octets of the line.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_COMMAND_H
#define HAUSPOST_CORE_COMMAND_H

#include <stdbool.h>

#include "core/addr.h"
#include "core/arena.h"
#include "core/slice.h"
#include "core/why.h"

enum {
	QUEUE_ID_MAX = 64, /* Postfix' long ids have about 20 */
	HOST_TEXT_MAX = 255,
};

enum command_verb {
	COMMAND_UNKNOWN,
	COMMAND_LHLO,
	COMMAND_MAIL,
	COMMAND_RCPT,
	COMMAND_DATA,
	COMMAND_RSET,
	COMMAND_NOOP,
	COMMAND_QUIT,
	COMMAND_VRFY,
	COMMAND_XFORWARD,
	COMMAND_HELO, /* HELO and EHLO, which LMTP has not */
};

struct command {
	enum command_verb verb;
	struct slice args; /* without the blanks at both sides */
};

struct command command_read(struct slice line);

/*
 * The XHAUSPOST-… parameters: on the trusted socket only, since they decide
 * where a message goes and whether it was there before.
 */
struct command_hauspost {
	/* Takes the place of the queue id, and makes a repeat known (which is
	 * answered 250 and not stored again); empty: none was given. */
	struct slice key;
	long long date;	     /* seconds since 1970; always comes with a key */
	bool first;	     /* nobody has said this key before */
	bool placed;	     /* a folder was told, be it INBOX */
	struct slice folder; /* modified UTF-7; empty: INBOX */
	struct slice flags;  /* Maildir's letters, in their order */
};

struct command_mail {
	struct addr sender;
	unsigned long long size_bytes; /* 0: not told */
	bool utf8;		       /* SMTPUTF8 */
	struct slice ret, envid;       /* as they came; empty: not told */
	struct command_hauspost hauspost;
};

enum verdict command_mail(struct arena *arena, struct slice args, bool trusted,
    struct command_mail *mail_out, struct why *why);

enum {
	NOTIFY_NEVER = 1,
	NOTIFY_SUCCESS = 2,
	NOTIFY_FAILURE = 4,
	NOTIFY_DELAY = 8,
};

struct command_rcpt {
	struct addr recipient;
	struct slice orcpt;    /* as it came; empty: not told */
	struct slice original; /* the address in it; empty: none */
	unsigned notify;       /* of NOTIFY_…; 0: not told */
};

enum verdict command_rcpt(struct arena *arena, struct slice args, bool utf8,
    struct command_rcpt *rcpt_out, struct why *why);

/* What we want to know of XFORWARD; absent attributes leave theirs alone. */
struct command_xforward {
	char ident[QUEUE_ID_MAX + 1]; /* "" : the peer has no queue */
	char name[HOST_TEXT_MAX + 1]; /* the client that brought the message */
	char addr[HOST_TEXT_MAX + 1];
};

enum verdict command_xforward(struct arena *arena, struct slice args,
    struct command_xforward *xforward, struct why *why);

#endif
