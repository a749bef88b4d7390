/*
 * autoconfig-cgi/exchange.h - one request in, one response out.
 *
 * Log: a line per request with contract, status and which domain of ours it
 * was about. Never the query, the body or a part of an address.
 *
 * Threads: any; an exchange belongs to one.
 */
#ifndef HAUSPOST_AUTOCONFIG_EXCHANGE_H
#define HAUSPOST_AUTOCONFIG_EXCHANGE_H

#include "autoconfig-cgi/respond.h"

/* arg: the struct service. */
web_answer exchange_run;

#endif
