// SPDX-License-Identifier: Apache-2.0
/* Nested lists are walked by recursion, which the parser's bound on nesting bounds. */
#include "engine/script/literal.h"

#include <math.h>

bool literal_join(LiteralKind a, LiteralKind b, LiteralKind *ret)
{
        LiteralKind low = MIN(a, b), high = MAX(a, b);
        *ret = high;
        return low == high || low == LITERAL_NONE || (low >= LITERAL_INT && high <= LITERAL_REAL);
}

DType literal_dtype(LiteralKind kind)
{
        static const DType types[] = {
                [LITERAL_NONE] = DT_FLOAT, [LITERAL_BOOL] = DT_BOOL,  [LITERAL_INT] = DT_INT32,
                [LITERAL_WIDE] = DT_INT64, [LITERAL_REAL] = DT_FLOAT, [LITERAL_STRING] = DT_STRING,
        };
        return types[kind];
}

/* Which dtypes a literal may become: a real is no integer, an integer may be anything that
 * counts. */
bool literal_suits(LiteralKind kind, DType t)
{
        switch (kind) {
        case LITERAL_NONE: return dtype_is_plain(t) || t == DT_STRING;
        case LITERAL_BOOL: return t == DT_BOOL;
        case LITERAL_STRING: return t == DT_STRING;
        case LITERAL_REAL: return dtype_is_floating(t) || dtype_is_complex(t);
        default: return dtype_is_plain(t) && t != DT_BOOL;
        }
}

const char *literal_kind_name(LiteralKind kind)
{
        static const char *const names[] = {
                [LITERAL_NONE] = "an empty list", [LITERAL_BOOL] = "a bool",
                [LITERAL_INT] = "an integer",     [LITERAL_WIDE] = "an integer",
                [LITERAL_REAL] = "a fraction",    [LITERAL_STRING] = "a string",
        };
        return names[kind];
}

static LiteralKind scalar_kind(const Expr *e)
{
        switch (e->kind) {
        case EXPR_BOOL: return LITERAL_BOOL;
        case EXPR_STRING: return LITERAL_STRING;
        case EXPR_REAL: return LITERAL_REAL;
        default: return e->integer > (uint64_t)INT32_MAX + e->negative ? LITERAL_WIDE : LITERAL_INT;
        }
}

/* Holds an element of a list against those before it. */
static Status *join_element(const Expr *e, const Literal *one, bool first, Shape *inner,
                            LiteralKind *kind)
{
        if (first)
                *inner = one->shape;
        else if (!shape_equal(inner, &one->shape))
                return place_error(e->place,
                                   "the list is ragged: this element has shape %s, those before it "
                                   "%s",
                                   shape_text(&one->shape).s, shape_text(inner).s);
        LiteralKind before = *kind;
        if (!literal_join(before, one->kind, kind))
                return place_error(e->place, "%s does not go into one list with %s",
                                   literal_kind_name(one->kind), literal_kind_name(before));
        return NULL;
}

/* Kind and shape of a literal, before any tensor is made of it. */
Status *literal_look(const Expr *e, Literal *ret)
{
        Shape inner = SHAPE_SCALAR;
        LiteralKind kind = LITERAL_NONE;
        Literal one;
        if (e->kind != EXPR_LIST) {
                *ret = (Literal){ .kind = scalar_kind(e), .shape = SHAPE_SCALAR };
                return NULL;
        }
        for (const Expr *x = e->first; x; x = x->next) {
                TRY(literal_look(x, &one));
                TRY(join_element(x, &one, x == e->first, &inner, &kind));
        }
        if (inner.rank == SHAPE_MAX_RANK)
                return place_error(e->place, "a tensor has at most %d dimensions", SHAPE_MAX_RANK);
        shape_insert(&inner, 0, e->n);
        *ret = (Literal){ .kind = kind, .shape = inner };
        return NULL;
}

static double real_of(const Expr *e)
{
        if (e->kind == EXPR_REAL)
                return e->real;
        return e->negative ? -(double)e->integer : (double)e->integer;
}

/* put_FLOAT() and so on: one element; false when the type cannot hold it. */
#define PUT_REAL(ID, T, W, GET, PUT)                        \
        static bool put_##ID(const Expr *e, T *ret)         \
        {                                                   \
                double v = real_of(e);                      \
                *ret = PUT((W)v);                           \
                return !isfinite(v) || isfinite(GET(*ret)); \
        }
#define PUT_INT(ID, T, W, GET, PUT)                                                      \
        static bool put_##ID(const Expr *e, T *ret)                                      \
        {                                                                                \
                __int128 v = e->negative ? -(__int128)e->integer : (__int128)e->integer; \
                *ret = (T)v;                                                             \
                return *ret == v;                                                        \
        }
#define PUT_COMPLEX(ID, T, W, GET, PUT)             \
        static bool put_##ID(const Expr *e, T *ret) \
        {                                           \
                *ret = (T)real_of(e);               \
                return true;                        \
        }
FLOAT_TYPES(PUT_REAL)
INT_TYPES(PUT_INT)
COMPLEX_TYPES(PUT_COMPLEX)

static bool put_BOOL(const Expr *e, bool *ret)
{
        *ret = e->integer;
        return true;
}

/* The type that stores a quantized one. */
static DType storage(DType t)
{
        switch (t) {
        case DT_QINT8: return DT_INT8;
        case DT_QUINT8: return DT_UINT8;
        case DT_QINT16: return DT_INT16;
        case DT_QUINT16: return DT_UINT16;
        case DT_QINT32: return DT_INT32;
        default: return t;
        }
}

#define LITERAL_TYPES(X, ...) NUMBER_TYPES(X, ##__VA_ARGS__) TYPE_BOOL(X, ##__VA_ARGS__)
#define PUT_CASE(ID, T, W, GET, PUT) \
        case DT_##ID: ok = put_##ID(e, (T *)tensor_fill(t) + i); break;

/* Writes one number; one that the type cannot hold is refused, not wrapped. */
static Status *put_element(const Expr *e, Tensor *t, int64_t i)
{
        bool ok = false;
        if (tensor_dtype(t) == DT_STRING)
                return tensor_set_string(t, i, e->text, e->len);
        switch (storage(tensor_dtype(t))) {
                LITERAL_TYPES(PUT_CASE)
        default: break;
        }
        return ok ? NULL
                  : place_error(e->place, "the number does not fit %s",
                                dtype_numpy(tensor_dtype(t)));
}

static Status *fill(const Expr *e, Tensor *t, int64_t *at)
{
        if (e->kind != EXPR_LIST)
                return put_element(e, t, (*at)++);
        for (const Expr *x = e->first; x; x = x->next)
                TRY(fill(x, t, at));
        return NULL;
}

Status *literal_tensor(const Expr *e, const Literal *l, DType dtype, Tensor **ret)
{
        autoptr(Tensor) t = NULL;
        int64_t at = 0;
        TRY(tensor_new(dtype, &l->shape, &t));
        TRY(fill(e, t, &at));
        *ret = steal(&t);
        return NULL;
}
