// SPDX-License-Identifier: Apache-2.0
/* What an op sees: ShapeCtx while shapes are worked out, OpCtx while it runs. The narrow waist
 * between kernels and executor. */
#pragma once
#include "engine/base/cancel.h"
#include "engine/graph/node.h"
#include "engine/tensor/resource_ref.h"
#include "engine/tensor/tensor.h"

/* ---- shapes ---- */

typedef struct ShapeCtx {
        const Node *node;
        int n_in, n_out;
        const Shape *const *in;       /* partial at import, complete at run time */
        const Tensor *const *value;   /* input i's value where it is known, else NULL; value may be
                                         NULL as a whole */
        const Shape *const *as_shape; /* input i read as a shape, where partly known, else NULL; may
                                         be NULL as a whole */
        Shape *out;                   /* start unknown */
        bool at_import;               /* a refusal is what TensorFlow's shape function says; else
                                         it is its kernel's */
} ShapeCtx;

static inline const Shape *shape_in(const ShapeCtx *c, int i)
{
        return c->in[i];
}
static inline const Tensor *shape_value(const ShapeCtx *c, int i)
{
        return c->value ? c->value[i] : NULL;
}
/* Input i, an int32 or int64 vector (or the scalar -1), read as a shape: complete when its value is
 * known, else as much as is known of it. INVALID_ARGUMENT for a matrix or sizes below -1. */
Status *shape_from_input(const ShapeCtx *c, int i, Shape *ret) MUST_USE;
/* INVALID_ARGUMENT "Shape must be rank R but is rank Q" when input i's rank is known and not R. */
Status *shape_want_rank(const ShapeCtx *c, int i, int rank) MUST_USE;
Status *shape_want_rank_at_least(const ShapeCtx *c, int i, int rank) MUST_USE;
/* The same where a kernel has words of its own, in which "%s" is the input's shape. */
Status *shape_want_rank_as(const ShapeCtx *c, int i, int rank, const char *words) MUST_USE;
Status *shape_want_rank_at_least_as(const ShapeCtx *c, int i, int rank, const char *words) MUST_USE;
/* At import: "Dimensions must be equal, but are A and B" when both are known and differ. At run
 * time kernels say it in other words: NULL. */
Status *shape_want_equal(const ShapeCtx *c, int64_t a, int64_t b) MUST_USE;
/* Input i as one integer, when its value is known (returns false otherwise). Scalars and
 * one-element tensors. */
bool shape_int_value(const ShapeCtx *c, int i, int64_t *ret);

/* ---- running ---- */

typedef struct OpEnv OpEnv; /* engine/ops/env.h: what the session lends to ops */

typedef struct OpCtx {
        const Node *node;
        void *state; /* what prepare made */
        int n_in, n_out;
        Tensor *const *in;   /* values; a ref input that the op takes as a ref is its variable's
                                handle: use ctx_ref() */
        Tensor **out;        /* owned by the executor once set */
        const Shape *shapes; /* late_shape: outputs as the shape function gave them */
        const OpEnv *env;
        void *frame; /* the executor's */
} OpCtx;

static inline int ctx_inputs(const OpCtx *c)
{
        return c->n_in;
}
static inline int ctx_outputs(const OpCtx *c)
{
        return c->n_out;
}
static inline const Tensor *ctx_input(const OpCtx *c, int i)
{
        return c->in[i];
}
/* An output that the executor allocated by the shape function (not for late_shape ops). */
static inline Tensor *ctx_output(const OpCtx *c, int i)
{
        return c->out[i];
}
static inline void *ctx_state(const OpCtx *c)
{
        return c->state;
}
static inline const Node *ctx_node(const OpCtx *c)
{
        return c->node;
}
/* Allocates output i of a late_shape op with the type that the node declares. *ret is borrowed. */
Status *ctx_alloc(OpCtx *c, int i, const Shape *shape, Tensor **ret) MUST_USE;
/* Makes t output i; takes over the caller's reference (and frees what was there). */
void ctx_set_output(OpCtx *c, int i, Tensor *t);
/* Passes input `in` on as output `out` (Identity): no copy. */
static inline void ctx_forward(OpCtx *c, int in, int out)
{
        ctx_set_output(c, out, tensor_ref(c->in[in]));
}
/* The resource of a ref input or of a DT_RESOURCE / DT_VARIANT scalar input, borrowed for the call.
 * INVALID_ARGUMENT when it is not of that kind ("Trying to access resource using the wrong type.
 * ..."; NOT_FOUND "Resource C/N/T does not exist." for a ref input), NOT_FOUND when empty. */
Status *ctx_resource(const OpCtx *c, int i, const ResourceKind *kind, Resource **ret) MUST_USE;
/* n bytes of scratch, 64-byte aligned, freed when the op is done; NULL without memory. */
void *ctx_scratch(OpCtx *c, size_t n) MUST_USE;
/* The step's token: asynchronous ops hook into it, long loops poll ctx_cancelled(). */
Cancel *ctx_cancel(const OpCtx *c);
bool ctx_cancelled(const OpCtx *c);
/* The same for a kernel that then returns at once, whatever its outputs hold and says: nobody sees
 * them, and the step ends as cancelled. */
bool ctx_cut(OpCtx *c);
/* Calls fn(arg, from, to) over [0, n) in pieces of at least `grain`, but for the last, on this
 * thread and idle pool threads; returns when all are done. fn must not fail; let it write what it
 * found into arg. Of an op that touches nothing but its outputs the rest is left out once the step
 * is cancelled, as if by ctx_cut(). */
typedef void (*RangeFn)(void *arg, int64_t from, int64_t to);
void ctx_parallel(OpCtx *c, int64_t n, int64_t grain, RangeFn fn, void *arg);
/* The same, all of it in any case: for what outlives the step. */
void ctx_parallel_all(OpCtx *c, int64_t n, int64_t grain, RangeFn fn, void *arg);
/* On how many threads at most ctx_parallel() runs; the same in every step of a session, so that
 * work cut by it gives the same bits every time. */
int ctx_threads(const OpCtx *c);
/* Does the step run for the sake of later ones, so that kernels may try which way is the fastest?
 */
bool ctx_tunes(const OpCtx *c);
/* Input i for the kernel to overwrite and to hand to ctx_set_output(), if nobody else needs its
 * bytes; else NULL. */
Tensor *ctx_take_input(OpCtx *c, int i);
/* Ends an asynchronous op, with NULL or an error (taken). Outputs must be set before. c is gone
 * afterwards. */
void ctx_done(OpCtx *c, Status *s);

/* ---- state that outlives a step ---- */

/* Makes a resource; name is its name in messages. Called under the registry's lock: must not call
 * back. */
typedef Status *(*ResourceMake)(const OpCtx *c, const char *name, Resource **ret);

/* The container of what the node makes: the attribute's, else the session's ("localhost"). */
const char *ctx_container(const OpCtx *c);
/* The resource that this node stands for, found or made, by TensorFlow's rules: container as above,
 * name from shared_name, else the node's name if name_is_node,
 * else private to node and session
 * ("_<n>_<node>"). *ret is a new reference. INVALID_ARGUMENT for bad container or shared names. */
Status *ctx_own_resource(OpCtx *c, const ResourceKind *kind, bool name_is_node, ResourceMake make,
                         Resource **ret) MUST_USE;
/* NOT_FOUND in TensorFlow's words for a name in a container. */
Status *ctx_missing_resource(const OpCtx *c, const ResourceKind *kind, const char *container,
                             const char *name) MUST_USE;
/* State private to this node and session that lasts between steps (a random generator's counter).
 * *ret: new reference. */
Status *ctx_node_state(OpCtx *c, const ResourceKind *kind, ResourceMake make,
                       Resource **ret) MUST_USE;
/* State of the session, one of each kind. *ret: new reference. */
#define SESSION_STATE_NAME "session"
Status *ctx_session_state(OpCtx *c, const ResourceKind *kind, ResourceMake make,
                          Resource **ret) MUST_USE;
/* State that lives in this step only, by name (temporary variables, stacks, TensorArrays); made by
 * ctx_put_step_resource(), ALREADY_EXISTS when there is one; NOT_FOUND when none. find: *ret is a
 * new reference. */
Status *ctx_put_step_resource(OpCtx *c, const ResourceKind *kind, const char *name,
                              Resource *r) MUST_USE;
Status *ctx_find_step_resource(OpCtx *c, const ResourceKind *kind, const char *name,
                               Resource **ret) MUST_USE;
Status *ctx_drop_step_resource(OpCtx *c, const ResourceKind *kind, const char *name) MUST_USE;
/* A resource of the session by its name, be it shared or a node's own; *ret: new reference.
 * NOT_FOUND as resources_find() has it. */
Status *ctx_find_resource(const OpCtx *c, const ResourceKind *kind, const char *container,
                          const char *name, Resource **ret) MUST_USE;
/* Keeps r in the session under a name of its own, which nothing else may have. */
Status *ctx_put_resource(OpCtx *c, const ResourceKind *kind, const char *container,
                         const char *name, Resource *r) MUST_USE;
/* Takes out what ctx_find_resource() finds. */
Status *ctx_drop_resource(OpCtx *c, const ResourceKind *kind, const char *container,
                          const char *name) MUST_USE;
/* A number that no other call in this process got. */
uint64_t ctx_unique(void);
/* The step's number. */
int64_t ctx_step_id(const OpCtx *c);
/* "frame/iteration" of the loop that the node runs in, "" outside: what TensorFlow appends to
 * temporary names. */
const char *ctx_frame_name(OpCtx *c);
/* A file below the configured roots: opens for reading (O_RDONLY) or writing; *ret is a file
 * descriptor that the caller closes. PERMISSION_DENIED outside the roots, NOT_FOUND, ... in
 * TensorFlow's words. */
Status *ctx_open_file(const OpCtx *c, const char *path, size_t path_len, int flags,
                      int *ret) MUST_USE;
/* The roots themselves, for engine/state/roots.h: making folders, renaming, removing. May be NULL.
 */
struct FileRoots;
const struct FileRoots *ctx_roots(const OpCtx *c);
/* Calls a function: args are borrowed for the call, results are new references in ret[0..n_ret),
 * written before done(arg, status), which follows from any thread, possibly before this returns.
 * INVALID_ARGUMENT when counts or types do not fit. For asynchronous ops (If, While,
 * PartitionedCall). */
struct Function;
typedef void (*CallDone)(void *arg, Status *s);
void ctx_call(OpCtx *c, const struct Function *f, Tensor *const *args, int n_args, Tensor **ret,
              int n_ret, CallDone done, void *arg);
/* The same under a token of the caller's (who sees to it that it fires with the step's): an error
 * in the function fires that one, and the step goes on. */
void ctx_call_apart(OpCtx *c, Cancel *cancel, const struct Function *f, Tensor *const *args,
                    int n_args, Tensor **ret, int n_ret, CallDone done, void *arg);
/* Has fn(arg) called on the pool, behind what waits there. For asynchronous ops that work long:
 * nobody else starves. False when there is no pool: go on here. */
bool ctx_later(OpCtx *c, void (*fn)(void *arg), void *arg) MUST_USE;
/* Has fn(arg) called when so much time has passed, or earlier when the step is cancelled. On an
 * error it is not called. */
Status *ctx_sleep(OpCtx *c, int64_t ns, void (*fn)(void *arg), void *arg) MUST_USE;
