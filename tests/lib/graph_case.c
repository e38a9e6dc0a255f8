// SPDX-License-Identifier: Apache-2.0
/* Runs rows of graphs. */
#include "tests/lib/graph_case.h"
#include "engine/base/mem.h"
#include "tests/lib/kernel_log.h"
#include "tests/lib/op_session.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { FAULTS_MAX = 64, NAMES_MAX = 8 };

static const char library[] =
        "library {\n"
        "function { signature { name: 'same'\n"
        "  input_arg { name: 'a' type: DT_FLOAT } output_arg { name: 'b' type: DT_FLOAT } }\n"
        "  ret { key: 'b' value: 'a' } }\n"
        "function { signature { name: 'half'\n"
        "  input_arg { name: 'a' type: DT_FLOAT } output_arg { name: 'b' type: DT_HALF } }\n"
        "  node_def { name: 'c' op: 'Cast' input: 'a'\n"
        "    attr { key: 'SrcT' value { type: DT_FLOAT } }\n"
        "    attr { key: 'DstT' value { type: DT_HALF } } }\n"
        "  ret { key: 'b' value: 'c:y:0' } }\n"
        "function { signature { name: 'never'\n"
        "  input_arg { name: 'a' type: DT_FLOAT } output_arg { name: 'b' type: DT_BOOL } }\n"
        "  node_def { name: 'n' op: 'Const' attr { key: 'dtype' value { type: DT_BOOL } }\n"
        "    attr { key: 'value' value { tensor { dtype: DT_BOOL tensor_shape { }\n"
        "      bool_val: false } } } }\n"
        "  ret { key: 'b' value: 'n:output:0' } }\n"
        "function { signature { name: 'indexed' input_arg { name: 'i' type: DT_INT32 }\n"
        "  input_arg { name: 'a' type: DT_FLOAT } output_arg { name: 'b' type: DT_FLOAT } }\n"
        "  ret { key: 'b' value: 'a' } }\n"
        "function { signature { name: 'fails'\n"
        "  input_arg { name: 'a' type: DT_FLOAT } output_arg { name: 'b' type: DT_FLOAT } }\n"
        "  node_def { name: 'no' op: 'Const' attr { key: 'dtype' value { type: DT_BOOL } }\n"
        "    attr { key: 'value' value { tensor { dtype: DT_BOOL tensor_shape { }\n"
        "      bool_val: false } } } }\n"
        "  node_def { name: 'why' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } }\n"
        "    attr { key: 'value' value { tensor { dtype: DT_STRING tensor_shape { }\n"
        "      string_val: 'no' } } } }\n"
        "  node_def { name: 'check' op: 'Assert' input: 'no:output:0' input: 'why:output:0'\n"
        "    attr { key: 'T' value { list { type: DT_STRING } } } }\n"
        "  node_def { name: 'i' op: 'Identity' input: 'a' input: '^check'\n"
        "    attr { key: 'T' value { type: DT_FLOAT } } }\n"
        "  ret { key: 'b' value: 'i:output:0' } } }\n";

typedef struct Names {
        char text[256];
        const char *fetch[NAMES_MAX], *target[NAMES_MAX];
        int n_fetches, n_targets;
} Names;

static void read_names(const char *run, Names *n)
{
        char *rest = n->text, *name;
        cr_assert_lt(snprintf(n->text, sizeof n->text, "%s", run), (int)sizeof n->text);
        while ((name = strtok_r(rest, " ", &rest)))
                if (strchr(name, ':'))
                        n->fetch[n->n_fetches++] = name;
                else
                        n->target[n->n_targets++] = name;
}

static void check_status(const GraphCase *row, const Status *s, const char *why)
{
        const char *part = row->message ? row->message : "";
        cr_assert(s || !row->fails, "%s (%s): it succeeds", row->name, why);
        cr_assert(!s || (status_code(s) == row->fails && strstr(status_message(s), part)),
                  "%s (%s): error is %s \"%s\"", row->name, why,
                  s ? status_code_name(status_code(s)) : "", s ? status_message(s) : "");
        if (s)
                kernel_log_error(row->op, s);
}

static void check_outputs(const GraphCase *row, Tensor *const *out)
{
        for (int i = 0; i < GRAPH_CASE_OUT && row->out[i].kind; i++) {
                autofree char *why = NULL;
                cr_assert(lit_equal(&row->out[i], out[i], 0, &why), "%s: output %d: %s", row->name,
                          i, why ? why : "no memory");
        }
}

/* fail_at: which allocation of the step fails, 0: none. Returns whether there were so many. */
static bool one_step(const GraphCase *row, TestSession *s, int fail_at)
{
        Names n = { 0 };
        Tensor *out[NAMES_MAX] = { NULL };
        read_names(row->run, &n);
        RunRequest r = { .fetches = n.fetch,
                         .n_fetches = n.n_fetches,
                         .targets = n.target,
                         .n_targets = n.n_targets };
        mem_fail_at(fail_at);
        autoptr(Status) status = test_session_run(s, &r, out);
        bool reached = mem_fail_count() >= fail_at;
        mem_fail_at(0);
        if (!status || status_code(status) != SR_RESOURCE_EXHAUSTED || !fail_at)
                check_status(row, status, fail_at ? "without memory" : "once");
        if (!status)
                check_outputs(row, out);
        for (int i = 0; i < NAMES_MAX; i++)
                tensor_unref(out[i]);
        return reached;
}

void graph_case_run(const GraphCase *rows, int i)
{
        const GraphCase *row = &rows[i];
        bool more = true;
        for (int fail_at = 0; more && fail_at <= FAULTS_MAX; fail_at++) {
                autoptr(TestSession) s = NULL;
                expect_ok(test_session_library(library, &s));
                autoptr(Status) refused = test_session_extend(s, row->graph);
                if (refused) {
                        check_status(row, refused, "extending");
                        return;
                }
                more = one_step(row, s, fail_at) || !fail_at;
        }
}
