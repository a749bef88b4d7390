#include "sieve/run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "sieve/action.h"
#include "sieve/message.h"

/* ---- Errors ---- */

static void
say(struct run *run, const char *format, va_list args)
{
	char text[400];

	(void)vsnprintf(text, sizeof text, format, args);
	run->error.line = run->at.line;
	run->error.column = run->at.column;
	run->error.text = arena_strdup(run->arena, text);
}

int
run_fail(struct run *run, const char *format, ...)
{
	va_list args;

	if (run->status != SIEVE_OK) /* the first reason is the reason */
		return RUN_FAIL;
	run->status = SIEVE_FAILED;
	va_start(args, format);
	say(run, format, args);
	va_end(args);
	return RUN_FAIL;
}

int
run_limit(struct run *run, const char *limit, const char *format, ...)
{
	va_list args;

	if (run->status != SIEVE_OK)
		return RUN_FAIL;
	run->status = SIEVE_FAILED;
	run->limit = limit;
	va_start(args, format);
	say(run, format, args);
	va_end(args);
	return RUN_FAIL;
}

int
run_defer(struct run *run, const char *what)
{
	if (run->status == SIEVE_OK)
		(void)run_fail(run, "%s could not be looked up", what);
	run->status = SIEVE_DEFER;
	return RUN_FAIL;
}

int
run_over_budget(struct run *run)
{
	run->cost = run->cost_max;
	return run_limit(run, "steps",
	    "the script takes more than %llu steps for this message",
	    (unsigned long long)run->cost_max / SIEVE_STEP_OCTETS);
}

/* ---- Help for extensions ---- */

struct slice
run_printf(struct run *run, const char *format, ...)
{
	char text[1024];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n < 0)
		n = 0;
	return arena_slice(run->arena,
	    slice_head((struct slice){ text, (size_t)n }, sizeof text - 1));
}

int
run_zone_minutes(struct run *run, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (run->callbacks->zone_minutes != NULL)
		return run->callbacks->zone_minutes(run->context, at);
	return localtime_r(&t, &tm) != NULL ? (int)(tm.tm_gmtoff / 60) : 0;
}

int
run_scan_body(struct run *run, size_t octets)
{
	if (octets > SIEVE_BODY_SCAN_MAX - run->body_scanned)
		return run_limit(run, "body",
		    "the script looks at more than %d octets of the body",
		    SIEVE_BODY_SCAN_MAX);
	run->body_scanned += octets;
	return 0;
}

const struct sieve_edit *
run_edit(struct run *run)
{
	const struct fields *fields = run->fields;
	struct sieve_edit *edit;
	struct sieve_field *list;

	if (!run->edited)
		return run->edit;
	edit = arena_new(run->arena, struct sieve_edit);
	list = arena_calloc(run->arena, fields->n, sizeof *list);
	for (size_t i = 0; i < fields->n; i++) {
		list[i].name = fields->list[i].name;
		list[i].value = fields->list[i].raw;
		list[i].whole = fields->list[i].whole;
	}
	edit->fields = list;
	edit->n_fields = fields->n;
	edit->body_replaced = run->body_replaced;
	edit->body = run->body;
	run->edit = edit;
	run->edited = false;
	return edit;
}

void
run_replace_message(struct run *run, struct slice octets)
{
	struct replaced *replaced = arena_new(run->arena, struct replaced);

	replaced->message = sieve_message_new(run->arena, octets);
	replaced->next = run->replaced;
	run->replaced = replaced;
	run->message = replaced->message;
	run->fields = message_fields(run->message);
	run->body_replaced = true;
	run->body = message_body(run->message);
	run->edited = true;
}

void
run_log(struct run *run, const char *format, ...)
{
	char text[400];
	va_list args;

	if (run->callbacks->on_log == NULL)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	run->callbacks->on_log(run->context, slice_of(text));
}

void
run_keep_regex(struct run *run, pcre2_code *code)
{
	if (run->n_regexes == run->regex_capacity) {
		run->regex_capacity = 2 * run->regex_capacity + 4;
		run->regexes = reallocarray(
		    run->regexes, run->regex_capacity, sizeof(pcre2_code *));
		if (run->regexes == NULL)
			abort(); /* as arenas do */
	}
	run->regexes[run->n_regexes++] = code;
}

/* ---- Evaluation ---- */

static void
trace(struct run *run, const struct node *node, int outcome, uint64_t before)
{
	struct sieve_trace event = {
		.program = run->frame->program,
		.line = node->at.line,
		.column = node->at.column,
		.word = node->word->name,
		.outcome = outcome,
		.depth = run->depth,
		.cost_octets = (unsigned long)(run->cost - before),
	};

	if (node->word->type == WORD_COMMAND && outcome >= 0)
		event.outcome = 2;
	run->callbacks->on_trace(run->context, &event);
}

static int
step(struct run *run, const struct node *node)
{
	uint64_t before = run->cost;
	int outcome;

	run->at = node->at;
	if (run_charge(run, RUN_STEP_COST) < 0)
		return RUN_FAIL;
	run->depth++;
	outcome = node->word->run(run, node);
	run->depth--;
	if (run->callbacks->on_trace != NULL)
		trace(run, node, outcome, before);
	return outcome;
}

int
run_test(struct run *run, const struct node *node)
{
	if (node->constant != CONSTANT_NOT)
		return node->constant == CONSTANT_TRUE;
	return step(run, node);
}

int
run_block(struct run *run, const struct node *node)
{
	for (; node != NULL; node = node->next) {
		int flow = step(run, node);

		if (flow != FLOW_NEXT)
			return flow;
	}
	return FLOW_NEXT;
}

int
run_frame(struct run *run, struct frame *frame)
{
	const struct sieve_program *program = frame->program;
	int flow;

	frame->below = run->frame;
	frame->variables = arena_calloc(
	    run->arena, program->n_variables, sizeof(struct slice));
	run->frame = frame;
	flow = run_block(run, program->first);
	run->frame = frame->below;
	return flow == FLOW_RETURN ? FLOW_NEXT : flow;
}

/* ---- A whole run ---- */

static void
run_init(struct run *run, const struct sieve_job *job, struct arena *arena)
{
	long steps = job->environment->steps;

	if (steps > SIEVE_STEPS_MAX)
		steps = SIEVE_STEPS_MAX;
	*run = (struct run){ .job = job,
		.arena = arena,
		.received = job->message,
		.message = job->message,
		.envelope = *job->envelope,
		.environment = job->environment,
		.callbacks = job->callbacks,
		.context = job->context };
	run->cost_max = steps > 0 ? (uint64_t)steps * SIEVE_STEP_OCTETS : 0;
	run->fields = message_fields(job->message);
	run->implicit_keep = true; /* also when there is no script at all */
	run->actions_end = &run->actions;
	run->duplicates_end = &run->duplicates;
}

static void
run_done(struct run *run)
{
	for (size_t i = 0; i < run->n_regexes; i++)
		pcre2_code_free(run->regexes[i]);
	free(run->regexes);
	for (struct replaced *r = run->replaced; r != NULL; r = r->next)
		sieve_message_done(r->message);
	for (struct included *i = run->included; i != NULL; i = i->next)
		sieve_program_unref(i->program);
}

/* True when the next script has its turn: the mail is kept so far. */
static bool
run_one(struct run *run, const struct sieve_program *program)
{
	struct frame frame = { .program = program };
	struct sieve_action **mark = run->actions_end;
	const struct sieve_edit *edit = run_edit(run);

	run->flags = (struct slice){ "", 0 };
	run->implicit_keep = true;
	run->kept = false;
	if (run_frame(run, &frame) >= 0)
		return run->implicit_keep || run->kept;
	/* RFC 5228 2.10.6: whatever the script did by halves, keep. */
	action_drop_from(run, mark);
	run->flags = (struct slice){ "", 0 };
	run->edit = edit;
	run->edited = false;
	run->implicit_keep = true;
	return false;
}

static void
run_all(struct run *run)
{
	const struct sieve_job *job = run->job;

	for (size_t i = 0; i < job->n_programs; i++) {
		if (!run_one(run, job->programs[i]))
			break;
		if (i + 1 < job->n_programs) /* that one decides */
			action_drop_keeps(run);
	}
	action_finish(run);
}

enum sieve_status
sieve_run(const struct sieve_job *job, struct arena *arena,
    struct sieve_result *result)
{
	struct run run;

	run_init(&run, job, arena);
	run_all(&run);
	run_done(&run);
	*result = (struct sieve_result){ .status = run.status,
		.actions = run.actions,
		.n_actions = run.n_actions,
		.duplicates = run.duplicates,
		.error = run.error,
		.limit = run.limit,
		.steps = (long)((run.cost + SIEVE_STEP_OCTETS - 1) /
				SIEVE_STEP_OCTETS) };
	return run.status;
}

void
sieve_environment_init(struct sieve_environment *environment)
{
	enum { DAY = 86400 };

	*environment = (struct sieve_environment){
		.now = time(NULL),
		.subaddress_separator = '+',
		.steps = SIEVE_STEPS_MAX,
		.redirects = SIEVE_REDIRECTS_MAX,
		.actions = SIEVE_ACTIONS_MAX,
		/* RFC 5230 4.1: at least a day, at least thirty can be asked
		 * for; a week when nobody asks. */
		.vacation_min_s = DAY,
		.vacation_max_s = 60 * DAY,
		.vacation_default_s = 7 * DAY,
		/* RFC 7352 3.3 suggests these. */
		.duplicate_max_s = 90 * DAY,
		.duplicate_default_s = 7 * DAY,
		/* RFC 5293 6: a trace must not be lost. */
		.undeletable_fields = SLICE("Received Auto-Submitted"),
		.header_max = 2048,
	};
}
