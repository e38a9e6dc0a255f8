// SPDX-License-Identifier: Apache-2.0
/* conformance: runs the corpora of models through HTTP against a daemon that it starts, and says
 * how many give TensorFlow's numbers. usage: conformance [--daemon FILE] [--only PREFIX]
 * [--min-pass N] [--jobs N] [--config JSON] [--verdicts FILE] [--verbose]. The models are in
 * $SESSRUN_SHARED/models (../shared by default). Or: conformance --checkpoint PREFIX. */
#include "engine/base/mem.h"
#include "tests/conformance/corpus.h"
#include "tests/conformance/daemon.h"
#include "tests/conformance/file.h"

#include <curl/curl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Options {
        const char *daemon, *only, *config, *verdicts, *checkpoint;
        int min_pass, jobs, damage;
        bool verbose;
} Options;

/* What the workers share. */
typedef struct Show {
        const Options *options;
        const Daemon *daemon;
        const Trials *trials;
        Report *report;
        atomic_size_t next; /* trial to be played */
        atomic_bool failed; /* a worker has no connection or no memory */
} Show;

Status *trials_add(Trials *ts, const char *family, const char *name, const char *path,
                   const void *row, Outcome (*play)(Stage *s, const Trial *t))
{
        if (ts->n == ts->cap) {
                size_t cap = ts->cap ? 2 * ts->cap : 64;
                Trial *more = mem_realloc(ts->at, cap * sizeof(*more));
                if (!more)
                        return status_oom();
                ts->at = more;
                ts->cap = cap;
        }
        Trial *t = &ts->at[ts->n++];
        *t = (Trial){ mem_strdup(family), mem_strdup(name), mem_strdup(path), row, play };
        return t->family && t->name && t->path ? NULL : status_oom();
}

void trials_done(Trials *ts)
{
        for (size_t i = 0; i < ts->n; i++) {
                mem_free(ts->at[i].family);
                mem_free(ts->at[i].name);
                mem_free(ts->at[i].path);
        }
        mem_free(ts->at);
        *ts = (Trials){ 0 };
}

static Status *play_one(Show *show, Http *http, size_t i)
{
        const Trial *t = &show->trials->at[i];
        Stage s = { .http = http,
                    .config = show->options->config,
                    .why = BUF(1 << 20),
                    .digests = show->options->verdicts };
        char digest[20] = "";
        snprintf(s.name, sizeof(s.name), "trial-%zu", i);
        Outcome o = t->play(&s, t);
        if (o == FAILED && !daemon_runs(show->daemon))
                buf_puts(&s.why, " (the daemon is dead)");
        if (s.digest && !s.draws)
                snprintf(digest, sizeof(digest), "%016" PRIx64, s.digest);
        Status *e = report_add(show->report, &(Verdict){ t->family, t->name, buf_cstr(&s.why),
                                                         s.missing, digest, o });
        buf_done(&s.why);
        return e;
}

static void *work(void *arg)
{
        Show *show = arg;
        autoptr(Http) http = NULL;
        Status *e = http_new(show->daemon->base, &http);
        for (size_t i; !e && (i = atomic_fetch_add(&show->next, 1)) < show->trials->n;) {
                const char *only = show->options->only;
                if (!only || strncmp(show->trials->at[i].name, only, strlen(only)) == 0)
                        e = play_one(show, http, i);
        }
        if (e) {
                fprintf(stderr, "conformance: %s\n", status_message(e));
                atomic_store(&show->failed, true);
                status_free(e);
        }
        return NULL;
}

static void play_all(Show *show)
{
        pthread_t threads[16];
        int n = MIN(MAX(show->options->jobs, 1), (int)COUNTOF(threads)), started = 0;
        while (started < n && pthread_create(&threads[started], NULL, work, show) == 0)
                started++;
        for (int i = 0; i < started; i++)
                pthread_join(threads[i], NULL);
}

static Status *list_all(const char *models, const Options *o, Trials *ts)
{
        TRY(damage_list(models, o->damage, ts));
        TRY(walk_list(models, ts));
        TRY(reference_list(models, ts));
        TRY(rule_list(models, ts));
        TRY(negative_list(models, ts));
        return dl4j_list(models, ts);
}

/* Plays everything; ret_ok is false when something is wrong besides single trials. */
static Status *show_all(const Options *o, const Trials *trials, Report *report, bool *ret_ok)
{
        Daemon daemon;
        TRY(daemon_start(o->daemon, o->verbose, &daemon));
        Show show = { .options = o, .daemon = &daemon, .trials = trials, .report = report };
        play_all(&show);
        bool alive = daemon_runs(&daemon);
        int status = daemon_stop(&daemon);
        report_print(report, o->verbose);
        if (!alive || status != 0)
                printf("conformance: the daemon ended with status %#x\n", (unsigned)status);
        *ret_ok = alive && status == 0 && !show.failed;
        return o->verdicts ? report_write(report, o->verdicts) : NULL;
}

static bool parse(int argc, char **argv, Options *ret)
{
        static const struct option longs[] = {
                { "daemon", 1, NULL, 'd' },     { "only", 1, NULL, 'o' },
                { "min-pass", 1, NULL, 'm' },   { "jobs", 1, NULL, 'j' },
                { "config", 1, NULL, 'c' },     { "verbose", 0, NULL, 'v' },
                { "damage", 1, NULL, 'x' },     { "verdicts", 1, NULL, 'w' },
                { "checkpoint", 1, NULL, 'p' }, { NULL, 0, NULL, 0 }
        };
        const char *daemon = getenv("SESSRUND");
        *ret = (Options){ .daemon = daemon ? daemon : "build/debug/sessrund",
                          .config = "{\"allowSoftPlacement\":true}",
                          .jobs = 4 };
        for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
                switch (c) {
                case 'd': ret->daemon = optarg; break;
                case 'o': ret->only = optarg; break;
                case 'm': ret->min_pass = (int)strtol(optarg, NULL, 10); break;
                case 'j': ret->jobs = (int)strtol(optarg, NULL, 10); break;
                case 'c': ret->config = optarg; break;
                case 'x': ret->damage = (int)strtol(optarg, NULL, 10); break;
                case 'w': ret->verdicts = optarg; break;
                case 'p': ret->checkpoint = optarg; break;
                case 'v': ret->verbose = true; break;
                default: return false;
                }
        }
        return optind == argc;
}

static int conformance(const Options *o, const char *models)
{
        autoptr(Report) report = NULL;
        Trials trials = { 0 };
        bool ok = false;
        Status *e = report_new(&report);
        if (!e)
                e = list_all(models, o, &trials);
        if (!e)
                e = show_all(o, &trials, report, &ok);
        trials_done(&trials);
        if (e) {
                fprintf(stderr, "conformance: %s\n", status_message(e));
                status_free(e);
                return 1;
        }
        int passed = report_count(report, PASSED) + report_count(report, RANDOM);
        if (passed < o->min_pass) {
                printf("conformance: %d passed are fewer than %d\n", passed, o->min_pass);
                return 1;
        }
        return ok && (o->min_pass || !report_count(report, FAILED)) ? 0 : 1;
}

int main(int argc, char **argv)
{
        Options o;
        autobuf models = BUF(4096);
        const char *shared = getenv("SESSRUN_SHARED");
        buf_printf(&models, "%s/models", shared ? shared : "../shared");
        if (!parse(argc, argv, &o)) {
                fprintf(stderr, "usage: conformance [--daemon FILE] [--only PREFIX] "
                                "[--min-pass N] [--jobs N] [--config JSON] "
                                "[--verdicts FILE] [--verbose]\n"
                                "       conformance --checkpoint PREFIX\n");
                return 2;
        }
        if (o.checkpoint)
                return checkpoint_print(o.checkpoint);
        if (!file_exists(buf_cstr(&models))) {
                printf("conformance: 0 passed, 0 failed, 0 skipped (no models in %s)\n",
                       models.data);
                return 0;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        curl_global_init(CURL_GLOBAL_DEFAULT);
        int status = conformance(&o, models.data);
        curl_global_cleanup();
        return status;
}
