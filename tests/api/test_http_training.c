// SPDX-License-Identifier: Apache-2.0
/* Training with nothing but HTTP: real training graphs are initialized, trained by loops that tell
 * how they get on, written out, and restored elsewhere to the same values. The graphs were made by
 * TensorFlow; they lie below $SESSRUN_SHARED/models (../shared by default). */
#include "tests/api/model_fixture.h"

#include "engine/base/mem.h"
#include "engine/tensor/dtype.h"
#include "tensorflow/core/example/example.pb-c.h"
#include "tests/lib/checkpoint.h"
#include "tests/lib/folder.h"
#include <criterion/criterion.h>
#include <fts.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(http_training, .init = models_begin, .fini = models_end, .timeout = 300);

/* ---- files of the corpus ---- */

static const char *shared_path(const char *path)
{
        static char full[600];
        const char *shared = getenv("SESSRUN_SHARED");
        snprintf(full, sizeof full, "%s/models/%s", shared ? shared : "../shared", path);
        if (access(full, R_OK) != 0)
                cr_skip_test("no %s: set SESSRUN_SHARED", full);
        return full;
}

static void read_file(const char *path, Buf *out)
{
        FILE *f = fopen(path, "rb");
        cr_assert(f, "%s", path);
        char chunk[4096];
        for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
                buf_append(out, chunk, n);
        fclose(f);
}

static Buf *pack_shared(const char *name)
{
        char top[600];
        snprintf(top, sizeof top, "%s", shared_path(name));
        Pack *p = pack_begin(PACK_TAR);
        FTS *fts = fts_open((char *[]){ top, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
        for (FTSENT *f; fts && (f = fts_read(fts));) {
                autobuf bytes = BUF(1 << 26);
                if (f->fts_info != FTS_F)
                        continue;
                read_file(f->fts_path, &bytes);
                pack_add(p, f->fts_path + strlen(top) + 1, bytes.data, bytes.len);
        }
        if (fts)
                fts_close(fts);
        return pack_end(p);
}

/* ---- words ---- */

static Answer run(const char *session, const char *fmt, ...) PRINTF(2, 3);
static Answer run(const char *session, const char *fmt, ...)
{
        char path[100];
        va_list ap;
        snprintf(path, sizeof path, "/v1/sessions/%s:run", session);
        va_start(ap, fmt);
        autofree char *body = mem_vprintf(fmt, ap);
        va_end(ap);
        Answer a = post(path, "%s", body);
        cr_assert_eq(a.status, 200, "%s", a.body);
        return a;
}

static void make(const char *session, const char *graph)
{
        expect(post("/v1/sessions", "{'name':'%s','graph':'%s'}", session, graph), 201, "/state",
               "active");
}

/* A file of the corpus as the graph "g", and a session of it, "s", initialized. */
static void begin(const char *file)
{
        autobuf bytes = BUF(1 << 26);
        read_file(shared_path(file), &bytes);
        expect(put_graph("g", &bytes), 201, NULL, NULL);
        make("s", "g");
        run("s", "{'targets':['init']}");
}

/* Trains with a loop, from whose reports the session's state can be told; the loop at its end. */
static Answer train(const char *step, int steps, int report_every)
{
        Answer a = post("/v1/sessions/s/loops", "{'run':{%s},'steps':%d,'report_every':%d}", step,
                        steps, report_every);
        cr_assert_eq(a.status, 201, "%s", a.body);
        char path[100], done[20];
        snprintf(path, sizeof path, "%s", header(a, "Location"));
        snprintf(done, sizeof done, "%d", steps);
        do {
                usleep(5000);
                a = http("GET", path, NULL);
        } while (strcmp(text_at(a, "/state"), "running") == 0);
        expect(a, 200, "/state", "done");
        expect(a, 200, "/steps_done", done);
        expect(a, 200, "/last/step", done);
        cr_expect(json_number_value(at(a, "/steps_per_second")) > 0);
        return a;
}

/* Writes the session out, and makes the session "again" of what came. */
static void export_and_load(const char *format)
{
        Answer a = post("/v1/sessions/s:export", "{'format':'%s'}", format);
        cr_assert_eq(a.status, 200, "%.300s", a.body);
        Buf bytes = { .data = (char *)a.body, .len = a.len };
        expect(put_graph("exported", &bytes), 201, NULL, NULL);
        make("again", "exported");
}

/* A fetch must give the same text in both sessions. */
static void expect_same(const char *body)
{
        autofree char *first = mem_strdup(text_at(run("s", "%s", body), "/result"));
        cr_expect(*first);
        cr_expect_str_eq(text_at(run("again", "%s", body), "/result"), first);
}

static void expect_near(Answer a, const char *pointer, double want, double within)
{
        double got = json_number_value(at(a, pointer));
        cr_expect(fabs(got - want) <= within, "%s is %g, not %g", pointer, got, want);
}

/* y = 0.1 x + 0.3 */
#define LINE "'feeds':{'x':[0,0.2,0.4,0.6,0.8,1],'y':[0.3,0.32,0.34,0.36,0.38,0.4]}"

/* ---- what TensorFlow's users trained ---- */

Test(http_training, a_line_is_found_and_survives_an_export)
{
        begin("rust_regression/model.pb");
        Answer a = train("'fetches':['w:0','b:0'],'targets':['train']," LINE, 1000, 100);
        expect_near(a, "/last/result/0/0", 0.1, 1e-3);
        expect_near(a, "/last/result/1/0", 0.3, 1e-3);
        export_and_load("saved_model");
        expect_same("{'fetches':['w:0','b:0']}");
        run("again", "{'targets':['train']," LINE "}"); /* goes on where it was */
        expect_near(run("again", "{'fetches':'w:0'}"), "/result/0", 0.1, 1e-3);
}

Test(http_training, a_saved_model_with_a_saver_is_trained_saved_and_restored_by_its_own_ops)
{
        expect(put_graph("g", pack_shared("rust_test_regression_model")), 201, "/format",
               "saved_model");
        make("s", "g");
        train("'targets':['train']," LINE, 1000, 1000);
        expect_near(run("s", "{'fetches':'w:0'}"), "/result/0", 0.1, 1e-3);
        run("s", "{'fetches':'save/Identity:0','feeds':{'save/Const:0':'%s/line'}}", models_root);
        make("again", "g");
        run("again", "{'targets':['save/restore_all'],'feeds':{'save/Const:0':'%s/line'}}",
            models_root);
        expect_same("{'fetches':['w:0','b:0']}");
}

Test(http_training, a_function_of_tensorflow_2_trains_too)
{
        expect(put_graph("g", pack_shared("rust_regression_savedmodel")), 201, "/format",
               "saved_model");
        make("s", "g");
        Answer a = train("'fetches':'StatefulPartitionedCall_1:0','feeds':{'train_x':[0,0.2,0.4,"
                         "0.6,0.8,1],'train_y':[0.3,0.32,0.34,0.36,0.38,0.4]}",
                         2000, 500);
        cr_expect_lt(json_number_value(at(a, "/last/result")), 1e-4);
        expect_near(run("s", "{'fetches':'StatefulPartitionedCall_2:0'}"), "/result/0", 0.1, 1e-2);
        expect_near(run("s", "{'fetches':'StatefulPartitionedCall:0'}"), "/result/0", 0.3, 1e-2);
        run("s", "{'fetches':'StatefulPartitionedCall_3:0','feeds':{'saver_filename:0':'%s/tf2'}}",
            models_root);
        make("again", "g");
        run("again",
            "{'fetches':'StatefulPartitionedCall_4:0','feeds':{'saver_filename:0':'%s/tf2'}}",
            models_root);
        expect_same("{'fetches':['StatefulPartitionedCall_2:0','StatefulPartitionedCall:0',"
                    "'SGD/iter/Read/ReadVariableOp:0']}");
}

Test(http_training, exclusive_or_is_learned_and_restored_from_a_checkpoint)
{
#define XOR "'feeds':{'Placeholder':[[1,0],[1,1],[0,0],[0,1]],'Placeholder_1':[1,0,0,1]}"
        begin("scisharp_xor/xor.meta");
        double before = json_number_value(at(run("s", "{'fetches':'loss:0'," XOR "}"), "/result"));
        Answer a = train("'fetches':'loss:0','targets':['train_op']," XOR, 10000, 1000);
        /* from random weights, which do not always lead to the best ones */
        cr_expect_lt(json_number_value(at(a, "/last/result")), before);
        export_and_load("saved_model");
        expect_same("{'fetches':'loss:0'," XOR "}");
}

/* x of a batch of texts, as the graph wants them. */
static void put_texts(Buf *out, int texts, int length, int words)
{
        buf_puts(out, "'x':[");
        for (int i = 0; i < texts; i++) {
                buf_puts(out, i ? ",[" : "[");
                for (int k = 0; k < length; k++)
                        buf_printf(out, "%s%d", k ? "," : "", (i * 31 + k * k * 7) % words);
                buf_puts(out, "]");
        }
        buf_puts(out, "],'y':[0,1]");
}

Test(http_training, a_convolutional_net_is_saved_and_restored_by_its_own_ops)
{
        autobuf feeds = BUF(1 << 20);
        put_texts(&feeds, 2, 1014, 50);
        begin("scisharp_char_cnn_untrained/char_cnn_untrained.meta");
        autofree char *step = mem_printf("'fetches':'loss/Mean:0','targets':['loss/Adam'],'feeds':{"
                                         "%s,'is_training':true}",
                                         buf_cstr(&feeds));
        Answer a = train(step, 3, 1);
        cr_expect(isfinite(json_number_value(at(a, "/last/result"))));
        run("s", "{'fetches':'save/control_dependency:0','feeds':{'save/Const:0':'%s/net'}}",
            models_root);
        make("again", "g");
        run("again", "{'targets':['save/restore_all'],'feeds':{'save/Const:0':'%s/net'}}",
            models_root);
        autofree char *look = mem_printf("{'fetches':['loss/Mean:0','loss/beta1_power:0'],"
                                         "'feeds':{%s,'is_training':false}}",
                                         buf_cstr(&feeds));
        expect_same(look);
}

/* ---- what is saved, to a reader that knows only the format ---- */

#define V "/v1/sessions/s/variables/"

/* The bytes of a variable in a checkpoint are those that the session gives. */
static void same_bytes(void *arg, const CheckpointTensor *t)
{
        char path[1100];
        int *seen = arg;
        snprintf(path, sizeof path, V "%s", t->name);
        Answer a = http_with("GET", path, "Accept: application/octet-stream\r\n", NULL, 0);
        cr_expect_eq(a.status, 200, "%s: %s", path, a.body);
        if (t->dtype == DT_STRING) /* both lengths and their checksum come first */
                cr_expect(strstr(a.body, "h\\u00e9llo") || strstr(a.body, "h\xc3\xa9llo"), "%s",
                          a.body);
        else
                cr_expect(a.len == t->n && !memcmp(a.body, t->bytes, t->n), "%s", t->name);
        ++*seen;
}

/* Many variables, so that the table has several blocks, of every kind of element. */
static int make_many(void)
{
        static const struct {
                const char *type, *value;
        } kinds[] = { { "float32", "[1.5, -2.0]" },
                      { "float64", "[[0.1], [0.2]]" },
                      { "int64", "-7" },
                      { "bool", "[True, False, True]" },
                      { "uint8", "[255, 0]" },
                      { "int32", "[]" },
                      { "float16", "2.5" } };
        enum { EACH = 60 };
        autobuf script = BUF(1 << 20);
        for (int i = 0; i < EACH; i++)
                for (size_t k = 0; k < COUNTOF(kinds); k++)
                        buf_printf(&script,
                                   "layer_%d_of_a_deep_net_%s = Variable(Const(%s, dtype=%s)); ", i,
                                   kinds[k].type, kinds[k].value, kinds[k].type);
        buf_puts(&script, "words = Variable([\\'h\xc3\xa9llo\\', \\'\\', \\'world\\'])");
        expect(post("/v1/sessions", "{'name':'s','graph':{'script':'%s'}}", buf_cstr(&script)), 201,
               NULL, NULL);
        run("s", "{'targets':'init'}");
        return EACH * (int)COUNTOF(kinds) + 1;
}

Test(http_training, an_exported_checkpoint_is_one_to_a_reader_that_knows_only_the_format)
{
        int wanted = make_many(), seen = 0;
        Answer a = post("/v1/sessions/s:export", "{'format':'checkpoint'}");
        cr_assert_eq(a.status, 200, "%.300s", a.body);
        root_write("ckpt.tar", a.body, a.len);
        char command[200], prefix[100];
        snprintf(command, sizeof command, "cd %s && tar -xf ckpt.tar", models_root);
        cr_assert_eq(system(command), 0);
        snprintf(prefix, sizeof prefix, "%s/variables", models_root);
        const char *wrong = checkpoint_walk(prefix, same_bytes, &seen);
        cr_expect_null(wrong, "%s", wrong);
        cr_expect_eq(seen, wanted);
}

static void count(void *arg, const CheckpointTensor *t UNUSED)
{
        ++*(int *)arg;
}

/* A byte of a file of the SavedModel "half" is another; the padding in the footer is nobody's. */
static void check_damage(const char *file, size_t footer)
{
        char prefix[100];
        snprintf(prefix, sizeof prefix, "%s/half/variables/variables", models_root);
        Buf *bytes = root_read(file);
        for (size_t i = 0; i < bytes->len - footer; i++) {
                int n = 0;
                bytes->data[i] ^= 0x10;
                root_write(file, bytes->data, bytes->len);
                cr_expect(checkpoint_walk(prefix, count, &n), "%s: byte %zu", file, i);
                bytes->data[i] ^= 0x10;
        }
        root_write(file, bytes->data, bytes->len);
        int n = 0;
        cr_expect_null(checkpoint_walk(prefix, count, &n));
}

Test(http_training, that_reader_takes_tensorflows_checkpoints_and_no_damaged_ones)
{
        char prefix[600];
        int n = 0;
        check_damage("half/variables/variables.index", 48);
        check_damage("half/variables/variables.data-00000-of-00001", 0);
        snprintf(prefix, sizeof prefix, "%s/variables",
                 shared_path("tf_sm_half_plus_two_main_op/variables"));
        const char *wrong = checkpoint_walk(prefix, count, &n);
        cr_expect_null(wrong, "%s", wrong);
        cr_expect_gt(n, 0);
}

/* ---- with an input pipeline of TensorFlow 1.x ---- */

/* Nine features and a label that the first of them decides, as a tf.train.Example. */
static void put_example(Buf *out, int i)
{
        float x[9], y = i % 2 ? 1 : 0;
        char bytes[256];
        for (int k = 0; k < 9; k++)
                x[k] = k ? (float)(i * k % 7) : i % 2 ? 8 : 1;
        Tensorflow__FloatList lists[2] = { TENSORFLOW__FLOAT_LIST__INIT,
                                           TENSORFLOW__FLOAT_LIST__INIT };
        lists[0].n_value = 9, lists[0].value = x;
        lists[1].n_value = 1, lists[1].value = &y;
        Tensorflow__Feature values[2];
        Tensorflow__Features__FeatureEntry entries[2], *all[] = { &entries[0], &entries[1] };
        for (int k = 0; k < 2; k++) {
                values[k] = (Tensorflow__Feature)TENSORFLOW__FEATURE__INIT;
                values[k].kind_case = TENSORFLOW__FEATURE__KIND_FLOAT_LIST;
                values[k].float_list = &lists[k];
                entries[k] = (Tensorflow__Features__FeatureEntry)
                        TENSORFLOW__FEATURES__FEATURE_ENTRY__INIT;
                entries[k].key = k ? "label" : "features";
                entries[k].value = &values[k];
        }
        Tensorflow__Features features = TENSORFLOW__FEATURES__INIT;
        Tensorflow__Example example = TENSORFLOW__EXAMPLE__INIT;
        features.n_feature = 2, features.feature = all;
        example.features = &features;
        cr_assert_leq(tensorflow__example__get_packed_size(&example), sizeof bytes);
        char record[sizeof bytes + 16];
        size_t n = tensorflow__example__pack(&example, (uint8_t *)bytes);
        buf_append(out, record, tfrecord_of(record, bytes, n));
}

/* Over some batches: a single one's loss says more about which rows the shuffled queue gave. */
static double mean_loss(void)
{
        double sum = 0;
        for (int i = 0; i < 20; i++)
                sum += json_number_value(
                        at(post("/v1/sessions/s:run", "{'fetches':'loss:0'}"), "/result"));
        return sum / 20;
}

Test(http_training, queue_runners_of_a_saved_model_feed_its_training_from_files)
{
        expect(put_graph("g", pack_shared("sts_template_application")), 201, NULL, NULL);
        make("s", "g");
        for (int f = 0; f < 2; f++) {
                autobuf file = BUF(1 << 20);
                char name[32];
                for (int i = 0; i < 300; i++)
                        put_example(&file, i);
                snprintf(name, sizeof name, "part-%d", f);
                root_write(name, file.data, file.len);
        }
        /* What tf.train.match_filenames_once() looked for lies elsewhere here. */
        run("s",
            "{'targets':['init','init_1'],'feeds':{'matching_filenames/MatchingFiles:0':["
            "'%1$s/part-0','%1$s/part-1'],'matching_filenames_1/MatchingFiles:0':["
            "'%1$s/part-0']}}",
            models_root);
        Answer a = http("POST", "/v1/sessions/s/queue_runners", NULL);
        expect(a, 201, "/queue_runners/3/state", "running");
        double before = mean_loss();
        a = train("'fetches':{'loss':'loss:0','accuracy':'Mean:0'},'targets':['Adagrad/update']",
                  300, 100);
        cr_expect(isfinite(json_number_value(at(a, "/last/result/loss"))));
        cr_expect_lt(mean_loss(), before);
        expect(post("/v1/sessions/s/coordinator:request_stop", "{}"), 200, NULL, NULL);
        expect(post("/v1/sessions/s/coordinator:join", "{'stop_grace_period_secs':20}"), 200,
               "/error", "null");
        a = http("GET", "/v1/sessions/s/queue_runners", NULL);
        for (int i = 0; i < 4; i++) {
                char at_state[64];
                snprintf(at_state, sizeof at_state, "/queue_runners/%d/state", i);
                cr_expect_neq(strcmp(text_at(a, at_state), "running"), 0);
                cr_expect_neq(strcmp(text_at(a, at_state), "failed"), 0);
        }
}
