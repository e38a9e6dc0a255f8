// SPDX-License-Identifier: Apache-2.0
/* Dataset: what a DT_VARIANT scalar of a tf.data op holds: a description, never changed, of which
 * any number of iterators can be made.
 *
 * A kind of dataset says in `next` how its iterator gets from one event to the next (see Pull); the
 * iterators themselves live in whoever pulls. Nothing waits in a thread, nothing recurses along a
 * pipeline, so pipelines may be as deep as memory allows. */
#pragma once
#include "engine/base/buf.h"
#include "engine/kernels/data/row.h"

typedef struct Dataset Dataset;
typedef struct Iter Iter;
typedef struct Pull Pull;

/* How many elements: a number, or one of these. */
enum { CARDINALITY_INFINITE = -1, CARDINALITY_UNKNOWN = -2 };

/* A function and the tensors that it sees behind its arguments. */
typedef struct Captured {
        const Function *f; /* a reference */
        Row *args;
} Captured;

typedef struct DatasetKind {
        const char *name;       /* TensorFlow's, without "Dataset": "Map" */
        size_t size, iter_size; /* of what begins with a Dataset, with an Iter; 0: nothing more */
        /* Makes a fresh iterator ready; may be NULL. No input has been opened yet. */
        Status *(*open)(Iter *it);
        /* Reacts to p's event by one of pull_give(), pull_end(), pull_from(), pull_call(). What an
         * element that was left half made left behind must not matter when it is asked for anew. */
        Status *(*next)(Iter *it, Pull *p);
        void (*close)(Iter *it);  /* frees what open and next made; may be NULL */
        void (*free)(Dataset *d); /* frees what is not the base's; may be NULL */
        bool catches_calls;       /* next hears of errors of functions, as PULL_ERROR */
        bool catches_input;       /* and of errors of its inputs */
} DatasetKind;

enum { DATASET_FUNCS = 4 };

struct Dataset {
        Resource base;
        const DatasetKind *kind;
        Grave grave;
        int n_inputs;
        Dataset **input;
        Captured func[DATASET_FUNCS];
        Row *values; /* tensors that it is made of; may be NULL */
        int n;       /* components of an element */
        DType *types;
        Shape *shapes; /* partial */
        int64_t cardinality;
};

/* The common head of all iterators. */
struct Iter {
        Dataset *ds; /* a reference */
        Iter *input; /* over ds->input[0] or, for some kinds, over what a function made */
        Grave grave;
        bool ended; /* has ended for good */
        int at;     /* where `next` is; the kind's own */
};

extern const ResourceKind dataset_kind;

static inline Dataset *dataset_ref(Dataset *d)
{
        resource_ref(&d->base);
        return d;
}
static inline void dataset_unref(Dataset *d)
{
        if (d)
                resource_unref(&d->base);
}
AUTOPTR_DEFINE(Dataset, dataset_unref)

/* Makes one of n components and n_inputs inputs, which are to be filled in; types invalid, shapes
 * unknown, cardinality unknown. */
Status *dataset_new(const DatasetKind *kind, int n_inputs, int n, Dataset **ret) MUST_USE;
/* A dataset over another one, with its components and cardinality. */
Status *dataset_over(const DatasetKind *kind, Dataset *input, Dataset **ret) MUST_USE;

/* ---- for ops ---- */

/* The dataset in input i, borrowed. INVALID_ARGUMENT when there is none. */
Status *dataset_at(const OpCtx *c, int i, Dataset **ret) MUST_USE;
/* dataset_over() input 0. */
Status *dataset_unary(const OpCtx *c, const DatasetKind *kind, Dataset **ret) MUST_USE;
/* The same with the components that output_types and output_shapes say. */
Status *dataset_typed(const OpCtx *c, const DatasetKind *kind, Dataset **ret) MUST_USE;
/* One without inputs. */
Status *dataset_source(const OpCtx *c, const DatasetKind *kind, Dataset **ret) MUST_USE;
/* Reads types (attribute `types` or, when NULL, output_types) and output_shapes into d, which has
 * as many components. */
Status *dataset_read_types(const Node *n, const char *types, Dataset *d) MUST_USE;
/* Length of a list attribute of types. */
int dataset_list_len(const Node *n, const char *attr);
/* Makes d output 0; takes it over. */
Status *dataset_output(OpCtx *c, Dataset *d) MUST_USE;
/* Input i, which must be a scalar, as a number; name is for the message. */
Status *scalar_int(const OpCtx *c, int i, const char *name, int64_t *ret) MUST_USE;
/* Input i, a string scalar; borrowed, not NUL-terminated. */
Status *scalar_string(const OpCtx *c, int i, const char *name, const TString **ret) MUST_USE;

/* prepare of ops with functions: the state is what captured_read() needs. */
Status *dataset_prepare(PrepareCtx *p) MUST_USE;
/* The k-th function in the order of the attributes, with n inputs from `first` on. */
Status *captured_read(const OpCtx *c, int k, int first, int n, Captured *ret) MUST_USE;
/* The first n functions: each list of types says how many inputs, from `first` on, belong to the
 * next one. */
Status *captured_lists(const OpCtx *c, const char *const *lists, int n, int first,
                       Dataset *d) MUST_USE;

/* Do two descriptions of components fit? INVALID_ARGUMENT in TensorFlow's words. */
Status *components_fit(int n, const DType *types, const Shape *shapes, int n_got,
                       const DType *got_types, const Shape *got_shapes) MUST_USE;
/* The types of its components as TensorFlow writes them: "int64, float". */
void components_text(const Dataset *d, Buf *ret);
/* Does an element? shapes may be NULL: any. */
Status *row_fits(const Row *r, int n, const DType *types, const Shape *shapes) MUST_USE;
/* For ops with output_types and output_shapes that give an element: their shape function, and what
 * makes an element (borrowed) their outputs, if it fits. */
Status *component_shapes(ShapeCtx *c) MUST_USE;
Status *row_put(OpCtx *c, const Row *row) MUST_USE;
/* Is an element what output_types and output_shapes say? And the same before row_put(). The words
 * for optionals and results, who being "The given optional" or "The result". */
Status *row_matches(const OpCtx *c, const Row *row, const char *who) MUST_USE;
Status *row_put_matching(OpCtx *c, const Row *row, const char *who) MUST_USE;

#define TYPES    "output_types:list(type) >=1; output_shapes:list(shape) >=1"
#define METADATA "; metadata:string = \"\""
/* An op that makes a dataset. */
#define DATASET_OP(op, in, at, ...)                                                            \
        OP(op, .inputs = in, .outputs = "handle:variant", .attrs = at, .shape = shape_scalars, \
           ##__VA_ARGS__)
