// SPDX-License-Identifier: Apache-2.0
/* Types by a value's first character; numbers by whether they have a fraction or an exponent, as
 * Python's json module reads them. */
#include "api/python_type.h"

#include <string.h>

const char *python_type(JsonSpan v)
{
        switch (scan_kind(v)) {
        case 'n': return "NoneType";
        case 't':
        case 'f': return "bool";
        case '"': return "str";
        case '[': return "list";
        case '{': return "dict";
        default:
                return memchr(v.at, '.', v.len) || memchr(v.at, 'e', v.len) ||
                                       memchr(v.at, 'E', v.len)
                               ? "float"
                               : "int";
        }
}
