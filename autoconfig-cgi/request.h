/*
 * autoconfig-cgi/request.h - what a mail client asks, out of CGI variables.
 *
 * Takes whatever strangers send. What is left is small and clean: a contract
 * (which kind of client speaks), and an address of printable ASCII or none.
 * An odd address is no error: clients go on to their next source only after
 * 404, and that is what an address gets that leads nowhere.
 *
 * Never looked at: cookies, Authorization (Thunderbird sends the password
 * unasked), Proxy.
 *
 * Ownership: texts live in the arena or in the variables.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_AUTOCONFIG_REQUEST_H
#define HAUSPOST_AUTOCONFIG_REQUEST_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/slice.h"
#include "core/web.h"

enum {
	REQUEST_QUERY_MAX = 2048, /* an address has 320 octets, 960 as %XX */
	REQUEST_BODY_MAX = 16384, /* real ones have about 400 */
};

enum contract {
	CONTRACT_NONE,	  /* no path of ours */
	CONTRACT_MOZILLA, /* config-v1.1.xml: Thunderbird and most others */
	CONTRACT_POX,	  /* Autodiscover XML: Outlook */
	CONTRACT_V2,	  /* Autodiscover JSON: Microsoft's cloud */
	CONTRACT_APPLE,	  /* .mobileconfig */
	CONTRACT_PACC,
	CONTRACT_HELP,	/* for people */
	CONTRACT_STYLE, /* the same page's style sheet */
	CONTRACT_OURS,	/* the web server: is this host name ours? */
	CONTRACTS
};

enum address_state { ADDRESS_NONE, ADDRESS_MALFORMED, ADDRESS_GIVEN };

/* Codes of Autodiscover's error document. */
enum pox_code { POX_OK = 0, POX_MALFORMED = 600, POX_NO_SCHEMA = 601 };

struct request {
	enum contract contract;
	enum web_method method;
	bool https;
	struct slice host;     /* lower-case A-label without port, or empty */
	struct slice domain;   /* the same without autoconfig. and the like */
	struct slice client;   /* IP address */
	struct slice language; /* Accept-Language */
	struct slice query;
	size_t body_bytes; /* to be read before request_take_body() */

	enum address_state address_state;
	struct slice address;	 /* as addr_text() writes it; ASCII */
	struct slice emailmd5;	 /* 32 hex digits in lower case, or empty */
	struct slice protocol;	 /* V2: which it wants */
	struct slice asked_host; /* OURS */
	enum pox_code pox;	 /* POX: what is wrong with the body */
};

/*
 * env: "NAME=value", ending in NULL. Returns 0, or the HTTP status that
 * refuses: 404 no path of ours, 405, 413, 414, 415. The request is filled in
 * either case, as far as that could be.
 */
int request_read(
    struct arena *arena, char *const *env, struct request *request_out);

/* The body of a POST, which is at most request->body_bytes long. */
void request_take_body(
    struct arena *arena, struct slice body, struct request *request);

/* "mozilla", … for the log. */
const char *contract_name(enum contract contract);

/*
 * Octets of the label at the front of a host name that makes it one at which
 * clients look for the settings of what follows; 0 if it has none.
 */
size_t request_label(struct slice host);

/* What Allow says for 405. */
const char *contract_allow(enum contract contract);

#endif
