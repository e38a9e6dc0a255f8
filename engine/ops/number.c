// SPDX-License-Identifier: Apache-2.0
/* Reads numbers as TensorFlow's strings::safe_strto32() and its kin do. */
#include "engine/ops/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

enum { TEXT_MAX = 4096 };

/* A NUL-terminated copy without the white space around it; false when it is no candidate. */
static bool trimmed(const char *s, size_t n, char ret[TEXT_MAX])
{
        size_t from = 0, to = n;
        while (from < to && isspace((unsigned char)s[from]))
                from++;
        while (to > from && isspace((unsigned char)s[to - 1]))
                to--;
        if (from == to || to - from >= TEXT_MAX)
                return false;
        memcpy(ret, s + from, to - from);
        ret[to - from] = '\0';
        return strlen(ret) == to - from && !strpbrk(ret, "xX(");
}

/* Decimal, with sign, in range. */
static bool parse_int(const char *text, bool wide, void *ret)
{
        char *end;
        errno = 0;
        long long v = strtoll(text, &end, 10);
        if (*end || errno || (!wide && (v < INT32_MIN || v > INT32_MAX)))
                return false;
        if (wide)
                *(int64_t *)ret = v;
        else
                *(int32_t *)ret = (int32_t)v;
        return true;
}

/* TensorFlow's strings::safe_strto*: the whole text must be the number. Overflow to infinity is
 * allowed for floats. */
bool number_parse(const char *text, size_t n, DType type, void *ret)
{
        char copy[TEXT_MAX], *end;
        if (!trimmed(text, n, copy))
                return false;
        if (type == DT_INT32 || type == DT_INT64)
                return parse_int(copy, type == DT_INT64, ret);
        if (type == DT_FLOAT)
                *(float *)ret = strtof(copy, &end);
        else
                *(double *)ret = strtod(copy, &end);
        return !*end;
}
