#include "fetcher/settings.h"

const struct config_key settings_keys[] = {
	CONFIG_TEXT(struct settings, lmtp, lmtp,
	    "unix:/run/hauspost/lmtpd-trusted.sock",
	    "where mail is delivered, by LMTP; exactly once only to "
	    "hauspost-lmtpd's listen_trusted"),
	/* Each waits for a disk; more than this many make none faster. */
	CONFIG_COUNT(struct settings, lmtp_connections, lmtp_connections, "16",
	    1, 256, "messages that are being delivered at a time"),
	CONFIG_MS(struct settings, lmtp_timeout, lmtp_timeout_ms, "5m", 1000,
	    3600000, "longest silence of the LMTP server"),
	CONFIG_TEXT(struct settings, keys, keys, "/var/lib/hauspost-fetcher",
	    "folder of the keys that open what hauspost fetch has sealed"),
	CONFIG_TEXT(struct settings, spool, spool, "/var/lib/hauspost-fetcher",
	    "folder for the text of messages that do not fit in memory"),
	CONFIG_TEXT(struct settings, ca_file, ca_file, "",
	    "certificates of authorities; empty: the system's"),
	CONFIG_TEXT(struct settings, allow_networks, allow_networks, "",
	    "addresses of our own net that may be fetched from, as "
	    "\"192.0.2.1/32, fd00::/8\""),
	CONFIG_TEXT(struct settings, ports, ports, "110, 143, 993, 995",
	    "ports that may be fetched from"),
	CONFIG_TEXT(struct settings, plain_hosts, plain_hosts, "",
	    "hosts to which passwords may be sent without TLS"),
	CONFIG_COUNT(struct settings, sessions_max, sessions_max, "300", 1,
	    1000, "accounts that are being fetched at a time"),
	/* Providers count connections of one address. */
	CONFIG_COUNT(struct settings, host_sessions_max, host_sessions_max,
	    "10", 1, 1000, "the same of one remote host"),
	CONFIG_COUNT(struct settings, host_starts_max, host_starts_max, "2", 1,
	    1000, "sessions begun with one remote host each poll_interval"),
	CONFIG_COUNT(struct settings, idle_sessions_max, idle_sessions_max,
	    "200", 0, 1000, "IMAP sessions that wait for new mail"),
	CONFIG_COUNT(struct settings, host_idle_max, host_idle_max, "10", 0,
	    1000, "the same with one remote host; others are polled"),
	/* Between us and many a server somebody forgets connections that
	 * have been silent for 10 minutes. */
	CONFIG_MS(struct settings, idle_reissue, reissue_ms, "9m", 100, 1740000,
	    "time after which the wait is begun anew"),
	CONFIG_MS(struct settings, keep_alive, keep_alive_ms, "60s", 100,
	    600000, "pause of ours after which a server is told we live"),
	CONFIG_MS(struct settings, connect_timeout, connect_timeout_ms, "30s",
	    1000, 600000, "longest time until TLS is there"),
	CONFIG_MS(struct settings, idle_timeout, idle_timeout_ms, "60s", 1000,
	    3600000, "longest silence of a remote server"),
	CONFIG_MS(struct settings, session_timeout, session_timeout_ms, "2h",
	    1000, 86400000, "longest session with a remote server"),
	/* A server that hangs up in between has deleted nothing. */
	CONFIG_COUNT(struct settings, session_messages, session_messages,
	    "2000", 1, 1000000,
	    "messages of a POP3 session in which they are deleted too"),
	CONFIG_MS(struct settings, quit_after, quit_ms, "5m", 100, 3600000,
	    "time after which such a session quits, and another goes on"),
	CONFIG_MS(struct settings, poll_interval, poll_ms, "1s", 10, 60000,
	    "time between two looks for accounts that are due"),
	CONFIG_END,
};
