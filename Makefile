# sessrun: one Makefile, one build folder per variant. `make help` lists what there is to do.
MAKEFLAGS += -rR --no-print-directory
.DEFAULT_GOAL := all

VERSION := 0.1.0
B       ?= build/debug
CC      := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
CFLAGS  ?= $(if $(filter %release,$B),-O3 -g,-O1 -g -DNO_CLONES)
SAN     ?=
Q := $(if $(V),,@)# V=1 shows whole commands.
# For variants that only check: no clones of hot loops, which debug builds do without, too; rows share processes.
LEAN    := -DNO_CLONES -DROWS_TOGETHER=16
UB      := undefined -fno-sanitize-recover=undefined
DESTDIR ?=
# Targets that build another variant use all processors, unless -j says otherwise.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$$(nproc))
PREFIX  ?= /usr

SR_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I. -I$B/proto -I$B/gen -MMD -MP -Wall -Wextra -Werror -Wshadow \
             -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -fno-common -fno-math-errno -fno-trapping-math \
             -Wno-unknown-warning-option -Wno-maybe-uninitialized -Wno-missing-field-initializers -pthread
LIBS := -lmicrohttpd -ljansson -lsqlite3 -lprotobuf-c -lopenblas -ldnnl -lgomp -lsystemd -lsnappy -lz -lpcre2-8 -lgnutls -larchive -ljpeg -lpng -lgif -licuuc -lm -pthread

PROTO := $(sort $(shell find proto -name '*.proto'))
SRC   := $(sort $(shell find daemon api engine storage proto -name '*.c' 2>/dev/null))
CLI   := $(sort $(shell find cli -name '*.c' 2>/dev/null))
POBJ  := $(PROTO:proto/%.proto=$B/proto/%.pb-c.o)
PHDR  := $(PROTO:proto/%.proto=$B/proto/%.pb-c.h)
OBJ   := $(SRC:%.c=$B/%.o) $(POBJ)
LIBOBJ := $(filter-out $B/daemon/main.o,$(OBJ))
CONFORMANCE_MIN ?= 1710
SUITES := unit ops engine api storage
TESTLIB := $(patsubst %.c,$B/%.o,$(sort $(wildcard tests/lib/*.c)))
SUITE_BINS := $(foreach s,$(SUITES),$(if $(wildcard tests/$s/test_*.c),$B/tests/test_$s))

all: $B/sessrund $(if $(CLI),$B/sessrun) ## build the daemon and the client (debug; B= chooses another folder)

$B/proto/%.pb-c.c $B/proto/%.pb-c.h: proto/%.proto
	$Qmkdir -p $B/proto && protoc-c -Iproto --c_out=$B/proto $<
$B/gen/proto_types.h: $(PHDR)
	@mkdir -p $(@D) && awk -v dir=$B/proto/ -f tools/proto_types.awk $^ > $@
$(POBJ): $B/proto/%.pb-c.o: $B/proto/%.pb-c.c | $(PHDR)
	$Qecho '  CC   $<' && $(CC) $(CFLAGS) $(SAN) -std=gnu17 -I$B/proto -MMD -MP -c $< -o $@
$B/%.o: %.c | $(PHDR) $B/gen/proto_types.h $B/gen/version.h
	$Qmkdir -p $(@D) && echo '  CC   $<' && $(CC) $(SR_CFLAGS) $(CFLAGS) $(SAN) -c $< -o $@
# gcc 12 misplaces vectors of 64 bytes in the frames that AddressSanitizer keeps for a while (GCC bug 110027).
$(patsubst %.c,$B/%.o,$(shell grep -rlE 'avx512|lanes\.h' --include='*.c' api engine)): SR_CFLAGS += $(WIDE_CFLAGS)

$B/gen/version.h: Makefile ; @mkdir -p $(@D) && echo '#define SESSRUN_VERSION "$(VERSION)"' > $@
# The SQL of storage/migrations as C strings, in order.
$B/gen/migrations.inc: $(sort $(wildcard storage/migrations/*.sql))
	@mkdir -p $(@D) && for f in $^; do sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' $$f && echo ,; done > $@
$B/storage/schema.o: $B/gen/migrations.inc
# Files that are built in, as bytes: the API's description and the console.
embed = @mkdir -p $(@D) && od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g' > $@
$B/gen/openapi.json: openapi.yaml
	@mkdir -p $(@D) && python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' < $< > $@
$B/gen/openapi.json.inc: $B/gen/openapi.json ; $(embed)
$B/gen/openapi.yaml.inc: openapi.yaml ; $(embed)
$B/gen/console.%.inc: console/console.% ; $(embed)
$B/api/spec.o: $B/gen/openapi.yaml.inc $B/gen/openapi.json.inc
$B/api/console.o: $(patsubst %,$B/gen/console.%.inc,html css js)

link = $Qecho '  LINK $@' && $(CC) $(LDFLAGS) $(SAN) $^
# Objects, never an archive: ops register themselves by pointers in a section, which an archive would drop.
$B/sessrund: $(OBJ) ; $(link) $(LIBS) -o $@
CLI_BASE := $(patsubst %,$B/engine/base/%.o,mem mem_large mem_lasting mem_big mem_text buf status errno base64 utf8)
$B/sessrun: $(CLI:%.c=$B/%.o) $(CLI_BASE) ; $(link) -ljansson -lcurl -pthread -o $@
.SECONDEXPANSION:
suite_objects = $(patsubst %.c,$B/%.o,$(wildcard tests/$1/*.c))
$(SUITE_BINS): $B/tests/test_%: $$(call suite_objects,$$*) $(TESTLIB) $(LIBOBJ) ; $(link) $(LIBS) -lcriterion -lcurl -o $@

# Plain programs: ThreadSanitizer and Criterion do not run together. Those that try every op go with the suites.
STRESS := $(patsubst %.c,$B/%,$(wildcard tests/stress/*.c))
OP_FUZZ := $B/tests/stress/op_fuzz $B/tests/stress/op_mutants
PLAIN_TESTLIB := $(patsubst %,$B/tests/lib/%.o,attr_text graph_builder kernel_log)
STRESSLIB := $(patsubst %.c,$B/%.o,$(wildcard tests/stress/lib/*.c) tests/engine/wait_op.c)
$(STRESS): $B/%: $B/%.o $(STRESSLIB) $(PLAIN_TESTLIB) $(LIBOBJ) ; $(link) $(LIBS) -o $@

# What runs real models through a live daemon, and what measures one.
$B/tests/conformance/conformance: $(patsubst %.c,$B/%.o,$(wildcard tests/conformance/*.c)) $B/tests/lib/checkpoint.o $(CLI_BASE) ; $(link) -lgnutls -larchive -ljansson -lcurl -lm -pthread -o $@

BENCHES := $(patsubst %,$B/bench/%,step_bench model_bench work_bench op_bench curve_bench http_bench serve_bench session_bench load_bench)
$B/bench/model_bench $B/bench/serve_bench: $(patsubst %,$B/bench/%.o,models memory weights)
$B/bench/work_bench: $(patsubst %,$B/bench/%.o,works works_rnn works_serve works_train weights)
$(patsubst %,$B/bench/%,step_bench model_bench work_bench op_bench curve_bench serve_bench): %: %.o $(patsubst %,$B/bench/%.o,stepper table) $$(addprefix $B/,$$(subst .c,.o,$$(wildcard bench/$$(*F)_*.c))) $(PLAIN_TESTLIB) $(LIBOBJ) ; $(link) $(LIBS) -lcurl -o $@
$B/bench/http_bench $B/bench/serve_bench: $(patsubst %,$B/%.o,bench/http_load bench/http_peer tests/conformance/daemon tests/conformance/http)
$B/bench/http_bench $B/bench/session_bench $B/bench/load_bench: %: %.o $(patsubst %,$B/%.o,bench/table bench/http_peer api/http_loop engine/base/clock tests/conformance/daemon tests/conformance/http) $$(addprefix $B/,$$(subst .c,.o,$$(wildcard bench/$$(*F)_*.c))) $(CLI_BASE) ; $(link) -lmicrohttpd -ljansson -lcurl -lgnutls -lm -pthread -o $@

# Fuzzers: clang gives them a driver that looks for faults; without it, replay.c runs what is already known.
FUZZERS := $(patsubst %.c,$B/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_MAIN = $B/tests/fuzz/replay.o
$(FUZZERS): $B/%: $B/%.o $(FUZZ_MAIN) $(LIBOBJ) ; $(link) $(LIBS) -o $@

.PHONY: claims verdicts damage docs all help deps release run test suites stress demo training conformance crash fuzz fuzz-run asan ubsan tsan clang format \
        bench bench-quick benches bench-json openapi lint tidy systemd-check check install dist clean
help: ## this list
	@sed -n 's/^\([a-z0-9 -]*\):.*## /  \1\t/p' Makefile
deps: ; @tools/deps.sh build ## install the Debian packages that building needs
release: deps ## build build/release/sessrund, optimized; asserts stay
	@$(MAKE) $(JOBS) B=build/release all
run: release ; @tools/run.sh build/release/sessrund ## start a daemon on 127.0.0.1:8642 with its state in ./state
test: ## build and run all suites
	@tools/deps.sh build test && $(MAKE) $(JOBS) suites
suites: all $(SUITE_BINS) $(FUZZERS) $(OP_FUZZ)
	@tools/symbols.sh $B/sessrund && tools/suites.sh $B $(SUITE_BINS) $(FUZZERS) $(OP_FUZZ)
stress: $(filter-out $B/tests/stress/op_%,$(STRESS)) ; @tools/suites.sh $B $^ ## run the race programs
# What the suites have seen of each op; asan writes it, too, so that CI need not run them once more.
$B/kernels.log: $B/tests/test_ops $B/tests/test_engine ; @rm -f $@ && SESSRUN_KERNEL_LOG=$@ tools/suites.sh $B $^
claims: $B/kernels.log $B/tests/stress/op_types ## have tests run each op at its edges, each kernel with each dtype?
	@tools/op_edges.sh $B $< && SESSRUN_KERNEL_LOG=$< tools/suites.sh $B $(lastword $^)
docs: all ; @tools/ops_doc.sh $B ## write docs/ops.md: which of TensorFlow's ops there are
demo training: all $B/tests/conformance/conformance ; @tools/$@.sh $B/sessrund $(LONG) ## the documentation's examples, or real training graphs (LONG=1: big ones, too), with curl
conformance: $B/sessrund $B/tests/conformance/conformance ## run the models of ../shared through HTTP
	@tools/ops_doc.sh --check $B && $B/tests/conformance/conformance --daemon $B/sessrund --min-pass $(CONFORMANCE_MIN) --verdicts $B/verdicts.on
verdicts: conformance ; @tools/verdicts.sh $B $(CONFORMANCE_MIN) $(or $(VERDICTS),again off one-thread-on one-thread-off) ## do they depend on optimizations or threads?
damage: $B/sessrund $B/tests/conformance/conformance ## models with DAMAGE cut and DAMAGE changed places in each file
	@ASAN_OPTIONS=allocator_may_return_null=1 $B/tests/conformance/conformance --daemon $B/sessrund --damage $(or $(DAMAGE),20) --only damage
crash: $B/tests/test_storage ; CRASH_ROUNDS=400 POWER_SEEDS=40 TEST_FLAGS="--filter @(crash|power)/* --timeout 900" tools/suites.sh $B $< ## kill -9 and power cuts by the hundred: what did the store lose?
fuzz: ## each fuzzer for FUZZ_SECONDS (60) under clang's sanitizers
	@$(MAKE) $(JOBS) B=build/fuzz CC=clang SAN="-fsanitize=fuzzer-no-link,address,undefined" \
	  LDFLAGS=-fsanitize=fuzzer FUZZ_MAIN= fuzz-run
fuzz-run: $(FUZZERS) ; @tools/fuzz.sh $B $(FUZZERS)
asan: ## all suites under AddressSanitizer and UndefinedBehaviorSanitizer; a leak fails
	@mkdir -p $B && rm -f $B/kernels.log && SESSRUN_KERNEL_LOG=$B/kernels.log $(MAKE) $(JOBS) B=build/asan CFLAGS="$(LEAN) -O1 -g1" SAN="-fsanitize=address -fsanitize=$(UB) -fno-omit-frame-pointer" WIDE_CFLAGS=--param=asan-use-after-return=0 suites damage
ubsan: ## all suites under UndefinedBehaviorSanitizer alone
	@$(MAKE) $(JOBS) B=build/ubsan CFLAGS="$(LEAN) -O1 -g1" SAN="-fsanitize=$(UB)" suites
tsan: ## the race programs under ThreadSanitizer
	@$(MAKE) $(JOBS) B=build/tsan CFLAGS="$(LEAN) -O1 -g1" SAN="-fsanitize=thread" stress
clang: ## build everything with clang
	@$(MAKE) $(JOBS) B=build/clang CC=clang CFLAGS="$(LEAN)" all $(SUITE_BINS:$B/%=build/clang/%)
format: ; @git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i ## lay out all code as .clang-format says
benches: $(BENCHES) $B/sessrund
bench: ## measure steps and HTTP against bare peers (release build)
	@$(MAKE) $(JOBS) B=build/release benches && tools/bench.sh build/release
bench-quick: ; @SESSRUN_BENCH_QUICK=1 $(MAKE) bench ## the same, short and rough, with the peers that are there
bench-json: ; @tools/bench_json.sh ## time tensors in JSON against jansson and simdjson
openapi: $B/tests/test_api ; @tools/openapi.sh $< ## lint openapi.yaml with redocly and spectral; drive each operation
lint: ; @tools/lint.sh ## format, include directions, length, banned functions, scripts
tidy: $(PHDR) $B/gen/proto_types.h $B/gen/version.h $B/gen/migrations.inc ## clang-tidy over the daemon's code (slow)
	@clang-tidy --quiet $(SRC) $(CLI) -- $(filter-out -MMD -MP,$(SR_CFLAGS))
systemd-check: ; @tools/systemd-check.sh ## verify the units and their exposure
check: ## everything that CI runs
	@tools/deps.sh build test lint && tools/check.sh test bench-quick "verdicts B=build/release VERDICTS='again one-thread-off'" "training B=build/release" openapi lint systemd-check clang asan claims tsan
install: ; @tools/install.sh $B "$(DESTDIR)" "$(PREFIX)" ## install below DESTDIR; PREFIX is /usr
dist: ## pack the committed sources as build/sessrun-VERSION.tar.gz
	@mkdir -p build && git archive --prefix=sessrun-$(VERSION)/ -o build/sessrun-$(VERSION).tar.gz HEAD
clean: ; rm -rf build ## remove build/
-include $(shell find $B -name '*.d' 2>/dev/null)
.SECONDARY:
