// SPDX-License-Identifier: Apache-2.0
/* The rules of queues as several clients see them: who waits, who is served, what is refused in
 * which words. Each story is told for the ops of both versions. */
#include "engine/base/buf.h"
#include "tests/api/story.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

TestSuite(http_queue_rules, .init = server_begin, .fini = server_end, .timeout = 120);

/* A queue, and what can be done with it; "types" and "shapes" are those of an element. */
#define QUEUE(kind, attrs, types)                                                       \
        "q = " kind "Queue$(component_types=[float32], shared_name=\\'q\\'" attrs "); " \
        "x = Placeholder(dtype=float32); xs = Placeholder(dtype=float32); "             \
        "n = Placeholder(dtype=int32, shape=[]); p = Placeholder(dtype=int64); "        \
        "get = QueueDequeue$(q, component_types=[" types "]); "                         \
        "gets = QueueDequeueMany$(q, n, component_types=[" types "]); "                 \
        "upto = QueueDequeueUpTo$(q, n, component_types=[" types "]); "                 \
        "size = QueueSize$(q); closed = QueueIsClosed$(q); shut = QueueClose$(q); "     \
        "kill = QueueClose$(q, cancel_pending_enqueues=true); "
#define PLAIN(kind, attrs)              \
        QUEUE(kind, attrs, "float32")   \
        "put = QueueEnqueue$(q, [x]); " \
        "puts = QueueEnqueueMany$(q, [xs]); "
#define FIFO(attrs) PLAIN("FIFO", attrs)
#define SCALARS     ", shapes=[[]]"
#define TWO         SCALARS ", capacity=2"
#define PRIORITIES(attrs)                          \
        QUEUE("Priority", attrs, "int64, float32") \
        "put = QueueEnqueue$(q, [p, x]); puts = QueueEnqueueMany$(q, [p, xs]); "

#define SIZE(n)                          \
        {                                \
                "'fetches':'size:0'", #n \
        }
#define PUT(...)  "'targets':['put'],'feeds':{'x':" #__VA_ARGS__ "}"
#define PUTS(...) "'targets':['puts'],'feeds':{'xs':" #__VA_ARGS__ "}"
#define GET       "'fetches':'get:0'"
#define GETS(n)   "'fetches':'gets:0','feeds':{'n':" #n "}"
#define UPTO(n)   "'fetches':'upto:0','feeds':{'n':" #n "}"
#define SHUT      "'targets':['shut']"
#define KILL      "'targets':['kill']"
#define IS(text)                             \
        {                                    \
                "'fetches':'closed:0'", text \
        }
#define OK "null"
#define LEFT(kind, wanted, size)                                                \
        "OUT_OF_RANGE: " kind                                                   \
        "Queue 'q' is closed and has insufficient elements (requested " #wanted \
        ", current size " #size ")\n\t [[{{node "
#define GONE(kind) "CANCELLED: " kind "Queue 'q' is closed.\n\t [[{{node put"
#define NO_DEQUEUE "CANCELLED: Dequeue operation was cancelled\n\t [[{{node "
#define NO_ENQUEUE "CANCELLED: Enqueue operation was cancelled\n\t [[{{node "
#define TIME_IS_UP "DEADLINE_EXCEEDED: Timed out waiting for notification"
#define BAD(text)  "INVALID_ARGUMENT: " text

/* clang-format off */
static const Story waiting[] = {
        { "elements come out as they went in", FIFO(SCALARS), STEPS(
                { PUT(1), OK }, { PUTS([2,3]), OK }, SIZE(3), { GET, "1.0" }, { GETS(2), "[2.0,3.0]" }, SIZE(0)) },
        { "a dequeue waits for an enqueue", FIFO(TWO), STEPS(
                SIZE(0), { "&" GET }, { PUT(7), OK }, { ">0", "7.0" }, SIZE(0)) },
        { "an enqueue waits for room", FIFO(TWO), STEPS(
                { PUTS([1,2]), OK }, { "&" PUT(3) }, SIZE(2), { GET, "1.0" }, { ">0", OK }, SIZE(2)) },
        { "who comes first is served first", FIFO(TWO), STEPS(
                SIZE(0), { "&" GET }, { "&" GET }, { "&" GET }, { PUT(1), OK }, { ">0", "1.0" },
                { PUT(2), OK }, { ">1", "2.0" }, { PUT(3), OK }, { ">2", "3.0" }) },
        { "a waiting dequeue of many holds what it has outside of the queue, whose room is free", FIFO(TWO), STEPS(
                SIZE(0), { "&" GETS(4) }, { PUTS([1,2]), OK }, SIZE(0), { PUT(3), OK }, SIZE(0),
                { PUT(4), OK }, { ">0", "[1.0,2.0,3.0,4.0]" }) },
        { "a waiting dequeue of many holds up the dequeues behind it", FIFO(TWO), STEPS(
                SIZE(0), { "&" GETS(2) }, { "&" GET }, { PUT(1), OK }, { PUT(2), OK },
                { ">0", "[1.0,2.0]" }, { PUT(3), OK }, { ">1", "3.0" }) },
        { "an enqueue of more than there is room for puts in what fits, and holds up those behind it", FIFO(TWO), STEPS(
                SIZE(0), { "&" PUTS([1,2,3]) }, SIZE(2), { "&" PUT(9) }, { GET, "1.0" }, { ">0", OK },
                { GET, "2.0" }, { ">1", OK }, { GETS(2), "[3.0,9.0]" }) },
        { "many of both go through a small queue", FIFO(TWO), STEPS(
                SIZE(0), { "&" PUTS([1,2,3,4,5]) }, { GETS(5), "[1.0,2.0,3.0,4.0,5.0]" }, { ">0", OK }, SIZE(0)) },
        { "no elements are enqueued at once, into a closed queue, too", FIFO(TWO), STEPS(
                { PUTS([]), OK }, { SHUT, OK }, { PUTS([]), OK }, SIZE(0)) },
        { "no elements are dequeued at once, from a closed queue, too", FIFO(TWO), STEPS(
                { GETS(0), "[]" }, { UPTO(0), "[]" }, { SHUT, OK }, { GETS(0), "[]" }, { UPTO(0), "[]" }) },
        { "a dequeue of up to a number waits for all of them while the queue is open", FIFO(TWO), STEPS(
                SIZE(0), { "&" UPTO(3) }, { PUTS([1,2]), OK }, SIZE(0), { PUT(3), OK }, { ">0", "[1.0,2.0,3.0]" }) },
};

static const Story giving_up[] = {
        { "a dequeue whose time is up leaves the queue usable, twice in a row", FIFO(TWO), STEPS(
                { "ms=20 " GET, TIME_IS_UP }, { "ms=20 " GET, TIME_IS_UP }, { PUT(1), OK }, { GET, "1.0" }) },
        { "an enqueue whose time is up leaves the queue usable, twice in a row", FIFO(TWO), STEPS(
                { PUTS([1,2]), OK }, { "ms=20 " PUT(3), TIME_IS_UP }, { "ms=20 " PUT(4), TIME_IS_UP },
                { GETS(2), "[1.0,2.0]" }, SIZE(0)) },
        { "a cancelled dequeue says so", FIFO(TWO), STEPS(
                SIZE(0), { "&" GET }, { "c0" }, { ">0", NO_DEQUEUE }, { PUT(1), OK }, { GET, "1.0" }) },
        { "a cancelled enqueue says so", FIFO(TWO), STEPS(
                { PUTS([1,2]), OK }, { "&" PUT(3) }, { "c0" }, { ">0", NO_ENQUEUE }, SIZE(2)) },
        { "what a cancelled dequeue of many had taken is lost", FIFO(TWO), STEPS(
                SIZE(0), { "&" GETS(4) }, { PUTS([1,2]), OK }, { "c0" }, { ">0", NO_DEQUEUE }, SIZE(0),
                { PUT(3), OK }, { GET, "3.0" }) },
        { "so it is when its client hangs up", FIFO(TWO), STEPS(
                SIZE(0), { "&" GETS(4) }, { PUTS([1,2]), OK }, { "x0" }, SIZE(0), { PUT(3), OK }, { GET, "3.0" }) },
        { "so it is when its time is up", FIFO(TWO), STEPS(
                SIZE(0), { "&" GETS(3) ",'options':{'timeout_in_ms':300}" }, { PUTS([1,2]), OK }, { ">0", TIME_IS_UP },
                SIZE(0), { PUT(3), OK }, { GET, "3.0" }) },
        { "what a cancelled enqueue of many has put in stays", FIFO(TWO), STEPS(
                SIZE(0), { "&" PUTS([1,2,3]) }, { "c0" }, { ">0", NO_ENQUEUE }, SIZE(2), { GETS(2), "[1.0,2.0]" }, SIZE(0)) },
        { "so it does when its client hangs up", FIFO(TWO), STEPS(
                SIZE(0), { "&" PUTS([1,2,3]) }, { "x0" }, { GETS(2), "[1.0,2.0]" }, SIZE(0)) },
        { "those behind who gives up go on", FIFO(TWO), STEPS(
                SIZE(0), { "&" GETS(2) }, { "&" GET }, { "x0" }, { PUT(5), OK }, { ">1", "5.0" }) },
};

static const Story closing[] = {
        { "a closed queue gives what it has and takes no more", FIFO(SCALARS), STEPS(
                { PUTS([1,2]), OK }, IS("false"), { SHUT, OK }, IS("true"), { PUT(3), GONE("FIFO") },
                { PUTS([3]), GONE("FIFO") }, { GET, "1.0" }, { GET, "2.0" }, { GET, LEFT("FIFO", 1, 0) "get}}]]" }) },
        { "too few are put back in front, in their order; what is told is what was still needed", FIFO(SCALARS), STEPS(
                SIZE(0), { "&" GETS(5) }, { PUTS([1,2,3]), OK }, SIZE(0), { SHUT, OK },
                { ">0", LEFT("FIFO", 2, 0) "gets}}]]" }, SIZE(3), { GETS(3), "[1.0,2.0,3.0]" }) },
        { "without a wait the size is what there was", FIFO(SCALARS), STEPS(
                { PUTS([1,2,3]), OK }, { SHUT, OK }, { GETS(5), LEFT("FIFO", 5, 3) "gets}}]]" }, SIZE(3)) },
        { "what is put back serves those behind", FIFO(SCALARS), STEPS(
                SIZE(0), { "&" GETS(5) }, { "&" GETS(2) }, { PUTS([1,2,3]), OK }, { SHUT, OK },
                { ">0", LEFT("FIFO", 2, 0) }, { ">1", "[1.0,2.0]" }, { GET, "3.0" }) },
        { "up to a number takes what is left, then is out of range", FIFO(SCALARS), STEPS(
                SIZE(0), { "&" UPTO(5) }, { PUTS([1,2,3]), OK }, { SHUT, OK }, { ">0", "[1.0,2.0,3.0]" },
                { UPTO(5), LEFT("FIFO", 5, 0) "upto}}]]" }) },
        { "up to a number leaves enqueues that wait their turn", FIFO(TWO), STEPS(
                SIZE(0), { "&" PUTS([1,2,3]) }, { "&" SHUT }, { UPTO(9), "[1.0,2.0,3.0]" }, { ">0", OK }, { ">1", OK }) },
        { "a close waits behind the enqueues that wait; those that come later are refused", FIFO(TWO), STEPS(
                { PUTS([1,2]), OK }, { "&" PUT(3) }, { "&" SHUT }, { "&" PUT(4) }, IS("false"), { GET, "1.0" },
                { ">0", OK }, { ">1", OK }, { ">2", GONE("FIFO") }, IS("true"), { GETS(2), "[2.0,3.0]" }) },
        { "a waiting close is not cancelled with its step", FIFO(TWO), STEPS(
                { PUTS([1,2]), OK }, { "&" PUT(3) }, { "&" SHUT }, { "c1" }, IS("false"), { GET, "1.0" },
                { ">0", OK }, { ">1", NULL }, IS("true")) },
        { "closing twice is refused", FIFO(SCALARS), STEPS(
                { SHUT, OK }, { SHUT, "CANCELLED: Queue 'q' is already closed.\n\t [[{{node shut}}]]" }) },
        { "a close that cancels ends the enqueues that wait, keeps what they put in, and may come again", FIFO(TWO), STEPS(
                SIZE(0), { "&" PUTS([1,2,3]) }, { "&" PUT(4) }, { KILL, OK }, { ">0", NO_ENQUEUE "puts}}]]" },
                { ">1", NO_ENQUEUE "put}}]]" }, SIZE(2), { KILL, OK }, { GETS(2), "[1.0,2.0]" }, { GET, LEFT("FIFO", 1, 0) }) },
        { "dequeues that wait are told that none will come", FIFO(TWO), STEPS(
                SIZE(0), { "&" GET }, { "&" GETS(2) }, { KILL, OK }, { ">0", LEFT("FIFO", 1, 0) }, { ">1", LEFT("FIFO", 2, 0) }) },
};

static const Story refusals[] = {
        { "what is no element is refused before it waits", FIFO(", shapes=[[3, 3]], capacity=1")
          "i = Const(value=1, dtype=int32); two = QueueEnqueue$(q, [x, x]); typed = QueueEnqueue$(q, [i]); ", STEPS(
                { "'targets':['two'],'feeds':{'x':1}", BAD("Wrong number of components in tuple. Expected 1, got 2") },
                { "'targets':['typed']", BAD("Type mismatch in tuple component 0. Expected float, got int32") },
                { PUT([[1,2,3,4],[1,2,3,4],[1,2,3,4]]), BAD("Shape mismatch in tuple component 0. Expected [3,3], got [3,4]") },
                { PUTS([[[1,2,3,4],[1,2,3,4],[1,2,3,4]],[[1,2,3,4],[1,2,3,4],[1,2,3,4]]]),
                  BAD("Shape mismatch in tuple component 0. Expected [2,3,3], got [2,3,4]") },
                SIZE(0)) },
        { "a batch has one size, and without shapes cannot be dequeued",
          "q = FIFOQueue$(component_types=[float32, float32]); x = Placeholder(dtype=float32); xs = Placeholder(dtype=float32); "
          "puts = QueueEnqueueMany$(q, [x, xs]); n = Placeholder(dtype=int32, shape=[]); "
          "gets = QueueDequeueMany$(q, n, component_types=[float32, float32]); upto = QueueDequeueUpTo$(q, n, component_types=[float32, float32])", STEPS(
                { "'targets':['puts'],'feeds':{'x':[1,2],'xs':[1,2,3]}",
                  BAD("All input tensors must have the same size in the 0th dimension. Component 1 has 3, and should have 2") },
                { GETS(0), BAD("FIFOQueue's DequeueMany and DequeueUpTo require the components to have specified shapes.") },
                { UPTO(1), BAD("FIFOQueue's DequeueMany and DequeueUpTo require the components to have specified shapes.") }) },
        { "fewer than none cannot be had", FIFO(SCALARS), STEPS(
                { GETS(-1), BAD("DequeueManyOp requested -1 < 0 elements") }, { UPTO(-2), BAD("DequeueUpToOp requested -2 < 0 elements") }) },
        { "a timeout in the graph is not supported", FIFO(SCALARS) "late = QueueDequeue$(q, component_types=[float32], timeout_ms=5)", STEPS(
                { "'fetches':'late:0'", BAD("Timeout not supported yet.") }) },
        { "of a list of queues the index chooses",
          "a = FIFOQueue(component_types=[float32], shared_name=\\'a\\'); b = FIFOQueue(component_types=[float32], shared_name=\\'b\\'); "
          "i = Placeholder(dtype=int32, shape=[]); x = Placeholder(dtype=float32); q = RefSelect(i, [a, b]); "
          "put = QueueEnqueue(q, [x]); size = QueueSize(b)", STEPS(
                { "'targets':['put'],'feeds':{'i':1,'x':5}", OK }, SIZE(1),
                { "'targets':['put'],'feeds':{'i':2,'x':5}", BAD("index must be in the range [0, 2) but got 2") }) },
        { "two queues without a shared name are two; their names are numbered",
          "a = FIFOQueue$(component_types=[float32]); b = FIFOQueue$(component_types=[float32]); x = Const(value=1.0, dtype=float32); "
          "put = QueueEnqueue$(a, [x]); size = QueueSize$(b); shut = QueueClose$(a)", STEPS(
                { "'targets':['put']", OK }, SIZE(0), { SHUT, OK }, { "'targets':['put']", "CANCELLED: FIFOQueue '_" }) },
};

static const Story kinds[] = {
        { "a shuffling queue keeps its minimum until it is closed", PLAIN("RandomShuffle", SCALARS ", min_after_dequeue=2"), STEPS(
                { PUTS([5,5]), OK }, { "&" GET }, SIZE(2), { PUT(5), OK }, { ">0", "5.0" }, { "&" GETS(2) }, { SHUT, OK },
                { ">0", "[5.0,5.0]" }, { GET, LEFT("RandomShuffle", 1, 0) }, { PUT(1), GONE("RandomShuffle") }) },
        { "what a shuffling queue cannot give whole goes back", PLAIN("RandomShuffle", SCALARS), STEPS(
                SIZE(0), { "&" GETS(5) }, { PUTS([5,5,5]), OK }, SIZE(0), { SHUT, OK }, { ">0", LEFT("RandomShuffle", 2, 0) },
                SIZE(3), { GETS(3), "[5.0,5.0,5.0]" }) },
        { "a shuffling queue checks its minimum", PLAIN("RandomShuffle", ", capacity=5, min_after_dequeue=5"), STEPS(
                { SHUT, BAD("min_after_dequeue 5 must be < capacity 5") }) },
        { "which is none below zero", PLAIN("RandomShuffle", ", min_after_dequeue=-1"), STEPS(
                { SHUT, BAD("min_after_dequeue -1 must be >= 0") }) },
        { "a shuffling queue needs shapes for batches", PLAIN("RandomShuffle", ""), STEPS(
                { GETS(1), BAD("RandomShuffleQueue's DequeueMany and DequeueUpTo require the components to have specified shapes.") }) },
        { "a padding queue fills a batch up to its largest", PLAIN("PaddingFIFO", ", shapes=[[-1, 2]]"), STEPS(
                { PUT([[1,2]]), OK }, { PUT([[3,4],[5,6]]), OK }, { PUT([[7,8]]), OK }, { GETS(2), "[[[1.0,2.0],[0.0,0.0]],[[3.0,4.0],[5.0,6.0]]]" },
                { GET, "[[7.0,8.0]]" }, { PUT([[1,2,3]]), BAD("Shape mismatch in tuple component 0. Expected [?,2], got [1,3]") }) },
        { "a padding queue puts back in order", PLAIN("PaddingFIFO", ", shapes=[[-1]]"), STEPS(
                SIZE(0), { "&" GETS(4) }, { PUT([1]), OK }, { PUT([2,3]), OK }, { SHUT, OK }, { ">0", LEFT("PaddingFIFO", 2, 0) },
                { UPTO(9), "[[1.0,0.0],[2.0,3.0]]" }, { PUT([1]), GONE("PaddingFIFO") }) },
        { "a padding queue has shapes of known rank", PLAIN("PaddingFIFO", ", shapes=[None]"), STEPS(
                { SHUT, BAD("shape <unknown> must have a defined rank") }) },
        { "one for each component", PLAIN("PaddingFIFO", ", shapes=[]"), STEPS(
                { SHUT, BAD("Shapes must be provided for all components, but received 1 dtypes and 0 shapes.") }) },
        { "a queue of priorities gives the smallest first", PRIORITIES(SCALARS), STEPS(
                { "'targets':['puts'],'feeds':{'p':[3,-1,9,0],'xs':[30,-10,90,0]}", OK }, { "'fetches':['get:0','get:1']", "[-1,-10.0]" },
                { "'fetches':['gets:0','gets:1'],'feeds':{'n':3}", "[[0,3,9],[0.0,30.0,90.0]]" }) },
        { "a batch of priorities waits until it sees all of them", PRIORITIES(SCALARS), STEPS(
                SIZE(0), { "&" GETS(3) }, { "'targets':['puts'],'feeds':{'p':[5,4],'xs':[1,1]}", OK }, SIZE(2),
                { "'targets':['put'],'feeds':{'p':1,'x':1}", OK }, { ">0", "[1,4,5]" }, { SHUT, OK }, { GETS(2), LEFT("Priority", 2, 0) }) },
        { "a priority is one number", PRIORITIES(", shapes=[]"), STEPS(
                { "'targets':['put'],'feeds':{'p':[1,2],'x':1}", BAD("Expected the priority element to be a scalar, but received shape: [2]") },
                { GETS(1), BAD("PriorityQueue's DequeueMany requires the components to have specified shapes.") },
                { SHUT, OK }, { "'targets':['put'],'feeds':{'p':1,'x':1}", GONE("Priority") }) },
};

/* The queue q, and others that ask for one of its name. */
static const Story sharing[] = {
        { "a shared queue must be asked for as it is",
          "q = RandomShuffleQueue$(component_types=[float32], shapes=[[2]], capacity=10, min_after_dequeue=3, seed=1, seed2=2, shared_name=\\'q\\'); "
          "same = RandomShuffleQueue$(component_types=[float32], shapes=[[2]], capacity=10, min_after_dequeue=3, shared_name=\\'q\\'); "
          "cap = RandomShuffleQueue$(component_types=[float32], shapes=[[2]], capacity=5, min_after_dequeue=3, shared_name=\\'q\\'); "
          "min = RandomShuffleQueue$(component_types=[float32], shapes=[[2]], capacity=10, min_after_dequeue=4, shared_name=\\'q\\'); "
          "seed = RandomShuffleQueue$(component_types=[float32], shapes=[[2]], capacity=10, min_after_dequeue=3, seed=9, shared_name=\\'q\\'); "
          "type = RandomShuffleQueue$(component_types=[int32], shapes=[[2]], capacity=10, min_after_dequeue=3, shared_name=\\'q\\'); "
          "shape = RandomShuffleQueue$(component_types=[float32], capacity=10, min_after_dequeue=3, shared_name=\\'q\\'); "
          "kind = FIFOQueue$(component_types=[float32], shared_name=\\'q\\'); "
          "box = FIFOQueue$(component_types=[int32], shared_name=\\'q\\', container=\\'box\\')", STEPS(
                { "'targets':['q']", OK }, { "'targets':['same']", OK }, { "'targets':['box']", OK },
                { "'targets':['cap']", BAD("Shared queue 'q' has capacity 10 but requested capacity was 5") },
                { "'targets':['min']", BAD("Shared queue 'q' has min_after_dequeue 3 but requested min_after_dequeue was 4.") },
                { "'targets':['seed']", BAD("Shared queue 'q' has random seeds (1, 2) but requested seeds are (9, 0).") },
                { "'targets':['type']", BAD("Shared queue 'q' has component types float but requested component types were int32") },
                { "'targets':['shape']", BAD("Shared queue 'q' has component shapes [[2]] but requested component shapes were []") },
                { "'targets':['kind']", BAD("Expected RandomShuffleQueue, found FIFOQueue") }) },
        { "shapes of a padding queue need only agree",
          "q = PaddingFIFOQueue$(component_types=[float32], shapes=[[-1]], shared_name=\\'q\\'); "
          "same = PaddingFIFOQueue$(component_types=[float32], shapes=[[3]], shared_name=\\'q\\'); "
          "other = PaddingFIFOQueue$(component_types=[float32], shapes=[[]], shared_name=\\'q\\')", STEPS(
                { "'targets':['q']", OK }, { "'targets':['same']", OK },
                { "'targets':['other']", BAD("Shared queue 'q' has component shapes [[?]] but requested component shapes were [[]]") }) },
};
/* clang-format on */

Test(http_queue_rules, who_waits_and_who_is_served)
{
        tell_both(waiting, COUNTOF(waiting));
}

Test(http_queue_rules, what_becomes_of_elements_when_a_client_gives_up)
{
        tell_both(giving_up, COUNTOF(giving_up));
}

Test(http_queue_rules, closing)
{
        tell_both(closing, COUNTOF(closing));
}

Test(http_queue_rules, what_is_refused_in_which_words)
{
        tell_both(refusals, COUNTOF(refusals));
}

Test(http_queue_rules, what_the_kinds_do_differently)
{
        tell_both(kinds, COUNTOF(kinds));
}

Test(http_queue_rules, sharing)
{
        tell_both(sharing, COUNTOF(sharing));
}

/* Elements of each type go in and come out. */
Test(http_queue_rules, elements_may_be_of_any_type)
{
        static const struct {
                const char *type, *value;
        } rows[] = {
                { "float16", "1.5" },
                { "bfloat16", "1.5" },
                { "float32", "1.5" },
                { "float64", "1.5" },
                { "int8", "-3" },
                { "int16", "-3" },
                { "int32", "-3" },
                { "int64", "-3" },
                { "uint8", "3" },
                { "uint16", "3" },
                { "uint32", "3" },
                { "uint64", "3" },
                { "bool", "true" },
                { "complex64", "[1.5,-2.0]" },
                { "complex128", "[1.5,-2.0]" },
                { "string", "\"a\"" },
                { "qint8", "-3" },
                { "quint8", "3" },
                { "qint16", "-3" },
                { "quint16", "3" },
                { "qint32", "-3" },
        };
        for (size_t i = 0; i < COUNTOF(rows); i++) {
                char script[400], put[200];
                snprintf(script, sizeof script,
                         "q = FIFOQueue$(component_types=[%1$s], shapes=[[]]); "
                         "x = Placeholder(dtype=%1$s, shape=[]); put = QueueEnqueue$(q, [x]); "
                         "get = QueueDequeue$(q, component_types=[%1$s])",
                         rows[i].type);
                snprintf(put, sizeof put, "'targets':['put'],'feeds':{'x':%s}", rows[i].value);
                Story s = { rows[i].type, script, STEPS({ put, OK }, { GET, rows[i].value }) };
                tell_both(&s, 1);
        }
}

/* ---- many ---- */

static int threads(void)
{
        int n = 0;
        DIR *d = opendir("/proc/self/task");
        cr_assert(d);
        for (struct dirent *e; (e = readdir(d));)
                n += e->d_name[0] != '.';
        closedir(d);
        return n;
}

#define S "/v1/sessions/s"

/* A hundred clients with a hundred dequeues each. */
Test(http_queue_rules, ten_thousand_blocked_dequeues_hold_no_thread)
{
        enum { CLIENTS = 100, EACH = 100, ALL = CLIENTS * EACH };
        int fd[CLIENTS], before = threads();
        autobuf script = BUF(1 << 20), run = BUF(1 << 20);
        for (int i = 0; i < EACH; i++) {
                buf_printf(&script, "; g%d = QueueDequeueV2(q, component_types=[int32])", i);
                buf_printf(&run, "%c'g%d:0'", i ? ',' : '[', i);
        }
        expect(post("/v1/sessions",
                    "{'name':'s','graph':{'script':'q = FIFOQueueV2(component_types=[int32], "
                    "shapes=[[]]); r = Range(0, %d, 1); put = QueueEnqueueManyV2(q, [r]); "
                    "size = QueueSizeV2(q)%s'}}",
                    ALL, buf_cstr(&script)),
               201, NULL, NULL);
        expect(post(S ":run", "{'fetches':'size:0'}"), 200, "/result", "0");
        for (int i = 0; i < CLIENTS; i++)
                fd[i] = begin_post(S ":run", "{'fetches':%s]}", buf_cstr(&run));
        while (strcmp(text_at(http("GET", S "/queues/q", NULL), "/pending_dequeues"), "10000") != 0)
                ;
        cr_expect_leq(threads(), before, "%d threads became %d", before, threads());
        expect(post(S ":run", "{'targets':['put']}"), 200, NULL, NULL);
        json_int_t sum = 0;
        for (int i = 0; i < CLIENTS; i++) {
                Answer a = hear(fd[i]);
                json_t *v;
                size_t k;
                json_array_foreach (at(a, "/result"), k, v)
                        sum += json_integer_value(v);
        }
        cr_expect_eq(sum, (json_int_t)ALL * (ALL - 1) / 2);
}
