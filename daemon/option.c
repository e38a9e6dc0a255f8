// SPDX-License-Identifier: Apache-2.0
/* The table of options, and everything that is generated from it. */
#include "daemon/option.h"

#include "daemon/log.h"
#include "engine/base/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KiB ((int64_t)1 << 10)
#define MiB ((int64_t)1 << 20)
#define GiB ((int64_t)1 << 30)

#define AT(member) offsetof(Config, member)

const Option options[] = {
        { "listen", OPTION_LIST, AT(listen), "127.0.0.1:8642", 0, 0, NULL, "ADDRESS",
          "where to listen: HOST:PORT, [IPV6]:PORT or unix:PATH; repeatable" },
        { "state-dir", OPTION_TEXT, AT(state_dir), "state", 0, 0, NULL, "DIR",
          "where sessions and graphs are kept; made if missing" },
        { "model-root", OPTION_LIST, AT(model_roots), NULL, 0, 0, NULL, "DIR",
          "from where saved models may be loaded by path; repeatable" },
        { "data-root", OPTION_LIST, AT(data_roots), NULL, 0, 0, NULL, "DIR",
          "from where ops may read files; repeatable" },
        { "data-root-writable", OPTION_BOOL, AT(data_root_writable), "false", 0, 0, NULL, "BOOL",
          "let ops write below the data roots, too" },
        { "token-file", OPTION_TEXT, AT(token_file), "", 0, 0, NULL, "FILE",
          "SHA-256 digests of the bearer tokens that are let in, one per line", true },
        { "tls-cert", OPTION_TEXT, AT(tls_cert), "", 0, 0, NULL, "FILE",
          "speak TLS on all but unix sockets, with this chain of certificates (PEM)", true },
        { "tls-key", OPTION_TEXT, AT(tls_key), "", 0, 0, NULL, "FILE",
          "the certificate's private key (PEM)", true },
        { "tls-client-ca", OPTION_TEXT, AT(tls_client_ca), "", 0, 0, NULL, "FILE",
          "authorities (PEM) whose client certificates are as good as a token", true },
        { "allow-insecure-listen", OPTION_BOOL, AT(allow_insecure_listen), "false", 0, 0, NULL,
          "BOOL", "listen off this machine although nothing asks who calls" },
        { "allowed-host", OPTION_LIST, AT(allowed_hosts), NULL, 0, 0, NULL, "NAME",
          "one more Host that requests to a loopback address may name; repeatable", true },
        { "threads", OPTION_INT, AT(threads), "0", 0, 1024, NULL, "N",
          "threads that run ops (0: one per processor)" },
        { "deterministic", OPTION_BOOL, AT(deterministic), "false", 0, 0, NULL, "BOOL",
          "every process computes the same bits: warm-ups try no ways of convolutions" },
        { "http-threads", OPTION_INT, AT(http_threads), "0", 0, 256, NULL, "N",
          "threads that serve connections (0: one per two processors)" },
        { "http-poll", OPTION_INT, AT(http_poll), "100", 0, 1000, NULL, "MICROSECONDS",
          "how long each of them polls before it sleeps, while that pays (0: never)" },
        { "max-body", OPTION_SIZE, AT(max_body), "256M", 1 * KiB, 64 * GiB, NULL, "BYTES",
          "the longest request body; K, M and G are powers of 1024", true },
        { "memory-limit", OPTION_SIZE, AT(memory_limit), "0", 0, 1024 * 1024 * GiB, NULL, "BYTES",
          "what all sessions may hold together (0: four fifths of the memory there is)", true },
        { "drain-timeout", OPTION_INT, AT(drain_timeout), "20", 0, 86400, NULL, "SECONDS",
          "how long running steps may go on after SIGTERM before they are cancelled", true },
        { "log-format", OPTION_CHOICE, AT(log_format), "text", 0, 0, log_formats, "text|json",
          "form of the lines on standard error", true },
        { "log-level", OPTION_CHOICE, AT(log_level), "info", 0, 0, log_levels, "LEVEL",
          "the least important lines that are written: debug, info, warning or error", true },
        { "config", OPTION_TEXT, AT(config_file), "", 0, 0, NULL, "FILE",
          "read options from a file of key = value lines" },
        { "check-config", OPTION_ACTION, 0, NULL, ACTION_CHECK, 0, NULL, NULL,
          "check all options and end" },
        { "print-config", OPTION_ACTION, 0, NULL, ACTION_PRINT, 0, NULL, NULL,
          "print all options as a configuration file and end" },
        { "list-ops", OPTION_ACTION, 0, NULL, ACTION_LIST_OPS, 0, NULL, NULL,
          "print the signature of every op and end" },
        { "version", OPTION_ACTION, 0, NULL, ACTION_VERSION, 0, NULL, NULL,
          "print the version and end" },
        { "help", OPTION_ACTION, 0, NULL, ACTION_HELP, 0, NULL, NULL, "print this and end" },
        { .name = NULL },
};
_Static_assert(COUNTOF(options) <= CONFIG_MAX_OPTIONS, "Config.from is too short");

static void *member(const Config *c, const Option *o)
{
        return (char *)c + o->offset;
}

/* ---- lists ---- */

void list_clear(TextList *l)
{
        for (size_t i = 0; i < l->n; i++)
                mem_free(l->items[i]);
        mem_free(l->items);
        *l = (TextList){ 0 };
}

/* Always ends with NULL. */
Status *list_add(TextList *l, const char *text, size_t len)
{
        char **items = mem_realloc(l->items, (l->n + 2) * sizeof *items);
        if (!items)
                return status_oom();
        l->items = items;
        char *item = mem_strndup(text, len);
        if (!item)
                return status_oom();
        l->items[l->n++] = item;
        l->items[l->n] = NULL;
        return NULL;
}

/* ---- one type each ---- */

static Status *set_text(char **member, const char *text)
{
        char *copy = mem_strdup(text);
        if (!copy)
                return status_oom();
        mem_free(*member);
        *member = copy;
        return NULL;
}

/* The words that systemd takes, and numbers. */
static Status *set_bool(bool *member, const char *text)
{
        static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };
        for (size_t i = 0; i < COUNTOF(words); i++) {
                if (strcmp(text, words[i]) == 0) {
                        *member = i & 1;
                        return NULL;
                }
        }
        return invalid_argument("'%s' is neither true nor false", text);
}

/* Stored as the word's number. */
static Status *set_choice(int64_t *member, const Option *o, const char *text)
{
        for (int64_t i = 0; o->words[i]; i++) {
                if (strcmp(text, o->words[i]) == 0) {
                        *member = i;
                        return NULL;
                }
        }
        return invalid_argument("'%s' is none of %s", text, o->metavar);
}

/* Digits and nothing else, but for the K, M or G of a size. */
static bool parse_number(const char *text, bool size, int64_t *ret)
{
        char *end;
        errno = 0;
        long long n = strtoll(text, &end, 10);
        if (errno || end == text || text[0] < '0' || text[0] > '9')
                return false;
        const char *unit = size && *end ? strchr("KMG", *end) : NULL;
        int64_t factor = !unit ? 1 : *unit == 'K' ? KiB : *unit == 'M' ? MiB : GiB;
        return !end[unit ? 1 : 0] && !__builtin_mul_overflow((int64_t)n, factor, ret);
}

static Status *set_number(int64_t *member, const Option *o, const char *text)
{
        int64_t n;
        if (!parse_number(text, o->type == OPTION_SIZE, &n) || n < o->min || n > o->max)
                return invalid_argument("'%s' is not a number from %lld to %lld", text,
                                        (long long)o->min, (long long)o->max);
        *member = n;
        return NULL;
}

/* A source that sets a list for the first time replaces what weaker sources set. */
Status *option_set(Config *c, const Option *o, const char *text, Source from)
{
        unsigned char *last = &c->from[o - options];
        void *m = member(c, o);
        if (o->type == OPTION_LIST && *last != from)
                list_clear(m);
        *last = (unsigned char)from;
        switch (o->type) {
        case OPTION_TEXT: return set_text(m, text);
        case OPTION_LIST: return *text ? list_add(m, text, strlen(text)) : NULL;
        case OPTION_BOOL: return set_bool(m, text);
        case OPTION_INT:
        case OPTION_SIZE: return set_number(m, o, text);
        case OPTION_CHOICE: return set_choice(m, o, text);
        case OPTION_ACTION: c->action = MAX(c->action, (ConfigAction)o->min); return NULL;
        }
        return NULL;
}

/* Lists by commas, where there is one text for all. */
Status *option_set_all(Config *c, const Option *o, const char *text, Source from)
{
        if (o->type != OPTION_LIST)
                return option_set(c, o, text, from);
        list_clear(member(c, o));
        c->from[o - options] = (unsigned char)from;
        while (*text) {
                size_t len = strcspn(text, ",");
                if (len)
                        TRY(list_add(member(c, o), text, len));
                text += len + (text[len] == ',');
        }
        return NULL;
}

Status *options_set_defaults(Config *c)
{
        for (const Option *o = options; o->name; o++) {
                if (o->fallback)
                        TRY(option_set(c, o, o->fallback, FROM_DEFAULT));
        }
        return NULL;
}

/* By the table: no member can be forgotten. */
void config_free(Config *c)
{
        for (const Option *o = options; o->name; o++) {
                if (o->type == OPTION_TEXT)
                        mem_free(*(char **)member(c, o));
                else if (o->type == OPTION_LIST)
                        list_clear(member(c, o));
        }
        mem_free(c);
}

/* ---- printing ---- */

/* The value in the form that option_set_all() reads. */
void option_print(const Config *c, const Option *o, Buf *out)
{
        const void *m = member(c, o);
        const TextList *list = o->type == OPTION_LIST ? m : NULL;
        for (size_t i = 0; list && i < list->n; i++)
                buf_printf(out, "%s,", list->items[i]);
        if (o->type == OPTION_TEXT)
                buf_puts(out, *(char *const *)m);
        else if (o->type == OPTION_BOOL)
                buf_puts(out, *(const bool *)m ? "true" : "false");
        else if (o->type == OPTION_CHOICE)
                buf_puts(out, o->words[*(const int64_t *)m]);
        else if (!list)
                buf_printf(out, "%lld", (long long)*(const int64_t *)m);
}

/* Can be saved and given to --config. */
void config_print(const Config *c, Buf *out)
{
        for (const Option *o = options; o->name; o++) {
                if (o->type == OPTION_ACTION || o->offset == AT(config_file))
                        continue;
                const TextList *list = o->type == OPTION_LIST ? member(c, o) : NULL;
                buf_printf(out, "# %s\n", o->help);
                if (list && !list->n)
                        buf_printf(out, "# %s = %s\n", o->name, o->metavar);
                for (size_t i = 0; list && i < list->n; i++)
                        buf_printf(out, "%s = %s\n", o->name, list->items[i]);
                if (!list) {
                        buf_printf(out, "%s = ", o->name);
                        option_print(c, o, out);
                        buf_putc(out, '\n');
                }
        }
}

/* From the table, as everything about options. */
void config_help(Buf *out)
{
        buf_puts(out,
                 "Usage: sessrund [FLAG]...\n"
                 "TensorFlow 1.x sessions over HTTP. Each option can be a flag, a variable\n"
                 "(--state-dir is SESSRUN_STATE_DIR) or a line of the file (state-dir = DIR).\n"
                 "SIGHUP reads them and their files again; those marked * take effect then.\n\n");
        for (const Option *o = options; o->name; o++) {
                autofree char *flag = mem_printf("--%s%s%s", o->name, o->metavar ? "=" : "",
                                                 o->metavar ? o->metavar : "");
                buf_printf(out, " %c%-28s %s", o->reload ? '*' : ' ', flag ? flag : o->name,
                           o->help);
                if (o->fallback && *o->fallback)
                        buf_printf(out, " [%s]", o->fallback);
                buf_putc(out, '\n');
        }
}
