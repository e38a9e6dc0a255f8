// SPDX-License-Identifier: Apache-2.0
/* Precedence climbing. One level of brackets costs three stack frames, and levels are bounded;
 * chains of one precedence are built in a loop. */
#include "engine/script/parser.h"

#include <stdlib.h>
#include <string.h>

/* Python's binding powers: | & comparisons are below, not above, arithmetic as in C. */
static const struct {
        int sign, power;
        bool right; /* a ** b ** c is a ** (b ** c) */
} operators[] = {
        { SIGN1('<'), 1, false },      { SIGN2('<', '='), 1, false }, { SIGN1('>'), 1, false },
        { SIGN2('>', '='), 1, false }, { SIGN2('=', '='), 1, false }, { SIGN2('!', '='), 1, false },
        { SIGN1('|'), 2, false },      { SIGN1('&'), 3, false },      { SIGN1('+'), 4, false },
        { SIGN1('-'), 4, false },      { SIGN1('*'), 5, false },      { SIGN1('/'), 5, false },
        { SIGN2('/', '/'), 5, false }, { SIGN1('%'), 5, false },      { SIGN1('@'), 5, false },
        { SIGN2('*', '*'), 7, true },
};
enum { COMPARISON = 1, UNARY = 6 };

static Status *parse(Parser *p, int power, int level, Expr **ret);

Status *expr_unexpected(Parser *p, const char *expected)
{
        return place_error(p->lexer.word.place, "expected %s, not %s", expected,
                           word_quote(&p->lexer, p->arena));
}

Status *expr_expect(Parser *p, int sign)
{
        char text[] = { '\'', (char)sign, '\'', '\0' };
        if (!word_is(&p->lexer, sign))
                return expr_unexpected(p, text);
        return word_next(&p->lexer);
}

/* An expression at the word at hand; kinds up to EXPR_STRING are literals by themselves. */
static Status *new_expr(Parser *p, ExprKind kind, Expr **ret)
{
        Expr *e = arena_calloc(p->arena, 1, sizeof *e);
        if (!e)
                return status_oom();
        e->kind = kind;
        e->place = p->lexer.word.place;
        e->output = -1;
        e->literal = kind <= EXPR_STRING;
        *ret = e;
        return NULL;
}

static Status *too_deep(Place place)
{
        return place_error(place, "this is nested deeper than %d levels", SCRIPT_MAX_DEPTH);
}

static Status *set_depth(Expr *e, int below)
{
        e->depth = below + 1;
        return e->depth > SCRIPT_MAX_DEPTH ? too_deep(e->place) : NULL;
}

/* The word as a string of its own, for the script's text does not outlive the parse. */
static Status *word_text(Parser *p, const char **ret)
{
        const Word *w = &p->lexer.word;
        char *copy = arena_alloc(p->arena, w->len + 1);
        if (!copy)
                return status_oom();
        memcpy(copy, w->text, w->len);
        copy[w->len] = '\0';
        *ret = copy;
        return NULL;
}

/* Numbers are kept without their sign in 64 bits, so that both ends of every integer type can be
 * written. */
static Status *parse_int(Parser *p, Expr *e)
{
        const Word *w = &p->lexer.word;
        bool hex = w->len > 1 && (w->text[1] | 0x20) == 'x';
        uint64_t base = hex ? 16 : 10;
        for (size_t i = hex ? 2 : 0; i < w->len; i++) {
                char c = w->text[i];
                uint64_t digit = c <= '9' ? (uint64_t)(c - '0') : (uint64_t)((c | 0x20) - 'a' + 10);
                if (__builtin_mul_overflow(e->integer, base, &e->integer) ||
                    __builtin_add_overflow(e->integer, digit, &e->integer))
                        return place_error(e->place, "the number has more than 64 bits");
        }
        return NULL;
}

/* A letter right behind a number is a slip of the pen (2x), not the next word. */
static Status *parse_number(Parser *p, Expr **ret)
{
        const char *end = p->lexer.word.text + p->lexer.word.len;
        TRY(new_expr(p, p->lexer.word.kind == WORD_INT ? EXPR_INT : EXPR_REAL, ret));
        if ((*ret)->kind == EXPR_INT)
                TRY(parse_int(p, *ret));
        else {
                TRY(word_text(p, &(*ret)->text));
                (*ret)->real = strtod((*ret)->text, NULL);
        }
        TRY(word_next(&p->lexer));
        if (p->lexer.word.kind == WORD_NAME && p->lexer.word.text == end)
                return expr_unexpected(p, "a space behind the number");
        return NULL;
}

static Status *parse_string(Parser *p, Expr **ret)
{
        TRY(new_expr(p, EXPR_STRING, ret));
        TRY(word_string(&p->lexer, p->arena, &(*ret)->text, &(*ret)->len));
        return word_next(&p->lexer);
}

/* Elements or arguments up to the closing sign, which is taken. */
static Status *parse_items(Parser *p, Expr *e, int close, int level, bool *ret_comma)
{
        Expr **end = &e->first;
        int deepest = 0;
        *ret_comma = false;
        while (!word_is(&p->lexer, close)) {
                Word word = p->lexer.word;
                const char *key = NULL;
                if (e->kind == EXPR_CALL && word.kind == WORD_NAME) {
                        Lexer back = p->lexer;
                        TRY(word_text(p, &key));
                        TRY(word_next(&p->lexer));
                        if (word_is(&p->lexer, '='))
                                TRY(word_next(&p->lexer));
                        else {
                                key = NULL;
                                p->lexer = back;
                        }
                }
                TRY(parse(p, 0, level, end));
                (*end)->key = key;
                (*end)->key_place = word.place;
                e->literal &= (*end)->literal;
                deepest = MAX(deepest, (*end)->depth);
                end = &(*end)->next;
                e->n++;
                *ret_comma = word_is(&p->lexer, ',');
                if (!*ret_comma && !word_is(&p->lexer, close))
                        return expr_unexpected(p, close == ']' ? "',' or ']'" : "',' or ')'");
                if (*ret_comma)
                        TRY(word_next(&p->lexer));
        }
        TRY(word_next(&p->lexer));
        return set_depth(e, deepest);
}

/* [a, b], (a, b), (a,) and (): lists; (a) is a. */
static Status *parse_bracket(Parser *p, int level, Expr **ret)
{
        int close = word_is(&p->lexer, '[') ? ']' : ')';
        bool comma;
        TRY(new_expr(p, EXPR_LIST, ret));
        (*ret)->literal = true;
        TRY(word_next(&p->lexer));
        TRY(parse_items(p, *ret, close, level, &comma));
        if (close == ')' && (*ret)->n == 1 && !comma)
                *ret = (*ret)->first;
        return NULL;
}

/* The ":1" of "a:1", which has no space in it. */
static Status *parse_output(Parser *p, Expr *e)
{
        const Lexer *l = &p->lexer;
        if (!word_is(l, ':') || l->word.text[-1] == ' ' || l->at == l->end || *l->at < '0' ||
            *l->at > '9')
                return NULL;
        TRY(word_next(&p->lexer));
        if (l->word.kind != WORD_INT || l->word.len > 9)
                return expr_unexpected(p, "the number of an output");
        e->output = (int)strtol(l->word.text, NULL, 10);
        return word_next(&p->lexer);
}

/* Names that are values. */
static void name_constant(Expr *e)
{
        static const struct {
                const char *name;
                ExprKind kind;
                uint64_t integer;
                double real;
        } known[] = {
                { "True", EXPR_BOOL, 1, 0 },
                { "true", EXPR_BOOL, 1, 0 },
                { "False", EXPR_BOOL, 0, 0 },
                { "false", EXPR_BOOL, 0, 0 },
                { "None", EXPR_NONE, 0, 0 },
                { "inf", EXPR_REAL, 0, __builtin_inf() },
                { "nan", EXPR_REAL, 0, __builtin_nan("") },
        };
        for (size_t i = 0; i < COUNTOF(known); i++)
                if (!strcmp(e->text, known[i].name)) {
                        e->kind = known[i].kind;
                        e->integer = known[i].integer;
                        e->real = known[i].real;
                        e->literal = e->kind != EXPR_NONE;
                }
}

/* A name alone is a value, with a bracket behind it a call. */
static Status *parse_name(Parser *p, int level, Expr **ret)
{
        bool comma;
        TRY(new_expr(p, EXPR_NAME, ret));
        Expr *e = *ret;
        TRY(word_text(p, &e->text));
        e->len = p->lexer.word.len;
        TRY(word_next(&p->lexer));
        if (word_is(&p->lexer, '(')) {
                e->kind = EXPR_CALL;
                TRY(word_next(&p->lexer));
                TRY(parse_items(p, e, ')', level, &comma));
                e->literal = false;
                return NULL;
        }
        name_constant(e);
        return e->kind == EXPR_NAME ? parse_output(p, e) : NULL;
}

/* An operand; indexing is refused here, with the ops that do it. */
static Status *parse_primary(Parser *p, int level, Expr **ret)
{
        switch (p->lexer.word.kind) {
        case WORD_INT:
        case WORD_REAL: TRY(parse_number(p, ret)); break;
        case WORD_STRING: TRY(parse_string(p, ret)); break;
        case WORD_NAME: TRY(parse_name(p, level, ret)); break;
        default:
                if (!word_is(&p->lexer, '(') && !word_is(&p->lexer, '['))
                        return expr_unexpected(p, "a value");
                TRY(parse_bracket(p, level, ret));
        }
        if (!word_is(&p->lexer, '[') && !word_is(&p->lexer, '('))
                return NULL;
        Status *s = expr_unexpected(p, "an operator");
        status_add_hint(s, "parts of tensors are taken by ops: GatherV2(x, 0, 0), "
                           "Slice(x, [0], [2]), StridedSlice(...)");
        return s;
}

/* The number with its sign changed, so that -1 is a literal. */
static void negate(Expr *e, Place place)
{
        e->place = place;
        e->negative = e->kind == EXPR_INT && !e->negative;
        e->real = -e->real;
}

/* A sign before a number belongs to the number, so that -128 is an int8. */
static Status *parse_unary(Parser *p, int level, Expr **ret)
{
        Place place = p->lexer.word.place;
        bool minus = word_is(&p->lexer, '-'), plus = word_is(&p->lexer, '+');
        Expr *operand;
        if (!minus && !plus && !word_is(&p->lexer, '~'))
                return parse_primary(p, level, ret);
        TRY(word_next(&p->lexer));
        TRY(parse(p, UNARY, level, &operand));
        if (plus || (minus && (operand->kind == EXPR_INT || operand->kind == EXPR_REAL))) {
                if (minus)
                        negate(operand, place);
                *ret = operand;
                return NULL;
        }
        TRY(new_expr(p, minus ? EXPR_MINUS : EXPR_NOT, ret));
        (*ret)->place = place;
        (*ret)->left = operand;
        return set_depth(*ret, operand->depth);
}

/* The operator at the present word: its row, or -1. */
static int find_operator(const Parser *p)
{
        for (size_t i = 0; i < COUNTOF(operators); i++)
                if (word_is(&p->lexer, operators[i].sign))
                        return (int)i;
        return -1;
}

/* left OP right. A chain grows to the left without getting deeper. */
static Status *make_binary(Parser *p, Expr *left, int sign, Place place, Expr *right, Expr **ret)
{
        TRY(new_expr(p, EXPR_BINARY, ret));
        Expr *e = *ret;
        e->place = place;
        e->sign = sign;
        e->left = left;
        e->right = right;
        if (left->kind != EXPR_BINARY)
                return set_depth(e, MAX(left->depth, right->depth));
        left->up = e;
        e->depth = MAX(left->depth, right->depth + 1);
        return e->depth > SCRIPT_MAX_DEPTH ? too_deep(place) : NULL;
}

/* An expression whose operators bind at least as strongly as power. */
static Status *parse(Parser *p, int power, int level, Expr **ret)
{
        Expr *left, *right;
        bool compared = false;
        if (++level > SCRIPT_MAX_DEPTH)
                return too_deep(p->lexer.word.place);
        TRY(parse_unary(p, level, &left));
        for (int i; (i = find_operator(p)) >= 0 && operators[i].power >= power;) {
                Place place = p->lexer.word.place;
                if (operators[i].power == COMPARISON && compared)
                        return place_error(place, "comparisons do not chain: write (a < b) & (b < "
                                                  "c)");
                compared |= operators[i].power == COMPARISON;
                TRY(word_next(&p->lexer));
                TRY(parse(p, operators[i].power + !operators[i].right, level, &right));
                TRY(make_binary(p, left, operators[i].sign, place, right, &left));
        }
        *ret = left;
        return NULL;
}

Status *expr_parse(Parser *p, Expr **ret)
{
        return parse(p, 0, 0, ret);
}
