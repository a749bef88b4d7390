/*
 * sieve/sieve.h - the Sieve engine: what a script wants done with a message.
 *
 *	sieve_compile(script, NULL, &program, &errors);
 *	sieve_run(&job, &arena, &result);
 *	for (const struct sieve_action *a = result.actions; a; a = a->next) …
 *
 * A program is immutable and counted by reference; any number of threads may
 * run it at once. A run reads a message and gives back an ordered list of
 * actions as data. It opens no file, sends nothing and stores nothing: what
 * it must know of the world it asks through callbacks, and what it would like
 * remembered (duplicate and vacation marks) it returns.
 *
 * Errors:    a script that cannot be compiled gives a list of errors, each
 *            with line and column. A script that fails while it runs, or goes
 *            over a budget, gives SIEVE_FAILED and a plan that keeps the mail.
 *            A callback that cannot answer gives SIEVE_DEFER: the caller tries
 *            again later, since what the script would have done is unknown.
 * Ownership: results live in the arena of the run and look into the message
 *            and the envelope, which must outlive the result.
 * Threads:   a program may be shared, a message view belongs to one thread.
 * Units:     sizes in octets, periods in seconds, times in Unix seconds.
 *
 * RFC 5228 and the extensions that sieve_extension_names() lists.
 */
#ifndef HAUSPOST_SIEVE_SIEVE_H
#define HAUSPOST_SIEVE_SIEVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/slice.h"

/* Budgets. Whoever needs more is better served by a program than a script. */
enum {
	SIEVE_SCRIPT_MAX = 100 * 1024, /* octets; ManageSieve's limit as well */
	SIEVE_NESTING_MAX = 20,	       /* blocks and tests inside each other */
	SIEVE_ERRORS_MAX = 20,	       /* listed; what follows is a sequel */
	SIEVE_STEPS_MAX = 20000,       /* weighted, per run: under 100 ms */
	SIEVE_STEP_OCTETS = 1024,      /* looked at, and a step is used up */
	SIEVE_VARIABLES_MAX = 128,     /* RFC 5229 6 demands so many */
	SIEVE_VARIABLE_MAX = 4096,     /* octets of a value, then cut there */
	SIEVE_INCLUDE_DEPTH_MAX = 10,
	SIEVE_INCLUDES_MAX = 255, /* in one run, whatever their depth */
	SIEVE_ACTIONS_MAX = 32,
	SIEVE_REDIRECTS_MAX = 4,
	SIEVE_BODY_SCAN_MAX = 8 * 1024 * 1024, /* octets of body per run */
	SIEVE_PARTS_MAX = 1000,		       /* MIME parts of a message */
	SIEVE_PART_DEPTH_MAX = 50,
	SIEVE_FIELDS_MAX = 2000, /* header fields; more are not looked at */
};

/* ---- Extensions ---- */

struct sieve_extension; /* sieve/extension.h */

/* A set of extensions, one bit each in the order of the engine's table. */
typedef uint64_t sieve_extension_set;

/* Everything the engine has. */
sieve_extension_set sieve_extensions_all(void);

/* What a server offers unless its admin says otherwise. */
sieve_extension_set sieve_extensions_default(void);

/*
 * Reads a list of names as Dovecot's sieve_extensions has them: "fileinto
 * vacation" is the whole set, "+editheader -regex" changes the default one.
 * An unknown name: -EINVAL, and *bad_out names it.
 */
int sieve_extensions_parse(
    struct slice list, sieve_extension_set *set_out, struct slice *bad_out);

/* The names in set, separated by blanks, for ManageSieve. */
struct slice sieve_extension_names(
    sieve_extension_set set, struct arena *arena);

/* ---- Compiling ---- */

struct sieve_program;

struct sieve_error {
	unsigned line, column; /* from 1; a column is a character */
	const char *text;      /* a sentence for the script's author */
};

struct sieve_errors {
	struct arena arena;
	struct sieve_error list[SIEVE_ERRORS_MAX];
	size_t n;
};

/* Embedded by the caller: sieve_errors_init() before, _done() after. */
void sieve_errors_init(struct sieve_errors *errors);
void sieve_errors_done(struct sieve_errors *errors);

struct sieve_options {
	sieve_extension_set extensions; /* a script may require these */
	/* More extensions, NULL-ended; always on. For tools such as svtest. */
	const struct sieve_extension *const *more;
};

/*
 * 0 and a program with one reference, or -EINVAL and at least one error.
 * options may be NULL: the default extensions.
 */
int sieve_compile(struct slice script, const struct sieve_options *options,
    struct sieve_program **program_out, struct sieve_errors *errors);

struct sieve_program *sieve_program_ref(struct sieve_program *program);
void sieve_program_unref(struct sieve_program *program); /* NULL is fine */

/* Memory a program holds, for a cache that weighs its entries. */
size_t sieve_program_size(const struct sieve_program *program);

/* ---- The message, the envelope, the world around ---- */

struct sieve_message;

/*
 * A view of the octets of a message, lines ending in LF or CRLF. The header
 * is indexed at the first look, MIME is parsed only when a body or MIME test
 * asks. sieve_message_done() frees what MIME parsing took; the rest goes with
 * the arena.
 */
struct sieve_message *sieve_message_new(
    struct arena *arena, struct slice octets);
void sieve_message_done(struct sieve_message *message);

/* The octets the view was made of. */
struct slice sieve_message_octets(const struct sieve_message *message);

struct sieve_envelope {
	struct slice from; /* MAIL FROM, empty for the null sender */
	struct slice to;   /* the recipient as it was asked (ORCPT) */
	struct slice auth; /* login of the submitter, empty when none */
	/* RFC 6009, as they stood in the SMTP dialogue; empty: absent. */
	struct slice notify, orcpt, ret, envid;
};

/* A name with its value, for the environment test and metadata. */
struct sieve_item {
	struct slice name, value;
};

enum sieve_status_scale {
	SIEVE_SCALE_SCORE,
	SIEVE_SCALE_STARS,
	SIEVE_SCALE_TEXT
};

/* How a spam or virus filter's result is read from a header field. */
struct sieve_status_source {
	struct slice field;   /* its name; empty: no filter, value 0 */
	struct slice pattern; /* POSIX ERE, \1 is the status; "" all of it */
	enum sieve_status_scale scale;
	struct slice max_field, max_pattern; /* where the maximum stands */
	double max_value;		     /* or the maximum itself */
	struct slice text[11]; /* SIEVE_SCALE_TEXT: the words for 0 to 10 */
};

/* Settings of the site; sieve_environment_init() fills in the defaults. */
struct sieve_environment {
	int64_t now;			/* the clock, for the whole run */
	const struct sieve_item *items; /* environment, RFC 5183 */
	size_t n_items;
	const struct slice *addresses; /* all addresses of this mailbox */
	size_t n_addresses;
	struct slice user_email;   /* From of what we send, if not empty */
	struct slice mailbox_name; /* whose script this is, for logs */
	char subaddress_separator; /* '+' */
	long steps; /* weighted steps left to this mailbox this hour */
	long redirects, actions; /* the budgets, should a site want less */
	long vacation_min_s, vacation_max_s, vacation_default_s;
	long duplicate_max_s, duplicate_default_s;
	struct sieve_status_source spamtest, virustest;
	struct slice protected_fields; /* editheader must not touch these */
	struct slice undeletable_fields;
	size_t header_max; /* octets editheader may add in one field */
};

void sieve_environment_init(struct sieve_environment *environment);

struct sieve_trace {
	const struct sieve_program *program; /* whose line and column it is */
	unsigned line, column;
	const char *word; /* "header", "fileinto" … */
	int outcome;	  /* of a test: 1, 0, -1 failed; of a command: 2 */
	unsigned depth;
	unsigned long cost_octets; /* of this step with all inside it */
};

/*
 * Questions to the caller. All return 1 yes, 0 no, negative: cannot tell now
 * (SIEVE_DEFER). Each may be NULL, which is "no" unless said otherwise.
 */
struct sieve_callbacks {
	/* May mail be filed there? NULL: yes. */
	int (*mailbox_exists)(void *context, struct slice name);
	/* The mailbox with this special use, RFC 8579 (in: a mailbox or ""). */
	int (*special_use)(
	    void *context, struct slice mailbox, struct slice use);
	/* Is there a mailbox with this object id, RFC 9042? */
	int (*mailbox_id)(void *context, struct slice id);
	/* An annotation of a mailbox, or of the server when it is empty. */
	int (*metadata)(void *context, struct slice mailbox,
	    struct slice annotation, struct slice *value_out);
	/* A script to include; *program_out carries a reference. */
	int (*include)(void *context, bool global, struct slice name,
	    struct sieve_program **program_out);
	/* Is this key marked and not yet expired? */
	int (*duplicate_seen)(void *context, struct slice key);
	int (*vacation_seen)(void *context, struct slice key);
	/*
	 * Is this an address of the mailbox, beside those that the
	 * environment lists? Asked only where a reply depends on it.
	 */
	int (*my_address)(void *context, struct slice address);
	/* Does the external list hold the value, RFC 6134? */
	int (*list_contains)(
	    void *context, struct slice list, struct slice value);
	/* Is there such a list? */
	int (*list_exists)(void *context, struct slice list);
	/* Minutes east of UTC at that time; NULL: the process' own zone. */
	int (*zone_minutes)(void *context, int64_t at);
	void (*on_trace)(void *context, const struct sieve_trace *trace);
	void (*on_log)(void *context, struct slice text); /* debug_log */
};

/* ---- Running ---- */

enum sieve_status { SIEVE_OK, SIEVE_FAILED, SIEVE_DEFER };

enum sieve_action_type {
	SIEVE_KEEP,
	SIEVE_FILEINTO,
	SIEVE_REDIRECT,
	SIEVE_DISCARD, /* only told when it is all that happens */
	SIEVE_REJECT,
	SIEVE_EREJECT,
	SIEVE_VACATION,
	SIEVE_NOTIFY,
	SIEVE_ACTION_TYPES,
};

/* A header field as editheader left it. */
struct sieve_field {
	struct slice name;
	struct slice value; /* folded, without the line end behind it */
	struct slice whole; /* octets as received; empty for a new field */
};

/* A message that differs from the received one. */
struct sieve_edit {
	const struct sieve_field *fields;
	size_t n_fields;
	bool body_replaced;
	struct slice body;
};

/* Where a copy of the message goes. */
struct sieve_store {
	struct slice mailbox; /* UTF-8, "/"-free of meaning: the caller's */
	bool create;
	struct slice special_use; /* tried before mailbox; empty: none */
	struct slice mailbox_id;  /* tried before both */
	const struct slice *flags;
	size_t n_flags;
};

struct sieve_redirect {
	struct slice address;	  /* is_list: the name of an external list */
	bool is_list;		  /* to each of its members, RFC 6134 2.5 */
	struct slice notify, ret; /* RFC 6009, empty: as the site does */
};

struct sieve_vacation {
	struct slice key;     /* mark it: who was answered, with what */
	long period_s;	      /* how long the mark lasts */
	struct slice to;      /* who is answered */
	struct slice from;    /* address of the reply, perhaps with a name */
	struct slice subject; /* decoded UTF-8, one line */
	struct slice reason;
	bool mime; /* reason is a MIME entity */
	bool has_fcc;
	struct sieve_store fcc;
};

struct sieve_notify {
	struct slice method; /* the URI */
	struct slice id;     /* of the draft before RFC 5435 */
	struct slice from, message;
	int importance;		/* 1 high, 2, 3 low */
	const struct slice *to; /* addresses of a mailto: method */
	size_t n_to;
	const struct sieve_item *headers; /* of a mailto: method */
	size_t n_headers;
	struct slice body;
	bool has_fcc;
	struct sieve_store fcc;
};

struct sieve_action {
	struct sieve_action *next;
	enum sieve_action_type type;
	unsigned line;		       /* of the script, 0: implicit keep */
	const struct sieve_edit *edit; /* NULL: the message as received */
	union {
		struct sieve_store store; /* KEEP (mailbox INBOX), FILEINTO */
		struct sieve_redirect redirect;
		struct slice reason; /* REJECT, EREJECT: UTF-8 text */
		struct sieve_vacation vacation;
		struct sieve_notify notify;
	};
};

/* To be written down by the caller when the plan was carried out. */
struct sieve_mark {
	struct sieve_mark *next;
	struct slice key;
	long period_s;
};

struct sieve_result {
	enum sieve_status status;
	const struct sieve_action *actions; /* in the order to carry out */
	size_t n_actions;
	const struct sieve_mark *duplicates;
	/* Of SIEVE_FAILED and SIEVE_DEFER, for the mailbox' Sieve log. */
	struct sieve_error error;
	const char *limit; /* the budget that was used up, or NULL */
	long steps;	   /* weighted, of this run */
};

/* One message for one mailbox. */
struct sieve_job {
	/* Run in turn; the next one runs while the mail is still kept. */
	struct sieve_program *const *programs;
	size_t n_programs;
	struct sieve_message *message;
	const struct sieve_envelope *envelope;
	const struct sieve_environment *environment;
	const struct sieve_callbacks *callbacks;
	void *context;
};

enum sieve_status sieve_run(const struct sieve_job *job, struct arena *arena,
    struct sieve_result *result);

/* ---- What to do with a plan ---- */

/* The whole message with the edits made; new lines end as its others do. */
struct slice sieve_edit_message(const struct sieve_edit *edit,
    const struct sieve_message *message, struct arena *arena);

/* One line a reader understands, for sieve-run and the log. */
void sieve_action_print(const struct sieve_action *action, FILE *out);

#endif
