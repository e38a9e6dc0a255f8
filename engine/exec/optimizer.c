// SPDX-License-Identifier: Apache-2.0
/* Reads OptimizerOptions out of GraphOptions. */
#include "engine/exec/optimizer.h"

#include <string.h>

typedef Tensorflow__RewriterConfig RewriterConfig;
typedef Tensorflow__RewriterConfig__Toggle Toggle;

OptimizerOptions optimizer_none(void)
{
        return (OptimizerOptions){ .max_folded_bytes = MAX_FOLDED_BYTES_DEFAULT };
}

/* ---- grappler ---- */

/* A list of names replaces all toggles. Names that stand for nothing here do nothing, as unknown
 * ones do in TensorFlow. */
static bool is_listed(const RewriterConfig *r, const char *name)
{
        for (size_t i = 0; i < r->n_optimizers; i++)
                if (!strcmp(r->optimizers[i], name))
                        return true;
        return false;
}

/* A custom optimizer that nobody registered is one of grappler's own by that name, besides what the
 * toggles or the list say. */
static bool is_custom(const RewriterConfig *r, const char *name)
{
        for (size_t i = 0; i < r->n_custom_optimizers; i++)
                if (!strcmp(r->custom_optimizers[i]->name, name))
                        return true;
        return false;
}

/* Does a pass of grappler run that is on unless it is switched off? */
static bool on(const RewriterConfig *r, Toggle t, const char *name)
{
        if (is_custom(r, name))
                return true;
        if (r->n_optimizers)
                return is_listed(r, name);
        return t != TENSORFLOW__REWRITER_CONFIG__TOGGLE__OFF; /* DEFAULT is on */
}

/* And one that is off unless it is switched on? */
static bool off(const RewriterConfig *r, Toggle t, const char *name)
{
        if (is_custom(r, name))
                return true;
        if (r->n_optimizers)
                return is_listed(r, name);
        return t == TENSORFLOW__REWRITER_CONFIG__TOGGLE__ON ||
               t == TENSORFLOW__REWRITER_CONFIG__TOGGLE__AGGRESSIVE;
}

/* Equal nodes are merged by the arithmetic optimizer, in later TensorFlows by a pass of its own. */
static bool merges(const RewriterConfig *r)
{
        if (is_custom(r, "arithmetic") || is_custom(r, "common_subgraph_elimination"))
                return true;
        if (r->n_optimizers)
                return is_listed(r, "arithmetic") || is_listed(r, "common_subgraph_elimination");
        return on(r, r->arithmetic_optimization, "") && on(r, r->common_subgraph_elimination, "");
}

/* ---- both places ---- */

/* Flags that are set by name win over a toggle that says no. */
OptimizerOptions optimizer_options(const Tensorflow__GraphOptions *g)
{
        static const Tensorflow__OptimizerOptions plain = TENSORFLOW__OPTIMIZER_OPTIONS__INIT;
        static const RewriterConfig rewrite_all = TENSORFLOW__REWRITER_CONFIG__INIT;
        const Tensorflow__OptimizerOptions *o =
                g && g->optimizer_options ? g->optimizer_options : &plain;
        const RewriterConfig *r = g && g->rewrite_options ? g->rewrite_options : &rewrite_all;
        bool all = o->opt_level != TENSORFLOW__OPTIMIZER_OPTIONS__LEVEL__L0;
        bool grappler = all && !r->disable_meta_optimizer;
        OptimizerOptions ret = optimizer_none();
        ret.fold = (all && on(r, r->constant_folding, "constfold")) || o->do_constant_folding;
        ret.merge_common = (all && merges(r)) || o->do_common_subexpression_elimination;
        ret.fuse = grappler && on(r, r->remapping, "remap");
        ret.loops = grappler && on(r, r->loop_optimization, "loop");
        ret.strip = grappler && off(r, r->debug_stripper, "debug_stripper");
        ret.pack = grappler && on(r, r->layout_optimizer, "layout");
        ret.bfloat16 = grappler && off(r, r->auto_mixed_precision_mkl, "auto_mixed_precision_mkl");
        ret.min_nodes = r->min_graph_nodes > 0 ? r->min_graph_nodes : 0;
        if (o->max_folded_constant_in_bytes > 0)
                ret.max_folded_bytes = o->max_folded_constant_in_bytes;
        return ret;
}

OptimizerOptions optimizer_for_graph(OptimizerOptions o, int n_nodes)
{
        if (n_nodes < o.min_nodes)
                o.fuse = o.loops = o.strip = o.pack = o.bfloat16 = false;
        return o;
}

/* ---- checks ---- */

/* Messages hold any number for an enum: each member of that kind is looked at. */
Status *optimizer_check(const Tensorflow__GraphOptions *g)
{
        const RewriterConfig *r = g ? g->rewrite_options : NULL;
        const ProtobufCMessageDescriptor *d = &tensorflow__rewriter_config__descriptor;
        for (unsigned i = 0; r && i < d->n_fields; i++) {
                const ProtobufCFieldDescriptor *f = &d->fields[i];
                if (f->type != PROTOBUF_C_TYPE_ENUM)
                        continue;
                int value = *(const int *)((const char *)r + f->offset);
                if (!protobuf_c_enum_descriptor_get_value(f->descriptor, value))
                        return invalid_argument(
                                "rewrite_options.%s is %d, which is no %s", f->name, value,
                                ((const ProtobufCEnumDescriptor *)f->descriptor)->short_name);
        }
        return NULL;
}
