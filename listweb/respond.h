/*
 * listweb/respond.h - from a request to a response.
 *
 * A page of a list begins with the list and who looks at it; pages about its
 * posts go on only where that visitor may read. Answers of the same kind look
 * the same to strangers, whether an address is on a list or not.
 *
 * Log: a line per request with route, status and list. Never the query, the
 * body, a token, or the address of a person.
 *
 * Threads: any.
 */
#ifndef HAUSPOST_LISTWEB_RESPOND_H
#define HAUSPOST_LISTWEB_RESPOND_H

#include "listweb/visit.h"

/* arg: the struct service. */
web_answer respond;

#endif
