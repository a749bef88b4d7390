#include "lmtpd/front/settings.h"

#include <errno.h>

#include "lmtpd/front/store.h"

const struct config_key settings_keys[] = {
	CONFIG_TEXT(struct settings, listen, listen,
	    "unix:/run/hauspost/lmtpd.sock", "where Postfix delivers to"),
	CONFIG_TEXT(struct settings, socket_group, socket_group, "postfix",
	    "group that may connect to listen"),
	CONFIG_TEXT(struct settings, listen_trusted, listen_trusted,
	    "unix:/run/hauspost/lmtpd-trusted.sock",
	    "where our own programs deliver to (XHAUSPOST); empty: nowhere"),
	CONFIG_TEXT(struct settings, trusted_group, trusted_group,
	    "hauspost-deliver",
	    "group that may connect to listen_trusted"),
	CONFIG_TEXT(struct settings, listen_own, listen_own,
	    "unix:/run/hauspost/lmtpd-own.sock",
	    "where users' programs deliver into their own mailbox; empty: "
	    "nowhere"),
	CONFIG_TEXT(struct settings, storer, storer,
	    "unix:/run/hauspost/storer.sock", "hauspost-storer's socket"),
	/* More fsyncs at once make no disk faster; 512 is the storer's limit
	 * for all workers. */
	CONFIG_COUNT(struct settings, store_connections, store_connections,
	    "64", STORE_TOGETHER_MAX, 1024,
	    "stores that each worker has under way at most"),
	CONFIG_TEXT(struct settings, runner, runner,
	    "unix:/run/hauspost/runner.sock", "hauspost-runner's socket"),
	/* More than one of its time_limit, for a ~/.forward with several
	 * programs; below Postfix' lmtp_data_done_timeout. */
	CONFIG_MS(struct settings, run_timeout, run_timeout_ms, "9m", 1000,
	    540000, "longest wait for all programs of a message"),
	CONFIG_TEXT(struct settings, reinject, reinject, "inet:127.0.0.1:10025",
	    "where forwarded mail goes back to Postfix, by SMTP"),
	CONFIG_TEXT(struct settings, originate, originate,
	    "inet:127.0.0.1:10027",
	    "where letters of our own (replies) go, to be signed; by SMTP"),
	CONFIG_TEXT(struct settings, spool, spool, "/var/spool/hauspost",
	    "folder for the text of messages that do not fit in memory"),
	/* One is enough for the work; the second one keeps mail flowing
	 * while the parent replaces a worker that died. */
	CONFIG_COUNT(struct settings, workers, workers, "2", 1, 64,
	    "processes that serve sessions"),
	/* Postfix' default_process_limit is 100 for each transport. */
	CONFIG_COUNT(struct settings, sessions_max, sessions_max, "500", 1,
	    10000, "sessions in each worker; then 421 4.3.2"),
	CONFIG_COUNT(struct settings, rcpts_max, rcpts_max, "1000", 100, 50000,
	    "recipients of one message; then 452 4.5.3 (RFC 5321: 100)"),
	CONFIG_BYTES(struct settings, size_max, size_max_bytes, "129M", 65536,
	    4294967296, "largest message, as Postfix' message_size_limit"),
	CONFIG_MS(struct settings, idle_timeout, idle_timeout_ms, "5m", 1000,
	    3600000, "longest silence of a peer (RFC 5321 4.5.3.2.7)"),
	/* Below Postfix' lmtp_data_done_timeout of 600s, so that it hears
	 * why. */
	CONFIG_MS(struct settings, store_timeout, store_timeout_ms, "2m", 1000,
	    540000, "longest wait for the storer"),
	CONFIG_MS(struct settings, reinject_timeout, reinject_timeout_ms, "2m",
	    1000, 540000, "longest silence of Postfix when mail goes back"),
	CONFIG_MS(struct settings, stop_timeout, stop_timeout_ms, "25s", 0,
	    600000, "how long open deliveries may take when we are to end"),
	CONFIG_TEXT(struct settings, sieve_extensions, sieve_extensions, "",
	    "what scripts of mailboxes may require, as Dovecot's "
	    "sieve_extensions: a whole list, or +more -less"),
	/* Mail to made-up names is spam as a rule; its forged sender would
	 * get the reply. */
	CONFIG_FLAG(struct settings, reply_catch_all, reply_catch_all, "no",
	    "automatic replies to mail that a catch-all address took"),
	DIRECTORY_KEYS(struct settings),
	CONFIG_END,
};

int
settings_extensions(const struct settings *settings,
    sieve_extension_set *extensions_out, struct why *why)
{
	sieve_extension_set set;
	struct slice bad;

	if (sieve_extensions_parse(
		slice_of(settings->sieve_extensions), &set, &bad) < 0) {
		(void)why_say(why, 451, "4.3.5", "configuration trouble");
		why_detail(why,
		    "sieve_extensions: there is no extension \"%.*s\"",
		    SLICE_FMT(bad));
		return -EINVAL;
	}
	*extensions_out = set;
	return 0;
}
