// SPDX-License-Identifier: Apache-2.0
/* The linker gathers pointers to all OpDefs into one section; here they are sorted and parsed once.
 */
#include "engine/ops/registry.h"

#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/base/nearest.h"
#include <stdlib.h>
#include <string.h>

/* The section's ends: made by the linker, absent in a program without ops. */
extern const OpDef *const __start_sr_ops[] __attribute__((weak));
extern const OpDef *const __stop_sr_ops[] __attribute__((weak));

static struct {
        Arena *arena;
        Op *ops; /* by name */
        int count;
        Map names; /* name -> Op */
} registry;

static int by_name(const void *a, const void *b)
{
        return strcmp(((const Op *)a)->def->name, ((const Op *)b)->def->name);
}

/* Registered pointers come in no order that counts, so the array is sorted by name. */
static Status *parse_all(Arena *arena, Op *ops, int count)
{
        for (int i = 0; i < count; i++)
                TRY(signature_parse(__start_sr_ops[i], arena, &ops[i]));
        qsort(ops, (size_t)count, sizeof *ops, by_name);
        for (int i = 1; i < count; i++)
                if (!by_name(&ops[i - 1], &ops[i]))
                        return invalid_argument("op %s is registered twice", ops[i].def->name);
        return NULL;
}

/* A faulty signature is noticed at start, by the daemon and by every test. */
Status *registry_init(void)
{
        autoptr(Arena) arena = NULL;
        int count = (int)(__stop_sr_ops - __start_sr_ops);
        TRY(arena_new(SIZE_MAX, &arena));
        Op *ops = arena_calloc(arena, (size_t)count, sizeof *ops);
        if (!ops)
                return status_oom();
        TRY(parse_all(arena, ops, count));
        registry_free();
        TRY(map_reserve(&registry.names, (size_t)count));
        for (int i = 0; i < count; i++)
                TRY(map_set(&registry.names, ops[i].def->name, &ops[i]));
        registry.arena = steal(&arena);
        registry.ops = ops;
        registry.count = count;
        return NULL;
}

void registry_free(void)
{
        map_done(&registry.names);
        arena_free(registry.arena);
        memset(&registry, 0, sizeof registry);
}

const Op *op_find(const char *name)
{
        return map_get(&registry.names, name);
}

int op_count(void)
{
        return registry.count;
}

const Op *op_at(int i)
{
        return &registry.ops[i];
}

/* For hints: looks at all names. */
int op_nearest(const char *name, const char **ret, int max)
{
        Nearest n = NEAREST(name);
        int found = 0;
        for (int i = 0; i < registry.count; i++)
                nearest_try(&n, registry.ops[i].def->name);
        for (; found < MIN(max, NEAREST_MAX) && n.best[found]; found++)
                ret[found] = n.best[found];
        return found;
}
