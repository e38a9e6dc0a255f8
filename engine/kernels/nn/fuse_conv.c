// SPDX-License-Identifier: Apache-2.0
/* The patterns of a convolution with what usually follows: a bias or a normalization by known
 * statistics, a value to be added, an activation; and of a depthwise one with the 1x1 that follows
 * it, together a separable convolution. One pass over memory instead of four, or eight. */
#include "engine/base/mem_lasting.h"
#include "engine/kernels/nn/conv_forward.h"
#include "engine/kernels/nn/layout.h"
#include "engine/ops/fusion.h"
#include <float.h>
#include <math.h>

/* The steps of a convolution; those of a second one come behind. */
enum { STEP_CONV, STEP_BIAS, STEP_NORM, STEP_ADD, STEP_ACT, STEPS, CONVS_MAX = 2 };

#define LIMIT_LOOSE 1e20f

static bool plain(const Node *n)
{
        return node_type(n, "T", DT_INVALID) == DT_FLOAT &&
               !strcmp(node_string(n, "data_format", "NHWC"), "NHWC");
}

static bool plain_norm(const Node *n)
{
        return plain(n) && !node_bool(n, "is_training", true);
}

/* A 1x1 filter, known to be one; pixels stay where they are. */
static bool pointwise(const Node *n)
{
        const Shape *f = &n->in[1].node->out_shapes[n->in[1].output];
        WindowAttrs a;
        Status *s = window_conv_attrs(n, 2, &a);
        bool ok = plain(n) && !s && f->rank == 4 && f->dim[0] == 1 && f->dim[1] == 1;
        for (int i = 0; ok && i < WINDOW_AXES; i++)
                ok = a.stride[i] == 1 && !a.before[i] && !a.after[i];
        status_free(s);
        return ok;
}

/* A convolution as compute finds it in its inputs. */
typedef struct Found {
        const FusedNode *n;
        int first; /* its first step */
        Conv conv;
        WeightsSource source;
        Tensor *add;
        int add_at; /* which input that is */
} Found;

static const FusedMember *member(const Found *f, int step)
{
        return fused_member(f->n, f->first + step);
}

static bool vector_of(const Tensor *t, int64_t n)
{
        return tensor_rank(t) == 1 && tensor_dim(t, 0) == n;
}

/* The vectors of a member's own inputs. False: one does not have a number per channel. */
static bool take_vectors(OpCtx *c, const FusedMember *m, int first, int n, Found *f)
{
        for (int i = 0; m && i < n; i++) {
                f->source.t[first + i] = c->in[m->first + i];
                if (!vector_of(c->in[m->first + i], f->conv.out_c))
                        return false;
        }
        return true;
}

/* The only other input of a convolution. */
static int filter_at(const FusedMember *m)
{
        return m->chain < 0 ? 1 : m->first;
}

/* Anything unusual, errors included, is no match: the nodes then run one by one and give their own
 * messages. */
static bool find_conv(OpCtx *c, const Shape *x, Found *f)
{
        const FusedMember *m = member(f, STEP_CONV);
        bool depthwise = m->node->op->def->name[0] == 'D';
        Tensor *w = c->in[filter_at(m)];
        WindowAttrs a;
        Status *s = x->rank == 4 && tensor_rank(w) == 4 ? window_conv_attrs(m->node, 2, &a)
                                                        : status_oom();
        if (!s)
                s = conv_resolve(&a, depthwise, x, tensor_shape(w), &f->conv);
        bool ok = !s && x->dim[3] == tensor_dim(w, 2) && shape_product(x, 0, 4) &&
                  tensor_count(w) && onednn_conv_usable(&f->conv);
        for (int i = 0; ok && i < WINDOW_AXES; i++)
                ok = f->conv.w[i].out > 0;
        status_free(s);
        f->source.t[WEIGHTS_FILTER] = w;
        f->source.filter = tensor_data(w);
        f->source.measured = true;
        return ok;
}

static Shape shape_after(const Conv *v)
{
        return SHAPE(v->batch, v->w[1].out, v->w[2].out, v->out_c);
}

/* Is all as the fused kernel needs it? x: the shape of what is convolved. */
static bool find(OpCtx *c, const Shape *x, Found *f)
{
        const FusedMember *bias = member(f, STEP_BIAS), *norm = member(f, STEP_NORM);
        const FusedMember *add = member(f, STEP_ADD);
        if (!find_conv(c, x, f) || !take_vectors(c, bias, WEIGHTS_BIAS, 1, f) ||
            !take_vectors(c, norm, WEIGHTS_SCALE, 4, f))
                return false;
        if (norm)
                f->source.epsilon = node_float(norm->node, "epsilon", 1e-4f);
        if (add) {
                Shape after = shape_after(&f->conv);
                f->add_at = add->first;
                f->add = c->in[add->first];
                return shape_equal(tensor_shape(f->add), &after);
        }
        return true;
}

/* Where the result goes: over the value to be added, if nobody else needs it. */
static Status *make_output(OpCtx *c, const Found *f, Tensor **ret)
{
        Shape shape = shape_after(&f->conv);
        Tensor *y = f->add ? ctx_take_input(c, f->add_at) : NULL;
        if (y) {
                ctx_set_output(c, 0, y);
        } else {
                TRY(ctx_alloc(c, 0, &shape, &y));
                if (f->add)
                        memcpy(tensor_fill(y), tensor_data(f->add), tensor_bytes(y));
        }
        *ret = y;
        return NULL;
}

/* What is known of a tensor's size, or found by looking at it: bounds grow with every layer, until
 * they say nothing. */
static float limit_of(const Tensor *t)
{
        float limit = tensor_limit(t);
        if (limit > 0 && limit < LIMIT_LOOSE)
                return limit;
        /* all zeros: any positive number */
        limit = MAX(conv_largest(tensor_data(t), tensor_count(t)), FLT_MIN);
        if (isfinite(limit))
                tensor_set_limit(t, limit);
        return limit;
}

/* The activation, as a part of the tail. */
static void set_act(const Found *f, ConvTail *tail)
{
        const FusedMember *m = member(f, STEP_ACT);
        const char *op = m ? m->node->op->def->name : "";
        if (!strcmp(op, "Relu"))
                tail->act = CONV_ACT_RELU;
        if (!strcmp(op, "Relu6"))
                tail->act = CONV_ACT_RELU6;
        if (strcmp(op, "LeakyRelu") != 0)
                return;
        tail->act = CONV_ACT_LEAKY;
        tail->alpha = node_float(m->node, "alpha", 0.2f);
}

/* What an activation makes of bounds. */
static float limit_after(const ConvTail *tail, float limit)
{
        if (tail->act == CONV_ACT_LEAKY)
                return fabsf(tail->alpha) <= 1 ? limit : limit * fabsf(tail->alpha);
        return tail->act == CONV_ACT_RELU6 && isfinite(limit) ? MIN(limit, 6.0f) : limit;
}

/* One convolution's part of the work. *limit: the largest |x|, and then |y|. */
static Status *describe(OpCtx *c, const Found *f, Onednn *o, ConvWeights *w, float *limit,
                        ConvForward *ret)
{
        *ret = (ConvForward){ .onednn = o,
                              .conv = f->conv,
                              .tail = { .shift = weights_shift(w) != NULL, .sum = f->add != NULL },
                              .weights = w,
                              .own = true };
        set_act(f, &ret->tail);
        TRY(conv_forward_measure(c, ret));
        ret->limit = weights_limit(w, *limit);
        if (f->add)
                ret->limit += limit_of(f->add);
        *limit = limit_after(&ret->tail, ret->limit);
        return NULL;
}

/* What prepare makes. */
typedef struct FusedConvs {
        Onednn *onednn[CONVS_MAX];
} FusedConvs;

/* Leaves *ret_done alone when the folded weights are not good enough. The limit follows how large
 * results can get, which tells the next layer whether Winograd is safe. */
static Status *compute(OpCtx *c, bool *ret_done)
{
        const FusedNode *n = fused_node(ctx_node(c));
        const FusedConvs *state = ctx_state(c);
        Found found[CONVS_MAX] = { { .n = n }, { .n = n, .first = STEPS } };
        int convs = fused_member(n, STEPS + STEP_CONV) ? 2 : 1;
        autoptr(ConvWeights) w0 = NULL;
        autoptr(ConvWeights) w1 = NULL;
        Shape between;
        if (!find(c, tensor_shape(c->in[0]), &found[0]))
                return NULL;
        between = shape_after(&found[0].conv);
        if (convs == 2 && !find(c, &between, &found[1]))
                return NULL;
        TRY(weights_get(onednn_weights(state->onednn[0]), &found[0].conv, &found[0].source, &w0));
        if (convs == 2)
                TRY(weights_get(onednn_weights(state->onednn[1]), &found[1].conv, &found[1].source,
                                &w1));
        if (!weights_foldable(w0) || (w1 && !weights_foldable(w1)))
                return NULL;
        float limit = limit_of(c->in[0]);
        Tensor *y;
        TRY(make_output(c, &found[convs - 1], &y));
        ConvForward first, then;
        TRY(describe(c, &found[0], state->onednn[0], w0, &limit, &first));
        first.x = tensor_data(c->in[0]);
        if (convs == 2) {
                TRY(describe(c, &found[1], state->onednn[1], w1, &limit, &then));
                then.y = tensor_fill(y);
                TRY(conv_forward_pair(c, &first, &then));
        } else {
                first.y = tensor_fill(y);
                TRY(conv_forward(c, &first));
        }
        if (isfinite(limit))
                tensor_set_limit(y, limit);
        *ret_done = true;
        return NULL;
}

/* Are the filter and every vector constants? */
static bool constant_weights(const PrepareCtx *p, const FusedNode *n, int first)
{
        bool constant = true;
        for (int i = 0; i < n->n; i++) {
                const FusedMember *m = &n->member[i];
                int step = m->step - first, own = m->node->n_in - (m->chain >= 0);
                if (step < 0 || step >= STEPS || step == STEP_ADD)
                        continue;
                for (int k = m->chain < 0; k < own; k++) /* not what the head convolves */
                        constant &= p->constant[m->first + k] != NULL;
        }
        return constant;
}

/* Each convolution has its own memory of weights. */
static Status *prepare(PrepareCtx *p)
{
        const FusedNode *n = fused_node(p->node);
        FusedConvs *state = arena_calloc(p->arena, 1, sizeof *state);
        if (!state)
                return status_oom();
        for (int i = 0; i < CONVS_MAX; i++) {
                const FusedMember *m = fused_member(n, i * STEPS + STEP_CONV);
                if (!m)
                        break;
                TRY(onednn_prepare(p));
                state->onednn[i] = p->state;
                WeightsCache *w = onednn_weights(p->state);
                w->constant = constant_weights(p, n, i * STEPS);
                w->narrow = w->constant && p->bfloat16;
                if (w->constant)
                        weights_cache_lasts(w, arena_lasting(p->arena), p->constant[filter_at(m)]);
        }
        p->state = state;
        return NULL;
}

/* clang-format off */
#define NORMS "FusedBatchNorm,FusedBatchNormV2,FusedBatchNormV3"

FUSION(conv,
       .steps = { { "Conv2D", .fits = plain },
                  { "BiasAdd", .chain = 1, .fits = plain },
                  { NORMS, .chain = 1, .fits = plain_norm },
                  { "Add,AddV2", .chain = 3 },
                  { "Relu,Relu6,LeakyRelu", .chain = 1 } },
       .prepare = prepare, .compute = compute);

/* Nothing is added to what only the second convolution sees. */
FUSION(separable,
       .steps = { { "DepthwiseConv2dNative", .fits = plain },
                  { "BiasAdd", .chain = 1, .fits = plain },
                  { NORMS, .chain = 1, .fits = plain_norm },
                  { "" },
                  { "Relu,Relu6,LeakyRelu", .chain = 1 },
                  { "Conv2D", .chain = 1, .fits = pointwise },
                  { "BiasAdd", .chain = 1, .fits = plain, .needs = STEPS },
                  { NORMS, .chain = 1, .fits = plain_norm, .needs = STEPS },
                  { "Add,AddV2", .chain = 3, .needs = STEPS },
                  { "Relu,Relu6,LeakyRelu", .chain = 1, .needs = STEPS } },
       .prepare = prepare, .compute = compute);
/* clang-format on */
