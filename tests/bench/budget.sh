#!/bin/sh
# How long a check of what somebody may send takes; the aim is 20 us at most.
exec "${HAUSPOST_BUILD:-build}/tests/bench/budget"
