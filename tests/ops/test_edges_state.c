// SPDX-License-Identifier: Apache-2.0
/* Variables of no elements, updates at no places, and places that are not there. */
#include "tests/lib/op_case.h"

#define OF_NOTHING(Op)                                                                             \
        {                                                                                          \
                "at no places changes nothing", #Op, .in = { F32((2), 1, 2), I32((0)), F32((0)) }, \
                                                     .out = { F32((2), 1, 2) }                     \
        }
#define OUT_OF_RANGE(Op)                                                                           \
        {                                                                                          \
                "wants places that are there", #Op,                                                \
                        .in = { F32((2), 1, 2), I32((1), 2), F32((1)) },                           \
                        .fails = SR_INVALID_ARGUMENT, .message = "indices[0] = 2 is not in [0, 2)" \
        }
#define ND_OF_NOTHING(Op)                                                \
        {                                                                \
                "at no places changes nothing", #Op,                     \
                        .in = { F32((2), 1, 2), I32((0, 1)), F32((0)) }, \
                        .out = { F32((2), 1, 2) }                        \
        }
#define ND_OUT_OF_RANGE(Op)                                                         \
        {                                                                           \
                "wants places that are there", #Op,                                 \
                        .in = { F32((2), 1, 2), I32((1, 1), 2), F32((1)) },         \
                        .fails = SR_INVALID_ARGUMENT,                               \
                        .message = "indices[0] = [2] does not index into shape [2]" \
        }
/* A vector of places is as many tuples of one. */
#define ND_VECTOR(Op, x, y)                                                 \
        {                                                                   \
                "takes a vector of places", #Op,                            \
                        .in = { F32((2), 1, 2), I32((1), 1), F32((1), 5) }, \
                        .out = { F32((2), x, y) }                           \
        }

static const OpCase scatters[] = {
        OF_NOTHING(ScatterAdd),
        OUT_OF_RANGE(ScatterAdd),
        OF_NOTHING(ResourceScatterAdd),
        OUT_OF_RANGE(ResourceScatterAdd),
        OF_NOTHING(ScatterDiv),
        OUT_OF_RANGE(ScatterDiv),
        OF_NOTHING(ResourceScatterDiv),
        OUT_OF_RANGE(ResourceScatterDiv),
        OF_NOTHING(ScatterMax),
        OUT_OF_RANGE(ScatterMax),
        OF_NOTHING(ResourceScatterMax),
        OUT_OF_RANGE(ResourceScatterMax),
        OF_NOTHING(ScatterMin),
        OUT_OF_RANGE(ScatterMin),
        OF_NOTHING(ResourceScatterMin),
        OUT_OF_RANGE(ResourceScatterMin),
        OF_NOTHING(ScatterMul),
        OUT_OF_RANGE(ScatterMul),
        OF_NOTHING(ResourceScatterMul),
        OUT_OF_RANGE(ResourceScatterMul),
        OF_NOTHING(ScatterSub),
        OUT_OF_RANGE(ScatterSub),
        OF_NOTHING(ResourceScatterSub),
        OUT_OF_RANGE(ResourceScatterSub),
        OF_NOTHING(ScatterUpdate),
        OUT_OF_RANGE(ScatterUpdate),
        OF_NOTHING(ResourceScatterUpdate),
        OUT_OF_RANGE(ResourceScatterUpdate),
        ND_OF_NOTHING(ScatterNdAdd),
        ND_OUT_OF_RANGE(ScatterNdAdd),
        ND_OF_NOTHING(ResourceScatterNdAdd),
        ND_OUT_OF_RANGE(ResourceScatterNdAdd),
        ND_OF_NOTHING(ScatterNdMax),
        ND_OUT_OF_RANGE(ScatterNdMax),
        ND_OF_NOTHING(ResourceScatterNdMax),
        ND_OUT_OF_RANGE(ResourceScatterNdMax),
        ND_OF_NOTHING(ScatterNdMin),
        ND_OUT_OF_RANGE(ScatterNdMin),
        ND_OF_NOTHING(ResourceScatterNdMin),
        ND_OUT_OF_RANGE(ResourceScatterNdMin),
        ND_OF_NOTHING(ScatterNdSub),
        ND_OUT_OF_RANGE(ScatterNdSub),
        ND_OF_NOTHING(ResourceScatterNdSub),
        ND_OUT_OF_RANGE(ResourceScatterNdSub),
        ND_OF_NOTHING(ScatterNdUpdate),
        ND_OUT_OF_RANGE(ScatterNdUpdate),
        ND_OF_NOTHING(ResourceScatterNdUpdate),
        ND_OUT_OF_RANGE(ResourceScatterNdUpdate),
        ND_VECTOR(ScatterNdUpdate, 1, 5),
        ND_VECTOR(ScatterNdAdd, 1, 7),
};
OP_CASES(edges_state_scatters, scatters)

static const OpCase variables[] = {
        { "of nothing", "AssignAdd", .in = { F32((0)), F32((0)) }, .out = { F32((0)) } },
        { "of nothing", "AssignSub", .in = { F32((0)), F32((0)) }, .out = { F32((0)) } },
        { "wants one shape", "AssignSub", .in = { F32((2)), F32((3)) },
          .fails = SR_INVALID_ARGUMENT, .message = "must" },
        { "of nothing", "AssignAddVariableOp", .in = { F32((0)), F32((0)) }, .out = { F32((0)) } },
        { "of nothing", "AssignSubVariableOp", .in = { F32((0)), F32((0)) }, .out = { F32((0)) } },
        { "wants one shape", "AssignSubVariableOp", .in = { F32((2)), F32((3)) },
          .fails = SR_INVALID_ARGUMENT,
          .message = "Cannot update variable with shape [2] using a Tensor with shape [3], shapes "
                     "must be equal." },
        { "of nothing", "Assign", .in = { F32((0)), F32((0)) }, .out = { F32((0)) } },
        { "of nothing", "AssignVariableOp", .in = { F32((0)), F32((0)) }, .out = { F32((0)) } },
        { "of nothing", "ReadVariableOp", "dtype: float", .in = { F32((0)) }, .out = { F32((0)) } },
        { "of nothing", "VariableShape", .in = { F32((0, 3)) }, .out = { I32((2), 0, 3) } },
        { "at no places", "ResourceGather", "dtype: float", .in = { F32((2), 1, 2), I32((0)) },
          .out = { F32((0)) } },
        { "wants places that are there", "ResourceGather", "dtype: float",
          .in = { F32((2), 1, 2), I32((1), -1) }, .fails = SR_INVALID_ARGUMENT,
          .message = "indices[0] = -1 is not in [0, 2)" },
        { "at no places", "ResourceGatherNd", "dtype: float", .in = { F32((2), 1, 2), I32((0, 1)) },
          .out = { F32((0)) } },
        { "wants places that are there", "ResourceGatherNd", "dtype: float",
          .in = { F32((2), 1, 2), I32((1, 1), 2) }, .fails = SR_INVALID_ARGUMENT,
          .message = "indices[0] = [2] does not index into param shape [2]" },
        { "of nothing", "StridedSliceAssign",
          .in = { F32((2), 1, 2), I32((1), 1), I32((1), 1), I32((1), 1), F32((0)) },
          .out = { F32((2), 1, 2) } },
        { "of nothing", "ResourceStridedSliceAssign",
          .in = { F32((2), 1, 2), I32((1), 1), I32((1), 1), I32((1), 1), F32((0)) },
          .out = { F32((2), 1, 2) } },
        { "wants steps", "StridedSliceAssign",
          .in = { F32((2), 1, 2), I32((1), 0), I32((1), 1), I32((1), 0), F32((1)) },
          .fails = SR_INVALID_ARGUMENT, .message = "strides[0] must be non-zero" },
        { "wants steps", "ResourceStridedSliceAssign",
          .in = { F32((2), 1, 2), I32((1), 0), I32((1), 1), I32((1), 0), F32((1)) },
          .fails = SR_INVALID_ARGUMENT, .message = "strides[0] must be non-zero" },
        { "ends at its limit", "CountUpTo", "limit: 3", .in = { I32((), 3) },
          .fails = SR_OUT_OF_RANGE, .message = "Reached limit of 3" },
        { "ends at its limit", "ResourceCountUpTo", "limit: 3, T: int32", .in = { I32((), 3) },
          .fails = SR_OUT_OF_RANGE, .message = "Reached limit of 3" },
};
OP_CASES(edges_state_variables, variables)
