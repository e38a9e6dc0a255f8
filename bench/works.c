// SPDX-License-Identifier: Apache-2.0
/* The list of works and their numbers: element i of a tensor is a hash of its name and i, which
 * three languages can compute. A constant's scale is the one number that the text gives it. */
#include "bench/works.h"

#include "bench/table.h"
#include "bench/weights.h"
#include "engine/base/mem.h"
#include "tests/lib/graph_builder.h"

#include <string.h>

static const Work list[] = {
        { "lstm_loop", 1, work_lstm_loop, DT_FLOAT, { 50, -1, 128 } },
        { "lstm_loop", 16, work_lstm_loop, DT_FLOAT, { 50, -1, 128 } },
        { "gru_loop", 1, work_gru_loop, DT_FLOAT, { 50, -1, 128 } },
        { "gru_loop", 16, work_gru_loop, DT_FLOAT, { 50, -1, 128 } },
        { "lstm_cell_loop", 1, work_lstm_cell_loop, DT_FLOAT, { 50, -1, 128 } },
        { "gru_cell_loop", 1, work_gru_cell_loop, DT_FLOAT, { 50, -1, 128 } },
        { "block_lstm", 1, work_block_lstm, DT_FLOAT, { 50, -1, 128 } },
        { "block_lstm", 16, work_block_lstm, DT_FLOAT, { 50, -1, 128 } },
        { "wide", 1, work_wide, DT_INT64, { -1, 82 }, .below = 10000 },
        { "wide", 64, work_wide, DT_INT64, { -1, 82 }, .below = 10000 },
        { "attention", 1, work_attention, DT_FLOAT, { -1, 128, 768 } },
        { "attention", 8, work_attention, DT_FLOAT, { -1, 128, 768 } },
        { "layer_norm", 8, work_layer_norm, DT_FLOAT, { -1, 128, 768 } },
        { "gelu", 1, work_gelu, DT_FLOAT, { -1, 128, 3072 } },
        { "train_mlp", 64, work_train_mlp, DT_FLOAT, { -1, 784 }, .trains = true },
        { "train_cnn", 32, work_train_cnn, DT_FLOAT, { -1, 784 }, .trains = true },
};

const Work *works(int *n)
{
        *n = COUNTOF(list);
        return list;
}

/* FNV-1a. */
static uint32_t name_hash(const char *name)
{
        uint32_t h = 2166136261u;
        for (; *name; name++)
                h = (h ^ (uint8_t)*name) * 16777619u;
        return h;
}

static uint32_t mix(uint32_t x)
{
        x ^= x >> 16;
        x *= 0x7feb352du;
        x ^= x >> 15;
        x *= 0x846ca68bu;
        return x ^ x >> 16;
}

static void fill_floats(const char *name, float scale, float *v, int64_t n)
{
        uint32_t h = name_hash(name);
        for (int64_t i = 0; i < n; i++)
                v[i] = ((float)(mix(h + (uint32_t)i) >> 8) / (float)(1 << 23) - 1) * scale;
}

Status *work_source(const Work *w, GraphSource **ret)
{
        Buf text = BUF(1 << 20);
        autoptr(GraphSource) src = NULL;
        w->write(&text, w->batch);
        bench_must(graph_text(buf_cstr(&text), &src));
        buf_done(&text);
        for (size_t i = 0; i < src->graph_def->n_node; i++) {
                const char *name = src->graph_def->node[i]->name;
                Weights all = { 0 };
                if (!strncmp(name, "w_", 2))
                        TRY(weights_of(src, i, &all));
                if (all.v)
                        fill_floats(name, all.given, all.v, all.n);
        }
        *ret = steal(&src);
        return NULL;
}

Status *work_input(const Work *w, Tensor **ret)
{
        Shape s = SHAPE_SCALAR;
        for (int i = 0; i < 3 && w->dims[i]; i++)
                shape_append(&s, w->dims[i] < 0 ? w->batch : w->dims[i]);
        TRY(tensor_new(w->dtype, &s, ret));
        void *v = tensor_fill(*ret);
        uint32_t h = name_hash("x");
        if (w->dtype == DT_FLOAT)
                fill_floats("x", 1, v, tensor_count(*ret));
        for (int64_t i = 0; w->dtype == DT_INT64 && i < tensor_count(*ret); i++)
                ((int64_t *)v)[i] = mix(h + (uint32_t)i) % w->below;
        return NULL;
}
