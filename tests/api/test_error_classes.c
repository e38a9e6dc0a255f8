// SPDX-License-Identifier: Apache-2.0
/* Errors as a specification: each of TensorFlow's codes, over HTTP, by something that really
 * happens, with all that a client is told about it. Rows run in order, on one session. */
#include "tests/lib/http_client.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One node for each thing that can go wrong. */
static const char script[] =
        "x = Placeholder(dtype=float32, shape=[2]);"
        "one = Const(value=1.0, dtype=float32);"
        "two = Const(value=[1.0, 2.0], dtype=float32);"
        "q = FIFOQueueV2(component_types=[float32], capacity=1);"
        "get = QueueDequeueV2(q, component_types=[float32]);"
        "put = QueueEnqueueV2(q, [one]);"
        "shut = QueueCloseV2(q);"
        "v = VariableV2(dtype=float32, shape=[]);"
        "double = Mul(v, one);"
        "name = Placeholder(dtype=string, shape=[]);"
        "read = ReadFile(name);"
        "records = TFRecordReaderV2();"
        "lines = TextLineReaderV2();"
        "work = FIFOQueueV2(component_types=[string]);"
        "add = QueueEnqueueV2(work, [name]);"
        "record = ReaderReadV2(records, work);"
        "line = ReaderReadV2(lines, work);"
        "saved = ReaderSerializeStateV2(records);"
        "n = Placeholder(dtype=int64, shape=[1]);"
        "big = Fill(n, one);"
        "abort = Abort(error_msg=\\\"as told\\\");"
        "tmp = TemporaryVariable(shape=[], dtype=float32, var_name=\\\"t\\\");"
        "again = TemporaryVariable(shape=[], dtype=float32, var_name=\\\"t\\\");"
        "m = Placeholder(dtype=float32);"
        "prod = MatMul(m, m);"
        "start = Const(value=[0, 0], dtype=int64);"
        "in_at = Const(value=[[0, 0], [1, 1]], dtype=int64);"
        "out_at = Const(value=[[5, 5], [6, 6]], dtype=int64);"
        "slice = SparseSliceGrad(two, in_at, start, out_at)";

typedef struct Row {
        const char *what;        /* happens */
        const char *path, *body; /* POST; body NULL: GET. ' is " */
        int code, http;          /* TensorFlow's number, and the status */
        const char *name;        /* of the code */
        const char *node, *op;   /* NULL: null */
        const char *exception;   /* the Python class; NULL: none, it is an OpError */
        const char *pointer;     /* NULL: null */
        const char *hint;        /* the first; NULL: none */
        const char *detail;      /* begins so */
} Row;

#define RUN  "/v1/sessions/e:run"
#define MAKE "/v1/sessions"
#define NODE "\n\t [[{{node "

/* clang-format off */
static const Row rows[] = {
        /* 3: what is wrong with the request or the graph, whatever the state is */
        { "a placeholder that is needed is not fed", RUN, "{'fetches':'x:0'}",
          3, 400, "INVALID_ARGUMENT", "x", "Placeholder", NULL, NULL, NULL,
          "You must feed a value for placeholder tensor 'x' with dtype float and shape [2]" NODE "x}}]]" },
        { "a feed has another shape", RUN, "{'fetches':'x:0','feeds':{'x':[1,2,3]}}",
          3, 400, "INVALID_ARGUMENT", NULL, NULL, "ValueError", "/feeds/x", NULL,
          "Cannot feed value of shape (3,) for Tensor 'x:0', which has shape '(2,)'" },
        { "a feed has an element of another type", RUN, "{'fetches':'x:0','feeds':{'x':[1,'b']}}",
          3, 400, "INVALID_ARGUMENT", NULL, NULL, NULL, "/feeds/x/1", NULL, "Expected a number for float32" },
        { "a feed names nothing", RUN, "{'fetches':'one:0','feeds':{'onne:0':1}}",
          3, 400, "INVALID_ARGUMENT", NULL, NULL, "TypeError", "/feeds/onne:0", "Did you mean 'one'?",
          "Cannot interpret feed_dict key as Tensor: The name 'onne:0' refers to a Tensor which does not exist." },
        { "a fetch names nothing", RUN, "{'fetches':['one:0',{'a':'onne:0'}]}",
          3, 400, "INVALID_ARGUMENT", NULL, NULL, "ValueError", "/fetches/1/a", "Did you mean 'one'?",
          "Fetch argument 'onne:0' cannot be interpreted as a Tensor. (The name 'onne:0' refers to a Tensor which does not exist. The operation, 'onne', does not exist in the graph.)" },
        { "a fetch is null", RUN, "{'fetches':null}",
          3, 400, "INVALID_ARGUMENT", NULL, NULL, "TypeError", "/fetches", NULL,
          "Fetch argument None has invalid type <class 'NoneType'>" },
        { "a kernel refuses its inputs", RUN, "{'fetches':'prod:0','feeds':{'m':[[1,2,3]]}}",
          3, 400, "INVALID_ARGUMENT", "prod", "MatMul", NULL, NULL, NULL, "Matrix size-incompatible: In[0]: [1,3], In[1]: [1,3]" NODE "prod}}]]" },
        { "a member is unknown", RUN, "{'fetch':'x:0'}",
          3, 400, "INVALID_ARGUMENT", NULL, NULL, NULL, "/fetch", "fetches", "Unknown member" },
        { "a graph names a node that is not there", "/v1/sessions/e:extend", "{'graph_def':{'versions':{'producer':134},'node':[{'name':'z','op':'Identity','input':['nobody'],'attr':{'T':{'type':'DT_FLOAT'}}}]}}",
          3, 400, "INVALID_ARGUMENT", "z", "Identity", NULL, NULL, NULL, "Node 'z': Unknown input node 'nobody'" },

        /* 9: not in this state */
        { "a variable has no value yet", RUN, "{'fetches':'double:0'}",
          9, 400, "FAILED_PRECONDITION", "double", "Mul", NULL, NULL, "Uninitialized variables that this run meets: v",
          "Attempting to use uninitialized value v" NODE "double}}]]" },
        { "a session is closed", "/v1/sessions/closed:run", "{'fetches':'a:0'}",
          9, 400, "FAILED_PRECONDITION", NULL, NULL, "RuntimeError", NULL, NULL, "Attempted to use a closed Session." },

        /* 4: not in this time */
        { "nothing comes in time", RUN, "{'fetches':'get:0','options':{'timeoutInMs':30}}",
          4, 504, "DEADLINE_EXCEEDED", NULL, NULL, NULL, NULL, NULL, "Timed out waiting for notification" },

        /* 1 and 11: a closed queue takes nothing, and gives nothing once it is empty */
        { "(the queue is closed)", RUN, "{'targets':['shut']}", 0, 200, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
        { "a closed queue is to take something", RUN, "{'targets':['put']}",
          1, 499, "CANCELLED", "put", "QueueEnqueueV2", NULL, NULL, NULL, "FIFOQueue '_0_q' is closed." NODE "put}}]]" },
        { "a closed queue is to give something", RUN, "{'fetches':'get:0'}",
          11, 400, "OUT_OF_RANGE", "get", "QueueDequeueV2", NULL, NULL, NULL,
          "FIFOQueue '_0_q' is closed and has insufficient elements (requested 1, current size 0)" NODE "get}}]]" },

        /* 5, 6, 7: names */
        { "there is no such file", RUN, "{'fetches':'read:0','feeds':{'name':'%s/none'}}",
          5, 404, "NOT_FOUND", "read", "ReadFile", NULL, NULL, NULL, "%s/none; No such file or directory" NODE "read}}]]" },
        { "there is no such session", "/v1/sessions/f:run", "{'fetches':'x:0'}",
          5, 404, "NOT_FOUND", NULL, NULL, NULL, NULL, "e", "Session not found: f" },
        { "there is no such path", "/v1/sesions", NULL,
          5, 404, "NOT_FOUND", NULL, NULL, NULL, NULL, "/v1/sessions", "No such path: /v1/sesions" },
        { "there is no such op", "/v1/sessions/e:extend", "{'graph_def':{'versions':{'producer':134},'node':[{'name':'z','op':'MatMull'}]}}",
          5, 404, "NOT_FOUND", "z", "MatMull", NULL, NULL, "the op MatMul is similar", "Op type not registered 'MatMull' in binary running on " },
        { "there is no such target", MAKE, "{'target':'local'}",
          5, 404, "NOT_FOUND", NULL, NULL, NULL, NULL, NULL,
          "No session factory registered for the given session options: {target: \"local\" config: } Registered factories are {DIRECT_SESSION, GRPC_SESSION}." },
        { "a session has the name already", MAKE, "{'name':'e'}",
          6, 409, "ALREADY_EXISTS", NULL, NULL, NULL, "/name", NULL, "Session already exists: e" },
        { "a step makes two temporary variables of one name", RUN, "{'targets':['tmp','again']}",
          6, 409, "ALREADY_EXISTS", "?", "TemporaryVariable", NULL, NULL, NULL, "Resource __per_step_" },
        { "a file is outside of the roots", RUN, "{'fetches':'read:0','feeds':{'name':'/etc/passwd'}}",
          7, 403, "PERMISSION_DENIED", "read", "ReadFile", NULL, NULL, NULL, "/etc/passwd; not below a folder that this server may read" NODE "read}}]]" },

        /* 8: too much */
        { "a tensor is larger than all memory", RUN, "{'fetches':'big:0','feeds':{'n':[1099511627776]}}",
          8, 429, "RESOURCE_EXHAUSTED", "big", "Fill", NULL, NULL, NULL, "OOM when allocating tensor with shape[1099511627776] and type float on /job:localhost/replica:0/task:0/device:CPU:0 by allocator cpu" NODE "big}}]]" },

        /* 10: it would be another thing to do it again */
        { "a graph asks for an end", RUN, "{'targets':['abort']}",
          10, 409, "ABORTED", "abort", "Abort", NULL, NULL, NULL, "Abort_op intentional failure; as told" NODE "abort}}]]" },

        /* 12: not here */
        { "a reader cannot do what others can", RUN, "{'fetches':'saved:0'}",
          12, 501, "UNIMPLEMENTED", "saved", "ReaderSerializeStateV2", NULL, NULL, NULL, "Reader SerializeState" NODE "saved}}]]" },
        { "a session is to be elsewhere", MAKE, "{'target':'grpc://localhost:1'}",
          12, 501, "UNIMPLEMENTED", NULL, NULL, NULL, NULL, NULL, "Sessions on remote servers" },

        /* 13: a promise is broken; so TensorFlow calls a gradient that fits no slice */
        { "a gradient is of no slice", RUN, "{'fetches':'slice:0'}",
          13, 500, "INTERNAL", "slice", "SparseSliceGrad", NULL, NULL, NULL, "Elements of backprop_val_grad aren't all propagated. Num elements:2, used: 0" NODE "slice}}]]" },

        /* 15: what was written is not what is read */
        { "(a damaged file is to be read)", RUN, "{'targets':['add'],'feeds':{'name':'%s/bad'}}", 0, 200, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
        { "a file of records is damaged", RUN, "{'fetches':'record:0'}",
          15, 500, "DATA_LOSS", "record", "ReaderReadV2", NULL, NULL, NULL, "corrupted record at 0" NODE "record}}]]" },
};
/* clang-format on */

static char root[64];

static void begin(void)
{
        snprintf(root, sizeof root, "/tmp/sessrun-classes-XXXXXX");
        cr_assert(mkdtemp(root));
        char path[100];
        snprintf(path, sizeof path, "%s/bad", root);
        FILE *f = fopen(path, "we");
        fputs("this is no record of TensorFlow", f);
        fclose(f);
        test_root = root;
        server_begin();
        expect(post(MAKE, "{'name':'e','graph':{'script':'%s'}}", script), 201, NULL, NULL);
        expect(post(MAKE, "{'name':'closed'}"), 201, NULL, NULL);
        expect(post("/v1/sessions/closed:close", "{}"), 200, NULL, NULL);
}

static void end(void)
{
        char command[100];
        server_end();
        test_root = NULL;
        snprintf(command, sizeof command, "rm -rf '%s'", root);
        cr_assert_eq(system(command), 0);
}

TestSuite(error_classes, .init = begin, .fini = end, .timeout = 60);

/* A member that is a text, or null. */
static void same(const Row *r, Answer a, const char *pointer, const char *wanted)
{
        if (wanted && strcmp(wanted, "?") == 0)
                return;
        const char *got = json_is_null(at(a, pointer)) ? NULL : text_at(a, pointer);
        cr_expect(got && wanted ? strcmp(got, wanted) == 0 : got == wanted, "%s: %s is %s, not %s",
                  r->what, pointer, got ? got : "null", wanted ? wanted : "null");
}

static void check(const Row *r, Answer a, const char *detail)
{
        char number[8];
        cr_expect_eq(a.status, r->http, "%s: %d %s", r->what, a.status, a.body);
        if (!r->code || a.status != r->http)
                return;
        snprintf(number, sizeof number, "%d", r->code);
        cr_expect_str_eq(header(a, "Content-Type"), "application/problem+json");
        cr_expect_str_eq(text_at(a, "/code"), number, "%s", r->what);
        cr_expect_str_eq(text_at(a, "/code_name"), r->name, "%s", r->what);
        cr_expect_str_eq(text_at(a, "/error"), text_at(a, "/detail"));
        same(r, a, "/node", r->node);
        same(r, a, "/op", r->op);
        same(r, a, "/pointer", r->pointer);
        bool in_graph = r->node && strstr(r->path, ":run");
        cr_expect_eq(json_is_object(at(a, "/node_def")), in_graph, "%s: %s", r->what, a.body);
        if (in_graph)
                cr_expect_str_eq(text_at(a, "/node_def/op"), r->op, "%s", r->what);
        cr_expect_str_eq(text_at(a, "/exception"), r->exception ? r->exception : "", "%s", r->what);
        cr_expect_str_eq(text_at(a, "/hints/0"), r->hint ? r->hint : "", "%s", r->what);
        cr_expect_eq(strncmp(text_at(a, "/detail"), detail, strlen(detail)), 0, "%s: %s", r->what,
                     text_at(a, "/detail"));
}

/* Puts the root in the place of %s. */
static const char *filled(const char *text)
{
        static char texts[2][1000];
        static int n;
        const char *place = text ? strstr(text, "%s") : NULL;
        if (!place)
                return text;
        char *out = texts[n++ % 2];
        snprintf(out, sizeof *texts, "%.*s%s%s", (int)(place - text), text, root, place + 2);
        return out;
}

Test(error_classes, each_is_told_with_all_that_a_client_can_use)
{
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                const Row *r = &rows[i];
                Answer a = http(r->body ? "POST" : "GET", r->path, filled(r->body));
                check(r, a, filled(r->detail));
        }
}

/* Those that need a server of their own. */

static void with_tokens(void)
{
        static const char *const tokens[] = {
                "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b", NULL
        };
        server_options.tokens = tokens;
        server_begin();
}

Test(error_classes_alone, sixteen_is_for_who_does_not_say_who_it_is, .init = with_tokens,
     .fini = server_end)
{
        static const Row row = { .what = "no token",
                                 .path = "/v1",
                                 .code = 16,
                                 .http = 401,
                                 .name = "UNAUTHENTICATED" };
        Answer a = http("GET", "/v1", NULL);
        check(&row, a, "A bearer token is required.");
        cr_expect_str_eq(header(a, "WWW-Authenticate"), "Bearer realm=\"sessrun\"");
}

Test(error_classes, fourteen_is_for_a_server_that_is_going_down)
{
        static const Row row = {
                .what = "draining", .path = RUN, .code = 14, .http = 503, .name = "UNAVAILABLE"
        };
        server_drain(test_server(), 0);
        Answer a = post(RUN, "{'fetches':'one:0'}");
        check(&row, a, "The server is going down.");
        cr_expect_str_eq(header(a, "Retry-After"), "1");
}

/* The system's EIO has no code of its own; a process's memory, read as a file, gives it at 0. */
static void with_the_processs_memory_as_a_file(void)
{
        snprintf(root, sizeof root, "/proc/%d", (int)getpid());
        test_root = root;
        server_begin();
        expect(post(MAKE, "{'name':'e','graph':{'script':'%s'}}", script), 201, NULL, NULL);
}

static void without(void)
{
        server_end();
        test_root = NULL;
}

Test(error_classes_alone, two_is_for_what_the_system_says_and_nobody_knows_better,
     .init = with_the_processs_memory_as_a_file, .fini = without)
{
        static const Row row = { .what = "EIO",
                                 .path = RUN,
                                 .code = 2,
                                 .http = 500,
                                 .name = "UNKNOWN",
                                 .node = "line",
                                 .op = "ReaderReadV2" };
        char detail[200];
        expect(post(RUN, "{'targets':['add'],'feeds':{'name':'%s/mem'}}", root), 200, NULL, NULL);
        snprintf(detail, sizeof detail, "%s/mem; Input/output error" NODE "line}}]]", root);
        check(&row, post(RUN, "{'fetches':'line:0'}"), detail);
}
