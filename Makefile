# Hauspost. `make demo` shows it working, `make check` proves it; both install
# what is missing first. `make help` lists the rest.
#
# A program is a word in PROGS, a module or a test is a file: nothing else to
# edit. Objects go to $B, so variants (asan, fuzz) build beside each other.

PROGS   = milter:hauspost-milter lmtpd/front:hauspost-lmtpd \
	  lmtpd/storer:hauspost-storer lmtpd/runner:hauspost-runner \
	  deliver:hauspost-deliver \
	  fetcher:hauspost-fetcher listmgr:hauspost-listmgr \
	  listweb:hauspost-listweb \
	  autoconfig-cgi:hauspost-autoconfig sendmail:hauspost-sendmail \
	  cli:hauspost
B       = build
CFLAGS ?= -O2 -g
WARN    = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Werror
HARDEN  = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
PKGS    = libpq libsodium libidn2 jansson inih libcap libseccomp libsystemd \
	  libmicrohttpd libpcre2-8 gmime-3.0 libxml-2.0 libcurl libcares libssl libcrypto \
	  libidn libqrencode zlib

ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -pthread -I. -MMD -MP $(WARN) $(HARDEN) \
	  $(PKG_CFLAGS) $(CFLAGS)
# --as-needed: every program carries just the libraries it calls.
ALL_LIBS = -Wl,--as-needed $(PKG_LIBS) -lmilter -lfcgi
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

objs    = $(patsubst %.c,$B/%.o,$(wildcard $(1:/=)/*.c))
parts   = $(if $(filter core/ sieve/ lists/,$1),,$(filter-out %/main.o,$(call objs,$1)))
dir_of  = $(firstword $(subst :, ,$1))
name_of = $(lastword $(subst :, ,$1))
# Folders that do not exist yet are no programs yet.
READY   = $(foreach p,$(PROGS),$(if $(wildcard $(call dir_of,$p)/main.c),$p))
TOOLS   = $(patsubst sieve/tools/%.c,$B/bin/%,$(wildcard sieve/tools/*.c))
UNITS   = $(patsubst %.c,$B/%,$(shell find tests -path 'tests/unit/*_test.c'))
FUZZERS = $(patsubst %.c,$B/%,$(shell find tests -path 'tests/fuzz/*_fuzz.c'))
BENCHES = $(patsubst %.c,$B/%,$(wildcard tests/bench/*.c))
LIB     = $B/lists.a $B/sieve.a $B/core.a

all: $(foreach p,$(READY),$B/bin/$(call name_of,$p)) $(TOOLS)

define program
$B/bin/$(call name_of,$1): $(call objs,$(call dir_of,$1)) $(LIB)
endef
$(foreach p,$(READY),$(eval $(call program,$p)))

$B/bin/svtest: $(call objs,sieve/tools/svtest)
$(TOOLS): $B/bin/%: $B/sieve/tools/%.o $(LIB)
$B/bin/%:
	@mkdir -p $(@D); echo "  link  $@"; \
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -pthread -o $@ $^ $(ALL_LIBS)

.SECONDEXPANSION:
# tests/unit/lmtpd/front/heading_test.c is linked with the parts of lmtpd/front,
# tests/fuzz/lmtpd/front/heading_fuzz.c as well.
$B/tests/unit/%_test: $B/tests/unit/%_test.o $$(call parts,$$(dir %)) $(LIB)
	@echo "  link  $@"; $(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ -lcmocka $(ALL_LIBS)
$B/tests/fuzz/%_fuzz: $B/tests/fuzz/%_fuzz.o $$(call parts,$$(dir %)) $(LIB)
	@echo "  link  $@"; $(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -pthread -o $@ $^ $(ALL_LIBS)
$B/tests/bench/budget: $B/milter/budget.o $B/milter/budget_db.o
$B/tests/bench/%: $B/tests/bench/%.o $(LIB)
	@echo "  link  $@"; $(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $(filter %.o,$^) $(LIB) $(ALL_LIBS)
$B/%.a: $$(call objs,%)
	@rm -f $@
	@$(AR) rcs $@ $^
$B/%.o: %.c
	@mkdir -p $(@D); echo "  cc    $<"; $(CC) $(ALL_CFLAGS) -c -o $@ $<

.PHONY: all units fuzzers benches help clean packages demo demo-stop check asan \
	tsan fuzz bench check-compose install
units: $(UNITS)
fuzzers: $(FUZZERS)
benches: $(BENCHES)
clean:
	rm -rf $B

# -- What people type ---------------------------------------------------------
# On a bare machine the libraries come with the packages, and this file has
# asked pkg-config for them before: so make starts once more.
PYTHON  = /usr/bin/python3
AGAIN   = +@$(MAKE) --no-print-directory -j$(shell nproc)
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	  -fno-omit-frame-pointer -O1 -g

help:
	@sed -n 's/^##  //p' Makefile
##  make all            the programs, in build/bin
##  make demo           a mail host of our own, mail through it, and it stays up
##  make demo-stop      ends it
##  make check          every test; the last line is "N passed, N failed"
##  make asan           the same under AddressSanitizer and UBSan
##  make fuzz           every parser against a fuzzer, SECONDS=60 each
##  make bench          how fast it is, beside Dovecot and the raw floor
##  make check-compose  the containers: up, a message through, down
##  make install        programs, manual pages, SQL, units (DESTDIR, PREFIX)

packages:
	@conf/install-packages
demo: packages
	$(AGAIN) all
	@$(PYTHON) tests/demo/demo.py
demo-stop:
	@$(PYTHON) tests/demo/demo.py stop
FUZZING = B=$B/fuzz CC=clang HARDEN= CFLAGS="-fsanitize=fuzzer-no-link $(SANITIZE)"
check: packages
	$(AGAIN) all units
	$(AGAIN) $(FUZZING) fuzzers
	@tests/check
SECONDS = 60
fuzz: packages
	$(AGAIN) $(FUZZING) fuzzers
	@tests/fuzz/run $B/fuzz $(SECONDS)
bench: packages
	$(AGAIN) all benches
	@tests/bench/run
asan: packages
	$(AGAIN) B=$B/asan HARDEN= CFLAGS="$(SANITIZE)" all units
	@HAUSPOST_BUILD=$B/asan tests/check units system
##  make tsan           eight threads on one Sieve program, watched for races
TSAN = B=$B/tsan HARDEN= CFLAGS="-fsanitize=thread -O1 -g"
tsan: packages
	$(AGAIN) $(TSAN) $B/tsan/tests/unit/sieve/threads_test
	G_SLICE=always-malloc \
	TSAN_OPTIONS="suppressions=tests/unit/sieve/tsan.supp history_size=7" \
	    $B/tsan/tests/unit/sieve/threads_test
# "make install" leaves /etc/postfix and the like alone: what conf/render made
# of the templates stands in $B/etc, to compare and to copy.
PREFIX ?= /usr
SITE   ?= conf/site.conf
SHARE   = $(DESTDIR)$(PREFIX)/share
# The settings page is made of what the programs say with --settings.
$B/man/hauspost.conf.5: docs/man/hauspost.conf.5.in docs/man/fill-settings all
	@mkdir -p $(@D); docs/man/fill-settings $B/bin <$< >$@
install: all $B/man/hauspost.conf.5
	conf/render $(SITE) $B/etc
	install -d $(DESTDIR)$(PREFIX)/sbin $(SHARE)/hauspost/sql \
	    $(SHARE)/man/man5 $(SHARE)/man/man8
	install $B/bin/hauspost* $(DESTDIR)$(PREFIX)/sbin
	install -d $(DESTDIR)$(PREFIX)/bin
	ln -sf ../sbin/hauspost-deliver $(DESTDIR)$(PREFIX)/bin
	install -m 644 sql/*.sql $(SHARE)/hauspost/sql
	install -m 644 docs/man/*.8 $(SHARE)/man/man8
	for l in de en; do install -Dm 644 -t $(SHARE)/hauspost/lists/$$l \
	    listmgr/texts/$$l/*.txt; done
	install -m 644 $B/man/hauspost.conf.5 $(SHARE)/man/man5
	install -Dm 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system $B/etc/systemd/*
	install -Dm 644 -t $(DESTDIR)$(PREFIX)/lib/sysusers.d $B/etc/sysusers.d/*
	install -Dm 644 -t $(DESTDIR)$(PREFIX)/lib/tmpfiles.d $B/etc/tmpfiles.d/*
	[ -e $(DESTDIR)/etc/hauspost/hauspost.conf ] || \
	install -Dm 644 -t $(DESTDIR)/etc/hauspost $B/etc/hauspost/hauspost.conf

check-compose:
	@conf/install-packages compose
	@tests/compose/check

-include $(shell find $B -type f -name '*.d' 2>/dev/null)
.SECONDARY:
