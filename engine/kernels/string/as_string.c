// SPDX-License-Identifier: Apache-2.0
/* AsString: numbers as text, by printf's rules. */
#include "engine/base/buf.h"
#include "engine/ops/op.h"

enum { WIDTH_MAX = 4096 };

/* The pieces of a printf conversion. */
typedef struct Format {
        char text[32];
        DType dtype;
} Format;

/* width and precision are bounded, since a graph could ask for gigabytes of blanks. */
static Status *check(const Node *n, DType t)
{
        bool real = dtype_is_floating(t) || dtype_is_complex(t);
        bool scientific = node_bool(n, "scientific", false),
             shortest = node_bool(n, "shortest", false);
        int64_t precision = node_int(n, "precision", -1), width = node_int(n, "width", -1);
        const char *fill = node_string(n, "fill", "");
        if (scientific && shortest)
                return invalid_argument("Cannot select both scientific and shortest notation");
        if (!real && (scientific || shortest))
                return invalid_argument("scientific and shortest format not supported for datatype "
                                        "%s",
                                        dtype_name(t));
        if (!real && precision > -1)
                return invalid_argument("precision not supported for datatype %s", dtype_name(t));
        if (strlen(fill) > 1)
                return invalid_argument("Fill string must be one or fewer characters: \"%s\"",
                                        fill);
        if (fill[0] && !strchr(" +-0#", fill[0]))
                return invalid_argument("Fill argument not supported: \"%s\"", fill);
        if (width > WIDTH_MAX || precision > WIDTH_MAX)
                return invalid_argument(
                        "width %lld, precision %lld: more than %d are not supported",
                        (long long)width, (long long)precision, WIDTH_MAX);
        return NULL;
}

/* The format is put together from checked parts only; no text of the client but one flag gets into
 * printf. */
static Status *format_make(const Node *n, DType t, Format *ret)
{
        bool real = dtype_is_floating(t) || dtype_is_complex(t);
        int64_t precision = node_int(n, "precision", -1), width = node_int(n, "width", -1);
        char kind = node_bool(n, "scientific", false) ? 'e'
                    : node_bool(n, "shortest", false) ? 'g'
                                                      : 'f';
        autobuf b = BUF(sizeof ret->text);
        TRY(check(n, t));
        buf_printf(&b, "%%%s", node_string(n, "fill", ""));
        if (width > -1)
                buf_printf(&b, "%lld", (long long)width);
        if (precision > -1)
                buf_printf(&b, ".%lld", (long long)precision);
        if (real)
                buf_putc(&b, kind);
        else
                buf_puts(&b, t == DT_UINT64 ? "llu" : "lld");
        TRY(buf_status(&b));
        memcpy(ret->text, buf_cstr(&b), strlen(buf_cstr(&b)) + 1);
        ret->dtype = t;
        return NULL;
}

/* The conversion was put together above, from checked parts. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void print_real(Buf *b, const Format *f, double v)
{
        buf_printf(b, f->text, v);
}

static void print_int(Buf *b, const Format *f, long long v)
{
        buf_printf(b, f->text, v);
}
#pragma GCC diagnostic pop

/* Complex numbers are "(real,imaginary)", each part by the same format. */
static void print(Buf *b, const Format *f, const Tensor *x, int64_t i)
{
        double complex z;
        switch ((int)f->dtype) {
        case DT_BOOL: buf_puts(b, ((const bool *)tensor_data(x))[i] ? "true" : "false"); return;
        case DT_COMPLEX64: z = ((const float complex *)tensor_data(x))[i]; break;
        case DT_COMPLEX128: z = ((const double complex *)tensor_data(x))[i]; break;
        default:
                if (dtype_is_floating(f->dtype))
                        print_real(b, f, tensor_double(x, i));
                else
                        print_int(b, f, tensor_int(x, i));
                return;
        }
        buf_putc(b, '(');
        print_real(b, f, creal(z));
        buf_putc(b, ',');
        print_real(b, f, cimag(z));
        buf_putc(b, ')');
}

static Status *as_string(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        Tensor *y = ctx_output(c, 0);
        Format f;
        TRY(format_make(ctx_node(c), tensor_dtype(x), &f));
        enum { LOOK_EVERY = 1 << 14 };
        autobuf b = BUF(1 << 16);
        for (int64_t i = 0; i < tensor_count(x); i++) {
                if (i % LOOK_EVERY == 0 && ctx_cut(c))
                        return NULL;
                b.len = 0;
                print(&b, &f, x, i);
                TRY(buf_status(&b));
                TRY(tensor_set_string(y, i, b.data, b.len));
        }
        return NULL;
}

OP(AsString, .inputs = "input:T", .outputs = "output:string",
   .attrs = "T:type in "
            "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64,"
            "complex64,complex128,bool,variant]; precision:int = -1; scientific:bool = false; "
            "shortest:bool = false; width:int = -1; fill:string = \"\"",
   .kernels = "T:type in "
              "[float,double,int32,uint8,int16,int8,int64,bfloat16,uint16,half,uint32,uint64,"
              "complex64,complex128,bool]",
   .shape = shape_unchanged, .compute = as_string);
