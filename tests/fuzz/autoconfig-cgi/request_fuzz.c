/*
 * Requests: lines become CGI variables, what follows an empty line the body.
 * Whatever comes, what is left of an address is printable ASCII.
 */
#include <assert.h>
#include <stdint.h>

#include "autoconfig-cgi/request.h"

enum { VARIABLES_MAX = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void
check(const struct request *request)
{
	for (size_t i = 0; i < request->address.n; i++)
		assert(request->address.p[i] >= ' ' &&
		       request->address.p[i] <= '~');
	assert((request->address.n > 0) ==
	       (request->address_state == ADDRESS_GIVEN));
	assert(request->body_bytes <= REQUEST_BODY_MAX);
	assert(request->domain.n <= request->host.n);
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
	check(&request);
	arena_done(&arena);
	return 0;
}
