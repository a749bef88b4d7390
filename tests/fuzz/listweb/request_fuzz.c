/*
 * Requests: lines become CGI variables, what follows an empty line the body.
 * Whatever comes, parts of a path are text and tokens are tokens.
 */
#include <assert.h>
#include <stdint.h>

#include "listweb/request.h"

enum { VARIABLES_MAX = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void
check(const struct request *request)
{
	struct slice tokens[] = { request->token, request->session };

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < tokens[i].n; j++)
			assert(
			    (tokens[i].p[j] >= 'a' && tokens[i].p[j] <= 'z') ||
			    (tokens[i].p[j] >= '2' && tokens[i].p[j] <= '7'));
	}
	if (request->route == ROUTE_NONE)
		return;
	assert(slice_is_text(request->list));
	assert(slice_is_text(request->message_id));
	assert(request->body_bytes <= REQUEST_BODY_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice rest = { (const char *)octets, n }, line;
	struct arena arena = ARENA_INIT;
	char *env[VARIABLES_MAX + 1] = { NULL };
	struct request request;
	size_t variables = 0;

	while (variables < VARIABLES_MAX && slice_cut(&rest, '\n', &line) &&
	       line.n > 0)
		env[variables++] = arena_strndup(&arena, line.p, line.n);
	if (request_read(&arena, env, &request) == 0)
		request_take_body(
		    &arena, slice_head(rest, request.body_bytes), &request);
	assert(slice_is_text(request_field(&request, &arena, "address")));
	check(&request);
	arena_done(&arena);
	return 0;
}
