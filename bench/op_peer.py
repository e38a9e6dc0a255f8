# SPDX-License-Identifier: Apache-2.0
"""What the ops of op_bench cost in PyTorch and in numpy, on one thread, with memory for the results made before.
Prints the libraries that there are, then answers each line "KEY TYPE DIM,DIM..." with "MICROSECONDS LIBRARY": the
fastest one's CPU time; "0 -" when none has the op for the type. Short floats are also tried "by float", as who uses a
library that lacks them would: converted to float, computed, converted back. Exits with 2 when there is neither."""
import os
import sys
import time

try:
    import numpy as np
except ImportError:
    np = None
try:
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None
if not np:
    print("neither PyTorch nor numpy", flush=True)
    sys.exit(2)

SECONDS = 0.01 if os.environ.get("SESSRUN_BENCH_QUICK") else 0.03


# ---- ways to call: each makes a function of nothing ----
def into(f, *args, **more):
    """A function with out=: its result's memory is made once."""
    z = f(*args, **more)
    return lambda: f(*args, **more, out=z)


def fresh(f, *args, **more):
    """No out=. The allocator gives back what it had, for it is told to keep it (op_bench_peers.c)."""
    return lambda: f(*args, **more)


def copied(x, like):
    """Copies a view (or another type's elements) to memory of its own."""
    if isinstance(x, np.ndarray):
        z = np.empty(x.shape, like.dtype)
        return lambda: np.copyto(z, x, casting="unsafe")
    z = torch.empty(x.shape, dtype=like.dtype)
    return lambda: z.copy_(x)


def chosen(x, other):
    c, z = x < 1, torch.empty_like(x)
    return lambda: torch.where(torch.lt(x, 1, out=c), x, other, out=z)


def both_ways(x):
    to, back = copied(x, torch.empty(0).byte()), copied(x.byte(), x)
    return lambda: (to(), back())


def inner(x):
    return x[1:-1, 1:-1]


def rows(n, by=1, mod=1 << 30):
    return torch.arange(n) % mod // by


def summed(x, n, index):
    z = torch.zeros((n, x.shape[1]), dtype=x.dtype)
    return lambda: z.zero_().index_add_(0, index, x)


def scattered(x):
    z, i = torch.zeros_like(x), rows(len(x))
    return lambda: z.zero_().index_copy_(0, i, x)


def padded(x):
    z = torch.empty([d + 2 for d in x.shape], dtype=x.dtype)

    def pad():
        z.zero_()
        z[1:-1, 1:-1].copy_(x)
    return pad


def hot(x):
    z = torch.empty((len(x), 1000), dtype=x.dtype)

    def one():
        z.zero_().scatter_(1, torch.argmax(x, 1, keepdim=True).clamp_(max=999), 1)
    return one


def normed(x, training):
    """Batch norm of NHWC pictures, as PyTorch keeps them: channels last."""
    v, c = x.permute(0, 3, 1, 2), x.shape[3]
    one, zero = torch.ones(c), torch.zeros(c)
    return fresh(F.batch_norm, v, zero.clone(), one.clone(), one, zero, training)


def crossed(x):
    """Losses and their gradients."""
    def loss():
        logs = torch.log_softmax(x, 1)
        return -(x * logs).sum(1), torch.exp(logs) - x
    return loss


TORCH = {
    "neg": lambda x: into(torch.neg, x), "add": lambda x: into(torch.add, x, x), "mul": lambda x: into(torch.mul, x, 3),
    "div": lambda x: into(torch.div, x, 3), "floor_div": lambda x: into(torch.div, x, 3, rounding_mode="floor"),
    "floor_mod": lambda x: into(torch.remainder, x, 3), "max": lambda x: into(torch.maximum, x, torch.ones_like(x[:1])),
    "pow2": lambda x: into(torch.pow, x, 2), "pow": lambda x: into(torch.pow, x, 1.7),
    "less": lambda x: into(torch.lt, x, 1), "select": lambda x: chosen(x, x),
    "select_value": lambda x: chosen(x, torch.ones(1, dtype=x.dtype)),
    "sq_diff": lambda x: into(torch._C._nn.mse_loss, x, torch.ones(1, dtype=x.dtype).expand_as(x), 0),
    "bias_add": lambda x: into(torch.add, x, torch.ones_like(x[0, 0, 0])),
    "add_column": lambda x: into(torch.add, x, torch.ones_like(x[:, :1])),
    "relu": lambda x: into(torch.clamp_min, x, 0), "relu6": lambda x: into(torch.clamp, x, 0, 6),
    "leaky_relu": lambda x: into(torch._C._nn.leaky_relu, x, 0.2), "elu": lambda x: into(torch._C._nn.elu, x),
    "selu": lambda x: into(torch._C._nn.elu, x, 1.6732632423543772, 1.0507009873554805, 1),
    "softplus": lambda x: into(torch._C._nn.softplus, x), "exp": lambda x: into(torch.exp, x),
    "log": lambda x: into(torch.log, x), "log1p": lambda x: into(torch.log1p, x), "tanh": lambda x: into(torch.tanh, x),
    "sigmoid": lambda x: into(torch.sigmoid, x), "erf": lambda x: into(torch.erf, x), "sin": lambda x: into(torch.sin, x),
    "sqrt": lambda x: into(torch.sqrt, x), "rsqrt": lambda x: into(torch.rsqrt, x),
    "square": lambda x: into(torch.square, x), "abs": lambda x: into(torch.abs, x),
    "floor": lambda x: into(torch.floor, x), "round": lambda x: into(torch.round, x),
    "is_nan": lambda x: into(torch.ne, x, x),
    "to_float": lambda x: copied(x, torch.empty(0)), "to_half": lambda x: copied(x, torch.empty(0).half()),
    "to_bfloat16": lambda x: copied(x, torch.empty(0).bfloat16()), "to_int32": lambda x: copied(x, torch.empty(0).int()),
    "to_uint8": lambda x: copied(x, torch.empty(0).byte()), "to_int64": lambda x: copied(x, torch.empty(0).long()),
    "to_double": lambda x: copied(x, torch.empty(0).double()), "to_bool": lambda x: copied(x, torch.empty(0).bool()),
    "from_uint8": both_ways,
    "sum": lambda x: fresh(torch.sum, x), "sum_0": lambda x: into(torch.sum, x, 0), "sum_1": lambda x: into(torch.sum, x, 1),
    "sum_3": lambda x: into(torch.sum, x, 3), "sum_0_3": lambda x: into(torch.sum, x, (0, 3)),
    "mean_1_2": lambda x: into(torch.mean, x, (1, 2)), "mean_0_1_2": lambda x: into(torch.mean, x, (0, 1, 2)),
    "max_1": lambda x: into(torch.amax, x, 1), "max_0": lambda x: into(torch.amax, x, 0),
    "arg_max_1": lambda x: into(torch.argmax, x, 1), "arg_max_0": lambda x: into(torch.argmax, x, 0),
    "cumsum": lambda x: into(torch.cumsum, x, 1), "l2_loss": lambda x: fresh(torch.dot, x, x),
    "softmax": lambda x: into(torch.softmax, x, 1), "log_softmax": lambda x: into(torch.log_softmax, x, 1),
    "transpose": lambda x: copied(x.t(), x), "to_nchw": lambda x: copied(x.permute(0, 3, 1, 2), x),
    "swap_rows": lambda x: copied(x.permute(0, 2, 1, 3), x), "to_nhwc": lambda x: copied(x.permute(0, 2, 3, 1), x),
    "concat_0": lambda x: into(torch.cat, [x, x], 0), "concat_1": lambda x: into(torch.cat, [x, x], 1),
    "concat_3": lambda x: into(torch.cat, [x, x], 3), "pack": lambda x: into(torch.stack, [x, x], 1),
    "split": lambda x: fresh(lambda: [p.contiguous() for p in x.split(x.shape[1] // 4, 1)]),
    "unpack": lambda x: fresh(lambda: [p.contiguous() for p in x.unbind(1)]),
    "pad": padded, "slice": lambda x: copied(inner(x), x), "stride": lambda x: copied(x[:, ::2], x),
    "tile": lambda x: fresh(x.repeat, 2, 1), "reverse": lambda x: fresh(torch.flip, x, (1,)),
    "gather_0": lambda x: into(torch.index_select, x, 0, rows(512)),
    "gather_1": lambda x: into(torch.index_select, x, 1, rows(512)),
    "scatter": scattered, "top_k": lambda x: fresh(torch.topk, x, 5, 1), "one_hot": hot,
    "where": lambda x: fresh(lambda: torch.nonzero(x < 1)), "segment_sum": lambda x: summed(x, 128, rows(len(x), by=8)),
    "unsorted_segment_sum": lambda x: summed(x, 128, rows(len(x), mod=128)),
    "batch_norm": lambda x: normed(x, False), "batch_norm_training": lambda x: normed(x, True),
    "layer_norm": lambda x: fresh(F.layer_norm, x, x.shape[1:]),
    "clip": lambda x: into(torch.clamp, x, 1, 2), "tanh_grad": lambda x: fresh(torch.ops.aten.tanh_backward, x, x),
    "relu_grad": lambda x: fresh(torch.ops.aten.threshold_backward, x, x, 0), "softmax_xent": crossed,
}

NUMPY = {
    "neg": lambda x: into(np.negative, x), "add": lambda x: into(np.add, x, x),
    "mul": lambda x: into(np.multiply, x, x.dtype.type(3)), "div": lambda x: into(np.divide, x, x.dtype.type(3)),
    "floor_div": lambda x: into(np.floor_divide, x, x.dtype.type(3)),
    "floor_mod": lambda x: into(np.remainder, x, x.dtype.type(3)), "max": lambda x: into(np.maximum, x, x.dtype.type(1)),
    "pow": lambda x: into(np.power, x, x.dtype.type(1.7)), "less": lambda x: into(np.less, x, x.dtype.type(1)),
    "exp": lambda x: into(np.exp, x), "log": lambda x: into(np.log, x), "log1p": lambda x: into(np.log1p, x),
    "tanh": lambda x: into(np.tanh, x), "sin": lambda x: into(np.sin, x), "sqrt": lambda x: into(np.sqrt, x),
    "square": lambda x: into(np.square, x), "pow2": lambda x: into(np.square, x), "abs": lambda x: into(np.abs, x),
    "floor": lambda x: into(np.floor, x), "round": lambda x: into(np.rint, x), "is_nan": lambda x: into(np.isnan, x),
    "clip": lambda x: into(np.clip, x, x.dtype.type(1), x.dtype.type(2)),
    "relu": lambda x: into(np.maximum, x, x.dtype.type(0)),
    "to_float": lambda x: copied(x, np.empty(0, "f4")), "to_half": lambda x: copied(x, np.empty(0, "f2")),
    "to_int32": lambda x: copied(x, np.empty(0, "i4")), "to_uint8": lambda x: copied(x, np.empty(0, "u1")),
    "to_int64": lambda x: copied(x, np.empty(0, "i8")), "to_double": lambda x: copied(x, np.empty(0, "f8")),
    "sum": lambda x: fresh(np.sum, x), "sum_0": lambda x: fresh(np.sum, x, 0), "sum_1": lambda x: fresh(np.sum, x, 1),
    "max_0": lambda x: fresh(np.max, x, 0), "max_1": lambda x: fresh(np.max, x, 1),
    "arg_max_0": lambda x: fresh(np.argmax, x, 0), "arg_max_1": lambda x: fresh(np.argmax, x, 1),
    "cumsum": lambda x: into(np.cumsum, x, 1), "transpose": lambda x: copied(x.T, x),
    "to_nchw": lambda x: copied(x.transpose(0, 3, 1, 2), x), "swap_rows": lambda x: copied(x.transpose(0, 2, 1, 3), x),
    "to_nhwc": lambda x: copied(x.transpose(0, 2, 3, 1), x), "concat_0": lambda x: into(np.concatenate, [x, x], 0),
    "concat_1": lambda x: into(np.concatenate, [x, x], 1), "concat_3": lambda x: into(np.concatenate, [x, x], 3),
    "slice": lambda x: copied(inner(x), x), "stride": lambda x: copied(x[:, ::2], x),
    "reverse": lambda x: copied(x[:, ::-1], x), "gather_0": lambda x: into(np.take, x, np.arange(512), 0),
    "gather_1": lambda x: into(np.take, x, np.arange(512), 1), "where": lambda x: fresh(lambda: np.argwhere(x < 1)),
}


# ---- input, timing ----
def numbers(kind, dims):
    n = int(np.prod(dims))
    v = np.float32(0.5) + (np.arange(n, dtype=np.uint32) * np.uint32(2654435761) >> np.uint32(8)) * np.float32(3 / (1 << 24))
    if kind.startswith("int"):
        v = v * 1000
    return v.astype(np.float32 if kind == "bfloat16" else {"float": "f4", "double": "f8", "half": "f2"}.get(kind, kind)).reshape(dims)


def best(f):
    f()
    least, end, n = float("inf"), time.process_time() + SECONDS, 0
    while n < 3 or time.process_time() < end:
        start = time.process_time()
        f()
        least = min(least, time.process_time() - start)
        n += 1
    return least * 1e6


def by_float(make):
    """Halves or bfloat16 become floats in memory made before, and each result what the input was."""
    def way(x):
        wide = torch.empty(x.shape)
        f = make(wide.copy_(x))

        def results():
            z = f()
            return z if isinstance(z, (tuple, list)) else [z]
        short = [torch.empty(z.shape, dtype=x.dtype) for z in results()]

        def run():
            wide.copy_(x)
            for to, z in zip(short, results()):
                to.copy_(z)
        return run
    return way


def ways(key, kind, dims):
    x = numbers(kind, dims)
    if kind != "bfloat16" and key in NUMPY:
        yield "numpy", NUMPY[key], x
    if torch and key in TORCH:
        yield "PyTorch", TORCH[key], torch.from_numpy(x).bfloat16() if kind == "bfloat16" else torch.from_numpy(x)
    if torch and key in TORCH and kind in ("half", "bfloat16"):
        yield "PyTorch by float", by_float(TORCH[key]), torch.from_numpy(x).to(getattr(torch, kind))


def answer(key, kind, dims):
    least = (0, "-")
    for name, make, x in ways(key, kind, dims):
        try:
            t = best(make(x))
        except (RuntimeError, TypeError, AttributeError) as e:  # no such op for the type
            print(key, kind, name, e, file=sys.stderr)
            continue
        if not least[0] or t < least[0]:
            least = (t, name)
    print("%.6g %s" % least, flush=True)


if torch:
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
print(", ".join(([f"PyTorch {torch.__version__}"] if torch else ["no PyTorch"]) + [f"numpy {np.__version__}"]), flush=True)
for line in sys.stdin:
    key, kind, dims = line.split()
    answer(key, kind, [int(d) for d in dims.split(",")])
