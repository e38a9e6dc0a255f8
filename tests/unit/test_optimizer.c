// SPDX-License-Identifier: Apache-2.0
/* Which optimizations a GraphOptions switches on. */
#include "engine/exec/optimizer.h"
#include "proto/text.h"
#include "tests/lib/op_case.h"

/* What the GraphOptions written as protobuf text asks for. */
static OptimizerOptions of(const char *text)
{
        Arena *arena = NULL;
        ProtobufCMessage *m = NULL;
        expect_ok(arena_new(SIZE_MAX, &arena));
        expect_ok(proto_text_parse(&tensorflow__graph_options__descriptor, text, strlen(text),
                                   arena, &m));
        OptimizerOptions o = optimizer_options((const Tensorflow__GraphOptions *)m);
        arena_free(arena);
        return o;
}

Test(optimizer, by_default_everything_is_on)
{
        OptimizerOptions o = optimizer_options(NULL);
        cr_assert(o.fold && o.merge_common && o.fuse && o.loops && !o.strip);
        cr_assert_eq(o.max_folded_bytes, 10 << 20);
}

Test(optimizer, level_L0_switches_everything_off)
{
        OptimizerOptions o = of("optimizer_options { opt_level: L0 }"), none = optimizer_none();
        cr_assert(!memcmp(&o, &none, sizeof o));
}

Test(optimizer, a_flag_adds_to_level_L0)
{
        OptimizerOptions o = of("optimizer_options { opt_level: L0 do_constant_folding: true }");
        cr_assert(o.fold && !o.merge_common && !o.fuse);
        o = of("optimizer_options { opt_level: L0 do_common_subexpression_elimination: true }");
        cr_assert(!o.fold && o.merge_common);
}

Test(optimizer, a_false_flag_takes_nothing_from_level_L1)
{
        OptimizerOptions o = of("optimizer_options { opt_level: L1 do_constant_folding: false }");
        cr_assert(o.fold);
}

Test(optimizer, grappler_passes_are_switched_one_by_one_or_all)
{
        OptimizerOptions o = of("rewrite_options { remapping: OFF }");
        cr_assert(!o.fuse && o.fold);
        o = of("rewrite_options { disable_meta_optimizer: true debug_stripper: ON }");
        cr_assert(!o.fuse && !o.loops && !o.strip && !o.pack && o.fold && o.merge_common);
        o = of("rewrite_options { constant_folding: OFF }");
        cr_assert(!o.fold && o.merge_common && o.fuse && o.loops);
        o = of("rewrite_options { arithmetic_optimization: OFF }");
        cr_assert(o.fold && !o.merge_common);
        o = of("rewrite_options { common_subgraph_elimination: OFF }");
        cr_assert(o.fold && !o.merge_common);
        o = of("rewrite_options { layout_optimizer: OFF }");
        cr_assert(!o.pack && o.fuse && o.loops);
        o = of("rewrite_options { loop_optimization: OFF debug_stripper: ON }");
        cr_assert(!o.loops && o.strip && o.fuse);
}

Test(optimizer, weights_are_rounded_only_when_that_is_asked_for)
{
        cr_assert(!optimizer_options(NULL).bfloat16);
        cr_assert(!of("rewrite_options { remapping: ON }").bfloat16);
        cr_assert(of("rewrite_options { auto_mixed_precision_mkl: ON }").bfloat16);
        cr_assert(of("rewrite_options { optimizers: 'auto_mixed_precision_mkl' }").bfloat16);
        cr_assert(!of("optimizer_options { opt_level: L0 } "
                      "rewrite_options { auto_mixed_precision_mkl: ON }")
                           .bfloat16);
}

Test(optimizer, a_flag_by_name_wins_over_a_toggle)
{
        cr_assert(of("optimizer_options { do_constant_folding: true } "
                     "rewrite_options { constant_folding: OFF }")
                          .fold);
}

Test(optimizer, a_list_of_names_replaces_the_toggles)
{
        OptimizerOptions o = of("rewrite_options { optimizers: 'constfold' optimizers: 'none_such' "
                                "constant_folding: OFF }");
        cr_assert(o.fold && !o.merge_common && !o.fuse && !o.loops && !o.strip && !o.pack);
        o = of("rewrite_options { optimizers: 'remap' optimizers: 'arithmetic' "
               "optimizers: 'debug_stripper' optimizers: 'loop' optimizers: 'layout' }");
        cr_assert(!o.fold && o.merge_common && o.fuse && o.loops && o.strip && o.pack);
}

Test(optimizer, small_plans_may_be_left_alone)
{
        cr_assert_eq(of("rewrite_options { min_graph_nodes: 5 }").min_nodes, 5);
        cr_assert_eq(of("rewrite_options { min_graph_nodes: -1 }").min_nodes, 0);
}

Test(optimizer, the_size_of_folded_constants_is_the_clients)
{
        cr_assert_eq(of("optimizer_options { max_folded_constant_in_bytes: 64 }").max_folded_bytes,
                     64);
}
