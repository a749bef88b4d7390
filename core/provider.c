#include "core/provider.h"

#include <errno.h>
#include <string.h>

#include "core/addr.h"

const struct config_key provider_keys[] = {
	CONFIG_TEXT(struct provider, domain, domain, "",
	    "the provider's own domain, in which its MX hosts are"),
	CONFIG_TEXT(struct provider, service_host, service_host, "",
	    "host name of hauspost-autoconfig; default: autoconfig.DOMAIN"),
	CONFIG_TEXT(struct provider, name, name, "",
	    "name that mail clients show, 60 characters at most; default: "
	    "domain"),
	CONFIG_TEXT(struct provider, short_name, short_name, "",
	    "the same in 20 characters; default: name, cut"),
	CONFIG_FLAG(struct provider, pacc, pacc, "no",
	    "serve PACC (draft-ietf-mailmaint-pacc) too"),
	CONFIG_TEXT(struct provider, mx, mx, "",
	    "MX records of domains, as \"10 HOST, 20 HOST\"; default: 10 node"),
	CONFIG_TEXT(struct provider, spf, spf, "v=spf1 mx -all",
	    "SPF record of domains; empty: none"),
	CONFIG_TEXT(struct provider, dmarc, dmarc, "v=DMARC1; p=none",
	    "DMARC record of domains; empty: none"),
	CONFIG_TEXT(struct provider, dkim_selector, dkim_selector, "",
	    "DKIM selector of domains; empty: none"),
	CONFIG_TEXT(struct provider, dkim, dkim, "",
	    "file with the DKIM record, as opendkim-genkey writes it"),
	CONFIG_END,
};

static int
complain(struct why *why, const char *path, const char *problem)
{
	(void)why_say(why, 451, "4.3.5", "bad configuration");
	why_detail(why, "%s: [provider] %s", path, problem);
	return -EINVAL;
}

static bool
is_host(struct arena *arena, const char *name)
{
	struct slice domain;

	return addr_domain(arena, slice_of(name), &domain) == 0 &&
	       slice_eq(domain, slice_of(name)) && slice_find(domain, '.') > 0;
}

/* Of UTF-8, by the octets that begin one. */
static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

static const char *
cut_name(struct arena *arena, const char *name, size_t max)
{
	const char *end = name;

	for (size_t n = 0; *end != '\0'; end++) {
		if (((unsigned char)*end & 0xC0) != 0x80 && n++ == max)
			break;
	}
	return arena_strndup(arena, name, (size_t)(end - name));
}

static void
fill_in(struct arena *arena, struct provider *provider)
{
	if (provider->service_host[0] == '\0')
		provider->service_host =
		    arena_printf(arena, "autoconfig.%s", provider->domain);
	if (provider->name[0] == '\0')
		provider->name = provider->domain;
	if (provider->short_name[0] == '\0')
		provider->short_name =
		    cut_name(arena, provider->name, PROVIDER_SHORT_NAME_MAX);
	if (provider->mx[0] == '\0')
		provider->mx =
		    arena_printf(arena, "10 %s", provider->common.node);
}

int
provider_read(const char *path, struct arena *arena,
    struct provider *provider_out, struct why *why)
{
	struct provider provider;
	int r =
	    config_read(path, "provider", provider_keys, &provider, arena, why);

	if (r < 0)
		return r;
	if (!is_host(arena, provider.domain))
		return complain(why, path,
		    "domain: want the provider's domain, as in "
		    "hosting.example");
	fill_in(arena, &provider);
	if (!is_host(arena, provider.service_host))
		return complain(why, path,
		    "service_host: want a host name, as in "
		    "autoconfig.hosting.example");
	if (!slice_is_text(slice_of(provider.name)) ||
	    characters(provider.name) > PROVIDER_NAME_MAX)
		return complain(
		    why, path, "name: want 60 characters of UTF-8 at most");
	if (!slice_is_text(slice_of(provider.short_name)) ||
	    characters(provider.short_name) > PROVIDER_SHORT_NAME_MAX)
		return complain(why, path,
		    "short_name: want 20 characters of UTF-8 at most");
	*provider_out = provider;
	return 0;
}
