/* What every unit test includes: cmocka with the headers it wants first. */
#ifndef HAUSPOST_TESTS_UNIT_TEST_H
#define HAUSPOST_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/slice.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Says which case of a table is meant when an assertion fails. */
#define CASE(name) print_message("           %s\n", (name))

static inline void
assert_slice(struct slice got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

#endif
