// SPDX-License-Identifier: Apache-2.0
/* NegTrain: steps that can be worked out, since there is nothing to choose among. */
#include "engine/base/mem.h"
#include "tests/lib/op_case.h"
#include "tests/lib/op_session.h"

#include <stdio.h>

TestSuite(neg_train, .timeout = 30);

#define WORDS                                                                                      \
        "a = VariableV2 dtype: float, shape: [2, 2]\nb = VariableV2 dtype: float, shape: [2, 2]\n" \
        "ia = Const float [2, 2] { 1, 2, 3, 4 }\nib = Const float [2, 2] { 0.5, 0, 0, 1 }\n"       \
        "sa = Assign(a, ia)\nsb = Assign(b, ib)\n"                                                 \
        "e = Const int32 [1] { 0 }\nl = Const int32 [1] { 1 }\nr = Const float [] { 0.1 }\n"

static void expect_words(const char *train, const Lit *a, const Lit *b)
{
        char text[2048];
        autoptr(TestSession) s = NULL;
        const Lit *want[] = { a, b };
        snprintf(text, sizeof text,
                 WORDS "t = NegTrain(sa, sb, e, l, r) %s\ny0 = Identity(a, ^t)\n"
                       "y1 = Identity(b, ^t)\np = Pack(y0, y1) N: 2\nz = Unpack(p) num: 2\n",
                 train);
        expect_ok(test_session_text(text, &s));
        for (int i = 0; i < 2; i++) {
                autoptr(Tensor) t = NULL;
                autofree char *why = NULL;
                expect_ok(test_session_fetch(s, i ? "z:1" : "z:0", &t));
                cr_assert(lit_equal(want[i], t, 1e-6, &why), "%s", why);
        }
}

/* dot = 2, g = 0.1 / (exp(2) + 1) = 0.01192029; both rows move by the other's times g. */
Test(neg_train, a_word_learns_to_predict_another)
{
        expect_words("vocab_count: [3, 4], num_negative_samples: 0",
                     &(const Lit)F32((2, 2), 1, 2.01192029f, 3, 4),
                     &(const Lit)F32((2, 2), 0.5f, 0, 0.01192029f, 1.02384058f));
}

/* Only word 0 has a count: dot = 0.5, g = -0.1 / (exp(-0.5) + 1) = -0.06224593. */
Test(neg_train, and_not_to_predict_what_is_drawn)
{
        expect_words("vocab_count: [1, 0], num_negative_samples: 1",
                     &(const Lit)F32((2, 2), 0.96887703f, 2.01192029f, 3, 4),
                     &(const Lit)F32((2, 2), 0.43775407f, -0.12449187f, 0.01192029f, 1.02384058f));
}

/* What is drawn and is the label is passed over. */
Test(neg_train, the_label_is_no_negative_sample)
{
        expect_words("vocab_count: [0, 1], num_negative_samples: 3",
                     &(const Lit)F32((2, 2), 1, 2.01192029f, 3, 4),
                     &(const Lit)F32((2, 2), 0.5f, 0, 0.01192029f, 1.02384058f));
}

static void expect_refused(const char *inputs, const char *attrs, const char *message)
{
        char text[2048];
        autoptr(TestSession) s = NULL;
        Tensor *y = NULL;
        snprintf(text, sizeof text,
                 WORDS "w = Const int32 [1] { 2 }\nm = Const int32 [2] { 0, 1 }\n"
                       "t = NegTrain(%s) %s\ny = Identity(r, ^t)\n",
                 inputs, attrs);
        autoptr(Status) bad = test_session_text(text, &s);
        if (!bad)
                bad = test_session_fetch(s, "y:0", &y);
        cr_assert(bad && strstr(status_message(bad), message), "%s",
                  bad ? status_message(bad) : "no error");
}

Test(neg_train, what_does_not_fit_is_refused)
{
        static const char fine[] = "vocab_count: [1, 1], num_negative_samples: 1";
        expect_refused("sa, sb, w, l, r", fine, "Word 2 is not in [0, 2)");
        expect_refused("sa, sb, e, m, r", fine, "examples.shape == labels.shape");
        expect_refused("sa, sb, e, l, r", "vocab_count: [1], num_negative_samples: 1",
                       "vocab_size mismatches: 2 vs. 1");
        expect_refused("sa, sb, e, l, r", "vocab_count: [0, 0], num_negative_samples: 1",
                       "vocab_count has no positive count");
        expect_refused("a, sb, e, l, r", fine, "ttempting to use uninitialized value");
}

/* One variable for both: locked once. */
Test(neg_train, one_matrix_may_be_both)
{
        autoptr(TestSession) s = NULL;
        autoptr(Tensor) y = NULL;
        expect_ok(test_session_text(
                WORDS "t = NegTrain(sa, sa, e, l, r) vocab_count: [1, 1], num_negative_samples: 0\n"
                      "y = Identity(a, ^t)\n",
                &s));
        expect_ok(test_session_fetch(s, "y:0", &y));
}
