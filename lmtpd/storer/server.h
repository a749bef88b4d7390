/*
 * lmtpd/storer/server.h - a thread for each connection, a limit, an end.
 *
 * A store blocks on the disk, and concurrent fsyncs are what the disk is
 * fastest at: so each connection has a thread that reads top to bottom.
 * Only the configured client and root may connect; the kernel says who it is
 * (SO_PEERCRED).
 */
#ifndef HAUSPOST_LMTPD_STORER_SERVER_H
#define HAUSPOST_LMTPD_STORER_SERVER_H

#include "core/why.h"
#include "lmtpd/storer/storer.h"

/*
 * Serves what connects to listen_fd until stop_fd is readable; then requests
 * that are being served are answered before it returns. 0 or -errno.
 */
int server_run(
    struct storer *storer, int listen_fd, int stop_fd, struct why *why);

#endif
