# shellcheck shell=bash disable=SC2154 # $daemon is given
# For scripts that play against a daemon of their own: `. tools/daemon.sh` with $daemon, the program, starts it with an
# empty state and a writable data root, both below $dir; $api is where it answers. It ends with the script, $dir with it.
dir=$(mktemp -d "${TMPDIR:-/tmp}/sessrun-XXXXXX")
port=$((20000 + RANDOM % 12000))
api=http://127.0.0.1:$port/v1

mkdir "$dir/data"
"$daemon" --listen "127.0.0.1:$port" --state-dir "$dir/state" --data-root "$dir/data" --data-root-writable=true >"$dir/log" 2>&1 &
pid=$!
trap 'kill -TERM "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
for _ in $(seq 100); do
        curl -fs "${api%/v1}/readyz" >/dev/null && break
        kill -0 "$pid" || exit 1
        sleep 0.1
done
