/*
 * svtest - runs test files written in Sieve.
 *
 *	svtest FILE…
 *
 * One line a test block, passed, failed or skipped, and the sum at the end.
 * A block whose only fault is another number or wording of errors than the
 * test expects is skipped. Exit status 0: nothing failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "sieve/tools/svtest/testsuite.h"

int
main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0, skipped = 0;

	if (argc < 2 || argv[1][0] == '-') {
		(void)fprintf(stderr, "usage: svtest FILE...\n");
		return EX_USAGE;
	}
	for (int i = 1; i < argc; i++) {
		struct testsuite suite = { .path = NULL };

		(void)printf("%s:\n", argv[i]);
		if (!testsuite_run_file(&suite, argv[i])) {
			(void)printf("failed: the file itself\n");
			suite.failed++;
		}
		passed += suite.passed;
		failed += suite.failed;
		skipped += suite.skipped;
	}
	(void)printf(
	    "%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed == 0 ? EX_OK : EXIT_FAILURE;
}
