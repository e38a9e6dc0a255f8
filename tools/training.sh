#!/bin/bash
# Trains graphs that TensorFlow's users made, with curl alone, against a daemon that it starts and stops: initialized,
# trained by loops that report, saved as V2 checkpoints, restored in another session to the same bytes. Prints a line
# each: steps, rate, loss before and after, reports seen, the checkpoint's size, how long saving and restoring took.
# usage: training.sh SESSRUND [long]    long: those with checkpoints of a gigabyte and more, too
set -eu
daemon=$1
reader=${daemon%/*}/tests/conformance/conformance
long=${2:-}
models=${SESSRUN_SHARED:-../shared}/models
[ -d "$models" ] || {
        echo "training: no $models: set SESSRUN_SHARED"
        exit 0
}
wrong=0
. tools/daemon.sh

complain() {
        printf '!! %s: %s\n' "$name" "$*"
        wrong=1
}
# call METHOD PATH [CURL'S ARGUMENTS]: the answer; what is refused is told and ends this model.
call() {
        local method=$1 path=$2 answer
        shift 2
        answer=$(curl -sS -X "$method" "$api/$path" -w '\n%{http_code}' "$@")
        case ${answer##*$'\n'} in
        2??) printf '%s' "${answer%$'\n'*}" ;;
        *)
                printf '!! %s: %s %s: %.400s\n' "$name" "$method" "$path" "$answer" >&2
                return 1
                ;;
        esac
}
# run SESSION BODY, where the body may be long
run() {
        printf '%s' "$2" | call POST "sessions/$1:run" --data-binary @-
}
# The text of "feeds" for a net that reads texts: BATCH LENGTH WORDS TRAINING
texts() {
        jq -nc --argjson b "$1" --argjson l "$2" --argjson w "$3" --argjson t "$4" \
                '{x: [range($b) as $i | [range($l) as $k | ($i * 31 + $k * $k * 7 + $i * $k) % $w]],
                  y: [range($b) | . % 2], is_training: $t}'
}
# All variables of a session with the hashes of their bytes, in files named by number.
hashes() {
        rm -rf "$dir/variables"
        mkdir "$dir/variables"
        call GET "sessions/$1/variables" >"$dir/list"
        jq -r '[.variables[] | select(.initialized) | .name] | sort | to_entries[] |
                "url = \"\($url)/\(.value | @uri)\"\noutput = \"\($to)/\(.key)\""' \
                --arg url "$api/sessions/$1/variables" --arg to "$dir/variables" "$dir/list" |
                curl -fsS -H 'Accept: application/octet-stream' -K -
        jq -r '[.variables[] | select(.initialized) | .name + " " + (.shape | tostring)] | sort[]' "$dir/list"
        (cd "$dir/variables" && find . -type f -exec sha256sum {} + | sort -k 2)
}
# Without an init node: each variable is assigned its initial value, by the nodes that an initializer would group.
init_by_assigns() {
        call GET "graphs/$name/nodes?op=Assign" |
                jq -c '{targets: [.nodes[] | select(.name == .inputs[0] + "/Assign") | .name]}'
}
seconds() {
        local end
        end=$(date +%s%N)
        printf '%d.%02d' $(((end - $1) / 1000000000)) $(((end - $1) / 10000000 % 100))
}
# What was saved is a V2 checkpoint to a reader that knows only the format, and has the bytes of every variable.
check_checkpoint() {
        "$reader" --checkpoint "${1%.index}" >"$dir/tensors" || complain "$(cat "$dir/tensors")"
        cut -d ' ' -f 1 "$dir/tensors" | sort -u >"$dir/saved"
        grep -oE '^[0-9a-f]{64} ' "$dir/was" | tr -d ' ' | sort -u | comm -23 - "$dir/saved" >"$dir/missing"
        [ ! -s "$dir/missing" ] || complain "$1 misses $(wc -l <"$dir/missing") variables"
}

# Writes the session and makes "again" of it, by the graph's own ops (files in the data folder) or by :export.
save_and_restore() {
        local start
        start=$(date +%s%N)
        if [ "$save" = export ]; then
                call POST "sessions/s:export" -d '{"format":"saved_model"}' -o "$dir/export" >/dev/null || return
                saved=$(seconds "$start")
                mkdir -p "$dir/data/$name"
                tar -xf "$dir/export" -C "$dir/data/$name"
                index=$(find "$dir/data/$name" -name '*.index')
                start=$(date +%s%N)
                call PUT graphs/again -T "$dir/export" >/dev/null || return
                call POST sessions -d '{"name":"again","graph":"again"}' >/dev/null || return
        else
                run s "${save//@/$dir/data/$name}" >/dev/null || return
                saved=$(seconds "$start")
                index=$dir/data/$name.index
                start=$(date +%s%N)
                call POST sessions -d "{\"name\":\"again\",\"graph\":\"$name\"}" >/dev/null || return
                run again "${restore//@/$dir/data/$name}" >/dev/null || return
        fi
        restored=$(seconds "$start")
        size=$(du -sh "$dir/data" | cut -f 1)
}

# Plays one model: variables name, file, init, look (a run whose result is the loss), step (of the loop, without
# braces), steps, every, save (a run with @ for the checkpoint's name, or export), restore.
play() {
        local first last reports loop rate start
        # Its files: a folder goes as an archive.
        if [ -d "$models/$file" ]; then
                tar -cf "$dir/model" -C "$models/$file" .
        else
                cp "$models/$file" "$dir/model"
        fi
        call PUT "graphs/$name" -T "$dir/model" >/dev/null || return
        call POST sessions -d "{\"name\":\"s\",\"graph\":\"$name\"}" >/dev/null || return
        if [ "$init" = assigns ]; then run s "$(init_by_assigns)" >/dev/null; elif [ "$init" ]; then run s "$init" >/dev/null; fi || return
        first=$(run s "$look" | jq -c .result) || return
        loop=$(printf '{"run":{%s},"steps":%d,"report_every":%d}' "$step" "$steps" "$every" |
                call POST sessions/s/loops --data-binary @- | jq -r .id) || return
        # The stream of events lasts as long as the loop.
        curl -sSN "$api/sessions/s/loops/$loop/events" >"$dir/events"
        reports=$(grep -c '^event: report' "$dir/events" || true)
        rate=$(call GET "sessions/s/loops/$loop" | jq -r 'select(.state == "done") | .steps_per_second * 10 | round / 10')
        [ "$rate" ] || complain "the loop is not done: $(tail -2 "$dir/events")"
        last=$(run s "$look" | jq -c .result) || return
        save_and_restore || return
        start=$(date +%s%N)
        hashes s >"$dir/was"
        hashes again >"$dir/is"
        diff "$dir/was" "$dir/is" >&2 || complain "restored variables differ"
        [ -s "$dir/was" ] || complain "there are no variables"
        check_checkpoint "$index"
        [ "$(run again "$look" | jq -c .result)" = "$last" ] || complain "the restored session gives another loss"
        [ "$first" != "$last" ] || complain "nothing has changed"
        [ "$loss_falls" = no ] || jq -en "$last < $first" >/dev/null || complain "the loss did not fall: $first, $last"
        printf '%-28s %6d steps %9s/s  loss %.9s -> %.9s  %3d reports  %5s in %ss, back in %ss, %d variables compared in %ss\n' \
                "$name" "$steps" "$rate" "$first" "$last" "$reports" "$size" "$saved" "$restored" \
                "$(jq '[.variables[] | select(.initialized)] | length' "$dir/list")" "$(seconds "$start")"
}
# What is left goes before the next one, whatever became of this.
train() {
        play || complain "not trained"
        for s in s again; do curl -sS -X DELETE "$api/sessions/$s" >/dev/null; done
        for g in "$name" again; do curl -sS -X DELETE "$api/graphs/$g" >/dev/null; done
        rm -rf "$dir"/data/* "$dir/export" "$dir/model" "$dir/variables"
        loss_falls=yes
}
loss_falls=yes

line='"feeds":{"x":[0,0.2,0.4,0.6,0.8,1],"y":[0.3,0.32,0.34,0.36,0.38,0.4]}'
name=rust_regression file=rust_regression/model.pb init='{"targets":["init"]}'
look="{\"fetches\":\"Mean:0\",$line}" step="\"fetches\":\"Mean:0\",\"targets\":[\"train\"],$line"
steps=20000 every=1000 save=export restore=
train

name=rust_test_regression_model file=rust_test_regression_model init=
steps=5000 every=500
save='{"fetches":"save/Identity:0","feeds":{"save/Const:0":"@"}}'
restore='{"targets":["save/restore_all"],"feeds":{"save/Const:0":"@"}}'
train

line='"feeds":{"train_x":[0,0.2,0.4,0.6,0.8,1],"train_y":[0.3,0.32,0.34,0.36,0.38,0.4]}'
name=rust_regression_savedmodel file=rust_regression_savedmodel init=
step="\"fetches\":\"StatefulPartitionedCall_1:0\",$line"
look='{"fetches":"StatefulPartitionedCall_2:0"}' loss_falls=no
steps=5000 every=500
save='{"fetches":"StatefulPartitionedCall_3:0","feeds":{"saver_filename:0":"@"}}'
restore='{"fetches":"StatefulPartitionedCall_4:0","feeds":{"saver_filename:0":"@"}}'
train

xor='"feeds":{"Placeholder":[[1,0],[1,1],[0,0],[0,1]],"Placeholder_1":[1,0,0,1]}'
name=scisharp_xor file=scisharp_xor/xor.meta init='{"targets":["init"]}'
look="{\"fetches\":\"loss:0\",$xor}" step="\"fetches\":\"loss:0\",\"targets\":[\"train_op\"],$xor"
steps=20000 every=1000 save=export restore=
train

# Words and those beside them. The loss is of samples, other ones each time: the biases tell sessions apart.
words=$(jq -nc '{Placeholder: [range(128) | . % 40], Placeholder_1: [range(128) | [. % 40 + 1]]}')
name=scisharp_word2vec file=scisharp_word2vec/word2vec.meta init=assigns
look='{"fetches":"Variable_2:0"}' loss_falls=no
step="\"fetches\":\"Mean:0\",\"targets\":[\"GradientDescent\"],\"feeds\":$words"
steps=30 every=5 save=export restore=
train

# text_net BATCH LENGTH WORDS STEPS: those that tell kinds of texts apart
text_net() {
        look="{\"fetches\":\"loss/Mean:0\",\"feeds\":$(texts "$1" "$2" "$3" false)}"
        step="\"fetches\":\"loss/Mean:0\",\"targets\":[\"loss/Adam\"],\"feeds\":$(texts "$1" "$2" "$3" true)"
        steps=$4 every=1
        save='{"fetches":"save/control_dependency:0","feeds":{"save/Const:0":"@"}}'
        restore='{"targets":["save/restore_all"],"feeds":{"save/Const:0":"@"}}'
}
name=scisharp_char_cnn_untrained file=$name/char_cnn_untrained.meta init='{"targets":["init"]}'
text_net 4 1014 50 4
loss_falls=no # so few steps of so deep a net may go either way
train
name=scisharp_word_cnn file=$name/word_cnn.meta init=assigns
text_net 8 100 1000 6
save=export restore=
train
[ "$long" ] || exit "$wrong"
name=scisharp_word_cnn_untrained file=$name/word_cnn_untrained.meta init='{"targets":["init"]}'
text_net 8 100 1000 6
train
name=scisharp_word_rnn_untrained file=$name/word_rnn_untrained.meta
text_net 8 100 1000 4
loss_falls=no
train
name=scisharp_rcnn_untrained file=$name/rcnn_untrained.meta
text_net 8 100 1000 4
loss_falls=no
train
exit "$wrong"
