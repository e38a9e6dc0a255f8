// SPDX-License-Identifier: Apache-2.0
/* Has a test run each kernel with each type that it claims? What the suites ran is in the file
 * SESSRUN_KERNEL_LOG; what is left is tried here with random graphs of one node. Fails, and says
 * what is missing, when some never came to a good end. OP_TYPES_TRIES: graphs for each. Lists of
 * types only describe what passes, and ops that stand for a value (Placeholder, Const, _Retval)
 * never run: neither is asked for. */
#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/ops/registry.h"
#include "tests/stress/lib/op_try.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIES = 400, MEMORY = 512 << 20, LINE = 256 };

typedef struct Claim {
        const Op *op;
        const char *attr;
        DType type;
} Claim;

static Map ran; /* the lines that the log holds, in the arena that read_log() fills */

static Status *read_log(Arena *lines)
{
        char line[LINE];
        FILE *f = fopen(getenv("SESSRUN_KERNEL_LOG"), "re");
        Status *s = NULL;
        while (f && !s && fgets(line, sizeof line, f)) {
                line[strcspn(line, "\n")] = 0;
                const char *kept = map_get(&ran, line) ? NULL : arena_strdup(lines, line);
                s = kept ? map_set(&ran, kept, &ran) : NULL;
        }
        if (f)
                fclose(f);
        return s;
}

static bool has_run(const Claim *c)
{
        char line[LINE];
        snprintf(line, sizeof line, "%s %s %s", c->op->def->name, c->attr, dtype_name(c->type));
        return map_get(&ran, line);
}

static bool try_once(Engine *e, const Claim *c, unsigned seed)
{
        Gen g = { .seed = seed, .tame = true, .forced = c->attr, .forced_type = c->type };
        bool ok = gen_node(&g, c->op);
        autoptr(Status) s = ok ? op_try(e, &g, c->op) : NULL;
        gen_done(&g);
        return ok && !s;
}

/* In a child, since a process that has threads cannot fork again for the next. */
static int try_claim(const Claim *c, int tries)
{
        Engine *e = NULL;
        if (engine_new(&(EngineOptions){ .threads = 1 }, &e))
                return EXIT_FAILURE;
        mem_limit_set(MEMORY);
        int i = 0;
        while (i < tries && !try_once(e, c, (unsigned)i * 7919 + 1))
                i++;
        engine_free(e);
        return i < tries ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool runs(const Claim *c, int tries)
{
        int status;
        fflush(stdout);
        pid_t child = fork();
        if (!child)
                _exit(try_claim(c, tries));
        return child > 0 && waitpid(child, &status, 0) == child && !status;
}

typedef struct Count {
        int claims, tried, missing, tries;
} Count;

static void check(const Claim *c, Count *n)
{
        n->claims++;
        if (has_run(c))
                return;
        n->tried++;
        if (runs(c, n->tries))
                return;
        n->missing++;
        printf("not run: %s %s %s\n", c->op->def->name, c->attr, dtype_name(c->type));
}

static bool stands_for_a_value(const Op *op)
{
        if (!strcmp(op->def->name, "_Retval"))
                return true;
        bool stateful = op->def->flags && strstr(op->def->flags, "stateful");
        return op->n_in == 0 && (!stateful || op_attr(op, "value"));
}

static void check_attr(const Op *op, int i, Count *n)
{
        const AttrDef *a = &op->attrs[i];
        uint32_t types = op->kernel_types && op->kernel_types[i] ? op->kernel_types[i] : a->types;
        for (int t = 1; t <= DT_MAX; t++)
                if (!types || types >> t & 1)
                        check(&(Claim){ op, a->name, (DType)t }, n);
}

int main(void)
{
        const char *tries = getenv("OP_TYPES_TRIES");
        Count n = { .tries = tries ? (int)strtol(tries, NULL, 10) : TRIES };
        autoptr(Arena) lines = NULL;
        if (!getenv("SESSRUN_KERNEL_LOG") || registry_init() || arena_new(SIZE_MAX, &lines) ||
            read_log(lines))
                return EXIT_FAILURE;
        for (int i = 0; i < op_count(); i++)
                for (int k = 0; k < op_at(i)->n_attrs && !stands_for_a_value(op_at(i)); k++)
                        if (op_at(i)->attrs[k].kind == ATTR_TYPE && !op_at(i)->attrs[k].is_list)
                                check_attr(op_at(i), k, &n);
        printf("op_types: %d kernel types claimed, %d run by the suites, %d more here, %d not\n",
               n.claims, n.claims - n.tried, n.tried - n.missing, n.missing);
        map_done(&ran);
        registry_free();
        return n.missing != 0;
}
