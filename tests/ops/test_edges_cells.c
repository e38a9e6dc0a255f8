// SPDX-License-Identifier: Apache-2.0
/* Recurrent cells of no rows and of no time, and sizes that do not fit. */
#include "tests/lib/op_case.h"

/* cs_prev, h_prev; w, peepholes and b of one input and one cell */
#define STATE(n)   F32((n, 1)), F32((n, 1))
#define WEIGHTS    F32((2, 4)), F32((1)), F32((1)), F32((1)), F32((4))
#define GATES(n)   F32((n, 1)), F32((n, 1)), F32((n, 1)), F32((n, 1)), F32((n, 1)), F32((n, 1))
#define STEPS(t)   F32((t, 2, 1))
#define STEPS_6(t) STEPS(t), STEPS(t), STEPS(t), STEPS(t), STEPS(t), STEPS(t)
#define NO_STEP    F32((0, 1))
#define NO_STEP_7  NO_STEP, NO_STEP, NO_STEP, NO_STEP, NO_STEP, NO_STEP, NO_STEP
#define NO_TIME_7  STEPS_6(0), STEPS(0)

static const OpCase cells[] = {
        { "of no rows", "LSTMBlockCell", .in = { F32((0, 1)), STATE(0), WEIGHTS },
          .out = { NO_STEP_7 } },
        { "wants a matrix", "LSTMBlockCell", .in = { F32((1)), STATE(1), WEIGHTS },
          .fails = SR_INVALID_ARGUMENT, .message = "x_tensor must be rank 2 but is rank 1." },
        { "wants a state per row", "LSTMBlockCell", .in = { F32((2, 1)), STATE(1), WEIGHTS },
          .fails = SR_INVALID_ARGUMENT, .message = "cs_prev.dims(0) != batch_size: 1 vs. 2" },
        { "wants weights for both", "LSTMBlockCell", .in = { F32((1, 2)), STATE(1), WEIGHTS },
          .fails = SR_INVALID_ARGUMENT,
          .message = "w.dim_size(0) != input_size + cell_size: 2 vs. 3" },
        { "wants weights of four gates", "LSTMBlockCell",
          .in = { F32((1, 1)), STATE(1), F32((2, 3)), F32((1)), F32((1)), F32((1)), F32((4)) },
          .fails = SR_INVALID_ARGUMENT, .message = "w.dim_size(1) != cell_size * 4: 3 vs. 4" },
        { "wants biases of four gates", "LSTMBlockCell",
          .in = { F32((1, 1)), STATE(1), F32((2, 4)), F32((1)), F32((1)), F32((1)), F32((3)) },
          .fails = SR_INVALID_ARGUMENT, .message = "b.dim_size(0) != cell_size * 4: 3 vs. 4" },
        { "of no rows", "LSTMBlockCellGrad", "use_peephole: true",
          .in = { F32((0, 1)), STATE(0), WEIGHTS, GATES(0), STATE(0) },
          .out = { NO_STEP, F32((0, 4)), F32((1), 0), F32((1), 0), F32((1), 0) } },
        { "of no rows", "GRUBlockCell",
          .in = { F32((0, 1)), F32((0, 1)), F32((2, 2)), F32((2, 1)), F32((2)), F32((1)) },
          .out = { NO_STEP, NO_STEP, NO_STEP, NO_STEP } },
        { "wants a matrix", "GRUBlockCell",
          .in = { F32((1)), F32((1, 1)), F32((2, 2)), F32((2, 1)), F32((2)), F32((1)) },
          .fails = SR_INVALID_ARGUMENT, .message = "Rank of x must be 2, got 1" },
        { "wants weights of two gates", "GRUBlockCell",
          .in = { F32((1, 1)), F32((1, 1)), F32((2, 3)), F32((2, 1)), F32((2)), F32((1)) },
          .fails = SR_INVALID_ARGUMENT, .message = "w_ru.dim_size(1) != cell_size * 2: 3 vs. 2" },
        { "wants a bias", "GRUBlockCell",
          .in = { F32((1, 1)), F32((1, 1)), F32((2, 2)), F32((2, 1)), F32((2)), F32((2)) },
          .fails = SR_INVALID_ARGUMENT, .message = "b_c.dim_size(0) != cell_size: 2 vs. 1" },
        { "of no rows", "GRUBlockCellGrad",
          .in = { F32((0, 1)), F32((0, 1)), F32((2, 2)), F32((2, 1)), F32((2)), F32((1)), STATE(0),
                  STATE(0) },
          .out = { NO_STEP, NO_STEP, NO_STEP, F32((0, 2)) } },
        { "wants gradients of its rows", "GRUBlockCellGrad",
          .in = { F32((1, 1)), F32((1, 1)), F32((2, 2)), F32((2, 1)), F32((2)), F32((1)), STATE(1),
                  F32((1, 1)), F32((2, 1)) },
          .fails = SR_INVALID_ARGUMENT, .message = "d_h.dims(0) != batch_size: 2 vs. 1" },
};
OP_CASES(edges_cells, cells)

static const OpCase sequences[] = {
        { "of no time", "BlockLSTM", .in = { I64((), 0), STEPS(0), STATE(2), WEIGHTS },
          .out = { NO_TIME_7 } },
        { "wants time in front", "BlockLSTM", .in = { I64((), 0), F32((2, 1)), STATE(2), WEIGHTS },
          .fails = SR_INVALID_ARGUMENT, .message = "x must be 3D" },
        { "wants one length", "BlockLSTM", .in = { I64((1), 0), STEPS(0), STATE(2), WEIGHTS },
          .fails = SR_INVALID_ARGUMENT,
          .message = "`seq_len_max_tensor` must be rank 0 but is rank 1" },
        { "wants as many steps as there are", "BlockLSTM",
          .in = { I64((), 4), STEPS(3), STATE(2), WEIGHTS }, .fails = SR_INVALID_ARGUMENT,
          .message = "seq_len_max must be between 0 and 3 but is 4" },
        { "wants peepholes of its cell", "BlockLSTM",
          .in = { I64((), 1), STEPS(1), STATE(2), F32((2, 4)), F32((1)), F32((2)), F32((1)),
                  F32((4)) },
          .fails = SR_INVALID_ARGUMENT, .message = "wcf.dim_size(0) != cell_size: 2 vs. 1" },
        { "of no time", "BlockLSTMV2", .in = { I64((), 0), STEPS(0), STATE(2), WEIGHTS },
          .out = { NO_TIME_7 } },
        { "wants steps that are there", "BlockLSTMV2",
          .in = { I64((), -1), STEPS(3), STATE(2), WEIGHTS }, .fails = SR_INVALID_ARGUMENT,
          .message = "seq_len_max must be between 0 and 3 but is -1" },
        { "of no time", "BlockLSTMGrad", "use_peephole: false",
          .in = { I64((), 0), STEPS(0), STATE(2), WEIGHTS, STEPS_6(0), STEPS(0), STEPS(0),
                  STEPS(0) },
          .out = { STEPS(0), F32((2, 1), 0), F32((2, 1), 0), F32((2, 4), 0), F32((1), 0),
                   F32((1), 0), F32((1), 0), F32((4), 0) } },
        { "wants weights of four gates", "BlockLSTMGrad", "use_peephole: false",
          .in = { I64((), 0), STEPS(1), STATE(2), F32((2, 3)), F32((1)), F32((1)), F32((1)),
                  F32((4)), STEPS_6(1), STEPS(1), STEPS(1), STEPS(1) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "w matrix columns must be a positive multiple of 4, but got 3" },
        { "wants a gate's time in front", "BlockLSTMGrad", "use_peephole: false",
          .in = { I64((), 0), STEPS(1), STATE(2), WEIGHTS, F32((2, 1)), STEPS_6(1), STEPS(1),
                  STEPS(1) },
          .fails = SR_INVALID_ARGUMENT, .message = "i must be rank 3. Received: 2" },
        { "of no time", "BlockLSTMGradV2", "use_peephole: false",
          .in = { I64((), 0), STEPS(0), STATE(2), WEIGHTS, STEPS_6(0), STEPS(0), STEPS(0),
                  STEPS(0) },
          .out = { STEPS(0), F32((2, 1), 0) } },
        { "wants weights for both", "BlockLSTMGradV2", "use_peephole: false",
          .in = { I64((), 0), STEPS(1), STATE(2), F32((3, 4)), F32((1)), F32((1)), F32((1)),
                  F32((4)), STEPS_6(1), STEPS(1), STEPS(1), STEPS(1) },
          .fails = SR_INVALID_ARGUMENT, .message = "w matrix rows don't match: 2 vs. 3" },
};
OP_CASES(edges_cells, sequences)
