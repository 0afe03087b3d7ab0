# One Makefile, no recursion. `make help` lists the targets.
# BUILD, CC, SAN (e.g. SAN=address,undefined) and PREFIX may be set.

VERSION := 0.1.0
CC      := gcc
SAN     :=
BUILD   ?= build/$(notdir $(CC))$(if $(SAN),-san)
PREFIX  ?= /usr/local

CFLAGS  ?= -O2 -g
STRICT  := -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wconversion -Werror \
           -Wstrict-prototypes -Wmissing-prototypes -Wvla
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
ALLFLAGS := $(STRICT) $(CFLAGS) $(SANFLAGS) -Iharness -I$(BUILD)/gen -DWSGAUNTLET_VERSION='"$(VERSION)"'

# A layer is a folder; it may be linked only with those named behind it.
LAYERS     := base wire net socketio engine report modes cli
LINK_base   := base
LINK_wire   := wire
LINK_net    := net base
LINK_socketio := socketio base
LINK_engine := engine socketio net wire base
LINK_report := report engine socketio net wire base
LINK_modes  := modes report engine socketio net wire base
LINK_cli    := cli modes report engine socketio net wire base
LIBS_wire   := -lz -lcrypto
LIBS_net    := -luv -lssl -lcrypto
LIBS_socketio := -ljansson
LIBS_engine := $(LIBS_net) -lz -lpcre2-8 -lm -ljansson
LIBS_report := $(LIBS_engine)
LIBS_modes  := $(LIBS_report)
LIBS_cli    := $(LIBS_report)

sources = $(wildcard $(addprefix harness/$(1)/,*.c */*.c */*/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))
archive = $(BUILD)/lib$(if $(filter wire,$(1)),wswire,$(1)).a
archives = $(foreach l,$(LINK_$(1)),$(call archive,$(l)))

.DELETE_ON_ERROR:
.PHONY: all help
all: wsgauntlet libwswire.a

help:
	@echo 'make            builds ./wsgauntlet and libwswire.a'
	@echo 'make demo       installs what is missing, builds, shows the main job, writes a report'
	@echo 'make test       installs what is missing, runs every test'
	@echo 'make unit       the unit tests alone (CC=clang, SAN=address,undefined)'
	@echo 'make soak       the correct peer through the whole suite, both roles, ws and wss, RUNS=20 times'
	@echo 'make fuzz       each fuzz target for T=10 seconds; make fuzz-TARGET T=60 one of them'
	@echo '                afl-TARGET, fuzz-cov, fuzz-planted, fuzz-speed, corpus: docs/fuzzing.md'
	@echo 'make fuzz-defects  which deliberate defects of the built-in peer live fuzzing finds, as a table (MOST=5m ONLY="NAME...")'
	@echo 'make peers      the suite and the stories against all real servers; make board writes docs/board.md'
	@echo 'make bench      ratios against other libraries in the same run; make bench-suite times the suite against npm ws'
	@echo 'make bench-scale  what one machine holds: 30,000 clients of a storm, 10,000 proxied connections'
	@echo 'make defects    which cases notice which deliberate defect of the built-in peer: writes docs/defects.md (it takes long)'
	@echo 'make clients    real reconnecting clients, measured: writes docs/clients.md'
	@echo 'make pictures   draws the pictures of docs/ anew'
	@echo 'make install    program, library, headers, man page below PREFIX (and DESTDIR)'
	@echo 'make clean      takes away what was built'

define LAYER_RULES
$(call archive,$(1)): $(call objects,$(1))
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call LAYER_RULES,$(l))))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) $(EXTRA_$(*F)) $(EXTRA_$(notdir $(*D))) -MMD -MP -c -o $@ $<

# The kernels are written for it.
EXTRA_wire := -O3

# --- files that are carried in the program: scenarios and requirements, the page of the HTML report; a new or
# changed file makes a new table ---
EMBED_embedded_files := $(sort $(shell find scenarios -name '*.wsg')) $(wildcard scenarios/*.tsv) reports/serve.html
EMBED_page_files     := $(addprefix reports/page/,page.html page.css dom.js model.js sequence.js figure.js cases.js \
                          requirements.js page.js)
EMBED_FROM_embedded_files := engine/suite/embedded.h scenarios
EMBED_FROM_page_files     := report/page.h reports/page
.PHONY: force
define EMBED_RULES
$(BUILD)/gen/$(1).list: force
	@mkdir -p $$(@D)
	@echo '$$(EMBED_$(1))' | cmp -s - $$@ || echo '$$(EMBED_$(1))' > $$@
$(BUILD)/gen/$(1).c: harness/engine/suite/embed.sh $(BUILD)/gen/$(1).list $(EMBED_$(1))
	harness/engine/suite/embed.sh $(1) $(EMBED_FROM_$(1)) $$(EMBED_$(1)) > $$@
$(BUILD)/gen/$(1).o: $(BUILD)/gen/$(1).c
	$$(CC) $$(ALLFLAGS) -MMD -MP -c -o $$@ $$<
$(call archive,$(2)): $(BUILD)/gen/$(1).o
endef
$(eval $(call EMBED_RULES,embedded_files,engine))
$(eval $(call EMBED_RULES,page_files,report))

# --- what stands at the root of the project ---
libwswire.a: $(call archive,wire)
	cp $< $@

$(BUILD)/wsgauntlet: $(call archives,cli)
	$(CC) $(SANFLAGS) -o $@ -Wl,--start-group $^ -Wl,--end-group $(LIBS_cli)

wsgauntlet: $(BUILD)/wsgauntlet # one that runs is replaced, not written to
	cp -f $< $@

# --- unit tests: tests/unit/LAYER/test_X.c links only what LAYER may use, and base (randomness from a seed) ---
UNIT_SOURCES := $(wildcard tests/unit/*/test_*.c)
UNIT_TESTS   := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SOURCES))
UNIT_HELPERS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/unit/support/*.c))
unit_layer = $(firstword $(subst /, ,$(patsubst $(BUILD)/unit/%,%,$(1))))

.SECONDEXPANSION:
$(UNIT_TESTS): $(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(UNIT_HELPERS) $$(call archives,$$(call unit_layer,$$@)) $(call archive,base)
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) -o $@ $(filter %.o,$^) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
	    -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
	    -lcheck -lsubunit -lrt -lm -lpthread $(LIBS_$(call unit_layer,$@))

$(BUILD)/tests/unit/%.o: ALLFLAGS += -Itests/unit/support

.PHONY: soak
soak: RUNS := 20
soak: wsgauntlet
	@tests/soak $(RUNS)

.PHONY: unit unit-programs
unit-programs: $(UNIT_TESTS)
unit: $(UNIT_TESTS)
	@tests/unit/run $(UNIT_TESTS)

# --- fuzzing, see docs/fuzzing.md: fuzz/fuzz_X.c with fuzz/driver.c replays files; with LIB_FUZZING_ENGINE it fuzzes ---
FUZZ_LINK     := $(CC)
FUZZ_TARGETS  := $(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/fuzz_%)
LIB_FUZZING_ENGINE :=
MUTATOR := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %_afl.c %_libfuzzer.c,$(wildcard fuzz/mutator*.c)))
# As an archive for its unit tests, which stand in tests/unit/fuzz.
LINK_fuzz := fuzz wire base
LIBS_fuzz := $(LIBS_wire)
$(BUILD)/libfuzz.a: $(MUTATOR)
	@rm -f $@
	@ar rcs $@ $^
FUZZ_MAIN := $(BUILD)/fuzz/$(if $(LIB_FUZZING_ENGINE),mutator_libfuzzer,driver).o $(MUTATOR)
# Seconds per target; instances of AFL++.
T := 10
N := $(shell nproc)
# Who needs more than the library and base.
FUZZ_LAYER_canary  := base
FUZZ_LAYER_result  := report
FUZZ_LAYER_script  := engine
FUZZ_LAYER_session := engine
FUZZ_LAYER_socketio := socketio
LIBS_fuzz_diff_frame := -lwslay
LIBS_fuzz_diff_head  := -lhttp_parser
fuzz_layer = $(or $(FUZZ_LAYER_$(patsubst fuzz_%,%,$(1))),wire)

FUZZ_END := $(BUILD)/fuzz/guards_end.o
$(FUZZ_PROGRAMS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/%.o $(FUZZ_MAIN) $$(call archives,$$(call fuzz_layer,$$*)) $(call archive,base) $(FUZZ_END)
	$(FUZZ_LINK) $(SANFLAGS) -o $@ $(filter-out $(FUZZ_END),$(filter %.o,$^)) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(FUZZ_END) \
	    $(LIB_FUZZING_ENGINE) $(LIBS_$(call fuzz_layer,$*)) $(LIBS_$*)

# The mutator for AFL++, which loads it: one for all targets (FUZZ_TARGET=judge). Its objects are position-independent.
$(BUILD)/fuzz/mutator.so: $(wildcard fuzz/mutator*.c) harness/base/prng.c
	@mkdir -p $(@D)
	$(patsubst afl-clang-%,clang,$(CC)) $(STRICT) -O2 -g -fPIC -shared -Iharness -o $@ $(filter-out %_libfuzzer.c,$^)

.PHONY: $(FUZZ_TARGETS:%=fuzz-%) $(FUZZ_TARGETS:%=afl-%) fuzz-programs fuzz fuzz-cov fuzz-planted fuzz-speed fuzz-defects corpus corpus-check
fuzz-programs: $(FUZZ_PROGRAMS)
fuzz:
	@fuzz/run $(T) $(filter-out canary,$(FUZZ_TARGETS))
$(FUZZ_TARGETS:%=fuzz-%): fuzz-%:
	@fuzz/run $(T) $*
fuzz-cov:
	@fuzz/coverage $(filter-out canary,$(FUZZ_TARGETS))
fuzz-planted:
	@fuzz/plant
fuzz-defects: MOST := 5m
fuzz-defects: wsgauntlet
	@tests/e2e/fuzz.py defects $(MOST) $(ONLY)
fuzz-speed:
	@fuzz/speed/run
$(FUZZ_TARGETS:%=afl-%): afl-%:
	@fuzz/campaign.sh $* -t $(T) -n $(N)
corpus:
	@fuzz/merge $(filter-out canary,$(FUZZ_TARGETS))
corpus-check:
	@fuzz/check $(FUZZ_TARGETS)

# --- benchmarks: ratios against peers in the same run ---
BENCHES := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))
LIBS_bench_frames    := -lwslay
LIBS_bench_handshake := -lhttp_parser

$(BENCHES): $(BUILD)/bench/%: bench/%.c $(wildcard bench/*.h) $(call archive,wire) $(call archive,base)
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -O3 -Ibench -o $@ $< $(call archive,wire) $(call archive,base) \
	    $(LIBS_wire) $(LIBS_bench_$*)

.PHONY: bench bench-deps
bench-deps:
	@.ci/deps bench
$(BENCHES): | bench-deps
$(BUILD)/bench/proxy: wsgauntlet
bench: $(BENCHES)
	@for b in $^; do $$b || exit 1; done

# How long the suite takes against npm ws; FULL=1 with a thousand messages a case, as Autobahn sends them.
.PHONY: bench-suite
bench-suite: wsgauntlet
	@.ci/deps test
	@$(MAKE) -s tests/peers/node_modules/.package-lock.json
	@bench/suite $(if $(FULL),--full)

# 30,000 clients and 10,000 proxied connections, where a process may have 20,000 descriptors.
.PHONY: bench-scale
bench-scale: wsgauntlet
	@bench/scale

# --- packages from npm, anew when the lock file is newer ---
%/node_modules/.package-lock.json: %/package-lock.json
	npm ci --silent --no-audit --no-fund --prefix $*

# --- real servers to play against, see tests/e2e/peers.py: those that have to be built ---
build/peers/libwebsockets: tests/peers/libwebsockets_server.c
	@mkdir -p $(@D)
	cc -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -o $@ $< -lwebsockets
build/peers/beast: tests/peers/beast_server.cpp
	@mkdir -p $(@D)
	c++ -std=c++17 -O1 -Wall -o $@ $< -lssl -lcrypto -lpthread
build/peers/gorilla: tests/peers/gorilla_server.go
	@mkdir -p $(@D)
	GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$(CURDIR)/build/peers/go go build -o $@ $<
build/peers/jetty/JettyServer.class: tests/peers/JettyServer.java
	@mkdir -p $(@D)
	javac -d $(@D) -cp '/usr/share/java/*' $<
build/peers/tomcat/TomcatServer.class: tests/peers/TomcatServer.java
	@mkdir -p $(@D)
	javac -d $(@D) -cp '/usr/share/tomcat10/lib/*' $<

.PHONY: peers peers-deps board
peers-deps:
	@.ci/deps peers
peers: all peers-deps
	@tests/e2e/peers.py --all
board: all peers-deps
	@tests/e2e/peers.py --all --board docs/board.md

# --- docs/defects.md: every case against every defect of the server, one after the other ---
.PHONY: defects
defects: wsgauntlet
	@./wsgauntlet test --fault list --catch --seed 1 >build/caught.txt && tests/defects build/caught.txt

# --- docs/clients.md: real reconnecting clients, measured; a quarter of an hour ---
.PHONY: clients
clients: wsgauntlet
	@.ci/deps test
	@tests/peers/clients/table.py

# --- what a person types: installs what is missing first ---
.PHONY: test demo
test:
	@.ci/deps test
	@tests/all

demo:
	@.ci/deps build
	@docs/demo

.PHONY: pictures
pictures: wsgauntlet
	@.ci/deps test
	@$(MAKE) -s tests/peers/node_modules/.package-lock.json tests/peers/clients/node_modules/.package-lock.json
	@node docs/pictures.js

# --- what others use: the program, its page, completion for bash, and the library by itself (DESTDIR and PREFIX may be set) ---
WIRE_PUBLIC := $(addprefix harness/wire/,deflate.h extension.h frame.h handshake.h http1.h judge.h mask.h \
                 url.h utf8.h violation.h violations.def)
.PHONY: install
install: all
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin share/man/man1 share/bash-completion/completions lib/pkgconfig include/wswire)
	install -m 755 wsgauntlet $(DESTDIR)$(PREFIX)/bin/
	install -m 644 docs/wsgauntlet.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	./wsgauntlet help completion > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/wsgauntlet
	install -m 644 libwswire.a $(DESTDIR)$(PREFIX)/lib/
	install -m 644 $(WIRE_PUBLIC) $(DESTDIR)$(PREFIX)/include/wswire/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' harness/wire/wswire.pc.in \
	    > $(DESTDIR)$(PREFIX)/lib/pkgconfig/wswire.pc

.PHONY: clean
clean:
	rm -rf build wsgauntlet libwswire.a

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
