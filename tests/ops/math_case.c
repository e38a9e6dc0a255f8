// SPDX-License-Identifier: Apache-2.0
#include "tests/ops/math_case.h"

Tensor *math_run(TestSession *s, Feed *feeds, int n)
{
        Tensor *z = NULL;
        const char *fetch = "z:0";
        RunRequest r = { .feeds = feeds, .n_feeds = n, .fetches = &fetch, .n_fetches = 1 };
        Status *st = test_session_run(s, &r, &z);
        cr_assert_null(st, "%s", st ? status_message(st) : "");
        return z;
}

/* The result as the type holds it. */
static double rounded(DType t, double v)
{
        float f = (float)v, back = f;
        uint16_t bits;
        if (t == DT_DOUBLE)
                return v;
        if (!dtype_is_short(t))
                return (double)f;
        short_narrow(t, &f, &bits, 1);
        short_widen(t, &bits, &back, 1);
        return (double)back;
}

/* One unit of the last place of v, and what is below the smallest normal number. */
static double unit(DType t, double v)
{
        int digits = t == DT_DOUBLE ? 53 : t == DT_FLOAT ? 24 : t == DT_HALF ? 11 : 8;
        double least = t == DT_DOUBLE ? 0x1p-1022 : t == DT_HALF ? 0x1p-14 : 0x1p-126;
        return fmax(fabs(v), least) * ldexp(1, 1 - digits);
}

void math_expect(const MathCase *c, DType t, double a, double b, double got)
{
        double want = c->want(a, b);
        want = t == DT_BOOL ? want : rounded(t, want);
        if (isnan(want) || isnan(got))
                cr_assert(isnan(want) && isnan(got), "%s %s of %g, %g: %g, not %g", c->name,
                          dtype_name(t), a, b, got, want);
        else if (c->error > 0 && isfinite(want))
                cr_assert(fabs(got - want) <= c->error * unit(t, want),
                          "%s %s of %g, %g: %.17g, not %.17g", c->name, dtype_name(t), a, b, got,
                          want);
        else
                cr_assert(got == want && !signbit(got) == !signbit(want),
                          "%s %s of %g, %g: %.17g, not %.17g", c->name, dtype_name(t), a, b, got,
                          want);
}
