// SPDX-License-Identifier: Apache-2.0
/* Every op with random attributes and inputs, hostile ones among them. An op may refuse what it
 * gets; it may not crash, hang, take more memory than there is, or blame itself (INTERNAL). Each op
 * is tried in a process of its own, so that one run finds all that is wrong. OPS_FUZZ_ROUNDS:
 * graphs per op; OPS_FUZZ_OP: that op only; OPS_FUZZ_SEED. */
#include "engine/base/mem.h"
#include "engine/ops/registry.h"
#include "engine/session/sessions.h"
#include "tests/stress/lib/op_try.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 5, MEMORY = 512 << 20, TEXT = 1 << 14 };

/* What a child leaves behind, in memory that it shares with its parent. */
typedef struct Trace {
        int ran, succeeded, faults;
        char text[TEXT];
} Trace;

static Trace *trace;

static void try_round(Engine *e, const Op *op, unsigned seed)
{
        Gen g = { .seed = seed };
        if (gen_node(&g, op)) {
                snprintf(trace->text, TEXT, "%s", buf_cstr(&g.text));
                for (int i = 0; i < g.n_fed; i++) {
                        size_t n = strlen(trace->text);
                        snprintf(trace->text + n, TEXT - n, "p%d: %s %s\n", i,
                                 dtype_name(g.fed[i]->dtype), shape_text(&g.fed[i]->shape).s);
                }
                autoptr(Status) st = op_try(e, &g, op);
                trace->ran++;
                trace->succeeded += !st;
                /* _Arg and _Retval outside of a call: TensorFlow, too, says INTERNAL */
                if (status_code(st) == SR_INTERNAL && *op->def->name != '_') {
                        printf("%s (seed %u): %s\n%s\n", op->def->name, seed, status_message(st),
                               trace->text);
                        trace->faults++;
                }
                if (getenv("OPS_FUZZ_VERBOSE"))
                        printf("%s: %s\n%s", op->def->name, st ? status_message(st) : "ok",
                               trace->text);
        }
        gen_done(&g);
}

/* In the child. */
static int try_op(const char *name, unsigned seed, int rounds)
{
        Engine *e = NULL;
        if (engine_new(&(EngineOptions){ .threads = 2 }, &e))
                return EXIT_FAILURE;
        mem_limit_set(MEMORY);
        for (int i = 0; i < rounds; i++)
                try_round(e, op_find(name), seed + (unsigned)i * 7919);
        engine_free(e);
        fflush(stdout);
        return EXIT_SUCCESS;
}

/* Returns whether the child came to a good end. */
static bool try_apart(const char *name, unsigned seed, int rounds)
{
        fflush(stdout);
        int status = 0, before = trace->faults;
        trace->text[0] = 0;
        pid_t child = fork();
        if (!child)
                exit(try_op(name, seed, rounds));
        if (child < 0 || waitpid(child, &status, 0) != child)
                abort();
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return trace->faults == before;
        bool hang = WIFEXITED(status) && WEXITSTATUS(status) == OP_TRY_HANGS;
        printf("%s: %s (wait status %#x)\n%s\n", name, hang ? "does not end" : "crashed", status,
               trace->text);
        return false;
}

static int number(const char *name, int otherwise)
{
        const char *text = getenv(name);
        return text ? (int)strtol(text, NULL, 10) : otherwise;
}

int main(void)
{
        const char *only = getenv("OPS_FUZZ_OP");
        int rounds = number("OPS_FUZZ_ROUNDS", ROUNDS), bad = 0, n = 0;
        unsigned seed = (unsigned)number("OPS_FUZZ_SEED", 1);
        trace = mmap(NULL, sizeof *trace, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                     0);
        if (trace == MAP_FAILED)
                return EXIT_FAILURE;
        const char *names[2048];
        if (registry_init())
                return EXIT_FAILURE;
        for (int i = 0; i < op_count() && n < (int)COUNTOF(names); i++)
                names[n++] = op_at(i)->def->name; /* of the op's entry: outlives the registry */
        registry_free();
        for (int i = 0; i < n; i++)
                if (!only || !strcmp(only, names[i]))
                        bad += !try_apart(names[i], seed + (unsigned)i * 104729, rounds);
        printf("op_fuzz: %d ops, %d graphs, %d of them ran, %d ops failed\n", n, trace->ran,
               trace->succeeded, bad);
        return bad != 0;
}
