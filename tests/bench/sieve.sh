#!/bin/sh
# The Sieve engine alone: bars are 300,000 runs and 50,000 compilations a
# second and core, and 5 MB for 100 KB of script.
exec "${HAUSPOST_BUILD:-build}/tests/bench/sieve"
