#include "fetcher/post.h"

#include <errno.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/clock.h"

enum { MAIL_PARAMS_MAX = 2048 };

struct post {
	struct smtpc_options options;
	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t wake;
	struct letter *first, **end;
	size_t waiting; /* letters */
	bool eager;	/* somebody waits for them */
	size_t busy;	/* lanes that are not asleep */
	bool stopping;

	size_t n;
	pthread_t lanes[];
};

/* --- counters --------------------------------------------------------- */

void
counter_init(struct counter *counter)
{
	*counter = (struct counter){ .done = NULL };
	(void)pthread_mutex_init(&counter->lock, NULL);
	clock_cond_init(&counter->back);
}

void
counter_done(struct counter *counter)
{
	(void)pthread_cond_destroy(&counter->back);
	(void)pthread_mutex_destroy(&counter->lock);
}

static void
give_back(struct letter *letter)
{
	struct counter *counter = letter->counter;

	(void)pthread_mutex_lock(&counter->lock);
	letter->next = counter->done;
	counter->done = letter;
	counter->under_way--;
	if (counter->under_way <= counter->awaited)
		(void)pthread_cond_signal(&counter->back);
	(void)pthread_mutex_unlock(&counter->lock);
}

size_t
post_under_way(struct counter *counter)
{
	size_t n;

	(void)pthread_mutex_lock(&counter->lock);
	n = counter->under_way;
	(void)pthread_mutex_unlock(&counter->lock);
	return n;
}

/* Somebody waits: no letter is left to a lane that may take long. */
static void
hurry(struct post *post)
{
	(void)pthread_mutex_lock(&post->lock);
	post->eager = post->waiting > 0;
	if (post->eager)
		(void)pthread_cond_signal(&post->wake);
	(void)pthread_mutex_unlock(&post->lock);
}

struct letter *
post_wait(
    struct post *post, struct counter *counter, size_t *under_way, long wait_ms)
{
	struct timespec until = clock_deadline(wait_ms);
	struct letter *done;
	int r = 0;

	if (post_under_way(counter) > *under_way)
		hurry(post);
	(void)pthread_mutex_lock(&counter->lock);
	counter->awaited = *under_way;
	while (counter->under_way > *under_way && r == 0)
		r = pthread_cond_timedwait(
		    &counter->back, &counter->lock, &until);
	*under_way = counter->under_way;
	done = counter->done;
	counter->done = NULL;
	(void)pthread_mutex_unlock(&counter->lock);
	return done;
}

/* --- one letter ------------------------------------------------------- */

static bool
is_ours(const struct smtpc *smtpc)
{
	return smtpc_offers(smtpc, SLICE("XHAUSPOST"));
}

static void
send_over(struct smtpc *smtpc, struct letter *letter)
{
	AUTO_BUF struct buf params = BUF_INIT(MAIL_PARAMS_MAX);
	struct smtpc_part parts[MESSAGE_PARTS];
	struct smtpc_rcpt rcpt = { .address = letter->recipient,
		.params = letter->params };
	struct smtpc_mail mail = { .sender = letter->sender,
		.rcpts = &rcpt,
		.n_rcpts = 1,
		.parts = parts };

	letter->keyed = is_ours(smtpc);
	(void)buf_add_text(&params, "BODY=8BITMIME ");
	if (letter->keyed)
		(void)buf_add_slice(&params, letter->hauspost);
	if (letter->keyed && letter->first)
		(void)buf_add_text(&params, " XHAUSPOST-FIRST");
	mail.params = buf_slice(&params);
	mail.n_parts = message_parts(letter->message, letter->head, parts);
	(void)smtpc_send(smtpc, &mail, &letter->why);
}

static void
hang_up(struct smtpc **smtpc)
{
	smtpc_close(*smtpc);
	*smtpc = NULL;
}

/*
 * A connection that had been open for a while may be closed by now, and lmtpd
 * may have been started anew: with a key a second attempt can do no harm.
 */
static void
deliver(struct post *post, struct smtpc **smtpc, struct letter *letter)
{
	bool again = *smtpc != NULL && is_ours(*smtpc);

	if (*smtpc == NULL &&
	    smtpc_open(&post->options, smtpc, &letter->why) < 0)
		return;
	send_over(*smtpc, letter);
	if (smtpc_usable(*smtpc))
		return;
	hang_up(smtpc);
	letter->first = false;
	if (!again || smtpc_open(&post->options, smtpc, &letter->why) < 0)
		return;
	send_over(*smtpc, letter);
	if (!smtpc_usable(*smtpc))
		hang_up(smtpc);
}

/* --- threads ---------------------------------------------------------- */

static struct letter *
next_letter(struct post *post)
{
	struct letter *letter;

	(void)pthread_mutex_lock(&post->lock);
	while (post->first == NULL && !post->stopping) {
		post->busy--;
		(void)pthread_cond_wait(&post->wake, &post->lock);
		post->busy++;
	}
	letter = post->first;
	if (letter != NULL) {
		post->first = letter->next;
		post->eager = --post->waiting > 0 && post->eager;
		if (post->eager)
			(void)pthread_cond_signal(&post->wake);
	}
	if (post->first == NULL)
		post->end = &post->first;
	(void)pthread_mutex_unlock(&post->lock);
	return letter;
}

static void *
run_lane(void *arg)
{
	struct post *post = arg;
	struct smtpc *smtpc = NULL;
	struct letter *letter;

	while ((letter = next_letter(post)) != NULL) {
		letter->why = (struct why){ 0 };
		deliver(post, &smtpc, letter);
		give_back(letter);
	}
	smtpc_close(smtpc);
	return NULL;
}

/*
 * A lane that is awake takes one letter when it is done with another. To wake
 * a second costs more than a quick server does, so that is for when letters
 * pile up.
 */
static bool
wants_lane(const struct post *post)
{
	return post->busy == 0 || post->waiting > 1;
}

void
post_send(struct post *post, struct counter *counter, struct letter *letter)
{
	bool wake;

	letter->counter = counter;
	letter->next = NULL;
	(void)pthread_mutex_lock(&counter->lock);
	counter->under_way++;
	(void)pthread_mutex_unlock(&counter->lock);

	(void)pthread_mutex_lock(&post->lock);
	*post->end = letter;
	post->end = &letter->next;
	post->waiting++;
	wake = wants_lane(post);
	(void)pthread_mutex_unlock(&post->lock);
	if (wake)
		(void)pthread_cond_signal(&post->wake);
}

struct post *
post_start(const struct smtpc_options *options, size_t lanes)
{
	struct post *post =
	    calloc(1, sizeof *post + lanes * sizeof *post->lanes);

	if (post == NULL)
		abort();
	post->options = *options;
	post->end = &post->first;
	post->busy = lanes; /* each looks for a letter first */
	(void)pthread_mutex_init(&post->lock, NULL);
	(void)pthread_cond_init(&post->wake, NULL);
	for (; post->n < lanes; post->n++) {
		if (pthread_create(
			&post->lanes[post->n], NULL, run_lane, post) != 0)
			abort(); /* at the start; it is tried again */
	}
	return post;
}

void
post_stop(struct post *post)
{
	if (post == NULL)
		return;
	(void)pthread_mutex_lock(&post->lock);
	post->stopping = true;
	(void)pthread_cond_broadcast(&post->wake);
	(void)pthread_mutex_unlock(&post->lock);
	for (size_t i = 0; i < post->n; i++)
		(void)pthread_join(post->lanes[i], NULL);
	(void)pthread_cond_destroy(&post->wake);
	(void)pthread_mutex_destroy(&post->lock);
	free(post);
}
