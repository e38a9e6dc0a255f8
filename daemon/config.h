// SPDX-License-Identifier: Apache-2.0
/* Config: what the operator decided. One table in config.c names every option once: flags,
 * environment, file,
 * --help and --print-config all come from it. Later sources win: defaults < file < environment <
 * flags. */
#pragma once
#include "engine/base/buf.h"
#include "engine/base/status.h"
#include <stdbool.h>
#include <stdint.h>

#define CONFIG_MAX_OPTIONS 40

/* An owned list of owned texts. */
typedef struct TextList {
        char **items; /* NULL behind the last; NULL itself while the list is empty */
        size_t n;
} TextList;

/* Appends a copy of len bytes. */
Status *list_add(TextList *l, const char *text, size_t len) MUST_USE;
void list_clear(TextList *l);
#define autolist __attribute__((cleanup(list_clear))) TextList

typedef enum ConfigAction {
        ACTION_RUN,
        ACTION_CHECK,    /* --check-config: load, complain or say that it is fine */
        ACTION_PRINT,    /* --print-config: what would be used, in the file's own form */
        ACTION_LIST_OPS, /* --list-ops: signatures of all registered ops */
        ACTION_VERSION,
        ACTION_HELP,
} ConfigAction;

typedef struct Config {
        ConfigAction action;
        TextList listen; /* HOST:PORT, [IPV6]:PORT or unix:PATH */
        TextList model_roots, data_roots, allowed_hosts;
        bool data_root_writable, allow_insecure_listen, deterministic;
        char *state_dir, *config_file, *token_file; /* "" when not given */
        char *tls_cert, *tls_key, *tls_client_ca;   /* PEM files; "" when not given */
        int64_t log_format, log_level;              /* LogFormat, LogLevel */
        int64_t threads, http_threads;              /* 0: one per processor, one per two of them */
        int64_t http_poll;                          /* microseconds */
        int64_t max_body;                           /* bytes */
        int64_t memory_limit;                       /* bytes; 0: four fifths of what there is */
        int64_t drain_timeout;                      /* seconds */
        unsigned char
                from[CONFIG_MAX_OPTIONS]; /* Source of each option, by its place in the table */
} Config;

/* Reads all sources. environ_ is a NULL-terminated list of NAME=value. INVALID_ARGUMENT names the
 * source (flag, variable or file:line), and the nearest name for an unknown one. The caller owns
 * *ret. */
Status *config_load(int argc, char *const *argv, char *const *environ_, Config **ret) MUST_USE;
void config_free(Config *c);
AUTOPTR_DEFINE(Config, config_free)

/* All options with their values, as lines of a configuration file. */
void config_print(const Config *c, Buf *out);
/* The text of --help. */
void config_help(Buf *out);

/* Calls fn with the name of each option that has another value and is not read again at SIGHUP. */
void config_each_stale(const Config *started, const Config *now, void (*fn)(const char *option));

/* FAILED_PRECONDITION when one of these addresses is open to callers that nothing asks who they
 * are.
 */
Status *config_check_listen(const Config *c, const TextList *listen) MUST_USE;
/* True when callers must show a token or a client certificate. */
bool config_asks(const Config *c);
/* True when nobody said where to listen. */
bool config_listens_by_default(const Config *c);
/* True for a listening address that only this machine reaches: loopback or a unix socket. */
bool config_address_is_local(const char *address);
