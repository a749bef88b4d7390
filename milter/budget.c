#include "milter/budget.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/cache.h"
#include "core/clock.h"
#include "core/log.h"
#include "milter/budget_source.h"

enum {
	BUCKETS = 4096, /* as many accounts send at once on a large node */
	ROUND_MS = 1000,
	RESTS_MAX = 500, /* given back with one statement */
	FORGET_EVERY_MS = 3600 * 1000,
	RATE_MS = 60 * 1000,
	KNOWN_MAX = 200000, /* recipients that need no question … */
	KNOWN_BYTES = 32 << 20,
	KNOWN_MS = 12 * 3600 * 1000, /* … well within the month of met.last */
};

/* What is left of the blocks of one account, class and count. */
struct credit {
	struct credit *next;
	bool bulk, unlimited;
	enum budget_counts counts;
	int left;
	long expires_ms;
	char at[LOAN_AT_MAX]; /* of the last loan */
	long minute_ms;	      /* when the minute began … */
	int in_minute;	      /* … and what was taken since */
	size_t n;
	char account[];
};

struct budget {
	struct budget_source source;
	struct budget_db db; /* where the source is PostgreSQL */
	struct cache *known; /* account and address of recipients */
	pthread_t thread;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t wake;
	struct credit *buckets[BUCKETS];
	bool stopping;
};

static const char *const counts_names[] = {
	[BUDGET_MESSAGES] = "messages",
	[BUDGET_RECIPIENTS] = "recipients",
	[BUDGET_NEW] = "new",
};
_Static_assert(sizeof counts_names / sizeof *counts_names == BUDGET_COUNTS,
    "name every count");

const char *
budget_counts_name(enum budget_counts counts)
{
	return counts_names[counts];
}

const char *
budget_class_name(bool bulk)
{
	return bulk ? "bulk" : "regular";
}

/* --- credits; the lock is held ---------------------------------------- */

/* FNV-1a: accounts are our own names, nobody outside can choose them. */
static struct credit **
bucket_of(struct budget *budget, const struct budget_claim *claim)
{
	uint64_t hash = 14695981039346656037U;

	for (size_t i = 0; i < claim->account.n; i++)
		hash = (hash ^ (unsigned char)claim->account.p[i]) *
		       1099511628211U;
	hash = hash * 31 + (uint64_t)claim->counts * 2 + claim->bulk;
	return &budget->buckets[(hash ^ hash >> 32) % BUCKETS];
}

static struct credit *
find_credit(struct budget *budget, const struct budget_claim *claim)
{
	struct credit *credit = *bucket_of(budget, claim);

	while (
	    credit != NULL &&
	    (credit->counts != claim->counts || credit->bulk != claim->bulk ||
		!slice_eq((struct slice){ credit->account, credit->n },
		    claim->account)))
		credit = credit->next;
	return credit;
}

static struct credit *
make_credit(struct budget *budget, const struct budget_claim *claim)
{
	struct credit **bucket = bucket_of(budget, claim);
	struct credit *credit =
	    calloc(1, sizeof *credit + claim->account.n + 1);

	if (credit == NULL)
		abort();
	credit->bulk = claim->bulk;
	credit->counts = claim->counts;
	credit->n = claim->account.n;
	(void)memcpy(credit->account, claim->account.p, claim->account.n);
	credit->next = *bucket;
	return *bucket = credit;
}

static void
count_minute(struct credit *credit, int n, long now_ms)
{
	if (now_ms - credit->minute_ms >= RATE_MS) {
		credit->minute_ms = now_ms;
		credit->in_minute = 0;
	}
	credit->in_minute += n;
}

static void
spend(struct credit *credit, int n)
{
	if (!credit->unlimited)
		credit->left -= n;
	count_minute(credit, n, clock_ms());
}

/* What an older loan has left is spent as if it were of this one. */
static void
add_loan(struct credit *credit, const struct loan *loan)
{
	credit->unlimited = loan->granted >= LOAN_NO_LIMIT;
	credit->left = credit->unlimited ? 0 : credit->left + loan->granted;
	credit->expires_ms = clock_ms() + loan->lasts_ms;
	(void)memcpy(credit->at, loan->at, sizeof credit->at);
}

/* --- taking ----------------------------------------------------------- */

static bool
take_borrowed(struct budget *budget, const struct budget_claim *claim)
{
	struct credit *credit;
	bool taken;

	(void)pthread_mutex_lock(&budget->lock);
	credit = find_credit(budget, claim);
	taken = credit != NULL && clock_ms() < credit->expires_ms &&
		(credit->unlimited || credit->left >= claim->n);
	if (taken)
		spend(credit, claim->n);
	(void)pthread_mutex_unlock(&budget->lock);
	return taken;
}

static void
take_loan(struct budget *budget, const struct budget_claim *claim,
    const struct loan *loan)
{
	struct credit *credit;

	(void)pthread_mutex_lock(&budget->lock);
	credit = find_credit(budget, claim);
	if (credit == NULL)
		credit = make_credit(budget, claim);
	add_loan(credit, loan);
	spend(credit, claim->n);
	(void)pthread_mutex_unlock(&budget->lock);
}

/* What the database said when it lent nothing. */
static enum verdict
refuse(const struct loan *loan, bool *hold_out, struct why *why)
{
	*why = loan->why;
	*hold_out = loan->hold;
	return loan->hold ? MAIL_OK : why->verdict;
}

enum verdict
budget_take(struct budget *budget, const struct budget_claim *claim,
    bool *hold_out, struct why *why)
{
	struct loan loan = { .granted = 0 };

	*hold_out = false;
	if (take_borrowed(budget, claim))
		return MAIL_OK;
	if (budget->source.borrow(budget->source.self, claim, &loan, why) < 0)
		return why->verdict;
	if (loan.granted < claim->n)
		return refuse(&loan, hold_out, why);
	take_loan(budget, claim, &loan);
	return MAIL_OK;
}

/* Without a credit its time is over, and so is that of what comes back. */
void
budget_put_back(struct budget *budget, const struct budget_claim *claim)
{
	struct credit *credit;

	(void)pthread_mutex_lock(&budget->lock);
	credit = find_credit(budget, claim);
	if (credit != NULL)
		spend(credit, -claim->n);
	(void)pthread_mutex_unlock(&budget->lock);
}

int
budget_rate(struct budget *budget, const struct budget_claim *claim)
{
	const struct credit *credit;
	int n = 0;

	(void)pthread_mutex_lock(&budget->lock);
	credit = find_credit(budget, claim);
	if (credit != NULL && clock_ms() - credit->minute_ms < RATE_MS)
		n = credit->in_minute;
	(void)pthread_mutex_unlock(&budget->lock);
	return n;
}

/* --- new recipients --------------------------------------------------- */

static struct slice
known_as(
    struct arena *arena, const struct budget_claim *claim, struct slice address)
{
	return slice_of(arena_printf(arena, "%.*s\n%.*s",
	    SLICE_FMT(claim->account), SLICE_FMT(address)));
}

static void
remember(struct budget *budget, struct slice question)
{
	const struct cache_item item = { .octets = SLICE("1"),
		.began = cache_now(budget->known),
		.expires_ms = clock_ms() + KNOWN_MS,
		.good = true };

	cache_put(budget->known, question, &item, NULL, 0);
}

static enum verdict
ask_meet(struct budget *budget, const struct budget_claim *claim,
    struct slice address, bool *hold_out, struct why *why)
{
	struct loan loan = { .granted = 0 };

	if (budget->source.meet(
		budget->source.self, claim, address, &loan, why) < 0)
		return why->verdict;
	if (loan.granted == 0)
		return refuse(&loan, hold_out, why);
	if (loan.granted >= LOAN_NO_LIMIT)
		take_loan(budget, claim, &loan);
	return MAIL_OK;
}

enum verdict
budget_meet(struct budget *budget, const struct budget_claim *claim,
    struct slice address, bool *hold_out, struct why *why)
{
	struct arena arena = ARENA_INIT;
	struct slice question = known_as(&arena, claim, address);
	struct cache_item item;
	enum verdict verdict = MAIL_OK;

	*hold_out = false;
	if (!cache_find(budget->known, question, clock_ms(), &arena, &item) &&
	    !take_borrowed(budget, claim)) {
		verdict = ask_meet(budget, claim, address, hold_out, why);
		if (verdict == MAIL_OK && !*hold_out)
			remember(budget, question);
	}
	arena_done(&arena);
	return verdict;
}

/* --- the thread ------------------------------------------------------- */

void
budget_changed(struct budget *budget)
{
	(void)pthread_mutex_lock(&budget->lock);
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct credit *c = budget->buckets[i]; c != NULL;
		     c = c->next)
			c->expires_ms = 0;
	}
	(void)pthread_mutex_unlock(&budget->lock);
}

/* What is to be given back, copied while the lock is held. */
struct rests {
	struct arena arena;
	struct loan_rest list[RESTS_MAX];
	size_t n;
};

static void
collect_rest(struct rests *rests, struct credit *credit)
{
	rests->list[rests->n++] = (struct loan_rest){
		arena_strdup(&rests->arena, credit->account),
		budget_class_name(credit->bulk),
		counts_names[credit->counts],
		arena_strdup(&rests->arena, credit->at),
		credit->left,
	};
	credit->left = 0;
}

/* Credits without room stay while their minute is counted. */
static void
collect_bucket(struct rests *rests, struct credit **link, long now_ms)
{
	struct credit *credit;

	while ((credit = *link) != NULL) {
		bool expired = now_ms >= credit->expires_ms;

		if (expired && credit->left > 0 && rests->n < RESTS_MAX)
			collect_rest(rests, credit);
		if (expired && credit->left <= 0 &&
		    now_ms - credit->minute_ms >= RATE_MS) {
			*link = credit->next;
			free(credit);
		} else {
			link = &credit->next;
		}
	}
}

/* Everything that expires before now_ms; how much of it there was. */
static size_t
give_back(struct budget *budget, long now_ms)
{
	struct rests *rests = calloc(1, sizeof *rests);
	struct why why = { 0 };
	size_t n;

	if (rests == NULL)
		abort();
	(void)pthread_mutex_lock(&budget->lock);
	for (size_t i = 0; i < BUCKETS; i++)
		collect_bucket(rests, &budget->buckets[i], now_ms);
	(void)pthread_mutex_unlock(&budget->lock);
	n = rests->n;
	/* What fails counts as sent: that is the safe side. */
	if (n > 0 && budget->source.give_back(
			 budget->source.self, rests->list, n, &why) < 0)
		log_event(
		    LOG_WARNING, NULL, "budget-not-returned", LOG_WHY(&why));
	arena_done(&rests->arena);
	free(rests);
	return n;
}

static bool
is_stopping(struct budget *budget)
{
	bool stopping;

	(void)pthread_mutex_lock(&budget->lock);
	stopping = budget->stopping;
	(void)pthread_mutex_unlock(&budget->lock);
	return stopping;
}

/* Another milter may do it as well: rows are deleted once. */
static void
forget(struct budget *budget)
{
	struct why why = { 0 };
	int n;

	do
		n = budget->source.forget(budget->source.self, &why);
	while (n > 0 && !is_stopping(budget));
	if (n < 0)
		log_event(LOG_WARNING, NULL, "not-forgotten", LOG_WHY(&why));
}

/* True when we shall stop. */
static bool
wait_round(struct budget *budget)
{
	struct timespec round = clock_deadline(ROUND_MS);
	bool stopping;
	int r = 0;

	(void)pthread_mutex_lock(&budget->lock);
	while (!budget->stopping && r == 0)
		r = pthread_cond_timedwait(
		    &budget->wake, &budget->lock, &round);
	stopping = budget->stopping;
	(void)pthread_mutex_unlock(&budget->lock);
	return stopping;
}

static void *
keep_house(void *arg)
{
	struct budget *budget = arg;
	long next_ms = clock_ms() + FORGET_EVERY_MS;

	while (!wait_round(budget)) {
		(void)give_back(budget, clock_ms());
		if (clock_ms() >= next_ms) {
			forget(budget);
			next_ms = clock_ms() + FORGET_EVERY_MS;
		}
	}
	return NULL;
}

/* --- life ------------------------------------------------------------- */

static void
begin(struct budget *budget)
{
	budget->known = cache_new(KNOWN_MAX, KNOWN_BYTES);
	(void)pthread_mutex_init(&budget->lock, NULL);
	clock_cond_init(&budget->wake);
	if (pthread_create(&budget->thread, NULL, keep_house, budget) != 0)
		abort();
}

static struct budget *
budget_new(void)
{
	struct budget *budget = calloc(1, sizeof *budget);

	if (budget == NULL)
		abort();
	return budget;
}

struct budget *
budget_start_on(const struct budget_source *source)
{
	struct budget *budget = budget_new();

	budget->source = *source;
	begin(budget);
	return budget;
}

struct budget *
budget_start(struct db_pool *pool, long trail_days)
{
	struct budget *budget = budget_new();

	budget->db = (struct budget_db){ pool, trail_days };
	budget->source = budget_db_source(&budget->db);
	begin(budget);
	return budget;
}

void
budget_stop(struct budget *budget)
{
	if (budget == NULL)
		return;
	(void)pthread_mutex_lock(&budget->lock);
	budget->stopping = true;
	(void)pthread_cond_signal(&budget->wake);
	(void)pthread_mutex_unlock(&budget->lock);
	(void)pthread_join(budget->thread, NULL);
	while (give_back(budget, LONG_MAX) > 0)
		;
	cache_free(budget->known);
	(void)pthread_cond_destroy(&budget->wake);
	(void)pthread_mutex_destroy(&budget->lock);
	free(budget);
}
