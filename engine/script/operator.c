// SPDX-License-Identifier: Apache-2.0
/* Operators to ops, as TensorFlow's Python maps them. */
#include "engine/ops/registry.h"
#include "engine/script/build.h"

static const struct {
        int sign;
        const char *op, *name; /* name: of the node */
} ops[] = {
        { SIGN1('+'), "Add", "add" },
        { SIGN1('-'), "Sub", "sub" },
        { SIGN1('*'), "Mul", "mul" },
        { SIGN1('/'), "RealDiv", "truediv" },
        { SIGN2('/', '/'), "FloorDiv", "floordiv" },
        { SIGN1('%'), "FloorMod", "mod" },
        { SIGN2('*', '*'), "Pow", "pow" },
        { SIGN1('@'), "MatMul", "matmul" },
        { SIGN1('<'), "Less", "Less" },
        { SIGN2('<', '='), "LessEqual", "LessEqual" },
        { SIGN1('>'), "Greater", "Greater" },
        { SIGN2('>', '='), "GreaterEqual", "GreaterEqual" },
        { SIGN2('=', '='), "Equal", "Equal" },
        { SIGN2('!', '='), "NotEqual", "NotEqual" },
        { SIGN1('&'), "LogicalAnd", "and" },
        { SIGN1('|'), "LogicalOr", "or" },
};

static bool is_integer(const Value *v)
{
        if (v->is_literal)
                return v->literal.kind == LITERAL_INT || v->literal.kind == LITERAL_WIDE;
        return dtype_is_integer(v->dtype);
}

/* True division of integers is done in floating point, in Python's sizes: float32 for 8 and 16
 * bits, else float64. */
static Status *cast(Script *s, const Expr *e, Value *v)
{
        Expr type = { .kind = EXPR_NAME, .place = e->place, .output = -1 };
        bool small = v->dtype == DT_INT8 || v->dtype == DT_INT16 || v->dtype == DT_UINT8 ||
                     v->dtype == DT_UINT16;
        Arg arg = { .expr = v->expr, .values = v, .n = 1 };
        ScriptNode *n;
        const char *name;
        type.text = small ? "float32" : "float64";
        TRY(node_begin(s, op_find("Cast"), e->place, &n));
        TRY(attr_put(s, n, op_attr(n->op, "DstT"), &type));
        TRY(node_connect(s, n, &arg));
        TRY(name_for(s, v->expr, NULL, "Cast", &name));
        TRY(node_end(s, n, name, false));
        return value_output(v->expr, n, 0, false, v);
}

/* a / b is true division: integers become fractions first, as in Python. */
static Status *divide(Script *s, const Expr *e, Value v[2])
{
        for (int i = 0; i < 2; i++)
                if (is_integer(&v[i]) && !v[i].is_literal)
                        TRY(cast(s, e, &v[i]));
        for (int i = 0; i < 2; i++)
                if (is_integer(&v[i]) && v[1 - i].is_literal)
                        v[i].literal.kind = LITERAL_REAL;
        return NULL;
}

/* MatMul is for matrices; more dimensions, where they are known, make a batch of them. */
static Status *choose_product(Script *s, const Value v[2], const char **op)
{
        Shape shape;
        for (int i = 0; i < 2; i++) {
                TRY(shadow_shape(s, &v[i], &shape));
                if (shape.rank > 2)
                        *op = "BatchMatMulV2";
        }
        return NULL;
}

/* The op of a sign, found in the table; signs of bits and of truth are told apart by the
 * operands. */
static Status *binary(Script *s, const Expr *e, const Value *left, const Value *right, Value *ret)
{
        Value v[2] = { *left, *right };
        size_t i = 0;
        while (i + 1 < COUNTOF(ops) && ops[i].sign != e->sign)
                i++;
        const char *op = ops[i].op;
        if (e->sign == '/')
                TRY(divide(s, e, v));
        if (e->sign == '@')
                TRY(choose_product(s, v, &op));
        if ((e->sign == '&' || e->sign == '|') && (is_integer(left) || is_integer(right)))
                op = e->sign == '&' ? "BitwiseAnd" : "BitwiseOr";
        return node_of_op(s, e, op, ops[i].name, v, 2, ret);
}

/* a + b + c + ...: from the left, in a loop, however long. */
static Status *chain(Script *s, const Expr *top, Value *ret)
{
        const Expr *e = top;
        Value left, right;
        while (e->left->kind == EXPR_BINARY)
                e = e->left;
        TRY(eval(s, e->left, &left));
        for (;; e = e->up) {
                TRY(eval(s, e->right, &right));
                TRY(binary(s, e, &left, &right, &left));
                if (e == top)
                        break;
        }
        *ret = left;
        return NULL;
}

/* Unary operators; "~" is a bit operation on integers and a negation on truth. */
Status *eval_operator(Script *s, const Expr *e, Value *ret)
{
        Value v;
        if (e->kind == EXPR_BINARY)
                return chain(s, e, ret);
        TRY(eval(s, e->left, &v));
        if (e->kind == EXPR_MINUS)
                return node_of_op(s, e, "Neg", "Neg", &v, 1, ret);
        return is_integer(&v) ? node_of_op(s, e, "Invert", "invert", &v, 1, ret)
                              : node_of_op(s, e, "LogicalNot", "LogicalNot", &v, 1, ret);
}
