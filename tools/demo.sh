#!/bin/bash
# Plays the examples of TensorFlow's session documentation, a small convolutional model, and a training with curl against
# a daemon that it starts and stops. Prints each command and its answer; fails when an answer is wrong.
# usage: demo.sh SESSRUND
set -eu
daemon=$1
wrong=0
. tools/daemon.sh

title() {
        printf '\n# %s\n' "$*"
}
# Posts a body; shows the command and the answer, of which the first part says enough.
post() {
        answer=$(curl -s "$api/$1" -d "$2")
        printf "$ curl %s/%s -d '%s'\n%.300s\n" "$api" "$1" "$2" "$answer"
}
# expect TEXT: the last answer must have it.
expect() {
        case $answer in
        *"$1"*) ;;
        *)
                printf '!! expected %s\n' "$1"
                wrong=1
                ;;
        esac
}
# session NAME GRAPH: nodes in proto3 JSON.
session() {
        post sessions "{\"name\": \"$1\", \"graph\": {\"graph_def\": {\"node\": [$2]}}}"
        expect '"state":"active"'
}
float='{"type": "DT_FLOAT"}'
# One node each: const NAME VALUE, placeholder NAME, binary NAME OP INPUT INPUT.
const() {
        printf '{"name": "%s", "op": "Const", "attr": {"dtype": %s, "value": {"tensor": {"dtype": "DT_FLOAT", "tensorShape": {}, "floatVal": [%s]}}}}' \
                "$1" "$float" "$2"
}
placeholder() {
        printf '{"name": "%s", "op": "Placeholder", "attr": {"dtype": %s}}' "$1" "$float"
}
binary() {
        printf '{"name": "%s", "op": "%s", "input": ["%s", "%s"], "attr": {"T": %s}}' "$1" "$2" "$3" "$4" "$float"
}

title "a = 5.0, b = 6.0, c = a * b"
session product "$(const a 5), $(const b 6), $(binary c Mul a b)"
post sessions/product:run '{"fetches": "c:0"}'
expect '"result":30.0'
post sessions/product:run '{"fetches": {"sum": ["a:0", "b:0"], "product": "c:0"}, "feeds": {"a": 2}}'
expect '"result":{"sum":[2.0,6.0],"product":12.0}'

title "A variable lives in its session: 42, then 13; a second session has its own"
variable='{"name": "v", "op": "VariableV2", "attr": {"dtype": '$float', "shape": {"shape": {}}}},
 '$(const initial 42)', '$(const other 13)', '$(binary init Assign v initial)', '$(binary assign Assign v other)
session essay "$variable"
post sessions/essay:run '{"targets": ["init"]}'
post sessions/essay:run '{"fetches": "v:0"}'
expect '"result":42.0'
post sessions/essay:run '{"fetches": "assign:0"}'
expect '"result":13.0'
post sessions/essay:run '{"fetches": "v:0"}'
expect '"result":13.0'
session second "$variable"
post sessions/second:run '{"fetches": "v:0"}'
expect 'Attempting to use uninitialized value v'

title "A run in parts: r1 = a + b, then r2 = r1 * c"
session parts "$(placeholder a), $(placeholder b), $(placeholder c), $(binary r1 Add a b), $(binary r2 Mul r1 c)"
post sessions/parts:partial_run_setup '{"fetches": ["r1:0", "r2:0"], "feeds": ["a:0", "b:0", "c:0"]}'
handle=$(sed -n 's/.*"handle":"\([^"]*\)".*/\1/p' <<<"$answer")
post sessions/parts:partial_run "{\"handle\": \"$handle\", \"fetches\": \"r1:0\", \"feeds\": {\"a\": 1, \"b\": 2}}"
expect '"result":3.0'
post sessions/parts:partial_run "{\"handle\": \"$handle\", \"fetches\": \"r2:0\", \"feeds\": {\"c\": 17}}"
expect '"result":51.0'

title "A closed session"
post sessions/product:close '{}'
expect '"state":"closed"'
post sessions/product:run '{"fetches": "c:0"}'
expect 'Attempted to use a closed Session.'

title "A small convolutional model, as protobuf text: 2x2 edges, Relu, pooling, two classes"
cat >"$dir/model.pbtxt" <<'END'
node { name: "image" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: 4 } dim { size: 4 } dim { size: 1 } } } } }
node { name: "kernel" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: 1 float_val: -1 float_val: 1 float_val: -1
    tensor_shape { dim { size: 2 } dim { size: 2 } dim { size: 1 } dim { size: 1 } } } } } }
node { name: "conv" op: "Conv2D" input: "image" input: "kernel" attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "strides" value { list { i: 1 i: 1 i: 1 i: 1 } } } attr { key: "padding" value { s: "SAME" } } }
node { name: "relu" op: "Relu" input: "conv" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "pool" op: "MaxPool" input: "relu" attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "ksize" value { list { i: 1 i: 4 i: 2 i: 1 } } } attr { key: "strides" value { list { i: 1 i: 4 i: 2 i: 1 } } }
  attr { key: "padding" value { s: "VALID" } } }
node { name: "shape" op: "Const" attr { key: "dtype" value { type: DT_INT32 } } attr { key: "value" value {
  tensor { dtype: DT_INT32 int_val: -1 int_val: 2 tensor_shape { dim { size: 2 } } } } } }
node { name: "scores" op: "Reshape" input: "pool" input: "shape" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "axis" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
  attr { key: "value" value { tensor { dtype: DT_INT32 int_val: 1 tensor_shape { } } } } }
node { name: "class" op: "ArgMax" input: "scores" input: "axis" attr { key: "T" value { type: DT_FLOAT } } }
END
answer=$(curl -s -T "$dir/model.pbtxt" "$api/graphs/edges")
printf '$ curl -T model.pbtxt %s/graphs/edges\n%s\n' "$api" "$answer"
expect '"nodes":9'
post sessions '{"name": "edges", "graph": "edges"}'
expect '"nodes":9'
left='[[[[9],[0],[0],[0]],[[9],[0],[0],[0]],[[9],[0],[0],[0]],[[9],[0],[0],[0]]]]'
right='[[[[0],[0],[9],[0]],[[0],[0],[9],[0]],[[0],[0],[9],[0]],[[0],[0],[9],[0]]]]'
post sessions/edges:run "{\"fetches\": [\"scores:0\", \"class:0\"], \"feeds\": {\"image\": $left}}"
expect '"result":[[[18.0,0.0]],[0]]'
post sessions/edges:run "{\"fetches\": [\"scores:0\", \"class:0\"], \"feeds\": {\"image\": $right}}"
expect '"result":[[[0.0,18.0]],[1]]'
post sessions/edges:run '{"fetches": "class:0", "feeds": {"image": [[[[1], [2, 3]]]]}}'
expect '"pointer":"/feeds/image'

title "Training: a loop at the server finds y = 2 x + 1; saved by the graph's own ops, restored in another session"
line='w = VariableV2(dtype=float32, shape=[]); b = VariableV2(dtype=float32, shape=[]); zero = Const(value=0.0, dtype=float32)
 init_w = Assign(w, zero); init_b = Assign(b, zero); rate = Const(value=0.1, dtype=float32); axis = Const(value=[0], dtype=int32)
 x = Const(value=[0.0, 1.0, 2.0, 3.0], dtype=float32); y = Const(value=[1.0, 3.0, 5.0, 7.0], dtype=float32)
 e = w * x + b - y; loss = Mean(e * e, axis); gw = Mean(e * x, axis); gb = Mean(e, axis)
 train_w = ApplyGradientDescent(w, rate, gw); train_b = ApplyGradientDescent(b, rate, gb)
 file = Placeholder(dtype=string, shape=[]); names = Const(value=[\"w\", \"b\"], dtype=string)
 slices = Const(value=[\"\", \"\"], dtype=string); save = SaveV2(file, names, slices, [w, b])
 back = RestoreV2(file, names, slices, dtypes=[float32, float32]); back_w = Assign(w, back:0); back_b = Assign(b, back:1)'
line=${line//$'\n'/;}
post sessions "{\"name\": \"line\", \"graph\": {\"script\": \"$line\"}}"
expect '"state":"active"'
post sessions/line:run '{"targets": ["init_w", "init_b"]}'
post sessions/line/loops '{"run": {"fetches": "loss:0", "targets": ["train_w", "train_b"]}, "steps": 1000, "report_every": 100}'
for _ in $(seq 100); do
        answer=$(curl -s "$api/sessions/line/loops/1")
        [[ $answer == *'"state":"running"'* ]] || break
        sleep 0.1
done
printf '$ curl %s/sessions/line/loops/1\n%s\n' "$api" "$answer"
expect '"state":"done","steps_done":1000'
post sessions/line:run "{\"targets\": [\"save\"], \"feeds\": {\"file\": \"$dir/data/line\"}}"
post sessions/line:run '{"fetches": ["w:0", "b:0"]}'
trained=${answer%%,\"step_id*}
post sessions "{\"name\": \"again\", \"graph\": {\"script\": \"$line\"}}"
post sessions/again:run "{\"targets\": [\"back_w\", \"back_b\"], \"feeds\": {\"file\": \"$dir/data/line\"}}"
post sessions/again:run '{"fetches": ["w:0", "b:0"]}'
expect "$trained"
expect '"result":[2.0'
curl -s "$api/sessions/line:export" -d '{"format": "saved_model"}' -o "$dir/line.tar"
answer=$(curl -s -T "$dir/line.tar" "$api/graphs/line")
printf '$ curl %s/sessions/line:export -o line.tar; curl -T line.tar %s/graphs/line\n%.300s\n' "$api" "$api" "$answer"
post sessions '{"name": "exported", "graph": "line"}'
post sessions/exported:run '{"fetches": ["w:0", "b:0"]}'
expect "$trained"

title "Queue runners: the server fills a queue until it is asked to stop"
queue='rows = FIFOQueueV2(component_types=[int32], shapes=[[]], capacity=2); one = Const(value=7, dtype=int32)
 put = QueueEnqueueV2(rows, [one]); get = QueueDequeueV2(rows, component_types=[int32]); shut = QueueCloseV2(rows)
 cancel = QueueCloseV2(rows, cancel_pending_enqueues=true)'
post sessions "{\"name\": \"input\", \"graph\": {\"script\": \"${queue//$'\n'/;}\"}}"
post sessions/input/queue_runners '{"queue_runners": [{"queue_name": "rows", "enqueue_op_name": ["put"], "close_op_name": "shut", "cancel_op_name": "cancel"}]}'
expect '"state":"running"'
post sessions/input:run '{"fetches": "get:0"}'
expect '"result":7'
post sessions/input/coordinator:request_stop '{}'
post sessions/input/coordinator:join '{"stop_grace_period_secs": 10}'
expect '"joined":true'

title "The daemon ends on SIGTERM"
kill -TERM "$pid"
wait "$pid" || wrong=1
if [ "$wrong" -eq 0 ]; then
        echo "demo: all answers are right"
else
        echo "demo: an answer is wrong"
        cat "$dir/log"
fi
exit "$wrong"
