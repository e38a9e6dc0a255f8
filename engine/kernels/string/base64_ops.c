// SPDX-License-Identifier: Apache-2.0
/* EncodeBase64 and DecodeBase64: the URL-safe alphabet, padding on request. */
#include "engine/base/base64.h"
#include "engine/ops/op.h"

/* base64_encode() has the usual alphabet; RFC 4648's URL-safe one differs in two characters. */
static Status *encode_one(const TString *s, bool pad, Tensor *y, int64_t i)
{
        if (s->len > INT32_MAX)
                return invalid_argument("a string of %zu bytes is too long for base64", s->len);
        size_t n = BASE64_SIZE(s->len);
        char *text = mem_alloc(n + 1);
        if (!text)
                return status_oom();
        base64_encode(s->data ? s->data : "", s->len, text);
        for (size_t k = 0; k < n; k++)
                text[k] = text[k] == '+' ? '-' : text[k] == '/' ? '_' : text[k];
        while (!pad && n && text[n - 1] == '=')
                n--;
        tensor_take_string(y, i, text, n);
        return NULL;
}

static Status *encode_base64(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        bool pad = node_bool(ctx_node(c), "pad", false);
        for (int64_t i = 0; i < tensor_count(x); i++)
                TRY(encode_one(&tensor_strings(x)[i], pad, ctx_output(c, 0), i));
        return NULL;
}

static bool has_char(const TString *s, size_t n, char c)
{
        return n && memchr(s->data, c, n);
}

/* base64_decode() takes both alphabets; here the usual one is refused, as TensorFlow does. What
 * comes before a lone last character is looked at first. */
static Status *decode_one(const TString *s, Tensor *y, int64_t i)
{
        bool lone = s->len % 4 == 1;
        size_t whole = s->len - lone;
        autofree char *bytes = mem_alloc(BASE64_BYTES(s->len));
        size_t n;
        if (!bytes)
                return status_oom();
        bool foreign = has_char(s, whole, '+') || has_char(s, whole, '/') ||
                       (lone && has_char(s, whole, '='));
        if (foreign || !base64_decode(s->data ? s->data : "", whole, bytes, &n))
                return invalid_argument("Invalid character found in base64.");
        if (lone)
                return invalid_argument("Base64 string length cannot be 1 modulo 4.");
        tensor_take_string(y, i, steal(&bytes), n);
        return NULL;
}

static Status *decode_base64(OpCtx *c)
{
        const Tensor *x = ctx_input(c, 0);
        for (int64_t i = 0; i < tensor_count(x); i++)
                TRY(decode_one(&tensor_strings(x)[i], ctx_output(c, 0), i));
        return NULL;
}

OP(EncodeBase64, .inputs = "input:string", .outputs = "output:string", .attrs = "pad:bool = false",
   .shape = shape_unchanged, .compute = encode_base64);
OP(DecodeBase64, .inputs = "input:string", .outputs = "output:string", .shape = shape_unchanged,
   .compute = decode_base64);
