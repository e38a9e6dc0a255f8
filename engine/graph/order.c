// SPDX-License-Identifier: Apache-2.0
/* The import stage that puts nodes behind their inputs, and finds cycles (Kahn's algorithm). */
#include "engine/graph/graph_impl.h"

#include "engine/base/mem.h"

/* Who waits for whom: the consumers of node i are to[first[i] .. first[i + 1]). */
typedef struct Waiting {
        int *first, *to, *pending;
} Waiting;

bool edge_is_back(const Node *from, const Node *to)
{
        return from->op->def->flow == FLOW_NEXT && to->op->def->flow == FLOW_MERGE;
}

/* The number of a node within this import, -1 for one that was there before. */
static int number(const Import *im, const Node *n)
{
        return n >= im->nodes && n < im->nodes + im->n_nodes ? (int)(n - im->nodes) : -1;
}

/* The k-th input (controls behind data) that node i must wait for, or -1. */
static int waits_for(const Import *im, int i, int k)
{
        const Node *n = &im->nodes[i];
        const Node *from = k < n->n_in ? n->in[k].node : n->control[k - n->n_in];
        return k < n->n_in && edge_is_back(from, n) ? -1 : number(im, from);
}

static int inputs(const Import *im, int i)
{
        return im->nodes[i].n_in + im->nodes[i].n_control;
}

/* Who waits for whom, in two arrays: counted, summed up, filled in from the back. */
static void fill(const Import *im, Waiting *w)
{
        int from, total = 0;
        for (int i = 0; i < im->n_nodes; i++)
                for (int k = 0; k < inputs(im, i); k++)
                        if ((from = waits_for(im, i, k)) >= 0)
                                w->first[from]++;
        for (int i = 0; i <= im->n_nodes; i++) {
                total += w->first[i];
                w->first[i] = total; /* the end; counted down to the start below */
        }
        for (int i = im->n_nodes - 1; i >= 0; i--)
                for (int k = 0; k < inputs(im, i); k++)
                        if ((from = waits_for(im, i, k)) >= 0) {
                                w->to[--w->first[from]] = i;
                                w->pending[i]++;
                        }
}

/* Who waits for a node stands in one array, as compressed rows. Nodes on a cycle never get to 0 and
 * are left out. */
Status *import_order(Import *im)
{
        size_t n = (size_t)im->n_nodes, total = 0;
        for (int i = 0; i < im->n_nodes; i++)
                total += (size_t)inputs(im, i);
        if (total > INT32_MAX)
                return resource_exhausted("the graph has more than %d edges", INT32_MAX);
        autofree int *first = mem_calloc(n + 1, sizeof(int));
        autofree int *to = mem_calloc(total + 1, sizeof(int));
        autofree int *pending = mem_calloc(n + 1, sizeof(int));
        im->order = mem_calloc(n + 1, sizeof(int));
        if (!first || !to || !pending || !im->order)
                return status_oom();
        Waiting w = { first, to, pending };
        fill(im, &w);
        for (int i = 0; i < im->n_nodes; i++)
                if (!pending[i])
                        im->order[im->n_order++] = i;
        for (int at = 0; at < im->n_order; at++)
                for (int k = first[im->order[at]]; k < first[im->order[at] + 1]; k++)
                        if (--pending[to[k]] == 0)
                                im->order[im->n_order++] = to[k];
        return NULL;
}
