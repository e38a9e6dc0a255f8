// SPDX-License-Identifier: Apache-2.0
/* Graphs of what people run besides pictures, node by node as TensorFlow 1.x's Python layers make
 * them: recurrent loops, lookups with dense layers, an attention block, training steps. Constants
 * called w_... get numbers that work_peer.mjs and work_peer.py make, too, so that results compare.
 */
#pragma once
#include "engine/base/buf.h"
#include "engine/graph/source.h"

typedef struct Work {
        const char *name;
        int batch;
        void (*write)(Buf *text, int batch); /* graph_text(): x is fed, `out` is fetched */
        DType dtype;                         /* of x */
        int64_t dims[3];                     /* of x; -1: batch; 0: no such dimension */
        int64_t below;                       /* x of integers: every one is below that */
        bool trains;                         /* the target init comes first */
} Work;

/* The n works there are. */
const Work *works(int *n);
/* The graph of a work. */
Status *work_source(const Work *w, GraphSource **ret) MUST_USE;
/* What is fed: *ret is the caller's. */
Status *work_input(const Work *w, Tensor **ret) MUST_USE;

/* ---- writers ---- */

/* Loops of dynamic_rnn over 50 steps of 128 numbers, 256 units: layers of Python nodes, and the
 * fused cells. */
void work_lstm_loop(Buf *t, int batch);
void work_gru_loop(Buf *t, int batch);
void work_lstm_cell_loop(Buf *t, int batch);
void work_gru_cell_loop(Buf *t, int batch);
void work_block_lstm(Buf *t, int batch);
/* 26 lookups of one id and 14 means of four in tables of 10,000 rows, then dense layers. */
void work_wide(Buf *t, int batch);
/* One block of a BERT (base): 128 tokens, 768 wide, 12 heads. */
void work_attention(Buf *t, int batch);
/* What stands between a block's products, alone: on [batch, 128, 768] and [batch, 128, 3072]. */
void work_layer_norm(Buf *t, int batch);
void work_gelu(Buf *t, int batch);
/* Steps of Adam: 784-512-256-10, and two convolutions with pooling and two dense layers. */
void work_train_mlp(Buf *t, int batch);
void work_train_cnn(Buf *t, int batch);
