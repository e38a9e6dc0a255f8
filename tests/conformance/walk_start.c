// SPDX-License-Identifier: Apache-2.0
/* What happens before a model's first run: it is packed, and its variables get values. */
#include "tests/conformance/file.h"
#include "tests/conformance/pack.h"
#include "tests/conformance/walk.h"
#include "tests/conformance/walk_sinks.h"

#include <string.h>

/* A TensorFlow.js model that is not called model.json stands in for the one that is. */
static void swap_main(void *arg, const char *name, Buf *bytes)
{
        if (strcmp(name, "model.json") != 0)
                return;
        buf_reset(bytes);
        status_free(file_read(arg, bytes));
}

Status *walk_read(const char *path, Buf *ret)
{
        const char *slash = strrchr(path, '/'), *dot = strrchr(slash, '.');
        autobuf folder = BUF(4096);
        buf_printf(&folder, "%.*s", (int)(slash - path), path);
        if (folder_exists(path))
                return pack_folder(path, ret);
        if (dot && !strcmp(dot, ".json"))
                return pack_changed(buf_cstr(&folder), swap_main, (void *)path, ret);
        return file_read(path, ret);
}

/* "v/Assign" of variable v. */
static bool assigns_first(const json_t *node, const char *name)
{
        const char *variable =
                json_string_value(json_array_get(json_object_get(node, "inputs"), 0));
        size_t n = variable ? strlen(variable) : 0;
        return n && !strncmp(name, variable, n) && !strcmp(name + n, "/Assign");
}

static bool is_initializer(const json_t *node, bool by_name)
{
        static const char *const names[] = { "init", "init_all_tables", "init_1", "init_2" };
        const char *name = json_string_value(json_object_get(node, "name"));
        const char *op = json_string_value(json_object_get(node, "op"));
        if (!name || !op || sinks_saver(name))
                return false;
        if (!by_name)
                return !strcmp(op, "MakeIterator") || assigns_first(node, name);
        for (size_t i = 0; !strcmp(op, "NoOp") && i < COUNTOF(names); i++)
                if (!strcmp(name, names[i]))
                        return true;
        return false;
}

/* Runs them in one step; *ret_n: how many there are. */
static Outcome run_initializers(Stage *s, const json_t *nodes, bool by_name, int *ret_n)
{
        autobuf body = BUF(RUN_BYTES), feeds = BUF(RUN_BYTES);
        autoanswer a = { 0 };
        size_t i;
        json_t *node;
        *ret_n = 0;
        buf_puts(&body, "{\"targets\":[");
        json_array_foreach (nodes, i, node)
                if (is_initializer(node, by_name))
                        buf_printf(&body, "%s\"%s\"", (*ret_n)++ ? "," : "",
                                   json_string_value(json_object_get(node, "name")));
        feeds_choose(nodes, NULL, NULL, 0, &feeds);
        buf_printf(&body, "],\"feeds\":{%.*s}}", (int)feeds.len, feeds.data);
        return *ret_n ? stage_run(s, &body, &a) : PASSED;
}

Outcome walk_initialize(Stage *s, const Hint *hint, const json_t *nodes, bool has_values)
{
        int n;
        if (hint->init) {
                autobuf body = BUF(RUN_BYTES);
                autoanswer a = { 0 };
                buf_puts(&body, "{\"targets\":[");
                buf_quoted(&body, hint->init);
                buf_puts(&body, "],\"feeds\":{");
                buf_quoted(&body, hint->feeds ? hint->feeds : "");
                buf_puts(&body, "}}");
                return stage_run(s, &body, &a);
        }
        if (has_values)
                return PASSED;
        Outcome o = run_initializers(s, nodes, true, &n);
        return n ? o : run_initializers(s, nodes, false, &n);
}
