// SPDX-License-Identifier: Apache-2.0
/* Options: where they come from, who wins, and what is refused. */
#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/tokens.h"
#include "engine/base/mem.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGS(...) ((char *[]){ "sessrund", __VA_ARGS__ __VA_OPT__(, ) NULL })

static int count(char *const *list)
{
        int n = 0;
        while (list[n])
                n++;
        return n;
}

static Config *load(char *const *argv, char *const *env)
{
        Config *c = NULL;
        autoptr(Status) e = config_load(count(argv), argv, env, &c);
        cr_assert_null(e, "%s", status_message(e));
        return c;
}

static void refuses(char *const *argv, char *const *env, const char *part)
{
        autoptr(Config) c = NULL;
        autoptr(Status) e = config_load(count(argv), argv, env, &c);
        cr_assert_not_null(e, "expected an error with \"%s\"", part);
        cr_assert(strstr(status_message(e), part) != NULL, "\"%s\" lacks \"%s\"", status_message(e),
                  part);
}

/* A file in /tmp with this text; the name lives until the next call. */
static char *file_with(const char *text)
{
        static char name[64];
        snprintf(name, sizeof name, "/tmp/sessrun-config-%d", (int)getpid());
        FILE *f = fopen(name, "we");
        cr_assert_not_null(f);
        fputs(text, f);
        fclose(f);
        return name;
}

Test(config, has_a_default_for_everything)
{
        autoptr(Config) c = load(ARGS(), NULL);
        cr_assert_eq(c->action, ACTION_RUN);
        cr_assert_eq(c->listen.n, 1);
        cr_assert_str_eq(c->listen.items[0], "127.0.0.1:8642");
        cr_assert_str_eq(c->state_dir, "state");
        cr_assert_eq(c->max_body, 256 << 20);
        cr_assert_eq(c->model_roots.n, 0);
        cr_assert(config_listens_by_default(c));
}

Test(config, lets_flags_win_over_environment_and_that_over_the_file)
{
        char *file =
                file_with("# comment\n\n state-dir = from-file \nthreads=1\nhttp_threads = 1\n");
        autofree char *flag = mem_printf("--config=%s", file);
        autoptr(Config) c =
                load(ARGS(flag, "--threads", "3"),
                     (char *[]){ "SESSRUN_THREADS=2", "SESSRUN_HTTP_THREADS=2", "HOME=/", NULL });
        unlink(file);
        cr_assert_str_eq(c->state_dir, "from-file");
        cr_assert_eq(c->threads, 3);
        cr_assert_eq(c->http_threads, 2);
}

/* Either asks; what is said in our own words wins. */
Test(config, knows_tensorflows_variables_for_the_same_bits)
{
        static const struct {
                char *first, *second;
                bool deterministic;
        } rows[] = {
                { "HOME=/", "PATH=/", false },
                { "TF_DETERMINISTIC_OPS=1", "HOME=/", true },
                { "TF_DETERMINISTIC_OPS=0", "TF_CUDNN_USE_AUTOTUNE=1", false },
                { "TF_DETERMINISTIC_OPS=true", "TF_CUDNN_USE_AUTOTUNE=true", true },
                { "TF_CUDNN_USE_AUTOTUNE=0", "TF_DETERMINISTIC_OPS=0", true },
                { "SESSRUN_DETERMINISTIC=false", "TF_DETERMINISTIC_OPS=1", false },
                { "SESSRUN_DETERMINISTIC=true", "TF_DETERMINISTIC_OPS=0", true },
        };
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                autoptr(Config) c = load(ARGS(), (char *[]){ rows[i].first, rows[i].second, NULL });
                cr_expect_eq(c->deterministic, rows[i].deterministic, "%s %s", rows[i].first,
                             rows[i].second);
        }
        autoptr(Config) c = load(ARGS("--deterministic"), (char *[]){ NULL });
        cr_expect(c->deterministic);
        refuses(ARGS(), (char *[]){ "TF_DETERMINISTIC_OPS=often", NULL },
                "TF_DETERMINISTIC_OPS: 'often'");
}

Test(config, finds_the_file_through_the_environment)
{
        char *file = file_with("log-format = json\nlisten = localhost:1\nlisten = unix:/x\n");
        autofree char *variable = mem_printf("SESSRUN_CONFIG=%s", file);
        autoptr(Config) c = load(ARGS(), (char *[]){ variable, NULL });
        unlink(file);
        cr_assert_eq(c->log_format, LOG_JSON);
        cr_assert_eq(c->listen.n, 2);
        cr_assert_str_eq(c->listen.items[1], "unix:/x");
        cr_assert_null(c->listen.items[2]);
        cr_assert_not(config_listens_by_default(c));
}

Test(config, replaces_a_list_by_that_of_a_later_source)
{
        autoptr(Config) c =
                load(ARGS("--data-root", "/a", "--data-root=/b"),
                     (char *[]){ "SESSRUN_DATA_ROOT=/x,/y,/z", "SESSRUN_MODEL_ROOT=/m,,/n", NULL });
        cr_assert_eq(c->data_roots.n, 2);
        cr_assert_str_eq(c->data_roots.items[0], "/a");
        cr_assert_str_eq(c->data_roots.items[1], "/b");
        cr_assert_eq(c->model_roots.n, 2);
        cr_assert_str_eq(c->model_roots.items[1], "/n");
}

Test(config, knows_switches_with_and_without_a_value)
{
        autoptr(Config) c = load(ARGS("--data-root-writable", "--allow-insecure-listen=no"), NULL);
        cr_assert(c->data_root_writable);
        cr_assert_not(c->allow_insecure_listen);
}

Test(config, reads_sizes_with_units)
{
        autoptr(Config) c = load(ARGS("--max-body", "3G"), NULL);
        cr_assert_eq(c->max_body, (int64_t)3 << 30);
}

Test(config, refuses_numbers_out_of_range_or_malformed)
{
        static char *const bad[] = { "-1",   "1025", "1x", "", " 1", "1K", "99999999999999999999",
                                     "0x10", "1e3" };
        for (size_t i = 0; i < COUNTOF(bad); i++)
                refuses(ARGS("--threads", bad[i]), NULL, "--threads: ");
        refuses(ARGS("--max-body=9223372036854775807G"), NULL, "not a number from 1024");
        refuses(ARGS("--max-body=1KK"), NULL, "not a number");
        refuses(ARGS(), (char *[]){ "SESSRUN_THREADS=many", NULL }, "SESSRUN_THREADS: 'many'");
}

Test(config, names_the_nearest_option)
{
        refuses(ARGS("--state-dirr=x"), NULL, "did you mean 'state-dir'?");
        refuses(ARGS("--frobnicate"), NULL, "no option 'frobnicate'");
        refuses(ARGS("run"), NULL, "unexpected argument 'run'");
        refuses(ARGS("--state-dir"), NULL, "needs a value");
        refuses(ARGS("--log-format=xml"), NULL, "none of text|json");
        refuses(ARGS("--data-root-writable=perhaps"), NULL, "neither true nor false");
}

Test(config, names_the_line_of_a_file)
{
        static const struct {
                const char *text, *part;
        } bad[] = {
                { "\n\nthreds = 1\n", ":3: there is no option 'threds'; did you mean 'threads'?" },
                { "threads 1\n", ":1: expected key = value" },
                { "# x\nthreads = -3", ":2: threads: '-3'" },
                { "config = /etc/other\n", ":1: 'config' is a flag only" },
                { "version = true\n", ":1: 'version' is a flag only" },
        };
        for (size_t i = 0; i < COUNTOF(bad); i++) {
                char *file = file_with(bad[i].text);
                refuses(ARGS("--config", file), NULL, bad[i].part);
                unlink(file);
        }
        refuses(ARGS("--config", "/nonexistent/x"), NULL, "cannot open configuration file");
}

Test(config, refuses_malformed_addresses)
{
        static char *const bad[] = { "localhost",
                                     "localhost:",
                                     ":1",
                                     "localhost:65536",
                                     "localhost:x",
                                     "[::1]",
                                     "[::1",
                                     "unix:",
                                     "127.0.0.1:1 ",
                                     "::1:8642",
                                     "localhost:99999999999999999999" };
        for (size_t i = 0; i < COUNTOF(bad); i++)
                refuses(ARGS("--allow-insecure-listen", "--listen", bad[i]), NULL, "listen: ");
}

Test(config, refuses_to_listen_off_this_machine_without_asking_who_calls)
{
        static char *const open[] = { "0.0.0.0:1",          "[::]:1",
                                      "example.org:1",      "192.168.0.1:1",
                                      "127.evil.example:1", "localhost.evil.example:1" };
        for (size_t i = 0; i < COUNTOF(open); i++) {
                refuses(ARGS("--listen", open[i]), NULL, "can be reached from other machines");
                autoptr(Config) insecure =
                        load(ARGS("--listen", open[i], "--allow-insecure-listen"), NULL);
                autoptr(Config) tokens =
                        load(ARGS("--listen", open[i], "--token-file", "/t"), NULL);
        }
        autoptr(Config) local = load(ARGS("--listen", "[::1]:0", "--listen", "127.1.2.3:65535",
                                          "--listen", "localhost:1", "--listen", "unix:/run/s"),
                                     NULL);
        cr_assert_eq(local->listen.n, 4);
}

Test(config, prints_what_it_would_read_back)
{
        autoptr(Config) c = load(ARGS("--print-config", "--threads=7", "--listen=localhost:1",
                                      "--listen=unix:/a b", "--log-level=warning", "--max-body=2K"),
                                 NULL);
        cr_assert_eq(c->action, ACTION_PRINT);
        autobuf first = BUF(100000), second = BUF(100000);
        config_print(c, &first);
        char *file = file_with(buf_cstr(&first));
        autoptr(Config) again = load(ARGS("--config", file), NULL);
        unlink(file);
        config_print(again, &second);
        cr_assert_str_eq(buf_cstr(&first), buf_cstr(&second));
        cr_assert(strstr(buf_cstr(&second), "\nlisten = unix:/a b\n") != NULL);
}

Test(config, asks_for_nothing_valid_when_help_is_wanted)
{
        autoptr(Config) c = load(ARGS("--help", "--listen=0.0.0.0:1"), NULL);
        cr_assert_eq(c->action, ACTION_HELP);
        autobuf help = BUF(100000);
        config_help(&help);
        cr_assert(strstr(buf_cstr(&help), "--state-dir") != NULL);
}

Test(config, survives_each_allocation_that_fails)
{
        for (int64_t n = 1;; n++) {
                Config *c = NULL;
                char *const *argv = ARGS("--listen=localhost:1", "--state-dir=/x");
                mem_fail_at(n);
                Status *e = config_load(3, argv, (char *[]){ "SESSRUN_DATA_ROOT=/x,/y", NULL }, &c);
                bool enough = mem_fail_count() >= n;
                mem_fail_at(0);
                cr_assert_eq(e != NULL, enough, "allocation %d", (int)n);
                cr_assert(!e || status_code(e) == SR_RESOURCE_EXHAUSTED);
                status_free(e);
                if (c)
                        config_free(c);
                if (!enough)
                        break;
        }
}

Test(tokens, reads_digests_and_comments)
{
        char *file =
                file_with("# ours\n\n"
                          "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD  -\n"
                          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 bob\n");
        autolist list = { 0 };
        autoptr(Status) e = tokens_load(file, &list);
        unlink(file);
        cr_assert_null(e, "%s", status_message(e));
        cr_assert_eq(list.n, 2);
        cr_assert_str_eq(list.items[0],
                         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        cr_assert_null(list.items[2]);
}

Test(tokens, refuses_what_is_no_digest)
{
        static const char *const bad[] = {
                "",
                "# nothing\n",
                "secret\n",
                "ba7816bf\n",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adff\n",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad:x\n"
        };
        for (size_t i = 0; i < COUNTOF(bad); i++) {
                char *file = file_with(bad[i]);
                autolist list = { 0 };
                autoptr(Status) e = tokens_load(file, &list);
                unlink(file);
                cr_assert_eq(status_code(e), SR_INVALID_ARGUMENT, "row %zu", i);
        }
        autolist list = { 0 };
        autoptr(Status) none = tokens_load("", &list);
        cr_assert_null(none);
        autoptr(Status) e = tokens_load("/nonexistent/x", &list);
        cr_assert_eq(status_code(e), SR_NOT_FOUND);
}
