// SPDX-License-Identifier: Apache-2.0
#include "proto/lend.h"

#include "engine/base/mem.h"
#include <pthread.h>
#include <string.h>

enum { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

/* A message that is being read, and its length as the skeleton has it. */
typedef struct Open {
        const ProtoType *type;
        const uint8_t *end;
        size_t length_at; /* in the skeleton */
        int width;        /* of the length, in bytes: stays, so that nothing behind it moves */
        size_t length, removed;
} Open;

typedef struct Walk {
        Lending *lending;
        uint8_t *at, *copied; /* read up to; in the skeleton up to */
        int depth;
        Open open[PROTO_MAX_DEPTH + 1];
} Walk;

/* The scanner has seen that there is one. */
static uint64_t read_varint(Walk *w)
{
        uint64_t v = 0;
        int shift = 0;
        do {
                v |= (uint64_t)(*w->at & 0x7F) << shift;
                shift += 7;
        } while (*w->at++ & 0x80);
        return v;
}

/* As many bytes as are asked for: a number may have more than it needs. */
static void put_varint(char *p, uint64_t v, int width)
{
        for (int i = 0; i < width; i++, v >>= 7)
                p[i] = (char)((v & 0x7F) | (i + 1 < width ? 0x80 : 0));
}

static void copy_so_far(Walk *w)
{
        buf_append(&w->lending->skeleton, w->copied, (size_t)(w->at - w->copied));
        w->copied = w->at;
}

/* The length just read has that many bytes; the message in the next n of them is next. */
static void enter(Walk *w, const ProtoType *type, size_t n, int width)
{
        copy_so_far(w);
        w->open[++w->depth] = (Open){ .type = type,
                                      .end = w->at + n,
                                      .length_at = w->lending->skeleton.len - (size_t)width,
                                      .width = width,
                                      .length = n };
}

/* What was taken out of a message is missing in those around it, too. */
static void leave(Walk *w)
{
        Open *o = &w->open[w->depth--];
        Buf *out = &w->lending->skeleton;
        if (!o->removed || w->depth < 0)
                return;
        if (!out->oom && !out->full)
                put_varint(out->data + o->length_at, o->length - o->removed, o->width);
        w->open[w->depth].removed += o->removed;
}

/* A marker holds its number. LEND_LEAST needs no more bytes as a length than what is longer. */
static void lend(Walk *w, size_t n, int width)
{
        Lending *l = w->lending;
        uint64_t index = l->places.len / sizeof(Place);
        Place place = { w->at, n };
        copy_so_far(w);
        char *marker = buf_reserve(&l->skeleton, LEND_LEAST);
        buf_append(&l->places, &place, sizeof place);
        if (!marker)
                return;
        put_varint(marker - width, LEND_LEAST, width);
        memset(marker, 0, LEND_LEAST);
        memcpy(marker, &index, sizeof index);
        l->skeleton.len += LEND_LEAST;
        w->open[w->depth].removed += n - LEND_LEAST;
        w->at += n;
        w->copied = w->at;
}

static void step(Walk *w)
{
        uint64_t tag = read_varint(w);
        const ProtoField *f = protobuf_c_message_descriptor_get_field(w->open[w->depth].type,
                                                                      (unsigned)(tag >> 3));
        switch (tag & 7) {
        case WIRE_VARINT: read_varint(w); return;
        case WIRE_64: w->at += 8; return;
        case WIRE_32: w->at += 4; return;
        default: break;
        }
        const uint8_t *start = w->at;
        size_t n = read_varint(w);
        int width = (int)(w->at - start);
        if (f && f->type == PROTOBUF_C_TYPE_MESSAGE)
                enter(w, proto_type_of(f), n, width);
        else if (f && f == w->lending->field && n >= LEND_LEAST)
                lend(w, n, width);
        else
                w->at += n;
}

Status *lend_skeleton(const ProtoType *type, uint8_t *bytes, size_t n, Lending *l)
{
        Walk w = { .lending = l, .at = bytes, .copied = bytes };
        w.open[0] = (Open){ .type = type, .end = bytes + n };
        while (w.depth >= 0) {
                if (w.at == w.open[w.depth].end)
                        leave(&w);
                else
                        step(&w);
        }
        copy_so_far(&w);
        TRY(buf_status(&l->skeleton));
        return buf_status(&l->places);
}

/* Where each value goes, before any does. */
static Status *choose_places(const Lending *l, const uint8_t *bytes, Arena *arena, uint8_t **dst)
{
        const Place *places = (const Place *)l->places.data;
        uintptr_t room = (uintptr_t)bytes; /* from here on nothing is needed but later values */
        for (size_t i = 0; i < l->places.len / sizeof *places; i++) {
                const Place *p = &places[i];
                uintptr_t mask = MEM_ALIGN - 1, to = (uintptr_t)p->at & ~mask;
                if (to < room)
                        to = (room + mask) & ~mask;
                bool fits = to <= (uintptr_t)p->at;
                dst[i] = fits ? p->at - ((uintptr_t)p->at - to) : arena_alloc(arena, p->n);
                if (!dst[i])
                        return status_oom();
                if (fits)
                        room = to + p->n;
        }
        return NULL;
}

/* Values in their order: each may go over what the one before has left. */
typedef struct Moves {
        Place *places;
        uint8_t **dst;
        size_t n;
} Moves;

static void *move_values(void *arg)
{
        const Moves *m = arg;
        for (size_t i = 0; i < m->n; i++)
                if (m->dst[i] != m->places[i].at)
                        memmove(m->dst[i], m->places[i].at, m->places[i].n);
        return NULL;
}

/* By two threads, since memory is slower than both. Only the end of the first half's last value may
 * be gone over by the second half before it has moved: it is put aside. */
static bool move_halves(Moves *m, size_t bytes)
{
        size_t half = 0, done = 0;
        while (half < m->n && done < bytes / 2)
                done += m->places[half++].n;
        if (half == m->n)
                return false;
        const Place *last = &m->places[half - 1];
        uint8_t end[MEM_ALIGN];
        Moves second = { m->places + half, m->dst + half, m->n - half };
        pthread_t thread;
        memcpy(end, last->at + last->n - MEM_ALIGN, MEM_ALIGN);
        if (pthread_create(&thread, NULL, move_values, &second) != 0)
                return false;
        m->n = half;
        move_values(m);
        pthread_join(thread, NULL);
        memcpy(m->dst[half - 1] + last->n - MEM_ALIGN, end, MEM_ALIGN);
        return true;
}

Status *lend_align(Lending *l, uint8_t *bytes, Arena *arena)
{
        size_t n = l->places.len / sizeof(Place), all = 0;
        Moves m = { (Place *)l->places.data, mem_alloc(n * sizeof(uint8_t *)), n };
        Status *s = m.dst ? choose_places(l, bytes, arena, m.dst) : status_oom();
        for (size_t i = 0; i < n; i++)
                all += m.places[i].n;
        if (!s && (all < LEND_HALVES || !move_halves(&m, all)))
                move_values(&m);
        for (size_t i = 0; !s && i < n; i++)
                m.places[i].at = m.dst[i];
        mem_free(m.dst);
        return s;
}

static void settle_value(const Lending *l, ProtobufCBinaryData *v)
{
        uint64_t index;
        if (v->len != LEND_LEAST)
                return;
        memcpy(&index, v->data, sizeof index);
        const Place *p = (const Place *)l->places.data + index;
        *v = (ProtobufCBinaryData){ p->n, p->at };
}

void lend_settle(const Lending *l, ProtobufCMessage *m)
{
        for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
                const ProtoField *f = &m->descriptor->fields[i];
                if (f->type != PROTOBUF_C_TYPE_MESSAGE && f != l->field)
                        continue;
                size_t n = proto_count(m, f);
                for (size_t j = 0; j < n; j++) {
                        void *v = (void *)proto_at(m, f, j);
                        ProtobufCMessage *child = f == l->field ? NULL : *(ProtobufCMessage **)v;
                        if (f == l->field)
                                settle_value(l, v);
                        else if (child)
                                lend_settle(l, child);
                }
        }
}
