#include <assert.h>
#include <jansson.h>

#include "autoconfig-cgi/render.h"

static struct slice
dump(struct arena *arena, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	struct slice body;

	assert(text != NULL);
	body = arena_slice(arena, slice_of(text));
	free(text);
	json_decref(json);
	return body;
}

/* The URL is ours: neither Host nor query may send a client elsewhere. */
struct slice
render_v2(struct arena *arena, const struct provider *provider)
{
	const char *url = arena_printf(arena,
	    "https://%s/autodiscover/autodiscover.xml", provider->service_host);

	return dump(arena,
	    json_pack("{s:s,s:s}", "Protocol", "AutodiscoverV1", "Url", url));
}

struct slice
render_v2_error(struct arena *arena, const char *code, const char *message)
{
	return dump(arena,
	    json_pack("{s:s,s:s}", "ErrorCode", code, "ErrorMessage", message));
}
