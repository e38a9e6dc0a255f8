// SPDX-License-Identifier: Apache-2.0
/* What single ops cost on big tensors, on one thread, against two bars: the memory that they must
 * move (a copy or, where hardly anything comes out, a read of as many bytes in the same process),
 * and the fastest library that has the op. At the end the cost of a node on small tensors, and ops
 * whose limit is not memory.
 * usage: op_bench [PART OF AN OP'S LINE] */
#include "bench/op_bench_others.h"
#include "bench/op_bench_peers.h"
#include "bench/stepper.h"
#include "bench/table.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

enum { BIG = 1 << 20, SIDE = 1024, SMALL = 256, CHAIN = 100, ROUNDS = 9 };

/* One op. $T in the line is the type; x is fed. */
typedef struct Case {
        const char *key; /* the peers' name of the op on such axes: op_bench_onednn.c, op_peer.py */
        const char *line;
        const char *types; /* letters: see type_of() */
        Shape x;
        double in, out;             /* elements of x's type read and written, as parts of x */
        double in_bytes, out_bytes; /* bytes of other types, for each element of x */
} Case;

#define FLAT                              \
        {                                 \
                .rank = 1, .dim = { BIG } \
        }
#define MATRIX                                   \
        {                                        \
                .rank = 2, .dim = { SIDE, SIDE } \
        }
#define IMAGE                                        \
        {                                            \
                .rank = 4, .dim = { 16, 64, 64, 16 } \
        }

#define HUNDREDS                                     \
        {                                            \
                .rank = 2, .dim = { BIG / 100, 100 } \
        }
#define QUADS                                    \
        {                                        \
                .rank = 2, .dim = { BIG / 4, 4 } \
        }

static const Case cases[] = {
        { "neg", "y = Identity(x)\nz = Neg(y)", "fdihb", FLAT, 1, 1 },
        { "add", "z = Add(x, x)", "fdilhb", FLAT, 1, 1 },
        { "mul", "c = Const $T [] { 3 }\nz = Mul(x, c)", "fdilhb", FLAT, 1, 1 },
        { "div", "c = Const $T [] { 3 }\nz = RealDiv(x, c)", "fdhb", FLAT, 1, 1 },
        { "floor_div", "c = Const $T [] { 3 }\nz = FloorDiv(x, c)", "fdil", FLAT, 1, 1 },
        { "floor_mod", "c = Const $T [] { 3 }\nz = FloorMod(x, c)", "fdil", FLAT, 1, 1 },
        { "max", "c = Const $T [] { 1 }\nz = Maximum(x, c)", "fdilhb", FLAT, 1, 1 },
        { "pow2", "c = Const $T [] { 2 }\nz = Pow(x, c)\n# a square", "fdhb", FLAT, 1, 1 },
        { "pow", "c = Const $T [] { 1.7 }\nz = Pow(x, c)\n# any power", "fdhb", FLAT, 1, 1 },
        { "sq_diff", "c = Const $T [] { 1 }\nz = SquaredDifference(x, c)", "fdil", FLAT, 1, 1 },
        { "less", "c = Const $T [] { 1 }\nz = Less(x, c)", "fdilhb", FLAT, 1, 0, 0, 1 },
        { "select", "c = Const $T [] { 1 }\nb = Less(x, c)\nz = Select(b, x, x)", "fdi", FLAT, 1, 1,
          1, 1 },
        { "bias_add", "r = Const $T [16] { 1 }\nz = BiasAdd(x, r)", "fdhb", IMAGE, 1, 1 },
        { "add_column",
          "d = Const int32 [2] { 1024, 1 }\ns = Const $T [] { 2 }\nc = Fill(d, s)\nz = Add(x, c)",
          "fdi", MATRIX, 1, 1 },
        { "relu", "z = Relu(x)", "fdihb", FLAT, 1, 1 },
        { "relu6", "z = Relu6(x)", "fdhb", FLAT, 1, 1 },
        { "leaky_relu", "z = LeakyRelu(x)", "fdhb", FLAT, 1, 1 },
        { "elu", "z = Elu(x)", "fdhb", FLAT, 1, 1 },
        { "selu", "z = Selu(x)", "fd", FLAT, 1, 1 },
        { "softplus", "z = Softplus(x)", "fdhb", FLAT, 1, 1 },
        { "exp", "z = Exp(x)", "fdhb", FLAT, 1, 1 },
        { "log", "z = Log(x)", "fdhb", FLAT, 1, 1 },
        { "log1p", "z = Log1p(x)", "fd", FLAT, 1, 1 },
        { "tanh", "z = Tanh(x)", "fdhb", FLAT, 1, 1 },
        { "sigmoid", "z = Sigmoid(x)", "fdhb", FLAT, 1, 1 },
        { "erf", "z = Erf(x)", "fd", FLAT, 1, 1 },
        { "sin", "z = Sin(x)", "fd", FLAT, 1, 1 },
        { "sqrt", "z = Sqrt(x)", "fdhb", FLAT, 1, 1 },
        { "rsqrt", "z = Rsqrt(x)", "fdhb", FLAT, 1, 1 },
        { "square", "z = Square(x)", "fdilhb", FLAT, 1, 1 },
        { "abs", "z = Abs(x)", "fdil", FLAT, 1, 1 },
        { "floor", "z = Floor(x)", "fd", FLAT, 1, 1 },
        { "round", "z = Round(x)", "fd", FLAT, 1, 1 },
        { "is_nan", "z = IsNan(x)", "fd", FLAT, 1, 0, 0, 1 },
        { "to_float", "z = Cast(x) DstT: float, SrcT: $T", "dilhb", FLAT, 1, 0, 0, 4 },
        { "to_half", "z = Cast(x) DstT: half, SrcT: $T", "f", FLAT, 1, 0, 0, 2 },
        { "to_bfloat16", "z = Cast(x) DstT: bfloat16, SrcT: $T", "f", FLAT, 1, 0, 0, 2 },
        { "to_int32", "z = Cast(x) DstT: int32, SrcT: $T", "fd", FLAT, 1, 0, 0, 4 },
        { "to_uint8", "z = Cast(x) DstT: uint8, SrcT: $T", "f", FLAT, 1, 0, 0, 1 },
        { "sum", "a = Const int32 [1] { 0 }\nz = Sum(x, a)", "fdilhb", FLAT, 1, 0 },
        { "sum_0", "a = Const int32 [1] { 0 }\nz = Sum(x, a)", "fdilhb", MATRIX, 1, 0 },
        { "sum_1", "a = Const int32 [1] { 1 }\nz = Sum(x, a)", "fdilhb", MATRIX, 1, 0 },
        { "mean_1_2", "a = Const int32 [2] { 1, 2 }\nz = Mean(x, a)", "fd", IMAGE, 1, 0 },
        { "mean_0_1_2", "a = Const int32 [3] { 0, 1, 2 }\nz = Mean(x, a)", "fd", IMAGE, 1, 0 },
        { "sum_0_3", "a = Const int32 [2] { 0, 3 }\nz = Sum(x, a)", "fd", IMAGE, 1, 0 },
        { "sum_3", "a = Const int32 [1] { 3 }\nz = Sum(x, a)", "fd", IMAGE, 1, .06 },
        { "max_1", "a = Const int32 [1] { 1 }\nz = Max(x, a)", "fdihb", MATRIX, 1, 0 },
        { "max_1", "a = Const int32 [1] { 1 }\nz = Max(x, a)", "f", HUNDREDS, 1, 0 },
        { "sum_1", "a = Const int32 [1] { 1 }\nz = Sum(x, a)", "fh", HUNDREDS, 1, 0 },
        { "softmax", "z = Softmax(x)", "f", HUNDREDS, 1, 1 },
        { "max_0", "a = Const int32 [1] { 0 }\nz = Max(x, a)", "fdi", MATRIX, 1, 0 },
        { "arg_max_1", "a = Const int32 [] { 1 }\nz = ArgMax(x, a)", "fdi", MATRIX, 1, 0 },
        { "arg_max_0", "a = Const int32 [] { 0 }\nz = ArgMax(x, a)", "fdi", MATRIX, 1, 0 },
        { "cumsum", "a = Const int32 [] { 1 }\nz = Cumsum(x, a)", "fdi", MATRIX, 1, 1 },
        { "l2_loss", "z = L2Loss(x)", "fd", FLAT, 1, 0 },
        { "add_n", "z = AddN(x, x, x)", "fdi", FLAT, 1, 1 },
        { "softmax", "z = Softmax(x)", "fdhb", MATRIX, 1, 1 },
        { "log_softmax", "z = LogSoftmax(x)", "fdhb", MATRIX, 1, 1 },
        { "transpose", "p = Const int32 [2] { 1, 0 }\nz = Transpose(x, p)", "fdihb", MATRIX, 1, 1 },
        { "to_nchw", "p = Const int32 [4] { 0, 3, 1, 2 }\nz = Transpose(x, p)", "fdhb", IMAGE, 1,
          1 },
        { "swap_rows", "p = Const int32 [4] { 0, 2, 1, 3 }\nz = Transpose(x, p)", "fdhb", IMAGE, 1,
          1 },
        { "concat_0", "a = Const int32 [] { 0 }\nz = ConcatV2(x, x, a)", "fdihb", MATRIX, 2, 2 },
        { "concat_1", "a = Const int32 [] { 1 }\nz = ConcatV2(x, x, a)", "fdihb", MATRIX, 2, 2 },
        { "concat_3", "a = Const int32 [] { 3 }\nz = ConcatV2(x, x, a)", "fdhb", IMAGE, 2, 2 },
        { "split", "a = Const int32 [] { 1 }\nz = Split(a, x) num_split: 4", "fdhb", MATRIX, 1, 1 },
        { "pack", "z = Pack(x, x) axis: 1", "fd", MATRIX, 2, 2 },
        { "pad", "p = Const int32 [2, 2] { 1, 1, 1, 1 }\nz = Pad(x, p)", "fdi", MATRIX, 1, 1 },
        { "slice",
          "b = Const int32 [2] { 1, 1 }\ns = Const int32 [2] { 1022, 1022 }\nz = Slice(x, b, s)",
          "fdi", MATRIX, 1, 1 },
        { "stride",
          "b = Const int32 [2] { 0, 0 }\ne = Const int32 [2] { 1024, 1024 }\n"
          "s = Const int32 [2] { 1, 2 }\nz = StridedSlice(x, b, e, s)",
          "fdi", MATRIX, 1, .5 },
        { "tile", "m = Const int32 [2] { 2, 1 }\nz = Tile(x, m)", "fd", MATRIX, 1, 2 },
        { "reverse", "a = Const int32 [1] { 1 }\nz = ReverseV2(x, a)", "fdh", MATRIX, 1, 1 },
        { "gather_0",
          "d = Const int32 [] { 512 }\nl = Const int32 [] { 1 }\no = Const int32 [] { 0 }\n"
          "i = Range(o, d, l)\nz = GatherV2(x, i, o)",
          "fdi", MATRIX, .5, .5 },
        { "gather_1",
          "d = Const int32 [] { 512 }\nl = Const int32 [] { 1 }\no = Const int32 [] { 0 }\n"
          "i = Range(o, d, l)\nz = GatherV2(x, i, l)",
          "fdi", MATRIX, .5, .5 },
        { "top_k", "k = Const int32 [] { 5 }\nz = TopKV2(x, k)", "fd", MATRIX, 1, 0 },
        { "one_hot",
          "d = Const int32 [] { 1000 }\nb = Const $T [] { 1 }\nc = Const $T [] { 0 }\n"
          "one = Const int32 [] { 1 }\ni = ArgMax(x, one)\nz = OneHot(i, d, b, c)",
          "f", MATRIX, 1, 1 },
        { "batch_norm",
          "s = Const $T [16] { 1 }\no = Const $T [16] { 0 }\nm = Const $T [16] { 0 }\n"
          "v = Const $T [16] { 1 }\nz = FusedBatchNorm(x, s, o, m, v) is_training: false",
          "f", IMAGE, 1, 1 },
        { "batch_norm_training",
          "s = Const $T [16] { 1 }\no = Const $T [16] { 0 }\nm = Const $T [0] { }\n"
          "z = FusedBatchNorm(x, s, o, m, m) is_training: true",
          "f", IMAGE, 2, 1 },
        { "layer_norm",
          "a = Const int32 [1] { 1 }\nm = Mean(x, a) keep_dims: true\n"
          "d = SquaredDifference(x, m)\nv = Mean(d, a) keep_dims: true\n"
          "tiny = Const $T [] { 0.001 }\nt = Add(v, tiny)\nr = Rsqrt(t)\n"
          "g = Const $T [1024] { 1 }\nb = Const $T [1024] { 0 }\ni = Mul(r, g)\nf = Mul(x, i)\n"
          "h = Mul(m, i)\ns = Sub(b, h)\nz = Add(f, s)\n# layer norm",
          "fd", MATRIX, 1, 1 },
        { "to_nhwc", "p = Const int32 [4] { 0, 2, 3, 1 }\nz = Transpose(x, p)", "fdhb", IMAGE, 1,
          1 },
        { "where", "c = Const $T [] { 1 }\nb = Less(x, c)\nz = Where(b)", "f", MATRIX, 1, 0, 2,
          3.67 },
        { "select_value", "c = Const $T [] { 1 }\nb = Less(x, c)\nz = SelectV2(b, x, c)", "fdi",
          MATRIX, 1, 1, 1, 1 },
        { "unpack", "z = Unpack(x) num: 4, axis: 1", "fd", QUADS, 1, 1 },
        { "gather_0",
          "d = Const int32 [] { 512 }\nl = Const int32 [] { 1 }\no = Const int32 [] { 0 }\n"
          "q = Range(o, d, l)\ni = ExpandDims(q, l)\nz = GatherNd(x, i)",
          "fd", MATRIX, .5, .5 },
        { "scatter",
          "d = Const int32 [] { 1024 }\nl = Const int32 [] { 1 }\no = Const int32 [] { 0 }\n"
          "q = Range(o, d, l)\ni = ExpandDims(q, l)\ns = Shape(x)\nz = ScatterNd(i, x, s)",
          "fd", MATRIX, 1, 2 },
        { "unsorted_segment_sum",
          "d = Const int32 [] { 1024 }\nl = Const int32 [] { 1 }\no = Const int32 [] { 0 }\n"
          "q = Range(o, d, l)\nh = Const int32 [] { 128 }\ni = FloorMod(q, h)\n"
          "z = UnsortedSegmentSum(x, i, h)",
          "fdi", MATRIX, 1, .1 },
        { "segment_sum",
          "d = Const int32 [] { 1024 }\nl = Const int32 [] { 1 }\no = Const int32 [] { 0 }\n"
          "q = Range(o, d, l)\nh = Const int32 [] { 8 }\ni = FloorDiv(q, h)\n"
          "z = SegmentSum(x, i)",
          "fd", MATRIX, 1, .1 },
        { "to_int64", "z = Cast(x) DstT: int64, SrcT: $T", "fi", FLAT, 1, 0, 0, 8 },
        { "to_double", "z = Cast(x) DstT: double, SrcT: $T", "fi", FLAT, 1, 0, 0, 8 },
        { "to_bool", "z = Cast(x) DstT: bool, SrcT: $T", "fi", FLAT, 1, 0, 0, 1 },
        { "from_uint8", "b = Cast(x) DstT: uint8, SrcT: $T\nz = Cast(b) DstT: float, SrcT: uint8",
          "f", FLAT, 1, 1, 1, 1 },
        { "clip", "l = Const $T [] { 1 }\nh = Const $T [] { 2 }\nz = ClipByValue(x, l, h)", "fdih",
          FLAT, 1, 1 },
        { "tanh_grad", "z = TanhGrad(x, x)", "fdh", FLAT, 1, 1 },
        { "relu_grad", "z = ReluGrad(x, x)", "fdh", FLAT, 1, 1 },
        { "sum_0", "z = BiasAddGrad(x)", "fdh", MATRIX, 1, 0 },
        { "softmax_xent", "z = SoftmaxCrossEntropyWithLogits(x, x)", "fd", MATRIX, 2, 1 },
};

static const char *type_of(char letter, DType *ret)
{
        static const struct {
                char letter;
                DType dtype;
                const char *name;
        } known[] = { { 'f', DT_FLOAT, "float" }, { 'd', DT_DOUBLE, "double" },
                      { 'i', DT_INT32, "int32" }, { 'l', DT_INT64, "int64" },
                      { 'h', DT_HALF, "half" },   { 'b', DT_BFLOAT16, "bfloat16" } };
        for (size_t i = 0; i < COUNTOF(known); i++)
                if (known[i].letter == letter) {
                        *ret = known[i].dtype;
                        return known[i].name;
                }
        return "";
}

/* Numbers from 0.5 to 3.5 that follow no order. */
static Tensor *filled(DType dtype, const Shape *shape)
{
        Tensor *t = NULL;
        bench_must(tensor_new(dtype, shape, &t));
        for (int64_t i = 0; i < t->count; i++) {
                float v = 0.5f + (float)(((uint32_t)i * 2654435761u) >> 8) * 0x3p-24f;
                switch ((int)dtype) {
                case DT_FLOAT: ((float *)t->data)[i] = v; break;
                case DT_DOUBLE: ((double *)t->data)[i] = (double)v; break;
                case DT_INT32: ((int32_t *)t->data)[i] = (int32_t)(v * 1000); break;
                case DT_INT64: ((int64_t *)t->data)[i] = (int64_t)(v * 1000); break;
                case DT_HALF: ((Half *)t->data)[i] = half_from_float(v); break;
                default: ((BFloat16 *)t->data)[i] = bfloat16_from_float(v); break;
                }
        }
        return t;
}

/* ---- the memory ---- */

/* Passes over n words; what it returns keeps the compiler from leaving them out. */
static uint64_t read_words(const uint64_t *p, size_t n)
{
        uint64_t sum[8] = { 0 };
        for (size_t i = 0; i + 8 <= n; i += 8)
                for (int l = 0; l < 8; l++)
                        sum[l] ^= p[i + (size_t)l];
        return sum[0] ^ sum[1] ^ sum[2] ^ sum[3] ^ sum[4] ^ sum[5] ^ sum[6] ^ sum[7];
}

/* Seconds to read `in` bytes and to write `out`: as many as can be are copied, the rest is read or
 * written. */
static double time_memory(size_t in, size_t out)
{
        static char from[BIG * 48], to[BIG * 48];
        static volatile uint64_t sink;
        double v[ROUNDS];
        size_t copied = MIN(in, out), rest = MAX(in, out) - copied;
        memset(from, 1, sizeof(from));
        for (int r = 0; r < ROUNDS; r++) {
                double start = bench_cpu();
                for (int i = 0; i < 10; i++) {
                        memcpy(to, from, copied);
                        if (in > out)
                                sink = read_words((const uint64_t *)(from + copied), rest / 8);
                        else
                                memset(to + copied, i, rest);
                        __asm__ volatile("" ::: "memory");
                }
                v[r] = (bench_cpu() - start) / 10;
        }
        (void)sink;
        return bench_best(v, ROUNDS);
}

/* ---- cases ---- */

static void graph_of(const Case *c, const char *type, Buf *g)
{
        buf_printf(g, "x = Placeholder dtype: %s, shape: ?\n", type);
        for (const char *p = c->line; *p; p++)
                if (p[0] == '$' && p[1] == 'T') {
                        buf_puts(g, type);
                        p++;
                } else {
                        buf_putc(g, *p);
                }
        buf_putc(g, '\n');
}

static double time_step(Engine *e, const char *graph, Tensor *x, int n)
{
        Stepper *s = stepper_new(e, graph, x, "z");
        double t = stepper_time(s, bench_quick() ? MAX(n / 20, 1) : n, bench_cpu);
        stepper_free(s);
        return t;
}

static void big(Engine *e, Peers *peers, BarsList *list, const Case *c, char letter)
{
        autobuf g = BUF(1 << 16);
        char name[300], line[40];
        DType dtype = DT_FLOAT;
        const char *type = type_of(letter, &dtype), *z = strstr(c->line, "z = ");
        graph_of(c, type, &g);
        double n = (double)shape_product(&c->x, 0, c->x.rank), size = (double)dtype_size(dtype);
        Tensor *x = filled(dtype, &c->x);
        Bars bars = { .memory = time_memory((size_t)(n * (size * c->in + c->in_bytes)),
                                            (size_t)(n * (size * c->out + c->out_bytes))) };
        bars.library = peers_best(peers, c->key, x, bars.name, sizeof(bars.name));
        double t = time_step(e, buf_cstr(&g), x, 5);
        const char *note = strstr(c->line, "# ");
        snprintf(line, sizeof(line), "%.*s%s%s", (int)strcspn(z + 4, "\n"), z + 4, note ? ", " : "",
                 note ? note + 2 : "");
        snprintf(name, sizeof(name), "%s %s %s", line, type, shape_text(&c->x).s);
        bars_row(list, name, &bars, t);
}

/* A chain of nodes on one kilobyte: what a node costs in all. */
static void small(Engine *e, const char *op, const char *arguments)
{
        autobuf g = BUF(1 << 16);
        char name[64];
        buf_puts(&g, "x = Placeholder dtype: float, shape: [256]\none = Const float [] { 1 }\n"
                     "zero = Const int32 [] { 0 }\naxis = Const int32 [1] { 0 }\n"
                     "shape = Const int32 [1] { 256 }\nn0 = Neg(x)\n");
        for (int i = 1; i <= CHAIN; i++)
                buf_printf(&g, "n%d = %s(n%d%s)\n", i, op, i - 1, arguments);
        buf_printf(&g, "z = Neg(n%d)\n", CHAIN);
        double t = time_step(e, buf_cstr(&g), filled(DT_FLOAT, &SHAPE(SMALL)), 500);
        snprintf(name, sizeof(name), "%s, 1 KB", op);
        table_row(name, time_memory(SMALL * 4, SMALL * 4) * 1e9, t * 1e9 / (CHAIN + 2));
}

static void small_nodes(Engine *e)
{
        table_begin("a node on a kilobyte | memcpy", "ns");
        small(e, "Neg", "");
        small(e, "Add", ", one");
        small(e, "Relu", "");
        small(e, "Tanh", "");
        small(e, "Sigmoid", "");
        small(e, "Erf", "");
        small(e, "Sqrt", "");
        small(e, "Pow", ", one");
        small(e, "Softmax", "");
        small(e, "Cumsum", ", zero");
        small(e, "ReverseV2", ", axis");
        small(e, "Reshape", ", shape");
}

/* Steps of more than 0.2 ms run on the engine's own thread. On another processor than the caller's
 * that would cost two wake-ups of a processor a step, up to 50 us each in a virtual machine. */
static void stay_on_one_processor(void)
{
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET((size_t)MAX(sched_getcpu(), 0), &one);
        if (sched_setaffinity(0, sizeof(one), &one))
                table_note("not bound to one processor: rows above 0.2 ms wait for wake-ups");
}

int main(int argc, char **argv)
{
        Engine *e = NULL;
        BarsList list = { 0 };
        stay_on_one_processor();
        bench_must(engine_new(&(EngineOptions){ .threads = 1 }, &e));
        bench_share_environment();
        table_machine();
        Peers *peers = peers_new();
        bars_begin(&list, "one op on a million elements, 1 thread");
        for (size_t i = 0; i < COUNTOF(cases); i++)
                for (const char *t = cases[i].types; *t; t++)
                        if (argc < 2 || strstr(cases[i].line, argv[1]))
                                big(e, peers, &list, &cases[i], *t);
        bars_end(&list);
        peers_free(peers);
        small_nodes(e);
        others_run(e, argc < 2 ? NULL : argv[1]);
}
