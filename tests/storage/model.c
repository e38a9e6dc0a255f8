// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/model.h"

#include "tests/storage/fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool allowed(const Slot *s, OpKind kind)
{
        switch (kind) {
        case OP_CREATE: return s->state == SESSION_ANY;
        case OP_EXTEND: return s->state == SESSION_ACTIVE && s->n < MODEL_VERSIONS;
        case OP_CLOSE: return s->state == SESSION_ACTIVE;
        case OP_DELETE: return s->state != SESSION_ANY;
        case OP_KINDS: break;
        }
        return false;
}

ModelOp model_choose(const Model *m, unsigned *seed)
{
        ModelOp op = { 0 };
        do {
                int r = rand_r(seed) % 8;
                op.slot = rand_r(seed) % MODEL_SLOTS;
                op.text = rand_r(seed) % 5;
                op.kind = r < 3 ? OP_CREATE : r < 6 ? OP_EXTEND : r < 7 ? OP_CLOSE : OP_DELETE;
        } while (!allowed(&m->slots[op.slot], op.kind));
        return op;
}

static void slot_name(int slot, char ret[16])
{
        snprintf(ret, 16, "session-%d", slot);
}

static void graph_text(int text, char ret[32])
{
        snprintf(ret, 32, "the graph with number %d", text);
}

Status *model_perform(Store *s, const ModelOp *op)
{
        char name[16], text[32];
        int64_t version;
        slot_name(op->slot, name);
        graph_text(op->text, text);
        StoreBlob blob = { .data = text, .n = strlen(text) };
        SessionRow row = fixture_session(name);
        switch (op->kind) {
        case OP_CREATE: return store_create_session(s, &row, &blob);
        case OP_EXTEND: return store_extend_session(s, name, &blob, &version);
        case OP_CLOSE: return store_close_session(s, name, 5);
        default: return store_delete_session(s, name);
        }
}

void model_apply(Model *m, const ModelOp *op)
{
        Slot *s = &m->slots[op->slot];
        switch (op->kind) {
        case OP_CREATE: *s = (Slot){ .state = SESSION_ACTIVE, .n = 1, .text = { op->text } }; break;
        case OP_EXTEND: s->text[s->n++] = op->text; break;
        case OP_CLOSE: *s = (Slot){ .state = SESSION_CLOSED }; break;
        default: *s = (Slot){ 0 }; break;
        }
}

/* What the store holds, as a model; a graph that is lost or strange becomes -1. */
static Status *note(const SessionRow *row, const SessionGraph *graphs, int n, void *arg)
{
        Model *m = arg;
        int slot = -1;
        sscanf(row->name, "session-%d", &slot);
        cr_assert(slot >= 0 && slot < MODEL_SLOTS && n <= MODEL_VERSIONS);
        Slot *s = &m->slots[slot];
        s->state = row->state;
        s->n = n;
        for (int i = 0; i < n; i++) {
                char text[32] = "";
                int number = -1;
                const void *data = "";
                size_t size = 0;
                status_free(store_version_look(&graphs[i], &data, &size));
                memcpy(text, data, MIN(size, sizeof text - 1));
                sscanf(text, "the graph with number %d", &number);
                s->text[i] = graphs[i].version == i ? number : -1;
        }
        return NULL;
}

static bool same(const Model *a, const Model *b)
{
        for (int i = 0; i < MODEL_SLOTS; i++) {
                const Slot *x = &a->slots[i], *y = &b->slots[i];
                if (x->state != y->state || x->n != y->n)
                        return false;
                if (memcmp(x->text, y->text, (size_t)x->n * sizeof *x->text) != 0)
                        return false;
        }
        return true;
}

static void describe(const Model *m, Buf *out)
{
        for (int i = 0; i < MODEL_SLOTS; i++) {
                buf_printf(out, " %d:%d[", i, (int)m->slots[i].state);
                for (int k = 0; k < m->slots[i].n; k++)
                        buf_printf(out, "%d", m->slots[i].text[k]);
                buf_puts(out, "]");
        }
}

void model_compare(Model *m, const ModelOp *in_doubt, Store *s, const char *when)
{
        Model found = { 0 }, after = *m;
        expect_ok(store_restore(s, note, &found));
        if (in_doubt)
                model_apply(&after, in_doubt);
        if (!same(m, &found) && !same(&after, &found)) {
                autobuf expected = BUF(4096), got = BUF(4096);
                describe(m, &expected);
                describe(&found, &got);
                cr_assert(false, "%s: expected%s, found%s", when, buf_cstr(&expected),
                          buf_cstr(&got));
        }
        *m = found;
        expect_ok(store_check(s));
}
