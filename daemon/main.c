// SPDX-License-Identifier: Apache-2.0
/* sessrund: reads its options, and runs or answers what is asked instead. */
#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/service.h"
#include "engine/engine.h"
#include "version.h"
#include <stdio.h>
#include <unistd.h>

#define TEXT_MAX   ((size_t)4 << 20)
#define EXIT_USAGE 2

static const char *text(const char *s)
{
        return s ? s : "";
}

/* One line per op, as TensorFlow's op list is written: name, inputs, outputs, attributes, flags. */
static Status *list_ops(Buf *out)
{
        TRY(registry_init());
        for (int i = 0; i < op_count(); i++) {
                const OpDef *d = op_at(i)->def;
                buf_printf(out, "%s\t%s\t%s\t%s\t%s\n", d->name, text(d->inputs), text(d->outputs),
                           text(d->attrs), text(d->flags));
        }
        registry_free();
        return buf_status(out);
}

/* The actions that print something and end. */
static Status *answer(const Config *c)
{
        autobuf out = BUF(TEXT_MAX);
        switch (c->action) {
        case ACTION_VERSION: buf_puts(&out, "sessrund " SESSRUN_VERSION "\n"); break;
        case ACTION_HELP: config_help(&out); break;
        case ACTION_PRINT: config_print(c, &out); break;
        case ACTION_CHECK:
                TRY(service_check(c));
                buf_puts(&out, "The configuration is fine.\n");
                break;
        case ACTION_LIST_OPS: TRY(list_ops(&out)); break;
        case ACTION_RUN: break;
        }
        fputs(buf_cstr(&out), stdout);
        return fflush(stdout) == 0 ? buf_status(&out)
                                   : unavailable("cannot write to standard output");
}

/* Usage errors exit with another status than failures. */
int main(int argc, char **argv)
{
        autoptr(Config) c = NULL;
        autoptr(Status) bad = config_load(argc, argv, environ, &c);
        if (bad) {
                fprintf(stderr, "sessrund: %s\n", status_message(bad));
                return EXIT_USAGE;
        }
        log_setup((LogFormat)c->log_format, (LogLevel)c->log_level);
        autoptr(Status) failed = c->action == ACTION_RUN ? service_run(c, argc, argv) : answer(c);
        if (failed)
                log_error("cannot run", "code", status_code_name(status_code(failed)), "error",
                          status_message(failed));
        return failed ? 1 : 0;
}
