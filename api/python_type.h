// SPDX-License-Identifier: Apache-2.0
/* What TensorFlow's Python client would say that a JSON value is. */
#pragma once
#include "api/json_scan.h"

/* "int", "float", "bool", "str", "list", "dict", "NoneType". */
const char *python_type(JsonSpan v);
