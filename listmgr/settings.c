#include "listmgr/settings.h"

const struct config_key settings_keys[] = {
	CONFIG_TEXT(struct settings, listen, listen,
	    "unix:/run/hauspost/listmgr.sock",
	    "where Postfix hands in mail for lists, by LMTP"),
	CONFIG_TEXT(struct settings, socket_group, socket_group, "postfix",
	    "group that may connect to a unix socket"),
	CONFIG_TEXT(struct settings, inject, inject, "inet:127.0.0.1:10029",
	    "Postfix' own service for list mail, which offers XVERP"),
	CONFIG_TEXT(struct settings, archive, archive,
	    "/var/lib/hauspost-lists",
	    "folder of the posts of all lists, one file each"),
	CONFIG_TEXT(struct settings, web, web, "",
	    "where the web pages are, like https://lists.example.org; empty: "
	    "there are none"),
	CONFIG_TEXT(struct settings, texts, texts, "/usr/share/hauspost/lists",
	    "folder of the letters' texts, with one for each language"),
	CONFIG_TEXT(struct settings, authserv_id, authserv_id, "",
	    "name by which our own filters sign Authentication-Results; "
	    "empty: nobody checks senders, and From is believed"),
	CONFIG_TEXT(struct settings, name_servers, name_servers, "",
	    "who is asked for DMARC policies, as 192.0.2.1 or "
	    "192.0.2.1:5353; empty: the system's"),
	CONFIG_TEXT(struct settings, queue, queue, "/var/spool/postfix",
	    "Postfix' queue, on whose disk copies must have room"),
	CONFIG_BYTES(struct settings, queue_reserve, queue_reserve_bytes,
	    "512M", 0, 1099511627776, "octets that stay free there"),
	CONFIG_MS(struct settings, inject_timeout, inject_timeout_ms, "5m",
	    1000, 3600000, "longest silence of that service"),
	CONFIG_MS(struct settings, idle_timeout, idle_timeout_ms, "5m", 1000,
	    3600000, "longest silence of an LMTP client"),
	CONFIG_MS(struct settings, stop_timeout, stop_timeout_ms, "30s", 0,
	    3600000, "time for open messages to finish at the end"),
	CONFIG_COUNT(struct settings, sessions_max, sessions_max, "50", 1, 1000,
	    "LMTP sessions at a time"),
	CONFIG_COUNT(struct settings, rcpts_max, rcpts_max, "100", 1, 1000,
	    "recipients of one message"),
	CONFIG_BYTES(struct settings, size_max, size_max_bytes, "129M", 1024,
	    2147483647, "octets of the largest message that is read at all"),
	/* Postfix' smtpd_recipient_limit; larger groups were no faster. */
	CONFIG_COUNT(struct settings, group_members, group_members, "1000", 1,
	    10000, "members whom one message is handed over for"),
	/* Each message of its own is synced to disk by Postfix, which many
	 * do together. */
	CONFIG_COUNT(struct settings, personal_connections,
	    personal_connections, "8", 1, 64,
	    "connections over which personal messages are handed over"),
	CONFIG_END,
};
