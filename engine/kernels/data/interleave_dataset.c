// SPDX-License-Identifier: Apache-2.0
/* InterleaveDataset and its parallel kin: the datasets that a function makes of the elements, so
 * many at a time, some elements of each in turn. The parallel ones do it in the order of the other
 * one. */
#include "engine/kernels/data/pull.h"

typedef struct Interleave {
        Dataset base;
        int64_t cycle, block;
} Interleave;

typedef struct InterleaveIter {
        Iter base;
        Iter **slot;       /* those of the cycle that have been filled; NULL: has ended */
        int64_t n, cap;    /* slots there are, and room for */
        int64_t at, given; /* the present slot, and what it gave in this turn */
        int64_t open;      /* slots with an iterator */
        bool over;         /* the input has ended */
} InterleaveIter;

static void next_slot(InterleaveIter *s)
{
        const Interleave *d = (Interleave *)s->base.ds;
        s->given = 0;
        s->at = (s->at + 1) % d->cycle;
        if (s->over && s->at >= s->n)
                s->at = 0; /* the rest of the cycle stays empty */
}

/* Asks the next iterator that there is, or the input for one that is missing. */
static Status *ask(InterleaveIter *s, Pull *p)
{
        if (s->over && !s->open)
                return pull_end(p);
        while (s->over && (s->at >= s->n || !s->slot[s->at]))
                next_slot(s);
        if (s->at < s->n && s->slot[s->at])
                return pull_from(p, s->slot[s->at]);
        return pull_input(p, &s->base);
}

/* The dataset that the function made takes the present slot, at the end of the array or where one
 * ended. */
static Status *fill_slot(InterleaveIter *s, Pull *p)
{
        autoptr(Row) made = pull_row(p);
        if (s->at == s->cap) {
                int64_t cap = s->cap ? 2 * s->cap : 16;
                Iter **more = mem_realloc(s->slot, (size_t)cap * sizeof *more);
                if (!more)
                        return status_oom();
                s->slot = more;
                s->cap = cap;
        }
        if (s->at == s->n)
                s->slot[s->n++] = NULL;
        TRY(iter_of_result(made, &s->slot[s->at]));
        s->open++;
        return pull_from(p, s->slot[s->at]);
}

static Status *give(InterleaveIter *s, Pull *p)
{
        if (++s->given >= ((Interleave *)s->base.ds)->block)
                next_slot(s);
        return pull_pass(p);
}

/* Of an element: its slot is refilled when the cycle comes around. Of the input: no slot is. */
static Status *end(InterleaveIter *s, Pull *p, bool inner)
{
        if (inner) {
                iter_free(steal(&s->slot[s->at]));
                s->open--;
                next_slot(s);
        } else {
                s->over = true;
        }
        return ask(s, p);
}

static Status *next(Iter *it, Pull *p)
{
        InterleaveIter *s = (InterleaveIter *)it;
        bool inner = s->at < s->n && s->slot[s->at];
        switch (pull_event(p)) {
        case PULL_ASKED: return ask(s, p);
        case PULL_RESULT: return fill_slot(s, p);
        case PULL_ROW: return inner ? give(s, p) : pull_call(p, &it->ds->func[0], pull_row(p));
        default: return end(s, p, inner);
        }
}

static void close(Iter *it)
{
        InterleaveIter *s = (InterleaveIter *)it;
        for (int64_t i = 0; i < s->n; i++)
                iter_free(s->slot[i]);
        mem_free(s->slot);
}

static const DatasetKind interleave_kind = { .name = "Interleave",
                                             .size = sizeof(Interleave),
                                             .iter_size = sizeof(InterleaveIter),
                                             .next = next,
                                             .close = close };

/* Which inputs there are from cycle_length on, besides block_length; 0: there is none. */
typedef struct Version {
        int after;   /* inputs from cycle_length on */
        int buffers; /* the first of the two that say what to keep ready */
        int calls;   /* how many at once */
} Version;

static Status *check_length(const Version *v, const char *name, int64_t n)
{
        if (n > 0)
                return NULL;
        return v->after == 2 ? invalid_argument("%s must be greater than zero.", name)
                             : invalid_argument("`%s` must be > 0", name);
}

/* Buffers that -1 leaves to us came with the version that has calls as well. */
static Status *check_buffers(const OpCtx *c, int first, bool autos)
{
        int64_t out, in;
        TRY(scalar_int(c, first, "buffer_output_elements", &out));
        if (autos && out <= 0 && out != -1)
                return invalid_argument("`buffer_output_elements` must be `tf.data.AUTOTUNE` or > "
                                        "0 but is %lld",
                                        (long long)out);
        if (!autos && out <= 0)
                return invalid_argument("`buffer_output_elements` must be > 0");
        TRY(scalar_int(c, first + 1, "prefetch_input_elements", &in));
        if (autos && in < -1)
                return invalid_argument("`prefetch_input_elements` must be `tf.data.AUTOTUNE` or "
                                        ">= 0 but is %lld",
                                        (long long)in);
        return autos || in >= 0 ? NULL : invalid_argument("`prefetch_input_elements` must be >= 0");
}

static Status *check_calls(const OpCtx *c, int i)
{
        int64_t n;
        TRY(scalar_int(c, i, "num_parallel_calls", &n));
        return n > 0 || n == -1 ? NULL
                                : invalid_argument("num_parallel_calls must be greater than zero.");
}

static Status *read_lengths(const OpCtx *c, const Version *v, int64_t *cycle, int64_t *block)
{
        enum { AUTO_CYCLE = 10 }; /* as much as TensorFlow takes at most by itself */
        int n = ctx_inputs(c) - v->after;
        TRY(scalar_int(c, n, "cycle_length", cycle));
        if (v->calls && *cycle == -1)
                *cycle = AUTO_CYCLE;
        TRY(check_length(v, "cycle_length", *cycle));
        TRY(scalar_int(c, n + 1, "block_length", block));
        TRY(check_length(v, "block_length", *block));
        if (v->buffers)
                TRY(check_buffers(c, n + v->buffers, v->calls));
        return v->calls ? check_calls(c, n + v->calls) : NULL;
}

static Status *interleave(OpCtx *c, const Version *v)
{
        int64_t cycle, block;
        autoptr(Dataset) d = NULL;
        TRY(read_lengths(c, v, &cycle, &block));
        TRY(dataset_typed(c, &interleave_kind, &d));
        TRY(captured_read(c, 0, 1, ctx_inputs(c) - v->after - 1, &d->func[0]));
        ((Interleave *)d)->cycle = cycle;
        ((Interleave *)d)->block = block;
        d->cardinality = d->cardinality ? CARDINALITY_UNKNOWN : 0;
        return dataset_output(c, steal(&d));
}

static Status *plain(OpCtx *c)
{
        return interleave(c, &(Version){ .after = 2 });
}

static Status *with_calls(OpCtx *c)
{
        return interleave(c, &(Version){ .after = 3, .calls = 2 });
}

static Status *with_buffers_and_calls(OpCtx *c)
{
        return interleave(c, &(Version){ .after = 5, .buffers = 2, .calls = 4 });
}

static Status *with_buffers(OpCtx *c)
{
        return interleave(c, &(Version){ .after = 4, .buffers = 2 });
}

static Status *sloppy_with_buffers(OpCtx *c)
{
        return interleave(c, &(Version){ .after = 5, .buffers = 3 });
}

#define CYCLE                                                                       \
        "input_dataset:variant; other_arguments:Targuments[]; cycle_length:int64; " \
        "block_length:int64"
#define BUFFERS       "; buffer_output_elements:int64; prefetch_input_elements:int64"
#define CALLS         "; num_parallel_calls:int64"
#define ARGUMENTS     "Targuments:list(type) >=0; "
#define DETERMINISTIC "deterministic:string = \"default\"; "

DATASET_OP(InterleaveDataset, CYCLE, "f:func; " ARGUMENTS TYPES METADATA,
           .prepare = dataset_prepare, .compute = plain);
DATASET_OP(ParallelInterleaveDataset, CYCLE "; sloppy:bool" BUFFERS,
           "f:func; " ARGUMENTS TYPES METADATA, .prepare = dataset_prepare,
           .compute = sloppy_with_buffers);
DATASET_OP(ExperimentalParallelInterleaveDataset, CYCLE "; sloppy:bool" BUFFERS,
           "f:func; " ARGUMENTS TYPES, .prepare = dataset_prepare, .compute = sloppy_with_buffers);
DATASET_OP(LegacyParallelInterleaveDatasetV2, CYCLE BUFFERS,
           "f:func; " DETERMINISTIC ARGUMENTS TYPES METADATA, .prepare = dataset_prepare,
           .compute = with_buffers);
DATASET_OP(ParallelInterleaveDatasetV2, CYCLE CALLS,
           "f:func; " ARGUMENTS TYPES "; sloppy:bool = false" METADATA, .prepare = dataset_prepare,
           .compute = with_calls);
DATASET_OP(ParallelInterleaveDatasetV3, CYCLE CALLS,
           "f:func; " DETERMINISTIC ARGUMENTS TYPES METADATA, .prepare = dataset_prepare,
           .compute = with_calls);
DATASET_OP(ParallelInterleaveDatasetV4, CYCLE BUFFERS CALLS,
           "f:func; " DETERMINISTIC ARGUMENTS TYPES METADATA, .prepare = dataset_prepare,
           .compute = with_buffers_and_calls);
