// SPDX-License-Identifier: Apache-2.0
/* Three bytes are four characters; a reverse table serves both alphabets. Where the processor has
 * AVX2, long texts go 32 characters at a time (Mula and Lemire, "Faster Base64 Encoding and
 * Decoding using AVX2 Instructions", 2018). */
#include "engine/base/base64.h"

#include <stdint.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Six bits plus one; 0 for what is in neither alphabet. */
/* clang-format off */
static const uint8_t sextets[256] = {
        ['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
        ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15,
        ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22,
        ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29,
        ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
        ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43,
        ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50,
        ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57,
        ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
        ['-'] = 63, ['_'] = 64,
};
/* clang-format on */

#ifdef __x86_64__
#define WIDE     __attribute__((target("avx2")))
#define HAS_WIDE __builtin_cpu_supports("avx2")

WIDE static inline __m256i in_range(__m256i x, char from, char to)
{
        return _mm256_and_si256(_mm256_cmpgt_epi8(x, _mm256_set1_epi8((char)(from - 1))),
                                _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(to + 1)), x));
}

WIDE static inline __m256i is_one_of(__m256i x, char a, char b)
{
        return _mm256_or_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8(a)),
                               _mm256_cmpeq_epi8(x, _mm256_set1_epi8(b)));
}

/* x + by where the mask is set, 0 elsewhere. */
WIDE static inline __m256i moved(__m256i x, __m256i mask, int by)
{
        return _mm256_and_si256(mask, _mm256_add_epi8(x, _mm256_set1_epi8((char)by)));
}

/* What 32 characters stand for; false when one is in neither alphabet. */
WIDE static inline bool sextets_32(const char *text, __m256i *ret)
{
        __m256i x = _mm256_loadu_si256((const __m256i *)text);
        __m256i upper = in_range(x, 'A', 'Z'), lower = in_range(x, 'a', 'z'),
                digit = in_range(x, '0', '9'), c62 = is_one_of(x, '+', '-'),
                c63 = is_one_of(x, '/', '_');
        __m256i letters = _mm256_or_si256(moved(x, upper, -'A'), moved(x, lower, 26 - 'a'));
        __m256i signs = _mm256_or_si256(_mm256_and_si256(c62, _mm256_set1_epi8(62)),
                                        _mm256_and_si256(c63, _mm256_set1_epi8(63)));
        *ret = _mm256_or_si256(_mm256_or_si256(letters, signs), moved(x, digit, 52 - '0'));
        __m256i known = _mm256_or_si256(_mm256_or_si256(upper, lower), digit);
        return _mm256_movemask_epi8(_mm256_or_si256(known, _mm256_or_si256(c62, c63))) == -1;
}

/* Decodes whole blocks; returns how many characters that were. A block writes 32 bytes, of which 24
 * are meant: the last ones are left to the caller. */
WIDE static size_t decode_wide(const char *text, size_t n, uint8_t *out)
{
        const __m256i order = _mm256_broadcastsi128_si256(
                _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
        const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
        size_t i = 0;
        for (__m256i v; n - i >= 48 && sextets_32(text + i, &v); i += 32, out += 24) {
                v = _mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140)); /* 12 bits of two */
                v = _mm256_madd_epi16(v, _mm256_set1_epi32(0x00011000));    /* 24 bits of four */
                v = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(v, order), lanes);
                _mm256_storeu_si256((__m256i *)out, v);
        }
        return i;
}

/* Encodes blocks of 24 bytes; returns how many bytes that were. A block reads 28. */
WIDE static size_t encode_wide(const uint8_t *p, size_t n, char *out)
{
        const __m256i order = _mm256_broadcastsi128_si256(
                _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
        /* By class of sextet: capital, small, ten digits, '+', '/'. */
        const __m256i shift = _mm256_broadcastsi128_si256(_mm_setr_epi8(
                'A', 'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 0, 0));
        size_t i = 0;
        for (; n - i >= 28; i += 24, out += 32) {
                __m256i x = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(p + i)));
                x = _mm256_inserti128_si256(x, _mm_loadu_si128((const __m128i *)(p + i + 12)), 1);
                x = _mm256_shuffle_epi8(x, order);
                __m256i high = _mm256_and_si256(x, _mm256_set1_epi32(0x0fc0fc00)),
                        low = _mm256_and_si256(x, _mm256_set1_epi32(0x003f03f0));
                x = _mm256_or_si256(_mm256_mulhi_epu16(high, _mm256_set1_epi32(0x04000040)),
                                    _mm256_mullo_epi16(low, _mm256_set1_epi32(0x01000010)));
                __m256i class = _mm256_sub_epi8(_mm256_subs_epu8(x, _mm256_set1_epi8(51)),
                                                _mm256_cmpgt_epi8(x, _mm256_set1_epi8(25)));
                x = _mm256_add_epi8(x, _mm256_shuffle_epi8(shift, class));
                _mm256_storeu_si256((__m256i *)(out), x);
        }
        return i;
}
/* With byte permutations over whole registers a table of all characters is one instruction (Mula
 * and Lemire, "Base64 encoding and decoding at almost the speed of a memory copy", 2019). */
#define WIDEST     __attribute__((target("avx512f,avx512bw,avx512vbmi")))
#define HAS_WIDEST (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw"))
#define TRIPLES    (((__mmask64)1 << 48) - 1) /* 16 of them */

/* Decodes blocks of 64 characters; returns how many characters that were. */
WIDEST static size_t decode_widest(const char *text, size_t n, uint8_t *out)
{
        /* Four sextets make a dword whose lower three bytes come in the wrong order. */
        const __m512i order = _mm512_set_epi8(
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 60, 61, 62, 56, 57, 58, 52, 53, 54,
                48, 49, 50, 44, 45, 46, 40, 41, 42, 36, 37, 38, 32, 33, 34, 28, 29, 30, 24, 25, 26,
                20, 21, 22, 16, 17, 18, 12, 13, 14, 8, 9, 10, 4, 5, 6, 0, 1, 2);
        /* One less than in the table: what is in neither alphabet becomes 255. */
        const __m512i one = _mm512_set1_epi8(1),
                      low = _mm512_sub_epi8(_mm512_loadu_si512(sextets), one),
                      high = _mm512_sub_epi8(_mm512_loadu_si512(sextets + 64), one);
        size_t i = 0;
        for (; n - i >= 64; i += 64, out += 48) {
                __m512i x = _mm512_loadu_si512(text + i);
                __m512i v = _mm512_permutex2var_epi8(low, x, high);
                if (_mm512_movepi8_mask(_mm512_or_si512(x, v)))
                        break;
                v = _mm512_maddubs_epi16(v, _mm512_set1_epi32(0x01400140));
                v = _mm512_madd_epi16(v, _mm512_set1_epi32(0x00011000));
                _mm512_mask_storeu_epi8(out, TRIPLES, _mm512_permutexvar_epi8(order, v));
        }
        return i;
}

/* Encodes blocks of 48 bytes; returns how many bytes that were. */
WIDEST static size_t encode_widest(const uint8_t *p, size_t n, char *out)
{
        /* Of each triple the bytes 1, 0, 2, 1, so that each sextet is within a word. */
        const __m512i order = _mm512_set_epi8(
                46, 47, 45, 46, 43, 44, 42, 43, 40, 41, 39, 40, 37, 38, 36, 37, 34, 35, 33, 34, 31,
                32, 30, 31, 28, 29, 27, 28, 25, 26, 24, 25, 22, 23, 21, 22, 19, 20, 18, 19, 16, 17,
                15, 16, 13, 14, 12, 13, 10, 11, 9, 10, 7, 8, 6, 7, 4, 5, 3, 4, 1, 2, 0, 1);
        const __m512i shift = _mm512_set1_epi64(0x3036242a1016040a), /* bits 10, 4, 22, 16, ... */
                chars = _mm512_loadu_si512(alphabet);
        size_t i = 0;
        for (; n - i >= 48; i += 48, out += 64) {
                __m512i x = _mm512_maskz_loadu_epi8(TRIPLES, p + i);
                x = _mm512_multishift_epi64_epi8(shift, _mm512_permutexvar_epi8(order, x));
                _mm512_storeu_si512(out, _mm512_permutexvar_epi8(x, chars));
        }
        return i;
}
#else
#define HAS_WIDEST                  false
#define decode_widest(text, n, out) ((size_t)0)
#define encode_widest(p, n, out)    ((size_t)0)
#define HAS_WIDE                    false
#define decode_wide(text, n, out)   ((size_t)0)
#define encode_wide(p, n, out)      ((size_t)0)
#endif

/* The tail is padded. */
void base64_encode(const void *data, size_t n, char *ret)
{
        const uint8_t *p = data;
        size_t done = HAS_WIDEST            ? encode_widest(p, n, ret)
                      : n >= 28 && HAS_WIDE ? encode_wide(p, n, ret)
                                            : 0;
        p += done;
        n -= done;
        ret += done / 3 * 4;
        for (; n >= 3; n -= 3, p += 3) {
                uint32_t w = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
                *ret++ = alphabet[w >> 18];
                *ret++ = alphabet[w >> 12 & 63];
                *ret++ = alphabet[w >> 6 & 63];
                *ret++ = alphabet[w & 63];
        }
        if (!n)
                return;
        uint32_t w = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
        *ret++ = alphabet[w >> 18];
        *ret++ = alphabet[w >> 12 & 63];
        *ret++ = n == 2 ? alphabet[w >> 6 & 63] : '=';
        *ret = '=';
}

/* Characters without the padding. */
static size_t unpadded(const char *text, size_t n)
{
        if (n % 4 != 0 || !n || text[n - 1] != '=')
                return n;
        return n - (text[n - 2] == '=' ? 2 : 1);
}

size_t base64_length(const char *text, size_t n)
{
        n = unpadded(text, n);
        return n / 4 * 3 + n % 4 * 3 / 4;
}

/* Padding may be missing; a single character left over has less than a byte. Bits left over are
 * ignored. */
bool base64_decode(const char *text, size_t n, void *ret, size_t *ret_n)
{
        uint8_t *out = ret;
        n = unpadded(text, n);
        if (n % 4 == 1)
                return false;
        uint32_t word = 0;
        int bits = 0;
        size_t done = HAS_WIDEST            ? decode_widest(text, n, out)
                      : n >= 48 && HAS_WIDE ? decode_wide(text, n, out)
                                            : 0;
        out += done / 4 * 3;
        for (size_t i = done; i < n; i++) {
                unsigned v = sextets[(uint8_t)text[i]];
                if (!v)
                        return false;
                word = word << 6 | (v - 1);
                bits += 6;
                if (bits >= 8) {
                        bits -= 8;
                        *out++ = (uint8_t)(word >> bits);
                }
        }
        *ret_n = (size_t)(out - (uint8_t *)ret);
        return true;
}
