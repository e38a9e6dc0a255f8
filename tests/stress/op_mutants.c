// SPDX-License-Identifier: Apache-2.0
/* Graphs that work, changed in a few places and run with random feeds, whole and in parts. What
 * comes of it does not matter; crashes, hangs and leaks do. Graphs are tried in a process
 * of their own, which is started anew behind the seed that ended it.
 * Arguments: files of graphs, or folders that are searched for them; without any, tests/data and,
 * if they are there, the models of SESSRUN_SHARED (../shared).
 * MUTANTS: how many; MUTANTS_SEED: the first; MUTANTS_SHOW: print them. */
#include "engine/base/mem.h"
#include "engine/ops/registry.h"
#include "engine/session/sessions.h"
#include "proto/text.h"
#include "tests/stress/lib/mutate.h"
#include "tests/stress/lib/op_try.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_FILES = 4096, MAX_BYTES = 400 << 10, MAX_NODES = 3000, MEMORY = 512 << 20, FEEDS = 8 };

typedef struct File {
        char *path, *bytes;
        size_t n;
} File;

/* Shared with the children. */
typedef struct Trace {
        uint64_t seed; /* the one that is being tried */
        int made, imported, ran;
} Trace;

static File files[MAX_FILES];
static int n_files;
static Trace *trace;

static void *must(void *p)
{
        if (!p)
                abort();
        return p;
}

/* ---- the graphs to begin with ---- */

static bool is_graph(const char *path)
{
        const char *dot = strrchr(path, '.');
        return dot && (!strcmp(dot, ".pb") || !strcmp(dot, ".pbtxt"));
}

static int add_file(const char *path, const struct stat *st, int kind, struct FTW *at UNUSED)
{
        if (kind != FTW_F || !is_graph(path) || st->st_size > MAX_BYTES || n_files == MAX_FILES)
                return 0;
        FILE *f = fopen(path, "re");
        if (!f)
                return 0;
        File *file = &files[n_files];
        file->bytes = must(mem_alloc((size_t)st->st_size + 1));
        file->n = fread(file->bytes, 1, (size_t)st->st_size, f);
        file->path = must(mem_strdup(path));
        fclose(f);
        n_files++;
        return 0;
}

static void find_graphs(void)
{
        const char *shared = getenv("SESSRUN_SHARED");
        autofree char *models = must(mem_printf("%s/models", shared ? shared : "../shared"));
        nftw("tests/data", add_file, 16, FTW_PHYS);
        if (nftw(models, add_file, 16, FTW_PHYS))
                printf("op_mutants: no %s: only the graphs of tests/data\n", models);
}

/* ---- one mutant ---- */

static Tensor *random_tensor(Mutator *m, DType t, const Shape *known)
{
        Shape s = *known;
        Tensor *ret = NULL;
        if (s.rank < 0)
                s.rank = mutator_pick(m, 4);
        for (int i = 0; i < s.rank; i++)
                if (known->rank < 0 || s.dim[i] < 0 || s.dim[i] > 64)
                        s.dim[i] = mutator_pick(m, 5);
        if (!dtype_is_plain(t) && t != DT_STRING)
                return NULL;
        autoptr(Status) no = tensor_new(t, &s, &ret);
        if (no)
                return NULL;
        if (t == DT_STRING)
                return ret;
        char *bytes = tensor_fill(ret);
        for (size_t i = 0; i < tensor_bytes(ret); i++) /* zeros, ones, and anything */
                bytes[i] = (char)(t == DT_BOOL         ? mutator_pick(m, 2)
                                  : mutator_pick(m, 3) ? i % dtype_size(t) == 0
                                                       : mutator_pick(m, 256));
        return ret;
}

/* Feeds for all placeholders, and fetches of any nodes. */
typedef struct Plan {
        Feed feeds[FEEDS];
        int n_feeds, n_fetches;
        const char *fetches[3];
        char names[FEEDS + 3][160];
} Plan;

typedef struct Drawing {
        Mutator *m;
        Plan *plan;
} Drawing;

static Status *draw(void *arg, const Graph *g)
{
        Drawing *d = arg;
        Plan *p = d->plan;
        int n = graph_count(g);
        for (int i = 0; i < n && p->n_feeds < FEEDS; i++) {
                const Node *node = graph_node(g, i);
                if (strncmp(node->def->op, "Placeholder", 11) || !node->n_out)
                        continue;
                Tensor *t =
                        random_tensor(d->m, dtype_base(node->out_types[0]), &node->out_shapes[0]);
                if (!t)
                        continue;
                char *name = p->names[p->n_feeds];
                snprintf(name, sizeof p->names[0], "%.150s", node->name);
                p->feeds[p->n_feeds++] = (Feed){ name, t };
        }
        for (int i = 0; n && i < 3; i++) {
                const Node *node =
                        graph_node(g, mutator_pick(d->m, 2) ? n - 1 : mutator_pick(d->m, n));
                char *name = p->names[FEEDS + i];
                snprintf(name, sizeof p->names[0], node->n_out ? "%.150s:0" : "%.150s", node->name);
                p->fetches[p->n_fetches++] = name;
        }
        return NULL;
}

static void judge(Status *s)
{
        trace->ran += !s;
        status_free(s);
}

static void run_it(Session *s, Mutator *m)
{
        Plan p = { 0 };
        Drawing d = { m, &p };
        judge(session_read_graph(s, draw, &d));
        RunRequest r = { .fetches = p.fetches,
                         .n_fetches = p.n_fetches,
                         .feeds = p.feeds,
                         .n_feeds = p.n_feeds,
                         .core_names = !mutator_pick(m, 4) };
        for (int i = 0; i < 2 && p.n_fetches; i++) /* the second finds the plan */
                judge(run_try(s, &r));
        autofree char *handle = NULL;
        if (p.n_fetches && !mutator_pick(m, 4))
                judge(session_partial_run_setup(s, &r, &handle));
        for (int i = 0; i < p.n_feeds; i++)
                tensor_unref(p.feeds[i].value);
}

static void show(const GraphDef *def)
{
        autobuf text = BUF(INT32_MAX);
        status_free(proto_text_print(&def->base, &text));
        puts(buf_cstr(&text));
        fflush(stdout);
}

static void try_mutant(Engine *e, uint64_t seed)
{
        Mutator m = { .state = seed * 0x2545f4914f6cdd1du };
        const File *f = &files[mutator_pick(&m, n_files)];
        autoptr(GraphSource) src = NULL;
        autoptr(Session) s = NULL;
        ExtendResult r;
        trace->made++;
        autoptr(Status) bad = graph_source_parse(f->bytes, f->n, NULL, NULL, &src);
        if (bad || src->graph_def->n_node > MAX_NODES)
                return;
        m.arena = src->arena;
        m.def = src->graph_def;
        for (int i = mutator_pick(&m, 4); i > 0; i--)
                mutate(&m);
        if (getenv("MUTANTS_SHOW"))
                show(m.def);
        autoptr(Status) none = engine_create_session(e, &(SessionOptions){ .name = "fuzz" }, &s);
        if (none)
                abort();
        Status *refused = session_extend(s, src, false, &r);
        if (refused) {
                judge(refused);
        } else {
                trace->imported++;
                run_it(s, &m);
        }
        session_close(s, NULL, NULL);
        status_free(engine_forget(e, "fuzz"));
}

/* ---- processes ---- */

static int child(uint64_t end)
{
        Engine *e = NULL;
        if (engine_new(&(EngineOptions){ .threads = 2 }, &e))
                return EXIT_FAILURE;
        mem_limit_set(MEMORY);
        for (; trace->seed < end; trace->seed++)
                try_mutant(e, trace->seed);
        engine_free(e);
        fflush(stdout);
        return EXIT_SUCCESS;
}

static bool batch(uint64_t end)
{
        int status = 0;
        fflush(stdout);
        pid_t pid = fork();
        if (!pid)
                exit(child(end));
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
                abort();
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return true;
        bool hang = WIFEXITED(status) && WEXITSTATUS(status) == OP_TRY_HANGS;
        Mutator m = { .state = trace->seed * 0x2545f4914f6cdd1du };
        printf("seed %llu (%s): %s (wait status %#x)\n", (unsigned long long)trace->seed,
               files[mutator_pick(&m, n_files)].path, hang ? "does not end" : "crashed", status);
        trace->seed++;
        return false;
}

static uint64_t number(const char *name, uint64_t otherwise)
{
        const char *text = getenv(name);
        return text ? strtoull(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
        uint64_t first = number("MUTANTS_SEED", 1), n = number("MUTANTS", 2000);
        int bad = 0;
        for (int i = 1; i < argc; i++)
                nftw(argv[i], add_file, 16, FTW_PHYS);
        if (argc == 1)
                find_graphs();
        trace = mmap(NULL, sizeof *trace, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                     0);
        if (!n_files || trace == MAP_FAILED)
                return EXIT_FAILURE;
        trace->seed = first;
        while (trace->seed < first + n)
                bad += !batch(MIN(first + n, trace->seed + 500));
        for (int i = 0; i < n_files; i++) {
                mem_free(files[i].path);
                mem_free(files[i].bytes);
        }
        printf("op_mutants: %d graphs changed, %d mutants, %d imported, %d runs succeeded, %d "
               "crashed\n",
               n_files, trace->made, trace->imported, trace->ran, bad);
        return bad != 0;
}
