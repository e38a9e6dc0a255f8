// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/report.h"
#include "engine/base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Row {
        char *family, *name, *why, *missing, *digest;
        Outcome outcome;
} Row;

struct Report {
        pthread_mutex_t lock; /* guards the rows */
        Row *rows;
        size_t n, cap;
        int counts[OUTCOME_COUNT];
};

Status *report_new(Report **ret)
{
        Report *r = mem_calloc(1, sizeof(*r));
        if (!r)
                return status_oom();
        pthread_mutex_init(&r->lock, NULL);
        *ret = r;
        return NULL;
}

static void row_done(Row *row)
{
        mem_free(row->family);
        mem_free(row->name);
        mem_free(row->why);
        mem_free(row->missing);
        mem_free(row->digest);
}

void report_free(Report *r)
{
        for (size_t i = 0; i < r->n; i++)
                row_done(&r->rows[i]);
        mem_free(r->rows);
        pthread_mutex_destroy(&r->lock);
        mem_free(r);
}

static Status *add_row(Report *r, const Row *row)
{
        if (r->n == r->cap) {
                size_t cap = r->cap ? 2 * r->cap : 64;
                Row *rows = mem_realloc(r->rows, cap * sizeof(*rows));
                if (!rows)
                        return status_oom();
                r->rows = rows;
                r->cap = cap;
        }
        r->rows[r->n++] = *row;
        r->counts[row->outcome]++;
        return NULL;
}

Status *report_add(Report *r, const Verdict *v)
{
        Row row = { mem_strdup(v->family),  mem_strdup(v->name),   mem_strdup(v->why),
                    mem_strdup(v->missing), mem_strdup(v->digest), v->outcome };
        Status *e = row.family && row.name && row.why && row.missing && row.digest ? NULL
                                                                                   : status_oom();
        pthread_mutex_lock(&r->lock);
        if (!e)
                e = add_row(r, &row);
        pthread_mutex_unlock(&r->lock);
        if (e)
                row_done(&row);
        return e;
}

int report_count(const Report *r, Outcome outcome)
{
        return r->counts[outcome];
}

static int by_family(const void *a, const void *b)
{
        const Row *x = a, *y = b;
        int order = strcmp(x->family, y->family);
        return order ? order : strcmp(x->name, y->name);
}

static int by_missing(const void *a, const void *b)
{
        const Row *x = a, *y = b;
        return strcmp(x->missing, y->missing);
}

static void print_families(const Report *r, bool verbose)
{
        printf("%-32s %7s %7s %7s %7s %7s %7s\n", "family", "passed", "random", "failed", "unsupp.",
               "refused", "skipped");
        for (size_t i = 0, end; i < r->n; i = end) {
                int n[OUTCOME_COUNT] = { 0 };
                for (end = i; end < r->n && strcmp(r->rows[i].family, r->rows[end].family) == 0;)
                        n[r->rows[end++].outcome]++;
                if (verbose || n[PASSED] + n[RANDOM] < (int)(end - i))
                        printf("%-32s %7d %7d %7d %7d %7d %7d\n", r->rows[i].family, n[PASSED],
                               n[RANDOM], n[FAILED], n[UNSUPPORTED], n[REFUSED], n[SKIPPED]);
        }
}

static void print_rows(const Report *r, Outcome outcome, const char *title)
{
        if (r->counts[outcome])
                printf("\n%s\n", title);
        for (size_t i = 0; i < r->n; i++)
                if (r->rows[i].outcome == outcome)
                        printf("  %s: %s\n", r->rows[i].name, r->rows[i].why);
}

typedef struct Want {
        const char *missing;
        int n;
} Want;

static int by_number(const void *a, const void *b)
{
        const Want *x = a, *y = b;
        return y->n != x->n ? y->n - x->n : strcmp(x->missing, y->missing);
}

/* What is missing, most wanted first. Sorts the rows anew. */
static void print_wants(Report *r)
{
        Want *wants = mem_calloc(r->n + 1, sizeof(*wants));
        size_t n = 0;
        if (!wants)
                return;
        qsort(r->rows, r->n, sizeof(Row), by_missing);
        for (size_t i = 0; i < r->n; i++) {
                const char *missing = r->rows[i].missing;
                if (!*missing)
                        continue;
                if (n == 0 || strcmp(wants[n - 1].missing, missing) != 0)
                        wants[n++].missing = missing;
                wants[n - 1].n++;
        }
        qsort(wants, n, sizeof(Want), by_number);
        if (n)
                printf("\nnot there yet, by number of graphs\n");
        for (size_t i = 0; i < n; i++)
                printf("  %4d %s\n", wants[i].n, wants[i].missing);
        mem_free(wants);
}

Status *report_write(Report *r, const char *file)
{
        static const char *const words[] = {
#define X(name) #name,
                OUTCOMES(X)
#undef X
        };
        FILE *f = fopen(file, "we");
        if (!f)
                return status_errno(errno, file);
        qsort(r->rows, r->n, sizeof(Row), by_family);
        for (size_t i = 0; i < r->n; i++)
                fprintf(f, "%s\t%s\t%s\n", r->rows[i].name, words[r->rows[i].outcome],
                        r->rows[i].digest);
        bool bad = ferror(f);
        return fclose(f) || bad ? status_errno(errno, file) : NULL;
}

void report_print(Report *r, bool verbose)
{
        qsort(r->rows, r->n, sizeof(Row), by_family);
        print_families(r, verbose);
        if (verbose)
                print_rows(r, PASSED, "passed");
        print_rows(r, RANDOM, "random: shapes agree, values cannot be compared");
        print_rows(r, REFUSED, "refused, with TensorFlow's own text for such a graph");
        print_rows(r, SKIPPED, "skipped");
        print_rows(r, FAILED, "failed");
        print_wants(r);
        printf("\nconformance: %d passed, %d failed, %d skipped\n",
               r->counts[PASSED] + r->counts[RANDOM], r->counts[FAILED],
               r->counts[UNSUPPORTED] + r->counts[REFUSED] + r->counts[SKIPPED]);
}
