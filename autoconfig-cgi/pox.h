/*
 * autoconfig-cgi/pox.h - the XML in which Outlook asks.
 *
 * Strangers' XML: no DTD, no entities but the five, no other encoding than
 * UTF-8, few elements, no great depth, and the parser reaches for nothing.
 *
 * Threads: pure functions, after xmlInitParser().
 */
#ifndef HAUSPOST_AUTOCONFIG_POX_H
#define HAUSPOST_AUTOCONFIG_POX_H

#include "autoconfig-cgi/request.h"

#define POX_REQUEST_NS                                                         \
	"http://schemas.microsoft.com/exchange/autodiscover/outlook/"          \
	"requestschema/2006"
#define POX_MOBILE_REQUEST_NS                                                  \
	"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"       \
	"requestschema/2006"
#define POX_RESPONSE_NS                                                        \
	"http://schemas.microsoft.com/exchange/autodiscover/"                  \
	"responseschema/2006"
#define POX_SCHEMA                                                             \
	"http://schemas.microsoft.com/exchange/autodiscover/outlook/"          \
	"responseschema/2006a"

/* The address asked for (not yet looked at), or what is wrong. */
enum pox_code pox_parse(
    struct arena *arena, struct slice body, struct slice *address_out);

#endif
