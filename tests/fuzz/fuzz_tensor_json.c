// SPDX-License-Identifier: Apache-2.0
/* Bytes as a tensor in JSON, fed to a dtype that the first byte chooses, with a raw tail behind a
 * NUL. What is read must print, and read back from each style to the same text. */
#include "api/json_tensor.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

static const TensorLimits limits = { .max_bytes = 1 << 20 };

static void print(const Tensor *t, JsonTensorStyle style, Buf *json, Buf *tail)
{
        json_tensor_write(t, style, false, json, tail);
        FUZZ_OK(buf_status(json));
        FUZZ_OK(buf_status(tail));
}

/* Shapes such as [1000000000, 0] print without end. */
static bool printable(const Tensor *t)
{
        int64_t n = 1;
        for (int i = 0; i < tensor_rank(t); i++)
                if (__builtin_mul_overflow(n, tensor_dim(t, i) ? tensor_dim(t, i) : 1, &n) ||
                    n > 1 << 16)
                        return false;
        return true;
}

/* views: tensors may be views of the tail. */
static void round_trip(const Tensor *t, JsonTensorStyle style, bool views, const Buf *wanted)
{
        autobuf json = BUF(1 << 24), tail = BUF(1 << 24), again = BUF(1 << 24), none = BUF(1 << 24);
        autoptr(Tensor) back = NULL;
        autoptr(Tensor) whole = NULL;
        print(t, style, &json, &tail);
        BinaryInputs bin = { .at = tail.data, .len = tail.len };
        if (views && tail.len) {
                FUZZ_OK(tensor_new(DT_UINT8, &SHAPE((int64_t)tail.len), &whole));
                memcpy(tensor_fill(whole), tail.data, tail.len);
                bin.at = tensor_data(whole);
                bin.whole = whole;
        }
        FUZZ_OK(json_tensor_parse((JsonSpan){ json.data, json.len }, DT_INVALID, NULL, &bin,
                                  &limits, &back));
        FUZZ_OK(binary_inputs_done(&bin));
        print(back, JSON_TYPED, &again, &none);
        FUZZ_CHECK(again.len == wanted->len && !memcmp(again.data, wanted->data, again.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        if (n == 0)
                return 0;
        DType expected = (DType)(data[0] % (DT_MAX + 1));
        const char *text = (const char *)data + 1, *nul = memchr(text, 0, n - 1);
        size_t len = nul ? (size_t)(nul - text) : n - 1;
        BinaryInputs bin = { .at = text + len, .len = n - 1 - len };
        autoptr(Tensor) t = NULL;
        autoptr(Status) s =
                json_tensor_parse((JsonSpan){ text, len }, expected, NULL, &bin, &limits, &t);
        FUZZ_CHECK((s == NULL) == (t != NULL));
        if (s || !printable(t))
                return 0;
        autobuf typed = BUF(1 << 24), none = BUF(1 << 24);
        print(t, JSON_TYPED, &typed, &none);
        round_trip(t, JSON_TYPED, false, &typed);
        round_trip(t, JSON_B64, false, &typed);
        round_trip(t, JSON_BINARY, false, &typed);
        round_trip(t, JSON_BINARY, true, &typed);
        return 0;
}
