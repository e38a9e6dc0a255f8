// SPDX-License-Identifier: Apache-2.0
/* What a MetaGraph's collections hold that a server can make use of: its queue runners. */
#include "engine/base/nearest.h"
#include "engine/model/inside.h"
#include "proto/wire.h"
#include <string.h>

const Tensorflow__CollectionDef *model_collection(const MetaGraphDef *meta, const char *key)
{
        for (size_t i = 0; i < meta->n_collection_def; i++)
                if (!strcmp(meta->collection_def[i]->key, key))
                        return meta->collection_def[i]->value;
        return NULL;
}

/* NOT_FOUND with the names that come nearest: keys are words of their own in each project. */
static Status *no_collection(const MetaGraphDef *meta, const char *key)
{
        Status *s = not_found("The session's MetaGraph has no collection '%.200s'", key);
        Nearest near = NEAREST(key);
        for (size_t i = 0; i < meta->n_collection_def; i++)
                nearest_try(&near, meta->collection_def[i]->key);
        for (int i = 0; i < NEAREST_MAX && near.best[i]; i++)
                status_add_hint(s, "%s", near.best[i]);
        return s;
}

/* tf.train.QueueRunner keeps itself in a collection as serialized QueueRunnerDef messages, one per
 * element. */
Status *model_queue_runners(const Model *m, const char *key, Arena *arena,
                            const QueueRunnerDef ***ret, size_t *ret_n)
{
        if (!m || !m->meta)
                return failed_precondition("The session was not made from a MetaGraph or "
                                           "SavedModel, so there are no collections.");
        const Tensorflow__CollectionDef *c = model_collection(m->meta, key);
        if (!c)
                return no_collection(m->meta, key);
        if (c->kind_case != TENSORFLOW__COLLECTION_DEF__KIND_BYTES_LIST)
                return invalid_argument("The collection '%.200s' does not hold messages", key);
        size_t n = c->bytes_list->n_value;
        const QueueRunnerDef **defs = arena_calloc(arena, n + 1, sizeof *defs);
        if (!defs)
                return status_oom();
        for (size_t i = 0; i < n; i++) {
                const ProtobufCBinaryData *b = &c->bytes_list->value[i];
                ProtobufCMessage *def;
                Status *s = proto_unpack(&tensorflow__queue_runner_def__descriptor, b->data, b->len,
                                         NULL, arena, &def);
                if (s)
                        return status_wrap(s, "Element %zu of '%.200s' is no QueueRunnerDef: ", i,
                                           key);
                defs[i] = (const QueueRunnerDef *)def;
        }
        *ret = defs;
        *ret_n = n;
        return NULL;
}
