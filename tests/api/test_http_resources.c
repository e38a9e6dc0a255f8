// SPDX-License-Identifier: Apache-2.0
/* What outlives a step, or only a step: barriers, staging areas, stacks, arrays, accumulators,
 * tables, temporary variables; by which names resources are found, and who shares them. */
#include "tests/api/story.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(http_resources, .init = server_begin, .fini = server_end, .timeout = 120);

#define OK              "null"
#define RUN(node)       "'targets':['" node "']"
#define FED(node, feed) RUN(node) ",'feeds':{" feed "}"
#define FETCH(x)        "'fetches':'" x ":0'"
#define BAD(text)       "INVALID_ARGUMENT: " text

#define BARRIER                                                                                   \
        "b = Barrier(component_types=[float32, float32], shapes=[[], []], shared_name=\\'b\\'); " \
        "k = Placeholder(dtype=string); v = Placeholder(dtype=float32); "                         \
        "n = Placeholder(dtype=int32, shape=[]); "                                                \
        "left = BarrierInsertMany(b, k, v, component_index=0); "                                  \
        "right = BarrierInsertMany(b, k, v, component_index=1); "                                 \
        "far = BarrierInsertMany(b, k, v, component_index=2); "                                   \
        "take = BarrierTakeMany(b, n, component_types=[float32, float32]); "                      \
        "some = BarrierTakeMany(b, n, component_types=[float32, float32], "                       \
        "allow_small_batch=True); "                                                               \
        "ready = BarrierReadySize(b); part = BarrierIncompleteSize(b); "                          \
        "shut = BarrierClose(b); kill = BarrierClose(b, cancel_pending_enqueues=True)"
#define KV(k, v) "'k':" k ",'v':" v

#define AREA "dtypes=[float32], shared_name=\\'s\\', capacity=2"
#define STAGE                                                                                  \
        "x = Placeholder(dtype=float32); i = Placeholder(dtype=int32); "                       \
        "put = Stage([x], " AREA "); get = Unstage(" AREA "); peek = StagePeek(i, " AREA "); " \
        "size = StageSize(" AREA "); clear = StageClear(" AREA "); "                           \
        "two = Unstage(dtypes=[float32, float32], shared_name=\\'s\\', capacity=2); "          \
        "big = Stage([x], dtypes=[float32], shared_name=\\'m\\', memory_limit=8)"

#define PAIR "dtypes=[float32, float32], shared_name=\\'m\\'"
#define MAP(kind)                                                                             \
        "k = Placeholder(dtype=int64); x = Placeholder(dtype=float32); y = Neg(x); "          \
        "put = " kind "MapStage(k, [0, 1], [x, y], " PAIR "); "                               \
        "left = " kind "MapStage(k, [0], [x], " PAIR "); "                                    \
        "right = " kind "MapStage(k, [1], [y], " PAIR "); "                                   \
        "odd = " kind "MapStage(k, [1, 0], [y, x], " PAIR "); "                               \
        "far = " kind "MapStage(k, [9], [x], " PAIR "); "                                     \
        "get = " kind "MapUnstage(k, [0, 1], " PAIR "); half = " kind "MapUnstage(k, [0], "   \
        "dtypes=[float32], shared_name=\\'m\\'); any = " kind "MapUnstageNoKey([0, 1], " PAIR \
        "); peek = " kind "MapPeek(k, [0, 1], " PAIR "); size = " kind "MapSize(" PAIR "); "  \
        "part = " kind "MapIncompleteSize(" PAIR "); clear = " kind "MapClear(" PAIR ")"
#define KX(k, x) "'k':" k ",'x':" x

#define GRADIENTS                                                                    \
        "a = ConditionalAccumulator(dtype=float32, shape=[], shared_name=\\'a\\'); " \
        "x = Placeholder(dtype=float32); s = Placeholder(dtype=int64); "             \
        "n = Placeholder(dtype=int32); add = AccumulatorApplyGradient(a, s, x); "    \
        "take = AccumulatorTakeGradient(a, n, dtype=float32); "                      \
        "size = AccumulatorNumAccumulated(a); step = AccumulatorSetGlobalStep(a, s)"
#define XS(x, s) "'x':" x ",'s':" s

/* clang-format off */
static const Story flowing[] = {
        { "a barrier gives tuples when all their parts have come", BARRIER, STEPS(
                { "'fetches':['ready:0','part:0']", "[0,0]" }, { "&'fetches':['take:1','take:2','take:3'],'feeds':{'n':1}" },
                { FED("left", KV("['a','b']", "[1,2]")), OK }, { "'fetches':['ready:0','part:0']", "[0,2]" },
                { FED("right", KV("['b']", "[20]")), OK }, { ">0", "[[\"b\"],[2.0],[20.0]]" }, { "'fetches':['ready:0','part:0']", "[0,1]" }) },
        { "a part of a barrier's tuple comes once", BARRIER, STEPS(
                { FED("left", KV("['a']", "[1]")), OK }, { FED("left", KV("['a']", "[1]")), BAD("Key a already has a value for component 0 in barrier b") },
                { FED("far", KV("['a']", "[1]")), BAD("The component ID is out of range 2 > num_components (= 2)") }) },
        { "a closed barrier takes no new keys, completes the old ones, and then gives small batches on request", BARRIER, STEPS(
                { FED("left", KV("['a','b']", "[1,2]")), OK }, { RUN("shut"), OK }, { RUN("shut"), "CANCELLED: Barrier 'b' is already closed." },
                { FED("left", KV("['c']", "[3]")), "CANCELLED: Barrier b is closed, but attempted to insert a brand new key: c." },
                { FED("right", KV("['a']", "[10]")), OK }, { FED("right", KV("['b']", "[20]")), OK }, { FED("right", KV("['b']", "[20]")), "CANCELLED: Barrier b is closed." },
                { FETCH("take") ",'feeds':{'n':3}", "OUT_OF_RANGE: Barrier 'b' is closed and has insufficient elements (requested 3, total size 2)" },
                { "'fetches':'some:3','feeds':{'n':3}", "[10.0,20.0]" },
                { FETCH("some") ",'feeds':{'n':1}", "OUT_OF_RANGE: Barrier 'b' is closed and has insufficient elements (requested 0, total size 0)" }) },
        { "a taker that waits at a barrier ends when it is closed for good", BARRIER, STEPS(
                { FED("left", KV("['a']", "[1]")), OK }, { "&" FETCH("take") ",'feeds':{'n':1}" }, { RUN("kill"), OK },
                { ">0", "OUT_OF_RANGE: " }, { FETCH("part"), "0" }) },
        { "a barrier has complete shapes", "b = Barrier(component_types=[float32])", STEPS(
                { RUN("b"), BAD("All of the component shapes must be specified") }) },
        { "and no limit", "b = Barrier(component_types=[float32], shapes=[[]], capacity=5)", STEPS({ RUN("b"), BAD("Barrier only accepts capacity=-1.") }) },

        { "what is staged first is unstaged first", STAGE, STEPS(
                { FED("put", "'x':1"), OK }, { FED("put", "'x':2"), OK }, { FETCH("size"), "2" }, { FETCH("peek") ",'feeds':{'i':1}", "2.0" },
                { FETCH("get"), "1.0" }, { FETCH("get"), "2.0" }, { FETCH("size"), "0" }) },
        { "stagers wait for room, which a clear makes", STAGE, STEPS(
                { FED("put", "'x':1"), OK }, { FED("put", "'x':2"), OK }, { "&" FED("put", "'x':3") }, { RUN("clear"), OK }, { ">0", OK }, { FETCH("get"), "3.0" }) },
        { "another tuple than was staged is refused", STAGE, STEPS({ FED("put", "'x':1"), OK }, { FETCH("two"), BAD("Mismatch stage/unstage: 1 vs. 2") }) },
        { "what never fits into a staging area is refused", STAGE, STEPS(
                { FED("big", "'x':[1,2,3]"), "RESOURCE_EXHAUSTED: Attempted to insert tensors with combined size of '12' bytes into Staging Area with a memory limit of '8'." }) },
        { "a cancelled unstage takes nothing", STAGE, STEPS(
                { "&" FETCH("get") }, { "c0" }, { ">0", "CANCELLED: Unstage operation was cancelled" }, { FED("put", "'x':1"), OK }, { FETCH("get"), "1.0" }) },

        { "tuples are staged and found by key", MAP(""), STEPS(
                { FED("put", KX("7", "70")), OK }, { FED("put", KX("3", "30")), OK }, { "'fetches':['peek:0','peek:1'],'feeds':{'k':3}", "[30.0,-30.0]" },
                { "'fetches':['get:0','get:1'],'feeds':{'k':7}", "[70.0,-70.0]" }, { FETCH("size"), "1" }, { RUN("clear"), OK }, { FETCH("size"), "0" }) },
        { "a tuple may be staged and unstaged in parts", MAP(""), STEPS(
                { FED("left", KX("1", "10")), OK }, { "'fetches':['size:0','part:0']", "[0,1]" },
                { FED("left", KX("1", "10")), BAD("The tensor for index '0' for key '1' was already initialized '2'.") },
                { "&" FETCH("half") ",'feeds':{'k':1}" }, { FED("right", KX("1", "11")), OK }, { ">0", "10.0" },
                { FETCH("half") ",'feeds':{'k':1}", BAD("Tensor at index '0' for key '1' has already been removed.") }) },
        { "indices of a map are in order and within", MAP(""), STEPS(
                { FED("odd", KX("1", "1")), BAD("Indices are not strictly ordered") }, { FED("far", KX("1", "1")), BAD("Index '9' for key '1' was out of bounds '2'.") } ) },
        { "an ordered map gives its smallest key", MAP("Ordered"), STEPS(
                { "&'fetches':['any:0','any:1']" }, { FED("put", KX("9", "90")), OK }, { ">0", "[9,90.0]" }, { FED("put", KX("5", "50")), OK },
                { FED("put", KX("-2", "20")), OK }, { "'fetches':['any:0','any:1']", "[-2,20.0]" }, { "'fetches':['any:0','any:1']", "[5,50.0]" }) },

        { "an accumulator gives the mean of enough gradients", GRADIENTS, STEPS(
                { FETCH("size"), "0" }, { "&" FETCH("take") ",'feeds':{'n':2}" }, { FED("add", XS("1", "0")), OK }, { FETCH("size"), "1" },
                { FED("add", XS("3", "0")), OK }, { ">0", "2.0" }, { FETCH("size"), "0" }) },
        { "gradients of earlier steps are dropped", GRADIENTS, STEPS(
                { FED("step", "'s':5"), OK }, { FED("add", XS("1", "4")), OK }, { FETCH("size"), "0" }, { FED("add", XS("3", "5")), OK }, { FETCH("take") ",'feeds':{'n':1}", "3.0" }) },
        { "a cancelled taker takes no gradient", GRADIENTS, STEPS(
                { "&" FETCH("take") ",'feeds':{'n':2}" }, { FED("add", XS("4", "0")), OK }, { "c0" }, { ">0", "CANCELLED: TakeGrad operation was cancelled" }, { FETCH("take") ",'feeds':{'n':1}", "4.0" }) },
        { "gradients have the accumulator's shape", GRADIENTS, STEPS(
                { FED("add", XS("[1,2]", "0")), BAD("Shape mismatch: expected [], got [2]") }, { FETCH("take") ",'feeds':{'n':0}", BAD("Argument num_required must be positive, but was 0") }) },
};

/* These live as long as their step. */
static const Story of_a_step[] = {
        { "a stack gives the last element first",
          "st = StackV2(2, elem_type=float32)\\na = StackPushV2(st, 5.0)\\nwith control(a):\\n  b = StackPushV2(st, a * 2.0)\\n"
          "with control(b):\\n  c = StackPopV2(st, elem_type=float32)\\n  over = StackPushV2(st, 1.0)\\nwith control(c):\\n  d = StackPopV2(st, elem_type=float32)\\n"
          "with control(d):\\n  e = StackPopV2(st, elem_type=float32)\\nshut = StackCloseV2(st)\\nwith control(shut):\\n  late = StackPushV2(st, 1.0)", STEPS(
                { "'fetches':['c:0','d:0']", "[10.0,5.0]" }, { "'fetches':['c:0','d:0']", "[10.0,5.0]" }, { FETCH("e"), BAD("Stack[st_2] is empty when calling Pop().") },
                { FETCH("over"), BAD("Stack[st_3] overflowed its max_size (2)") }, { FETCH("late"), BAD("Stack[st_4] has already been closed.") }) },
        { "an array of tensors is written once and read",
          "t = TensorArrayV3(2, dtype=float32); f = tensor(\\'t:1\\'); i = Placeholder(dtype=int32); j = Placeholder(dtype=int32); x = Placeholder(dtype=float32); "
          "w = TensorArrayWriteV3(t, i, x, f); r = TensorArrayReadV3(t, j, w, dtype=float32); twice = TensorArrayWriteV3(t, i, x, w); size = TensorArraySizeV3(t, w)", STEPS(
                { "'fetches':['r:0','size:0'],'feeds':{'i':1,'j':1,'x':5}", "[5.0,2]" }, { FETCH("size") ",'feeds':{'i':1,'x':5}", "2" },
                { FETCH("r") ",'feeds':{'i':0,'j':1,'x':5}", BAD("TensorArray t_2: Could not read from TensorArray index 1.") },
                { FETCH("twice") ",'feeds':{'i':0,'x':5}", BAD("TensorArray t_3: Could not write to TensorArray index 0 because it has already been written to.") },
                { FETCH("w") ",'feeds':{'i':2,'x':5}", BAD("TensorArray t_4: Tried to write to index 2 but array is not resizeable and size is: 2") }) },
        { "a temporary variable is changed and destroyed in its step, in which its name is taken once",
          "t = TemporaryVariable(shape=[], dtype=float32, var_name=\\'t\\'); a = Assign(t, 1.5); b = AssignAdd(a, 1.0); last = DestroyTemporaryVariable(b, var_name=\\'t\\'); "
          "v = Variable(1.0); none = DestroyTemporaryVariable(v, var_name=\\'t\\'); u = TemporaryVariable(shape=[], dtype=float32, var_name=\\'t\\')", STEPS(
                { FETCH("last"), "2.5" }, { FETCH("last"), "2.5" }, { RUN("init"), OK }, { FETCH("none"), "NOT_FOUND: " },
                { "'targets':['t','u']", "ALREADY_EXISTS: Resource " }, { FETCH("last"), "2.5" }) },
};

static const Story tables[] = {
        { "a table is filled once and told what it does not know", "k = Placeholder(dtype=string); v = Placeholder(dtype=int64); t = HashTable$(key_dtype=string, value_dtype=int64); "
          "d = Const(value=-1, dtype=int64); find = LookupTableFind$(t, k, d); fill = InitializeTable$(t, k, v); size = LookupTableSize$(t)", STEPS(
                { FETCH("find") ",'feeds':{'k':['a']}", "FAILED_PRECONDITION: Table not initialized." }, { FED("fill", KV("['a','b']", "[1,2]")), OK },
                { FETCH("find") ",'feeds':{'k':['b','c']}", "[2,-1]" }, { FETCH("size"), "2" }, { FED("fill", KV("['a','b']", "[1,2]")), OK },
                { FED("fill", KV("['a']", "[5]")), "FAILED_PRECONDITION: Table was already initialized with different data." }) },
        { "a mutable table takes, replaces and gives away", "k = Placeholder(dtype=string); v = Placeholder(dtype=int64); t = MutableHashTable$(key_dtype=string, value_dtype=int64); "
          "put = LookupTableInsert$(t, k, v); d = Const(value=-1, dtype=int64); find = LookupTableFind$(t, k, d); size = LookupTableSize$(t); all = LookupTableExport$(t, Tkeys=string, Tvalues=int64)", STEPS(
                { FED("put", KV("['a','b']", "[1,2]")), OK }, { FED("put", KV("['a']", "[7]")), OK }, { FETCH("find") ",'feeds':{'k':['a','z']}", "[7,-1]" }, { FETCH("size"), "2" }) },
        { "a shared table must be asked for as it is", "t = HashTable$(key_dtype=string, value_dtype=int64, shared_name=\\'h\\'); u = HashTable$(key_dtype=int64, value_dtype=int64, shared_name=\\'h\\')", STEPS(
                { RUN("t"), OK }, { RUN("u"), BAD("Conflicting key/value dtypes int64->int64 with string-int64 for table h") }) },
};

static const Story variables[] = {
        { "a variable has no value until one is assigned; only who needs none may ask", "v = VariableV2(dtype=float32, shape=[2]); x = Placeholder(dtype=float32); set = Assign(v, x); "
          "add = AssignAdd(v, x); any = Assign(v, x, validate_shape=False); there = IsVariableInitialized(v); y = v * 2.0", STEPS(
                { FETCH("there"), "false" }, { FETCH("y"), "FAILED_PRECONDITION: Attempting to use uninitialized value v\n\t [[{{node y}}]]" },
                { FETCH("v"), "FAILED_PRECONDITION: Attempting to use uninitialized value v" }, { FED("add", "'x':[1,2]"), "FAILED_PRECONDITION: Attempting to use uninitialized value v" },
                { FED("set", "'x':[1,2]"), OK }, { FETCH("there"), "true" }, { FED("add", "'x':[1,2]"), OK }, { FETCH("y"), "[4.0,8.0]" } ) },
        { "its shape is checked, unless that is not wanted", "v = VariableV2(dtype=float32, shape=[2]); x = Placeholder(dtype=float32); set = Assign(v, x); any = Assign(v, x, validate_shape=False)", STEPS(
                { FED("set", "'x':[1,2,3]"), BAD("Assign requires shapes of both tensors to match. lhs shape= [2] rhs shape= [3]") }, { FED("any", "'x':[1,2,3]"), OK },
                { FETCH("v"), "[1.0,2.0,3.0]" }, { FED("set", "'x':[1,2]"), BAD("Assign requires shapes of both tensors to match. lhs shape= [3] rhs shape= [2]") } ) },
        { "one that is fed is read, but not assigned to", "v = Variable([1.0, 2.0]); set = Assign(v, [3.0, 4.0]); y = v * 2.0", STEPS(
                { RUN("init"), OK }, { FETCH("y") ",'feeds':{'v':[5,6]}", "[10.0,12.0]" }, { FED("set", "'v':[5,6]"), BAD("0-th input expects a ref type") }, { FETCH("v"), "[1.0,2.0]" } ) },
};

#define READS "Error while reading resource variable v from Container: box. This could mean that the variable was uninitialized. Not found: "
static const Story names[] = {
        { "a resource is found by container, name and type", "v = VarHandleOp(dtype=float32, shape=[], shared_name=\\'v\\', container=\\'box\\'); set = AssignVariableOp(v, 1.0); "
          "read = ReadVariableOp(v, dtype=float32); add = AssignAddVariableOp(v, 1.0); drop = DestroyResourceOp(v, ignore_lookup_error=False); drop2 = DestroyResourceOp(v); "
          "w = VarHandleOp(dtype=float32, shape=[], shared_name=\\'w\\', container=\\'box\\'); setw = AssignVariableOp(w, 2.0); there = VarIsInitializedOp(v)", STEPS(
                { FETCH("read"), "FAILED_PRECONDITION: " READS "Container box does not exist. (Could not find resource: box/v)\n\t [[{{node read}}]]" },
                { RUN("add"), "NOT_FOUND: Container box does not exist. (Could not find resource: box/v)" }, { RUN("setw"), OK },
                { FETCH("read"), "FAILED_PRECONDITION: " READS "Resource box/v/" }, { RUN("add"), "NOT_FOUND: Resource box/v/" }, { RUN("drop"), "NOT_FOUND: Resource box/v/" },
                { RUN("drop2"), OK }, { FETCH("there"), "false" }, { RUN("set"), OK }, { FETCH("there"), "true" }, { FETCH("read"), "1.0" }, { RUN("drop"), OK }, { FETCH("there"), "false" }) },
        { "in another container there is another of the name", "v = Variable(1.0); w = VariableV2(dtype=float32, shape=[], shared_name=\\'v\\', container=\\'box\\'); setw = Assign(w, 2.0); same = VariableV2(dtype=float32, shape=[], shared_name=\\'v\\')", STEPS(
                { "'targets':['init','setw']", OK }, { "'fetches':['v:0','w:0','same:0']", "[1.0,2.0,1.0]" }) },
        { "things of different types may have one name", "v = VariableV2(dtype=float32, shape=[], shared_name=\\'n\\'); q = FIFOQueueV2(component_types=[float32], shared_name=\\'n\\'); "
          "t = HashTableV2(key_dtype=string, value_dtype=int64, shared_name=\\'n\\'); r = IdentityReaderV2(shared_name=\\'n\\'); b = Barrier(component_types=[float32], shapes=[[]], shared_name=\\'n\\'); "
          "a = ConditionalAccumulator(dtype=float32, shape=[], shared_name=\\'n\\'); s = StageSize(dtypes=[float32], shared_name=\\'n\\')", STEPS(
                { "'targets':['v','q','t','r','b','a','s']", OK }) },
};
/* clang-format on */

Test(http_resources, what_data_flows_through)
{
        tell_all(flowing, COUNTOF(flowing), "");
}

/* Each in a process of its own: names in messages have numbers. */
Test(http_resources, a_stack_lives_in_a_step)
{
        tell(&of_a_step[0], "");
}

Test(http_resources, an_array_of_tensors_lives_in_a_step)
{
        tell(&of_a_step[1], "");
}

Test(http_resources, a_temporary_variable_lives_in_a_step)
{
        tell(&of_a_step[2], "");
}

Test(http_resources, tables)
{
        tell_both(tables, COUNTOF(tables));
}

Test(http_resources, variables)
{
        tell_all(variables, COUNTOF(variables), "");
}

Test(http_resources, names)
{
        tell_all(names, COUNTOF(names), "");
}

/* Whatever the op makes. */
Test(http_resources, containers_and_shared_names_are_checked)
{
        static const char *const ops[] = {
                "VariableV2(dtype=float32, shape=[], ",
                "VarHandleOp(dtype=float32, shape=[], ",
                "FIFOQueueV2(component_types=[float32], ",
                "RandomShuffleQueueV2(component_types=[float32], ",
                "PaddingFIFOQueueV2(component_types=[float32], shapes=[[]], ",
                "PriorityQueueV2(component_types=[float32], shapes=[[]], ",
                "Barrier(component_types=[float32], shapes=[[]], ",
                "ConditionalAccumulator(dtype=float32, shape=[], ",
                "SparseConditionalAccumulator(dtype=float32, shape=[], ",
                "HashTableV2(key_dtype=string, value_dtype=int64, ",
                "MutableHashTableV2(key_dtype=string, value_dtype=int64, ",
                "IdentityReaderV2(",
                "TFRecordReaderV2(",
                "StageSize(dtypes=[float32], ",
                "MapSize(dtypes=[float32], ",
                "MutexV2(",
        };
        for (size_t i = 0; i < COUNTOF(ops); i++) {
                char script[400];
                snprintf(script, sizeof script,
                         "x = %1$scontainer=\\'a b\\'); y = %1$sshared_name=\\'_y\\')", ops[i]);
                Story s = { ops[i], script,
                            STEPS({ RUN("x"), BAD("container contains invalid characters: a b") },
                                  { RUN("y"), BAD("shared_name cannot start with '_':_y") }) };
                tell(&s, "");
        }
}

/* ---- named engines ---- */

#define MAKE "/v1/sessions"
#define ON(name, script)                                                                        \
        expect(post(MAKE,                                                                       \
                    "{'name':'" name "','target':'engine:e','graph':{'script':'" script "'}}"), \
               201, NULL, NULL)
#define RUNS(name, what, result) \
        expect(post(MAKE "/" name ":run", "{" what "}"), 200, "/result", result)
#define FAILS(name, what, code) \
        expect(post(MAKE "/" name ":run", "{" what "}"), 400, "/code_name", code)
#define SHARED                                                                           \
        "v = VariableV2(dtype=float32, shape=[3]); set = Assign(v, [1.0, 2.0, 3.0]); "   \
        "r = VarHandleOp(dtype=float32, shape=[], shared_name=\\'r\\'); "                \
        "setr = AssignVariableOp(r, 4.0); read = ReadVariableOp(r, dtype=float32); "     \
        "q = FIFOQueueV2(component_types=[float32], shapes=[[]], shared_name=\\'q\\'); " \
        "put = QueueEnqueueV2(q, [5.0]); get = QueueDequeueV2(q, component_types=[float32])"

Test(http_resources, a_named_engines_state_outlives_its_sessions)
{
        ON("a", SHARED);
        RUNS("a", "'targets':['set','setr','put']", "null");
        expect(http("DELETE", MAKE "/a", NULL), 204, NULL, NULL);
        ON("b", SHARED);
        RUNS("b", "'fetches':['v:0','read:0','get:0']", "[[1.0,2.0,3.0],4.0,5.0]");
        expect(post(MAKE, "{'name':'p','graph':{'script':'" SHARED "'}}"), 201, NULL, NULL);
        FAILS("p", "'fetches':'v:0'", "FAILED_PRECONDITION");
}

Test(http_resources, sessions_of_a_named_engine_wait_for_each_other)
{
        ON("a", SHARED);
        ON("b", SHARED);
        int fd = begin_post(MAKE "/a:run", "{'fetches':'get:0'}");
        RUNS("b", "'targets':['put']", "null");
        expect(hear(fd), 200, "/result", "5.0");
}

Test(http_resources, a_variable_that_is_declared_anew_keeps_its_value)
{
        ON("a", SHARED);
        RUNS("a", "'targets':['set']", "null");
        ON("b", "v = VariableV2(dtype=float32, shape=[3]); set = Assign(v, [4.0, 5.0, 6.0])");
        RUNS("b", "'fetches':'v:0'", "[1.0,2.0,3.0]");
        RUNS("b", "'targets':['set']", "null");
        RUNS("a", "'fetches':'v:0'", "[4.0,5.0,6.0]");
}

Test(http_resources, an_isolated_session_has_its_own)
{
        ON("a", SHARED);
        RUNS("a", "'targets':['set']", "null");
        expect(post(MAKE, "{'name':'b','target':'engine:e','config':{'isolate_session_state':true},"
                          "'graph':{'script':'v = VariableV2(dtype=float32, shape=[]); "
                          "set = Assign(v, 9.0)'}}"),
               201, NULL, NULL);
        FAILS("b", "'fetches':'v:0'", "FAILED_PRECONDITION");
        RUNS("b", "'targets':['set']", "null");
        RUNS("b", "'fetches':'v:0'", "9.0");
        RUNS("a", "'fetches':'v:0'", "[1.0,2.0,3.0]");
}

Test(http_resources, a_reset_of_unknown_containers_closes_the_sessions_all_the_same)
{
        ON("a", SHARED);
        RUNS("a", "'targets':['set']", "null");
        expect(post("/v1/targets:reset", "{'target':'engine:e','containers':['none']}"), 200,
               "/sessions_closed", "[\"a\"]");
        FAILS("a", "'fetches':'v:0'", "FAILED_PRECONDITION");
        ON("b", SHARED);
        RUNS("b", "'fetches':'v:0'", "[1.0,2.0,3.0]");
        expect(post("/v1/targets:reset", "{'target':'engine:e'}"), 200, "/cleared",
               "[\"localhost\"]");
        ON("c", SHARED);
        FAILS("c", "'fetches':'v:0'", "FAILED_PRECONDITION");
}

Test(http_resources, a_reset_ends_those_who_wait)
{
        ON("a", SHARED);
        int fd = begin_post(MAKE "/a:run", "{'fetches':'get:0'}");
        while (strcmp(text_at(http("GET", MAKE "/a", NULL), "/running"), "1") != 0)
                ;
        expect(post("/v1/targets:reset", "{'target':'engine:e'}"), 200, NULL, NULL);
        expect(hear(fd), 499, "/code_name", "CANCELLED");
        Answer a = post("/v1/targets:reset", "{'target':'nowhere'}");
        expect(a, 404, "/detail",
               "No session factory registered for the given session options: {target: \"nowhere\" "
               "config: } Registered factories are {DIRECT_SESSION, GRPC_SESSION}.");
}

/* A session's own container is where its nodes' resources are, unless they name another. */
Test(http_resources, a_session_may_have_a_container_of_its_own)
{
        expect(post(MAKE, "{'name':'a','target':'engine:e','container':'box','graph':{'script':"
                          "'" SHARED "'}}"),
               201, "/container", "box");
        Answer a = post(MAKE "/a:run", "{'fetches':'read:0'}");
        cr_expect(strstr(text_at(a, "/detail"), "resource variable r from Container: box."), "%s",
                  a.body);
        RUNS("a", "'targets':['set','put']", "null");
        ON("b", SHARED);
        FAILS("b", "'fetches':'v:0'", "FAILED_PRECONDITION");
        a = http("GET", MAKE "/a/queues/q", NULL);
        expect(a, 200, "/container", "box");
        a = http("GET", MAKE "/a/containers", NULL);
        expect(a, 200, "/containers/0/name", "box");
}
