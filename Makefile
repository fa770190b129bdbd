# SPDX-License-Identifier: ISC
#
# One file, no configure step, nothing generated.  Objects go to
# build/$(MODE)/, each room becomes one archive, and programs are linked in
# layer order, so that a call upwards is an undefined symbol.
#
#   make V=1            show the commands
#   make MODE=asan ...  release (default) debug asan cover fuzz
#   make BUILD=dir ...  build elsewhere
#   make WERROR=1 ...   warnings are errors

MODE    ?= release
BUILD   ?= build
PREFIX  ?= /usr/local
B       := $(BUILD)/$(MODE)
PROGRAM := $(B)/dnsvigil

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(MODE),fuzz)
CC := clang
endif

# As many jobs as processors, unless told otherwise; a make below another one
# shares its jobs.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-print-directory

# --- flags -----------------------------------------------------------------

STD  := -std=c11 -D_GNU_SOURCE -Iinclude
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wpointer-arith -Wvla -Wswitch-enum -Wformat=2 -Wcast-qual -Wundef
# snprintf cuts on purpose here; gcc would warn of every one.
ifeq ($(findstring clang,$(CC)),)
WARN += -Wno-format-truncation
endif
ifeq ($(WERROR),1)
WARN += -Werror
endif
HARDEN := -fPIE -fstack-protector-strong
SAN    := -fno-omit-frame-pointer -fno-sanitize-recover=all

opt_release := -O2 -g -fstack-clash-protection \
               -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
opt_debug   := -O0 -g3
opt_asan    := -O1 -g -fsanitize=address,undefined $(SAN)
opt_cover   := -O0 -g --coverage
opt_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined $(SAN)
ifeq ($(opt_$(MODE)),)
$(error MODE=$(MODE) is none of release debug asan cover fuzz)
endif

# Asked when first used, because the packages may be installed by this run.
PKG       := ldns libpq yaml-0.1 libcurl jansson openssl libidn2
PKG_TEST  := cmocka
lazy       = $(eval $(1) := $(shell $(2)))$($(1))
PKG_CFLAGS = $(call lazy,PKG_CFLAGS,pkg-config --cflags $(PKG))
# libev has no .pc file.
PKG_LIBS   = $(call lazy,PKG_LIBS,pkg-config --libs $(PKG) && echo -lev -lm)
TEST_LIBS  = $(call lazy,TEST_LIBS,pkg-config --libs $(PKG_TEST))

ALL_CFLAGS = $(STD) $(WARN) $(HARDEN) $(opt_$(MODE)) $(PKG_CFLAGS) \
             $(CPPFLAGS) $(CFLAGS)
LINK       = $(CC) $(opt_$(MODE)) -pie -Wl,-z,relro,-z,now -Wl,--as-needed \
             $(LDFLAGS)

ifeq ($(V),1)
Q   :=
say  = @:
else
Q   := @
say  = @printf '%-5s %s\n'
endif

# --- what there is ---------------------------------------------------------

LAYERS_TXT := tests/lint/layers.txt
comma := ,
# "base:base dns:dns,base ...": every room with all that may be linked to it.
LINKS := $(shell awk -f tests/lint/links.awk $(LAYERS_TXT))
ROOMS := $(filter-out main,$(foreach l,$(LINKS),$(firstword \
         $(subst :, ,$(l)))))

sources  = $(wildcard daemon/$(1)/*.c)
objects  = $(patsubst %.c,$(B)/%.o,$(1))
present := $(foreach r,$(ROOMS),$(if $(call sources,$(r)),$(r)))
# The archives that a program of room $(1) is linked with, highest first.
archives = $(patsubst %,$(B)/lib%.a,$(filter $(present),$(subst $(comma), ,\
           $(patsubst $(1):%,%,$(filter $(1):%,$(LINKS))))))

DAEMON_SRC := $(wildcard daemon/*.c daemon/*/*.c)
HEADERS    := $(wildcard include/*/*.h daemon/*/*.h tests/*/*.h)
LIB_SRC    := $(filter-out %_main.c,$(wildcard tests/lib/*.c))
UNIT_SRC   := $(wildcard tests/unit/test_*.c)
REPLAY_SRC := $(wildcard tests/replay/*.c)
SIM_SRC    := $(wildcard tests/sim/*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
TEST_SRC   := $(wildcard tests/*/*.c)
SRC        := $(DAEMON_SRC) $(TEST_SRC)

UNIT  := $(patsubst %.c,$(B)/%,$(UNIT_SRC))
FUZZ  := $(patsubst %.c,$(B)/%,$(FUZZ_SRC))
TESTLIB := $(if $(LIB_SRC),$(B)/libtestlib.a)

.SUFFIXES:
.SECONDARY:
.SECONDEXPANSION:
.DELETE_ON_ERROR:
.PHONY: all libs help clean FORCE

all: $(PROGRAM) ## the program: build/dnsvigil
ifeq ($(MODE),release)
all: $(BUILD)/dnsvigil
endif

libs: $(foreach r,$(present),$(B)/lib$(r).a) ## all rooms, without the program

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n",$$1,$$2}' \
	    Makefile

clean: ## remove what was built
	$(Q)rm -rf $(BUILD)

# --- compiling -------------------------------------------------------------

# Other flags or another compiler build everything again.
$(B)/.flags: FORCE | $(BUILD)/.deps-build
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || \
	    printf '%s\n' '$(CC) $(ALL_CFLAGS)' >$@

$(B)/tests/%.o: private STD += -Itests/lib -Idaemon/stage -I.
$(B)/tests/%.o: | $(BUILD)/.deps-check

$(B)/%.o: %.c $(B)/.flags
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Written anew, so that no member of a deleted file stays.
define archive_recipe
$(say) AR $@
$(Q)rm -f $@.tmp && ar rcs $@.tmp $(filter %.o,$^) && mv $@.tmp $@
endef

$(B)/libtestlib.a: $(call objects,$(LIB_SRC))
	$(archive_recipe)

$(B)/lib%.a: $$(call objects,$$(call sources,$$*))
	$(archive_recipe)

# The monitor once more, over a loop, a net and a store in memory.  What these
# have in common with the real ones are names: all but the public ones go.
$(B)/stage.o: $(call objects,$(call sources,stage)) $(B)/libmonitor.a
	$(say) LINK $@
	$(Q)$(CC) -r -nostdlib -o $@.tmp $^
	$(Q)objcopy --keep-global-symbol=drill_run --keep-global-symbol=drill_scenarios $@.tmp
	$(Q)mv $@.tmp $@

$(B)/libstage.a: $(B)/stage.o
	$(archive_recipe)

$(PROGRAM): $(B)/daemon/main.o $(call archives,main)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(BUILD)/dnsvigil: $(BUILD)/release/dnsvigil
	$(Q)ln -f $< $@

-include $(patsubst %.c,$(B)/%.d,$(SRC))

# --- tests -----------------------------------------------------------------
#
# tests/unit/test_x.c says in its first three lines to which room it belongs,
# as in "room: dns", and is linked with that room and those below it.

UNIT_ROOMS := $(if $(UNIT_SRC),$(shell awk -f tests/lint/rooms.awk \
              $(UNIT_SRC)))
room_of     = $(patsubst $(1):%,%,$(filter $(1):%,$(UNIT_ROOMS)))

$(UNIT): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(TESTLIB) \
    $$(call archives,$$(call room_of,$$*))
	$(say) LINK $@
	$(if $(call room_of,$*),,$(error tests/unit/$*.c: no "room: x" in \
	    its first 3 lines))
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS) $(TEST_LIBS)

# The real deciding code over a fake loop, a fake net and a store in memory.
REPLAY      := $(if $(REPLAY_SRC),$(B)/replay)
REPLAY_ARCH := $(filter-out %/libstage.a %/libloop.a %/libresolver.a \
               %/libstore.a,$(call archives,main))
STAGE       := $(call objects,$(call sources,stage))
$(B)/replay: $(call objects,$(REPLAY_SRC)) $(STAGE) $(TESTLIB) $(REPLAY_ARCH)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS) $(TEST_LIBS)

# The same world, without scripts: what happens is drawn from a seed.
SIM       := $(if $(SIM_SRC),$(B)/sim)
$(B)/sim: $(call objects,$(SIM_SRC)) $(STAGE) $(TESTLIB) $(REPLAY_ARCH)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS) $(TEST_LIBS)

# A fuzz target with its driver: ours replays the corpus, clang's searches.
ifeq ($(MODE),fuzz)
FUZZ_MAIN :=
FUZZ_LINK := -fsanitize=fuzzer
else
FUZZ_MAIN := $(B)/tests/lib/fuzz_replay_main.o
endif
$(FUZZ): $(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(FUZZ_MAIN) $(TESTLIB) \
    $(call archives,main)
	$(say) LINK $@
	$(Q)$(LINK) $(FUZZ_LINK) -o $@ $^ $(PKG_LIBS)

# Preloaded into the daemon by live tests.
$(B)/%.so: private HARDEN := -fPIC
$(B)/%.so: tests/live/%.c $(B)/.flags
	$(say) LINK $@
	$(Q)$(CC) $(ALL_CFLAGS) -shared -o $@ $<

RUN := ASAN_OPTIONS=detect_leaks=1 \
       UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
       sh tests/lib/run.sh $(B)/counts

.PHONY: check unit replay sim fuzz

# Without daemon/main.c there is no program, which counts as a failure.
CHECKED := $(if $(wildcard daemon/main.c),$(PROGRAM))

check: $(UNIT) $(REPLAY) $(SIM) $(FUZZ) $(CHECKED) ## tests without servers
	@rm -f $(B)/counts
	@$(RUN) unit $(UNIT) || :
	@$(if $(REPLAY),$(RUN) replay $(REPLAY) tests/replay/*.play || :)
	@$(if $(SIM),$(RUN) sim $(SIM) 1 100 || :)
	@$(if $(FUZZ),$(RUN) fuzz $(FUZZ) || :)
	@$(RUN) watchlists $(PROGRAM) watchlists || :
	@$(RUN) total

unit: $(if $(T),$(B)/tests/unit/test_$(T),$(UNIT)) ## unit tests; T=json: one
	@rm -f $(B)/counts
	@$(RUN) unit $^ || :
	@$(RUN) total

replay: $(REPLAY) ## replay scripts; T=x: tests/replay/x.play
	@rm -f $(B)/counts
	@$(RUN) replay $(B)/replay tests/replay/$(or $(T),*).play || :
	@$(RUN) total

sim: $(SIM) ## worlds made up from seeds: SEEDS=1000 FROM=1
	@$(SIM) $(if $(filter 1,$(V)),-v) $(or $(FROM),1) \
	    $(or $(SEEDS),1000)

.PHONY: test run demo bench

test: all $(BUILD)/.deps-test ## every test, also with real servers
	+@sh tests/lib/test.sh '$(MAKE)' $(BUILD)

fuzz: $(BUILD)/.deps-lint ## search with libFuzzer: T=name TIME=60
	$(if $(T),,$(error make fuzz T=name, one of: \
	    $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))))
	@$(MAKE) --no-print-directory MODE=fuzz fuzz-run

# What is found goes to the corpus: a failing input at once, and of the rest
# only what reaches code that the corpus does not.
FUZZER := $(B)/tests/fuzz/fuzz_$(T)
.PHONY: fuzz-run
fuzz-run: $(FUZZER)
	@mkdir -p tests/fuzz/$(T) $(B)/corpus/$(T)
	$(FUZZER) -max_total_time=$(or $(TIME),60) -print_final_stats=1 \
	    -artifact_prefix=tests/fuzz/$(T)/ $(B)/corpus/$(T) tests/fuzz/$(T)
	$(FUZZER) -merge=1 tests/fuzz/$(T) $(B)/corpus/$(T)

# As people find it, and where it is not below build/.
SHOWN := $(abspath $(if $(filter release,$(MODE)),$(BUILD)/dnsvigil,\
         $(PROGRAM)))

run: all ## watch for real: RESOLVERS=ip:port WATCHLISTS=file
	@PROGRAM='$(SHOWN)' sh tests/lib/run_private.sh

demo: all $(BUILD)/.deps-test ## changes by script, on loopback
	@DNSVIGIL='$(SHOWN)' python3 tests/live/demo.py

BENCH := answerer bench_chase bench_micro bench_table noise
bench: all $(BENCH:%=$(B)/%) $(BUILD)/.deps-test ## figures: N=names CASE=name
	@B=$(B) python3 tests/bench/bench.py

# Helpers of the benchmarks: a server that costs little, the room resolver
# alone, and single functions.
$(B)/answerer: $(B)/tests/bench/answerer.o $(B)/libbase.a
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^

$(B)/bench_resolver: $(B)/tests/bench/bench_resolver.o \
    $(call archives,resolver)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(B)/bench_micro: $(B)/tests/bench/bench_micro.o $(call archives,monitor)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(B)/bench_chase: $(B)/tests/bench/bench_chase.o $(call archives,schedule)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

# The monitor in a made-up world: see the replay tests.
$(B)/noise: $(B)/tests/bench/noise.o $(STAGE) $(REPLAY_ARCH)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

# As the program is linked.
$(B)/bench_table: $(B)/tests/bench/bench_table.o $(call archives,monitor)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

# --- reading the text ------------------------------------------------------

LINT_HDR := $(wildcard include/*/*.h daemon/*/*.h tests/*/*.h)
LINT_C   := $(DAEMON_SRC) $(TEST_SRC)
XARGS    := xargs -r -P 2

LINT     := layers text headers format functions man rules
.PHONY: lint format $(LINT:%=lint-%)

lint: $(LINT:%=lint-%) ## layers, words, headers, format, man pages, rules

$(LINT:%=lint-%): | $(BUILD)/.deps-lint

lint-layers:
	$(say) LINT 'layers'
	@awk -f tests/lint/layers.awk $(LAYERS_TXT) $(DAEMON_SRC) \
	    $(filter include/% daemon/%,$(LINT_HDR))

lint-text:
	$(say) LINT 'lengths, words, licence lines, paths'
	@sh tests/lint/text.sh

lint-headers:
	$(say) LINT 'headers compile alone'
	@printf '%s\n' $(LINT_HDR) | $(XARGS) -n 1 $(CC) $(STD) $(WARN) \
	    $(PKG_CFLAGS) -Itests/lib -Idaemon/stage -Werror -x c -fsyntax-only

lint-format:
	$(say) LINT 'format'
	@printf '%s\n' $(LINT_C) $(LINT_HDR) | $(XARGS) -n 1 sh -c \
	    'clang-format-14 --dry-run -Werror "$$1" 2>/dev/null || \
	    { echo "$$1: make format would change it"; exit 1; }' format

lint-functions:
	$(say) LINT 'sizes of functions'
	@printf '%s\n' $(DAEMON_SRC) | $(XARGS) -n 4 sh -c \
	    'clang-tidy-14 --quiet --warnings-as-errors="*" "$$@" -- \
	    $(STD) $(PKG_CFLAGS) 2>/dev/null' tidy

lint-man: $(PROGRAM)
	$(say) LINT 'manual pages'
	@$(if $(MAN),mandoc -Tlint -Wwarning $(MAN))
	@python3 tests/lint/manual.py $(PROGRAM)

lint-rules:
	$(say) LINT 'each rule has its test'
	@awk -f tests/lint/rules.awk tests/lint/rules.txt $(UNIT_SRC) \
	    $(wildcard tests/replay/*.play tests/cases/*/*.case \
	    tests/live/test_*.py)

format: $(BUILD)/.deps-lint ## clang-format in place
	@printf '%s\n' $(LINT_C) $(LINT_HDR) | $(XARGS) -n 16 clang-format-14 -i

# --- installing ------------------------------------------------------------

.PHONY: deps-build deps-check deps-test deps-lint install uninstall
deps-build: $(BUILD)/.deps-build ## packages to build and run
deps-check: $(BUILD)/.deps-check ## and for make check
deps-test: $(BUILD)/.deps-test ## and the servers of make test
deps-lint: $(BUILD)/.deps-lint ## those of make lint

ifneq ($(filter check unit replay deps-check,$(MAKECMDGOALS)),)
$(BUILD)/.deps-build: | $(BUILD)/.deps-check
endif
# What wants the servers wants the smaller groups too: one command is enough.
ifneq ($(filter test demo bench deps-test,$(MAKECMDGOALS)),)
$(BUILD)/.deps-build $(BUILD)/.deps-check: | $(BUILD)/.deps-test
endif

$(BUILD)/.deps-%: tests/lib/install.sh
	@mkdir -p $(@D)
	@sh tests/lib/install.sh $*
	@touch $@

MAN      := $(wildcard docs/man/*.[1-9])
SQL      := $(wildcard sql/*.sql)
EXAMPLES := $(wildcard docs/examples/*)
BIN_DIR   = $(DESTDIR)$(PREFIX)/bin
SQL_DIR   = $(DESTDIR)$(PREFIX)/share/dnsvigil/sql
MAN_DIR   = $(DESTDIR)$(PREFIX)/share/man
DOC_DIR   = $(DESTDIR)$(PREFIX)/share/doc/dnsvigil
section   = $(patsubst .%,%,$(suffix $(1)))

install: all ## DESTDIR= PREFIX=/usr/local
	install -d $(BIN_DIR)
	install -m 755 $(PROGRAM) $(BIN_DIR)/dnsvigil
	$(if $(SQL),install -d $(SQL_DIR) && install -m 644 $(SQL) $(SQL_DIR))
	$(foreach m,$(MAN),install -D -m 644 $(m) \
	    $(MAN_DIR)/man$(call section,$(m))/$(notdir $(m)) &&) :
	$(if $(EXAMPLES),install -d $(DOC_DIR)/examples && \
	    install -m 644 $(EXAMPLES) $(DOC_DIR)/examples)
	$(if $(EXAMPLES),sed -i 's|/usr/local/bin/|$(PREFIX)/bin/|' \
	    $(DOC_DIR)/examples/dnsvigil.service)

uninstall: ## what make install put there
	rm -f $(BIN_DIR)/dnsvigil $(SQL:sql/%=$(SQL_DIR)/%) \
	    $(EXAMPLES:docs/%=$(DOC_DIR)/%) $(foreach m,$(MAN),\
	    $(MAN_DIR)/man$(call section,$(m))/$(notdir $(m)))
	-@rmdir $(SQL_DIR) $(dir $(SQL_DIR)) $(DOC_DIR)/examples $(DOC_DIR) \
	    2>/dev/null || :
