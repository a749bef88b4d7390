#include "listweb/config.h"

#include <errno.h>

#include "core/slice.h"

const struct config_key listweb_keys[] = {
	CONFIG_TEXT(struct listweb_config, listen, listen,
	    "unix:/run/hauspost/listweb.sock",
	    "where the web server speaks FastCGI to us"),
	CONFIG_TEXT(struct listweb_config, socket_group, socket_group,
	    "www-data", "group of the web server, which may connect"),
	CONFIG_COUNT(struct listweb_config, processes, processes, "2", 1, 64,
	    "processes that answer"),
	CONFIG_COUNT(struct listweb_config, threads, threads, "8", 1, 256,
	    "requests that each of them answers at a time"),
	CONFIG_TEXT(struct listweb_config, url, url, "",
	    "where browsers find the pages: https://lists.example.org; empty: "
	    "links name no host"),
	CONFIG_TEXT(struct listweb_config, archive, archive,
	    "/var/lib/hauspost/lists", "the list manager's folder of messages"),
	CONFIG_COUNT(struct listweb_config, asks_per_minute, asks_per_minute,
	    "10", 0, 1000000,
	    "forms that a network may send which write a letter; 0: no limit"),
	CONFIG_BYTES(struct listweb_config, mbox_size, mbox_bytes, "100M", 1024,
	    1L << 40, "messages in one download; what is above is left out"),
	CONFIG_END,
};

static int
complain(struct why *why, const char *path, const char *problem)
{
	(void)why_say(why, 451, "4.3.5", "bad configuration");
	why_detail(why, "%s: [listweb] %s", path, problem);
	return -EINVAL;
}

int
listweb_prepare(const char *path, struct config_common *common,
    struct arena *arena, struct why *why)
{
	struct listweb_config *config = (struct listweb_config *)common;
	struct slice url = slice_of(config->url);

	if (url.n > 0 && (!slice_starts_nocase(url, SLICE("https://")) ||
			     url.p[url.n - 1] == '/'))
		return complain(why, path,
		    "url: want https://HOST, without a slash at its end");
	if (config->archive[0] != '/')
		return complain(why, path, "archive: want an absolute path");
	return provider_read(path, arena, &config->provider, why);
}
