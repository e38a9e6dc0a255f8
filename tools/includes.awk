# Include directions (ARCHITECTURE.md, "Rooms"): each room may include only what its row allows.
# usage: awk -f tools/includes.awk FILES
BEGIN {
        base = "engine/base/"
        proto = "proto/|tensorflow/|google/|proto_types.h"
        tensor = base "|engine/tensor/|" proto
        graph = tensor "|engine/graph/|engine/ops/"
        # The first row whose room begins a file's path is its row.
        row("engine/base/", base)
        row("engine/tensor/", tensor)
        row("engine/graph/", graph "|engine/state/resource.h")
        row("engine/ops/", graph "|engine/state/resource.h")
        row("engine/state/", tensor "|engine/state/|engine/ops/ctx.h|engine/ops/op.h")
        row("engine/kernels/", graph "|engine/kernels/|engine/state/")
        row("engine/exec/", graph "|engine/state/|engine/exec/")
        row("engine/session/", graph "|engine/state/|engine/exec/|engine/session/")
        row("engine/script/", graph "|engine/script/")
        row("engine/model/", graph "|engine/state/|engine/session/|engine/kernels/io/|engine/model/")
        row("engine/engine.h", "engine/")
        row("proto/", base "|" proto)
        row("storage/", base "|storage/|migrations.inc")
        row("api/", base "|engine/tensor/|engine/engine.h|storage/store.h|api/|" proto "|version.h|[a-z_.]+[.]inc$")
        row("daemon/", base "|daemon/|engine/engine.h|storage/store.h|api/server.h|version.h")
        row("cli/", base "|cli/|version.h")
}
function row(room, may)
{
        rooms[++n] = room
        allowed[n] = "^(" may ")"
}
FNR == 1 {
        rule = 0
        for (i = 1; i <= n && !rule; i++)
                if (index(FILENAME, rooms[i]) == 1)
                        rule = i
}
rule && match($0, /^#include "[^"]+"/) {
        included = substr($0, 11, RLENGTH - 11)
        if (included !~ allowed[rule]) {
                printf "%s:%d: %s may not include %s\n", FILENAME, FNR, rooms[rule], included
                bad = 1
        }
}
END { exit bad }
