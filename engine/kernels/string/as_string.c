// SPDX-License-Identifier: Apache-2.0
/* AsString: numbers as text, by printf's rules. */
#include "engine/ops/number_print.h"
#include "engine/ops/op.h"

enum { WIDTH_MAX = 4096 };

/* A printf conversion: its pieces, and its text for what only printf can. */
typedef struct Format {
        NumberFormat parts;
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

static NumberFormat read_parts(const Node *n, DType t)
{
        bool real = dtype_is_floating(t) || dtype_is_complex(t);
        char real_kind = node_bool(n, "scientific", false) ? 'e'
                         : node_bool(n, "shortest", false) ? 'g'
                                                           : 'f';
        return (NumberFormat){ .flag = node_string(n, "fill", "")[0],
                               .kind = real             ? real_kind
                                       : t == DT_UINT64 ? 'u'
                                                        : 'd',
                               .width = (int)MAX(node_int(n, "width", -1), -1),
                               .precision = (int)MAX(node_int(n, "precision", -1), -1) };
}

/* The format is put together from checked parts only; no text of the client but one flag gets into
 * printf. */
static Status *format_make(const Node *n, DType t, Format *ret)
{
        autobuf b = BUF(sizeof ret->text);
        TRY(check(n, t));
        NumberFormat f = ret->parts = read_parts(n, t);
        buf_printf(&b, "%%%.1s", &f.flag);
        if (f.width > -1)
                buf_printf(&b, "%d", f.width);
        if (f.precision > -1)
                buf_printf(&b, ".%d", f.precision);
        buf_putc(&b, f.kind);
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
        if (!number_print_real(b, &f->parts, v))
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
                        number_print_int(b, &f->parts, tensor_int(x, i));
                return;
        }
        buf_putc(b, '(');
        print_real(b, f, creal(z));
        buf_putc(b, ',');
        print_real(b, f, cimag(z));
        buf_putc(b, ')');
}

/* The texts are one piece of memory, of which only lengths are known while they are printed. */
static Status *put_texts(const Buf *b, Tensor *y)
{
        TString *s = tensor_fill(y);
        char *at;
        TRY(buf_status(b));
        TRY(tensor_text_room(y, b->len, &at));
        if (b->len)
                memcpy(at, b->data, b->len);
        for (int64_t i = 0; i < tensor_count(y); at += s[i++].len)
                tensor_put_text(y, i, at, s[i].len);
        return NULL;
}

static Status *as_string(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        TString *s = tensor_fill(ctx_output(c, 0));
        Format f;
        TRY(format_make(ctx_node(c), tensor_dtype(x), &f));
        enum { LOOK_EVERY = 1 << 14 };
        autobuf b = BUF(PTRDIFF_MAX);
        for (int64_t i = 0; i < tensor_count(x); i++) {
                size_t before = b.len;
                if (i % LOOK_EVERY == 0 && ctx_cut(c))
                        return NULL;
                print(&b, &f, x, i);
                s[i].len = b.len - before;
        }
        return put_texts(&b, ctx_output(c, 0));
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
