/*
 * autoconfig-cgi/cgi.h - as a CGI program (RFC 3875): one request, one answer.
 */
#ifndef HAUSPOST_AUTOCONFIG_CGI_H
#define HAUSPOST_AUTOCONFIG_CGI_H

#include "autoconfig-cgi/respond.h"

/* Are we called by a web server for one request? */
bool cgi_called(void);

/* Answers the one request in environment and standard input. */
void cgi_serve(struct service *service);

#endif
