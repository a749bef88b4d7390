#include "autoconfig-cgi/config.h"

#include <errno.h>
#include <string.h>

const struct config_key autoconfig_keys[] = {
	CONFIG_TEXT(struct autoconfig_config, listen, listen,
	    "unix:/run/hauspost/autoconfig.sock",
	    "where the web server speaks FastCGI to us"),
	CONFIG_TEXT(struct autoconfig_config, socket_group, socket_group,
	    "www-data", "group of the web server, which may connect"),
	CONFIG_COUNT(struct autoconfig_config, processes, processes, "2", 1, 64,
	    "processes that answer"),
	CONFIG_COUNT(struct autoconfig_config, threads, threads, "8", 1, 256,
	    "requests that each of them answers at a time"),
	CONFIG_MS(struct autoconfig_config, time_limit, time_limit_ms, "1s",
	    100, 10000,
	    "longest wait for the directory: clients give up after 5 s"),
	CONFIG_TEXT(struct autoconfig_config, unresolved, unresolved, "refuse",
	    "an address that leads not to one mailbox: refuse, or domain for "
	    "what is true of its whole domain"),
	CONFIG_COUNT(struct autoconfig_config, lookups_per_minute,
	    lookups_per_minute, "120", 0, 1000000,
	    "addresses that a network may look up; what is above gets the "
	    "domain's answer; 0: no limit"),
	CONFIG_TEXT(struct autoconfig_config, profile_certificate,
	    profile_certificate, "",
	    "certificate with its chain that signs Apple profiles; empty: "
	    "they are not signed"),
	CONFIG_TEXT(struct autoconfig_config, profile_key, profile_key, "",
	    "key of profile_certificate"),
	DIRECTORY_KEYS(struct autoconfig_config),
	CONFIG_END,
};

static int
complain(struct why *why, const char *path, const char *problem)
{
	(void)why_say(why, 451, "4.3.5", "bad configuration");
	why_detail(why, "%s: [autoconfig] %s", path, problem);
	return -EINVAL;
}

int
autoconfig_prepare(const char *path, struct config_common *common,
    struct arena *arena, struct why *why)
{
	struct autoconfig_config *config = (struct autoconfig_config *)common;

	config->unresolved_as_domain =
	    strcmp(config->unresolved, "domain") == 0;
	if (!config->unresolved_as_domain &&
	    strcmp(config->unresolved, "refuse") != 0)
		return complain(why, path, "unresolved: want refuse or domain");
	if ((config->profile_certificate[0] == '\0') !=
	    (config->profile_key[0] == '\0'))
		return complain(why, path,
		    "profile_certificate and profile_key: want both or none");
	if (common->database_timeout_ms > config->time_limit_ms)
		common->database_timeout_ms = config->time_limit_ms;
	return provider_read(path, arena, &config->provider, why);
}
