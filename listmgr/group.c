#include "listmgr/group.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/statvfs.h>

enum { PARTS = 4 };

/* --- connections ------------------------------------------------------ */

/* The connection of this place, which may be a new one. */
static struct smtpc *
hand(struct hands *hands, size_t place, struct why *why)
{
	struct smtpc **smtpc = &hands->smtpc[place];

	if (*smtpc != NULL && !smtpc_usable(*smtpc)) {
		smtpc_close(*smtpc);
		*smtpc = NULL;
	}
	if (*smtpc == NULL &&
	    smtpc_open(&hands->listmgr->inject, smtpc, why) < 0)
		*smtpc = NULL;
	return *smtpc;
}

void
hands_close(struct hands *hands)
{
	for (size_t i = 0; i < GROUP_CONNECTIONS_MAX; i++) {
		smtpc_close(hands->smtpc[i]);
		hands->smtpc[i] = NULL;
	}
}

/* --- room for it ------------------------------------------------------ */

/*
 * A list of 100,000 and a large post would fill Postfix' disk with copies, so
 * each waits until those before it have left. While Postfix takes a message
 * it may be there twice.
 */
static bool
has_room(const struct group *group, struct why *why)
{
	const struct settings *settings = group->outgoing->listmgr->settings;
	unsigned long long needed =
	    2 * (unsigned long long)group->outgoing->size_bytes +
	    (unsigned long long)settings->queue_reserve_bytes;
	struct statvfs fs;

	if (settings->queue[0] == '\0' || statvfs(settings->queue, &fs) < 0 ||
	    fs.f_bavail * fs.f_frsize >= needed)
		return true;
	(void)why_say(why, 452, "4.3.1", "the queue's disk is full");
	return false;
}

/* --- one message ------------------------------------------------------ */

/* NOTIFY: "delayed" notices are no bounces, but have been taken for them. */
static const struct slice rcpt_params = { "NOTIFY=FAILURE", 14 };

/* SIZE lets Postfix refuse what its disk has no room for before it comes. */
static struct slice
mail_params(const struct group *group, struct arena *arena, const char *more)
{
	return slice_of(arena_printf(arena,
	    "SIZE=%zu BODY=8BITMIME RET=HDRS ENVID=%lld-%lld%s",
	    group->outgoing->size_bytes, group->outgoing->list.id,
	    group->outgoing->n, more));
}

static void
set_parts(const struct outgoing *outgoing, struct slice unsubscribe,
    struct smtpc_part parts[PARTS])
{
	const struct edited *edited = &outgoing->edited;
	const struct slice pieces[PARTS] = { edited->top, unsubscribe,
		edited->fields, edited->body };

	for (size_t i = 0; i < PARTS; i++)
		parts[i] = (struct smtpc_part)SMTPC_OCTETS(pieces[i]);
}

/*
 * "news+b-7.abcdefgh@example.org", to which Postfix adds "-user=domain", or
 * "news+b-TOKEN@example.org".
 */
struct slice
group_sender(
    const struct group *group, const struct member *member, struct arena *arena)
{
	const struct outgoing *outgoing = group->outgoing;
	const char *extension =
	    member != NULL
		? arena_printf(arena, "b-%.*s", SLICE_FMT(member->bounce))
		: arena_printf(
		      arena, "b-%lld.%.*s", outgoing->n, SLICE_FMT(group->mac));

	return list_sub_address(arena, &outgoing->list, extension);
}

/* --- shared ----------------------------------------------------------- */

static struct smtpc_rcpt *
make_rcpts(const struct group *group)
{
	struct smtpc_rcpt *rcpts =
	    arena_calloc(group->arena, group->n, sizeof *rcpts);

	for (size_t i = 0; i < group->n; i++)
		rcpts[i] =
		    (struct smtpc_rcpt){ .address = group->members[i].address,
			    .params = rcpt_params };
	return rcpts;
}

void
group_say(struct group *group, const struct why *why)
{
	for (size_t i = 0; i < group->n; i++)
		group->members[i].why = *why;
}

/* Bounces would name nobody, so nobody gets it before that is mended. */
static void
say_no_xverp(struct group *group)
{
	struct why why = { 0 };

	(void)why_say(&why, 451, "4.3.5", "the next server offers no XVERP");
	group_say(group, &why);
}

static void
share(struct smtpc *smtpc, struct group *group)
{
	const struct outgoing *outgoing = group->outgoing;
	struct slice everybody = { "", 0 };
	struct smtpc_part parts[PARTS];
	struct smtpc_mail mail = {
		.sender = group_sender(group, NULL, group->arena),
		.params = mail_params(group, group->arena, " XVERP=-="),
		.rcpts = make_rcpts(group),
		.n_rcpts = group->n,
		.parts = parts,
		.n_parts = PARTS,
	};
	struct why why;

	set_parts(outgoing,
	    outgoing_unsubscribe(outgoing, group->arena, everybody), parts);
	(void)smtpc_send(smtpc, &mail, &why);
	for (size_t i = 0; i < group->n; i++)
		group->members[i].why = mail.rcpts[i].why;
}

void
group_share(struct hands *hands, struct group *group)
{
	struct why why = { 0 };
	struct smtpc *smtpc =
	    has_room(group, &why) ? hand(hands, 0, &why) : NULL;

	if (smtpc == NULL)
		group_say(group, &why);
	else if (!smtpc_offers(smtpc, SLICE("XVERP")))
		say_no_xverp(group);
	else
		share(smtpc, group);
}

/* --- personal --------------------------------------------------------- */

/* Senders take one member after the other. */
struct round {
	struct hands *hands;
	struct group *group;
	atomic_size_t next;
};

struct sender {
	struct round *round;
	size_t place;
	pthread_t thread;
};

static void
send_one(struct smtpc *smtpc, const struct group *group, struct member *member,
    struct arena *arena)
{
	const struct outgoing *outgoing = group->outgoing;
	struct smtpc_rcpt rcpt = { .address = member->address,
		.params = rcpt_params };
	struct smtpc_part parts[PARTS];
	struct smtpc_mail mail = {
		.sender = group_sender(group, member, arena),
		.params = mail_params(group, arena, ""),
		.rcpts = &rcpt,
		.n_rcpts = 1,
		.parts = parts,
		.n_parts = PARTS,
	};
	struct why why;

	set_parts(outgoing,
	    outgoing_unsubscribe(outgoing, arena, member->leave), parts);
	(void)smtpc_send(smtpc, &mail, &why);
	member->why = rcpt.why;
}

static void *
run_sender(void *arg)
{
	struct sender *sender = arg;
	struct round *round = sender->round;
	struct group *group = round->group;
	struct arena arena = ARENA_INIT;
	size_t i;

	while ((i = atomic_fetch_add(&round->next, 1)) < group->n) {
		struct member *member = &group->members[i];
		struct smtpc *smtpc = NULL;

		if (has_room(group, &member->why))
			smtpc = hand(round->hands, sender->place, &member->why);
		if (smtpc != NULL)
			send_one(smtpc, group, member, &arena);
		arena_reset(&arena);
	}
	arena_done(&arena);
	return NULL;
}

/* One of them is this thread. */
void
group_each(struct hands *hands, struct group *group)
{
	struct round round = { .hands = hands, .group = group };
	struct sender senders[GROUP_CONNECTIONS_MAX];
	size_t n = (size_t)hands->listmgr->settings->personal_connections;
	size_t started = 1;

	for (size_t i = 0; i < n; i++)
		senders[i] = (struct sender){ .round = &round, .place = i };
	while (started < n && started < group->n &&
	       pthread_create(&senders[started].thread, NULL, run_sender,
		   &senders[started]) == 0)
		started++;
	(void)run_sender(&senders[0]);
	for (size_t i = 1; i < started; i++)
		(void)pthread_join(senders[i].thread, NULL);
}
