// SPDX-License-Identifier: Apache-2.0
/* Tensors of floats. */
#include "tests/stress/lib/floats.h"

#include <stdlib.h>

Tensor *scalar(float v)
{
        Tensor *t = NULL;
        if (tensor_scalar(DT_FLOAT, &v, &t))
                abort();
        return t;
}

Tensor *ones(int64_t n)
{
        Tensor *t = NULL;
        Shape s = SHAPE(n, n);
        if (tensor_new(DT_FLOAT, &s, &t))
                abort();
        for (int64_t i = 0; i < n * n; i++)
                ((float *)tensor_fill(t))[i] = 1;
        return t;
}
