/*
 * sieve/run.h - one run of a script: its state, its budget, its errors.
 *
 * Everything a run learns lives here or in its arena; programs and other
 * runs see nothing of it. A function that returns an int gives a negative
 * number when the run cannot go on, and has then said why.
 */
#ifndef HAUSPOST_SIEVE_RUN_H
#define HAUSPOST_SIEVE_RUN_H

#include "sieve/extension.h"
#include "sieve/fields.h"

enum { MATCH_VALUES_MAX = 33 }; /* ${0} to ${32}; RFC 5229 6 demands 10 */

struct part; /* sieve/mime.h */

/* A script being run; included ones lie above the one that includes them. */
struct frame {
	struct frame *below;
	const struct sieve_program *program;
	struct slice name; /* of an included script, to find circles */
	bool from_global;
	struct slice *variables; /* by slot; p NULL while never set */
	struct slice matches[MATCH_VALUES_MAX];
	size_t n_matches;
};

/* foreverypart around the step; the innermost one comes first. */
struct iteration {
	struct iteration *outer;
	const struct part *part;
	struct slice name;
};

struct global {
	struct global *next;
	struct slice name, value;
};

/* Names of scripts that :once would not run again. */
struct included {
	struct included *next;
	struct sieve_program *program; /* a reference until the run ends */
	bool global;
	struct slice name;
};

/* Messages that took the place of the received one (RFC 5703 5 and 6). */
struct replaced {
	struct replaced *next;
	struct sieve_message *message;
};

struct run {
	const struct sieve_job *job;
	struct arena *arena;
	struct sieve_message *received; /* what edits are made of */
	struct sieve_message *message;	/* what tests look at */
	struct sieve_envelope envelope;
	const struct sieve_environment *environment;
	const struct sieve_callbacks *callbacks;
	void *context;

	struct frame *frame;
	struct iteration *iteration;
	struct slice breaking; /* FLOW_BREAK: the loop's name, or empty */
	struct global *globals;
	struct included *included;
	struct replaced *replaced;
	unsigned include_depth, n_includes;

	/* The budget. Octets looked at; SIEVE_STEP_OCTETS of them are a step.
	 */
	uint64_t cost, cost_max;
	size_t body_scanned;

	struct fields *fields;	       /* the header as it is now */
	const struct sieve_edit *edit; /* NULL while nothing was changed */
	bool edited;		       /* since edit was made */
	bool body_replaced;
	struct slice body;
	/* What redirect sends: RFC 5703 6 lets it pass by an enclosure. */
	bool enclosed;
	const struct sieve_edit *inner_edit;
	struct slice flags; /* the internal variable of RFC 5232, " "-joined */

	struct sieve_action *actions, **actions_end;
	size_t n_actions, n_redirects;
	bool implicit_keep;
	bool kept;		/* explicitly, by the script now running */
	unsigned vacation_line; /* RFC 5230 4.7: once in a script */
	struct sieve_mark *duplicates, **duplicates_end;

	struct place at;
	unsigned depth; /* of words inside each other, for the trace */
	enum sieve_status status;
	struct sieve_error error;
	const char *limit;
	pcre2_code **regexes; /* compiled while running */
	size_t n_regexes, regex_capacity;
	void *extra; /* of the extensions in sieve_options.more */
};

int run_over_budget(struct run *run);

enum {
	/* A step of the script costs this, whatever it looks at. */
	RUN_STEP_COST = SIEVE_STEP_OCTETS,
	/* Setting up one comparison is worth looking at so many octets. */
	RUN_COMPARE_COST = 16,
};

/*
 * Accounts for octets looked at. Returns 0, or RUN_FAIL when the budget is
 * used up. Loops over mail call it before or while they look, not after.
 */
static inline int
run_charge(struct run *run, size_t octets)
{
	run->cost += octets;
	return run->cost <= run->cost_max ? 0 : run_over_budget(run);
}

/* Evaluate: a list of commands, one test. */
int run_block(struct run *run, const struct node *node);
int run_test(struct run *run, const struct node *node);

/*
 * One script: FLOW_NEXT, FLOW_STOP or RUN_FAIL. The frame names it and has
 * room for its variables; it may be on the caller's stack.
 */
int run_frame(struct run *run, struct frame *frame);

/* Give up, because of the script: RUN_FAIL. */
int run_fail(struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int run_limit(struct run *run, const char *limit, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Give up, because a callback could not answer: RUN_FAIL and SIEVE_DEFER. */
int run_defer(struct run *run, const char *what);

/* An octet string in the run's arena. */
struct slice run_printf(struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Minutes east of UTC at that time, as the site has it. */
int run_zone_minutes(struct run *run, int64_t at);

/* The message as it is now, for an action; NULL: as it was received. */
const struct sieve_edit *run_edit(struct run *run);

/* Another message takes the place of this one, for tests and actions. */
void run_replace_message(struct run *run, struct slice octets);

/* A line for the script's owner, if anybody listens. */
void run_log(struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A regular expression compiled while running; freed when the run ends. */
void run_keep_regex(struct run *run, pcre2_code *code);

/* The body or MIME tests may look at so much more of the message. */
int run_scan_body(struct run *run, size_t octets);

#endif
