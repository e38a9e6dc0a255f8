// SPDX-License-Identifier: Apache-2.0
/* Three sources, one table, one setter. */
#include "daemon/config.h"

#include "daemon/log.h"
#include "daemon/option.h"
#include "engine/base/mem.h"
#include "engine/base/nearest.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 20)

/* ---- names ---- */

/* Names are the flags'; in files and variables '_' is as good as '-', and case does not matter. */
static bool same_name(const char *option, const char *name, size_t len)
{
        if (strlen(option) != len)
                return false;
        for (size_t i = 0; i < len; i++) {
                char c = name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
                if (option[i] != c)
                        return false;
        }
        return true;
}

static const Option *find_option(const char *name, size_t len)
{
        for (const Option *o = options; o->name; o++) {
                if (same_name(o->name, name, len))
                        return o;
        }
        return NULL;
}

/* With the nearest name, whichever way it was spelled. */
static Status *unknown_option(const char *name, size_t len)
{
        autofree char *word = mem_strndup(name, len);
        if (!word)
                return status_oom();
        for (char *p = word; *p; p++)
                *p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
        Nearest n = NEAREST(word);
        for (const Option *o = options; o->name; o++)
                nearest_try(&n, o->name);
        if (n.best[0])
                return invalid_argument("there is no option '%s'; did you mean '%s'?", word,
                                        n.best[0]);
        return invalid_argument("there is no option '%s'", word);
}

/* ---- flags ---- */

typedef struct Flags {
        char *const *argv;
        int argc, at;
} Flags;

/* Takes the next flag apart: --name=value, --name value, or --name alone for a switch. */
static Status *next_flag(Flags *f, const Option **ret, const char **ret_value)
{
        const char *arg = f->argv[f->at++];
        if (strncmp(arg, "--", 2) != 0)
                return invalid_argument("unexpected argument '%s'", arg);
        const char *name = arg + 2, *equals = strchr(name, '=');
        size_t len = equals ? (size_t)(equals - name) : strlen(name);
        const Option *o = find_option(name, len);
        if (!o)
                return unknown_option(name, len);
        bool lone = o->type == OPTION_BOOL || o->type == OPTION_ACTION;
        if (!equals && !lone && f->at == f->argc)
                return invalid_argument("--%s needs a value: %s", o->name, o->metavar);
        *ret_value = equals ? equals + 1 : lone ? "true" : f->argv[f->at++];
        *ret = o;
        return NULL;
}

/* From left to right, the last one wins; lists grow. */
static Status *read_flags(Config *c, int argc, char *const *argv)
{
        Flags f = { .argv = argv, .argc = argc, .at = 1 };
        while (f.at < argc) {
                const Option *o = options;
                const char *value = "";
                TRY(next_flag(&f, &o, &value));
                TRY(status_wrap(option_set(c, o, value, FROM_FLAG), "--%s: ", o->name));
        }
        return NULL;
}

/* The configuration file must be known before the other flags count. */
static Status *read_file_flag(Config *c, int argc, char *const *argv)
{
        Flags f = { .argv = argv, .argc = argc, .at = 1 };
        while (f.at < argc) {
                const Option *o = options;
                const char *value = "";
                TRY(next_flag(&f, &o, &value));
                if (strcmp(o->name, "config") == 0)
                        TRY(option_set(c, o, value, FROM_FLAG));
        }
        return NULL;
}

/* ---- environment ---- */

/* TensorFlow's own variables that ask for the same bits in every run. */
static Status *read_tensorflow(Config *c, const char *variable)
{
        static const struct {
                const char *name;
                bool asks; /* the value that asks */
        } known[] = { { "TF_DETERMINISTIC_OPS=", true }, { "TF_CUDNN_USE_AUTOTUNE=", false } };
        for (size_t i = 0; i < COUNTOF(known); i++) {
                size_t len = strlen(known[i].name);
                Config said = { 0 };
                if (strncmp(variable, known[i].name, len) != 0)
                        continue;
                const Option *o = find_option("deterministic", strlen("deterministic"));
                TRY(status_wrap(option_set(&said, o, variable + len, FROM_ENVIRONMENT),
                                "%.*s: ", (int)len - 1, variable));
                if (said.deterministic == known[i].asks)
                        TRY(option_set(c, o, "true", FROM_ENVIRONMENT));
        }
        return NULL;
}

/* SESSRUN_STATE_DIR is state-dir. */
static Status *read_environment(Config *c, char *const *environ_)
{
        for (char *const *e = environ_; e && *e; e++)
                TRY(read_tensorflow(c, *e));
        static const char prefix[] = "SESSRUN_";
        for (; environ_ && *environ_; environ_++) {
                const char *equals = strchr(*environ_, '=');
                if (!equals || strncmp(*environ_, prefix, sizeof prefix - 1) != 0)
                        continue;
                const char *name = *environ_ + sizeof prefix - 1;
                const Option *o = find_option(name, (size_t)(equals - name));
                if (!o || o->type == OPTION_ACTION)
                        continue; /* SESSRUN_SERVER and others are the client's */
                TRY(status_wrap(option_set_all(c, o, equals + 1, FROM_ENVIRONMENT),
                                "%.*s: ", (int)(equals - *environ_), *environ_));
        }
        return NULL;
}

/* ---- file ---- */

/* Without the blanks at both ends, in place. */
static char *trim(char *s)
{
        while (isspace((unsigned char)*s))
                s++;
        char *end = s + strlen(s);
        while (end > s && isspace((unsigned char)end[-1]))
                end--;
        *end = 0;
        return s;
}

/* One line: empty, "# comment" or "key = value". */
static Status *read_line(Config *c, char *line)
{
        char *key = trim(line);
        if (!*key || *key == '#')
                return NULL;
        char *equals = strchr(key, '=');
        if (!equals)
                return invalid_argument("expected key = value");
        *equals = 0;
        key = trim(key);
        const Option *o = find_option(key, strlen(key));
        if (!o)
                return unknown_option(key, strlen(key));
        if (o->type == OPTION_ACTION || strcmp(o->name, "config") == 0)
                return invalid_argument("'%s' is a flag only", o->name);
        return status_wrap(option_set(c, o, trim(equals + 1), FROM_FILE), "%s: ", o->name);
}

/* Errors name file and line. */
static Status *read_lines(Config *c, const char *path, FILE *file)
{
        char line[4096];
        for (int number = 1; fgets(line, sizeof line, file); number++) {
                Status *e = strlen(line) == sizeof line - 1
                                    ? invalid_argument("the line is longer than %zu bytes",
                                                       sizeof line - 2)
                                    : read_line(c, line);
                TRY(status_wrap(e, "%s:%d: ", path, number));
        }
        return ferror(file) ? unavailable("cannot read %s: %s", path, strerror(errno)) : NULL;
}

/* A file that is named must be there. */
static Status *read_file(Config *c)
{
        const char *path = c->config_file;
        if (!*path)
                return NULL;
        FILE *file = fopen(path, "re");
        if (!file)
                return not_found("cannot open configuration file %s: %s", path, strerror(errno));
        Status *e = read_lines(c, path, file);
        fclose(file);
        return e;
}

/* ---- what no single option can tell ---- */

/* 0 lets the system choose. */
static Status *check_port(const char *address, const char *port)
{
        size_t digits = strspn(port, "0123456789");
        int n = 0;
        for (size_t i = 0; i < digits && n <= 65535; i++)
                n = n * 10 + (port[i] - '0');
        if (!digits || port[digits] || n > 65535)
                return invalid_argument("listen: '%s' does not end in a port from 0 to 65535",
                                        address);
        return NULL;
}

/* Only the form; whether it can be bound shows when it is. */
static Status *check_address(const char *address)
{
        if (strncmp(address, "unix:", 5) == 0)
                return address[5]
                               ? NULL
                               : invalid_argument("listen: 'unix:' lacks the path of the socket");
        const char *host_end = address[0] == '[' ? strchr(address, ']') : strchr(address, ':');
        if (host_end && *host_end == ']')
                host_end++;
        if (!host_end || *host_end != ':' || host_end == address)
                return invalid_argument(
                        "listen: '%s' is neither HOST:PORT nor [IPV6]:PORT nor unix:PATH", address);
        return check_port(address, host_end + 1);
}

/* What only this machine can reach. */
bool config_address_is_local(const char *address)
{
        static const char *const local[] = { "unix:", "localhost:", "127.", "[::1]:" };
        for (size_t i = 0; i < COUNTOF(local); i++) {
                size_t len = strlen(local[i]);
                if (strncmp(address, local[i], len) != 0)
                        continue;
                /* "127.evil.example:1" is a name, not an address. */
                return i != 2 || strspn(address, "0123456789.") == strcspn(address, ":");
        }
        return false;
}

bool config_listens_by_default(const Config *c)
{
        return c->from[find_option("listen", strlen("listen")) - options] == FROM_DEFAULT;
}

bool config_asks(const Config *c)
{
        return *c->token_file || *c->tls_client_ca;
}

static Status *check_tls(const Config *c)
{
        if (!*c->tls_cert != !*c->tls_key)
                return invalid_argument("tls-cert and tls-key: one needs the other");
        if (*c->tls_client_ca && !*c->tls_cert)
                return invalid_argument("tls-client-ca: needs tls-cert and tls-key");
        return NULL;
}

/* Off the machine, somebody must ask who calls. */
Status *config_check_listen(const Config *c, const TextList *listen)
{
        for (size_t i = 0; i < listen->n; i++) {
                const char *address = listen->items[i];
                TRY(check_address(address));
                if (config_address_is_local(address) || config_asks(c) || c->allow_insecure_listen)
                        continue;
                return failed_precondition(
                        "listen: %s can be reached from other machines and nothing asks who calls: "
                        "give a token-file or tls-client-ca, or allow-insecure-listen if that is "
                        "meant",
                        address);
        }
        return NULL;
}

static Status *check_config(const Config *c)
{
        TRY(check_tls(c));
        TRY(config_check_listen(c, &c->listen));
        if (!*c->state_dir)
                return invalid_argument("state-dir: is empty");
        return NULL;
}

/* Options that changed but take effect only at the next start. */
void config_each_stale(const Config *started, const Config *now, void (*fn)(const char *option))
{
        for (const Option *o = options; o->name; o++) {
                autobuf before = BUF(FILE_MAX), after = BUF(FILE_MAX);
                if (o->reload || o->type == OPTION_ACTION)
                        continue;
                option_print(started, o, &before);
                option_print(now, o, &after);
                if (strcmp(buf_cstr(&before), buf_cstr(&after)) != 0)
                        fn(o->name);
        }
}

/* The file's name may come from the environment or a flag, so both are looked at before it and
 * again after. */
Status *config_load(int argc, char *const *argv, char *const *environ_, Config **ret)
{
        autoptr(Config) c = mem_calloc(1, sizeof *c);
        if (!c)
                return status_oom();
        TRY(options_set_defaults(c));
        TRY(read_environment(c, environ_));
        TRY(read_file_flag(c, argc, argv));
        TRY(read_file(c));
        TRY(read_environment(c, environ_));
        TRY(read_flags(c, argc, argv));
        if (c->action < ACTION_LIST_OPS)
                TRY(check_config(c));
        *ret = steal(&c);
        return NULL;
}
