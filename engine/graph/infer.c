// SPDX-License-Identifier: Apache-2.0
/* The import stage that works out shapes, node by node behind their inputs. What comes around a
 * loop is unknown when the loop is entered, and so stays what depends on it. A shape function that
 * refuses does not refuse the graph: TensorFlow's sessions do not look at shapes before they run.
 *
 * Nothing here may believe what a client says about shapes (_output_shapes): kernels rely on it. */
#include "engine/graph/graph_impl.h"

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/graph/elements.h"
#include <string.h>

/* Identities between a constant and its user that are looked through. */
enum { MAX_IDENTITIES = 8 };

/* Room for the inputs of any node of the import. */
typedef struct Inputs {
        const Shape **shapes, **elements, **as_shape;
        const Tensor **values;
} Inputs;

static const Tensor *known_value(const Edge *e)
{
        const Node *n = e->node;
        for (int i = 0; i < MAX_IDENTITIES && !strcmp(n->def->op, "Identity") && n->n_in; i++)
                n = n->in[0].node;
        return n->value;
}

/* What is known of a node's inputs: shapes, values of constants, elements of vectors that are
 * shapes. */
static void gather(const Node *n, Inputs *in)
{
        for (int i = 0; i < n->n_in; i++) {
                const Node *from = n->in[i].node;
                int k = n->in[i].output;
                in->shapes[i] = &from->out_shapes[k];
                in->values[i] = known_value(&n->in[i]);
                const Shape *e = from->elements ? &from->elements[k] : NULL;
                in->elements[i] = e && e->rank >= 0 ? e : NULL;
                /* the one number of a scalar is no shape */
                in->as_shape[i] = in->shapes[i]->rank == 1 ? in->elements[i] : NULL;
        }
}

/* "... for 'z' (op: 'MatMul') with input shapes: [2], [2,?].", as TensorFlow puts it. */
static void put_problem(Buf *b, const Node *n, const Inputs *in, const Status *problem)
{
        buf_printf(b, "%s for '%s' (op: '%s') with input shapes: ", status_message(problem),
                   n->name, n->def->op);
        for (int i = 0; i < n->n_in; i++)
                buf_printf(b, "%s%s", i ? ", " : "",
                           in->shapes[i]->rank < 0 ? "?" : shape_text(in->shapes[i]).s);
        buf_putc(b, '.');
}

static Status *note_problem(Import *im, Node *n, const Inputs *in, Status *problem)
{
        autobuf text = BUF(1 << 16);
        put_problem(&text, n, in, problem);
        n->shape_problem = arena_strdup(im->arena, buf_cstr(&text));
        status_free(problem);
        for (int i = 0; i < n->n_out; i++)
                ((Shape *)n->out_shapes)[i] = SHAPE_UNKNOWN;
        return n->shape_problem ? NULL : status_oom();
}

/* A shape function's refusal is kept with the node: the import goes on, as TensorFlow does for
 * nodes that never run. */
static Status *infer_shapes(Import *im, Node *n, const Inputs *in)
{
        if (n->value) {
                *(Shape *)n->out_shapes = n->value->shape;
                return NULL;
        }
        if (!n->op->def->shape)
                return NULL;
        ShapeCtx c = { .node = n,
                       .n_in = n->n_in,
                       .n_out = n->n_out,
                       .in = in->shapes,
                       .value = in->values,
                       .as_shape = in->as_shape,
                       .out = (Shape *)n->out_shapes,
                       .at_import = true };
        Status *problem = n->op->def->shape(&c);
        return problem ? note_problem(im, n, in, problem) : NULL;
}

/* Beside shapes: what numbers a small vector holds, for ops that take shapes as inputs. */
static Status *infer_elements(Import *im, Node *n, const Inputs *in)
{
        Shape few[4]; /* of most nodes; ShapeN may have more outputs */
        autofree Shape *many =
                n->n_out > (int)COUNTOF(few) ? mem_calloc((size_t)n->n_out, sizeof *many) : NULL;
        if (n->n_out > (int)COUNTOF(few) && !many)
                return status_oom();
        ElementsCtx c = { .node = n,
                          .n_in = n->n_in,
                          .n_out = n->n_out,
                          .in = in->shapes,
                          .value = in->values,
                          .elements = in->elements,
                          .out_shape = n->out_shapes,
                          .out = many ? many : few };
        if (!elements_infer(&c))
                return NULL;
        n->elements = arena_dup(im->arena, c.out, (size_t)n->n_out * sizeof *c.out);
        return n->elements ? NULL : status_oom();
}

/* One set of arrays serves all nodes, as large as the node with most inputs needs. */
Status *import_shapes(Import *im)
{
        size_t most = 1;
        for (int i = 0; i < im->n_nodes; i++)
                most = MAX(most, (size_t)im->nodes[i].n_in);
        autofree void *room = mem_calloc(most, 4 * sizeof(void *));
        if (!room)
                return status_oom();
        Inputs in = { room, (const Shape **)room + most, (const Shape **)room + 2 * most,
                      (const Tensor **)room + 3 * most };
        for (int i = 0; i < im->n_order; i++) {
                Node *n = &im->nodes[im->order[i]];
                gather(n, &in);
                TRY(infer_shapes(im, n, &in));
                TRY(infer_elements(im, n, &in));
        }
        return NULL;
}
