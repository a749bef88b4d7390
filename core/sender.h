/*
 * core/sender.h - who sends a message, and whether he may send it as he says:
 * what hauspost.account() and hauspost.may_send() answered, as plain data.
 *
 * Ownership: texts look into the rows, NUL-terminated as well; an absent text
 *            has n == 0.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_SENDER_H
#define HAUSPOST_CORE_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rows.h"
#include "core/why.h"

/* What becomes of a newsletter at the ports for normal mail. */
enum sender_bulk { SENDER_BULK_MOVE, SENDER_BULK_REFUSE, SENDER_BULK_LEAVE };

/* The mailbox that a login or a Unix user is. */
struct sender_account {
	struct slice mailbox, package; /* empty: no mailbox of ours */
	enum sender_bulk bulk;
	bool locked;
};

/* A mailbox and an address that it sends as. */
struct sender_right {
	struct why why;	      /* 250, or a refusal that names what is allowed */
	int64_t size_limit;   /* octets, 0 = none */
	struct slice instead; /* sender to use where this is a machine's name */
};

/* 0, or -EPROTO with why filled when the rows make no sense. */
int sender_account_read(const struct rows *rows,
    struct sender_account *account_out, struct why *why);
int sender_right_read(
    const struct rows *rows, struct sender_right *right_out, struct why *why);

#endif
