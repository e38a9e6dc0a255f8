// SPDX-License-Identifier: Apache-2.0
/* Statements and `with` blocks; the script from its first word to its GraphSource. */
#include "engine/script/script.h"

#include "engine/base/utf8.h"
#include "engine/script/build.h"
#include "engine/script/parser.h"
#include <string.h>

/* A block of statements with one indentation. */
typedef struct Block {
        Scope outer;  /* what holds again behind it */
        int indent;   /* -1: known by its first line */
        bool on_line; /* begun behind `with ...:` on the same line, ends with it */
} Block;

typedef struct Reader {
        Parser parser;
        Script script;
        Block blocks[SCRIPT_MAX_DEPTH];
        int n_blocks; /* blocks[0] is the whole script */
} Reader;

/* What a megabyte of text may become: a GraphDef, and what it takes to make it. */
#define GRAPH_MEMORY   ((size_t)128 << 20)
#define SCRATCH_MEMORY ((size_t)256 << 20)

/* Lets everything go but the finished graph, which script_parse() has taken out by then. */
static void reader_done(Reader *r)
{
        Script *s = &r->script;
        map_done(&s->made);
        map_done(&s->bound);
        map_done(&s->last);
        if (s->shadow)
                graph_unref(s->shadow);
        arena_free(s->arena);
        arena_free(s->scratch);
}

/* ---- with ---- */

static Status *with_text(Reader *r, const Expr *e, const char **ret)
{
        const Expr *arg = e->first;
        if (e->n != 1 || arg->kind != EXPR_STRING || memchr(arg->text, 0, arg->len) ||
            !utf8_valid(arg->text, arg->len))
                return place_error(e->place, "%s() takes one string", e->text);
        *ret = arg->text;
        return r ? NULL : status_oom();
}

/* Scopes nest by their names' paths. */
static Status *with_scope(Reader *r, const Expr *e)
{
        Scope *scope = &r->script.scope;
        const char *name;
        TRY(with_text(r, e, &name));
        if (!*name)
                return place_error(e->place, "a name scope needs a name");
        scope->prefix = arena_printf(r->script.scratch, "%s%s/", scope->prefix, name);
        return scope->prefix ? NULL : status_oom();
}

/* One name of control(...); a node is waited for once, however often it is named. */
static Status *add_control(Reader *r, const Expr *e)
{
        Script *s = &r->script;
        const ScriptNode *n;
        if (e->key || e->output >= 0 || (e->kind != EXPR_NAME && e->kind != EXPR_STRING))
                return place_error(e->place, "control() takes names of nodes");
        TRY(name_find(s, e->text, &n));
        if (!n)
                return name_missing(s, e, e->text);
        for (const Control *c = s->scope.controls; c; c = c->next)
                if (c->node == n)
                        return NULL;
        Control *c = arena_alloc(s->scratch, sizeof *c);
        if (!c)
                return status_oom();
        *c = (Control){ .node = n, .next = s->scope.controls };
        s->scope.controls = c;
        s->scope.n_controls++;
        return NULL;
}

/* One item of a "with" statement changes the scope. */
static Status *enter(Reader *r, const Expr *e)
{
        if (e->kind == EXPR_CALL && !strcmp(e->text, "device"))
                return with_text(r, e, &r->script.scope.device);
        if (e->kind == EXPR_CALL && !strcmp(e->text, "name_scope"))
                return with_scope(r, e);
        if (e->kind == EXPR_CALL && !strcmp(e->text, "control")) {
                for (const Expr *x = e->first; x; x = x->next)
                        TRY(add_control(r, x));
                return NULL;
        }
        return place_error(e->place, "expected device(...), control(...) or name_scope(...) behind "
                                     "'with'");
}

/* The scope from before is kept on the stack of blocks, to come back when the block ends. */
static Status *read_with(Reader *r)
{
        Parser *p = &r->parser;
        Expr *e;
        Block block = { .outer = r->script.scope, .indent = -1 };
        Place place = p->lexer.word.place;
        if (r->n_blocks == SCRIPT_MAX_DEPTH)
                return place_error(place, "blocks are nested deeper than %d levels",
                                   SCRIPT_MAX_DEPTH);
        do {
                TRY(word_next(&p->lexer)); /* behind "with" or ',' */
                TRY(expr_parse(p, &e));
                TRY(enter(r, e));
        } while (word_is(&p->lexer, ','));
        TRY(expr_expect(p, ':'));
        block.on_line = p->lexer.word.kind != WORD_LINE && p->lexer.word.kind != WORD_END;
        r->blocks[r->n_blocks++] = block;
        return NULL;
}

static void leave_block(Reader *r)
{
        r->script.scope = r->blocks[--r->n_blocks].outer;
}

/* Finds the block that a line belongs to by its indentation. */
static Status *indent_to(Reader *r, int indent)
{
        Place place = r->parser.lexer.word.place;
        while (r->blocks[r->n_blocks - 1].on_line)
                leave_block(r);
        Block *b = &r->blocks[r->n_blocks - 1];
        if (b->indent < 0) {
                if (r->n_blocks > 1 && indent <= b[-1].indent)
                        return place_error(place, "expected an indented line behind 'with'");
                b->indent = indent;
        }
        while (r->n_blocks > 1 && r->blocks[r->n_blocks - 1].indent > indent)
                leave_block(r);
        if (r->blocks[r->n_blocks - 1].indent != indent)
                return place_error(place, "the line is indented like no block around it");
        return NULL;
}

/* ---- statements ---- */

/* name = ..., when it is one: the name, else NULL. */
static Status *read_target(Reader *r, const char **ret)
{
        Parser *p = &r->parser;
        Lexer back = p->lexer;
        *ret = NULL;
        if (p->lexer.word.kind != WORD_NAME)
                return NULL;
        TRY(word_next(&p->lexer));
        if (!word_is(&p->lexer, '=')) {
                bool several = word_is(&p->lexer, ',');
                p->lexer = back;
                if (!several)
                        return NULL;
                Status *s = place_error(back.word.place, "a statement gives one name");
                status_add_hint(s, "write s = Split(...), then s:0 and s:1 are its outputs");
                return s;
        }
        TRY(word_next(&p->lexer));
        *ret = arena_printf(p->arena, "%.*s", (int)back.word.len, back.word.text);
        return *ret ? NULL : status_oom();
}

/* The statement's own name for what is no new node: a literal, or a node of another name. */
static Status *make_own(Script *s, const Expr *e, Value *v, size_t before)
{
        const char *name;
        if (v->is_literal) {
                TRY(name_unique(s, s->target, &name));
                return value_constant(s, v, literal_dtype(v->literal.kind), name);
        }
        bool is_new = s->def->n_node > before && s->nodes[s->def->n_node - 1] == v->node;
        bool variable = e->kind == EXPR_CALL && !strcmp(e->text, "Variable");
        if (is_new || variable)
                return NULL;
        return node_of_op(s, e, "Identity", "Identity", v, 1, v);
}

static Status *run(Reader *r, const char *target, Expr *e)
{
        Script *s = &r->script;
        const char *full;
        size_t before = s->def->n_node;
        Value v;
        s->top = e;
        s->target = NULL;
        s->inside = s->scope.prefix;
        if (target) {
                full = arena_printf(s->scratch, "%s%s", s->scope.prefix, target);
                if (!full)
                        return status_oom();
                TRY(name_unique(s, full, &s->target));
                s->inside = arena_printf(s->scratch, "%s/", s->target);
                if (!s->inside)
                        return status_oom();
        }
        TRY(eval(s, e, &v));
        if (!target)
                return s->def->n_node > before
                               ? NULL
                               : place_error(e->place, "this statement makes nothing");
        TRY(make_own(s, e, &v, before));
        return name_bind(s, target, v.node);
}

static Status *read_statement(Reader *r)
{
        Parser *p = &r->parser;
        const char *target;
        Expr *e;
        if (p->lexer.word.kind == WORD_LINE)
                return word_next(&p->lexer);
        if (p->lexer.word.indent >= 0)
                TRY(indent_to(r, p->lexer.word.indent));
        if (word_is_name(&p->lexer, "with"))
                return read_with(r);
        TRY(read_target(r, &target));
        TRY(expr_parse(p, &e));
        if (p->lexer.word.kind != WORD_LINE && p->lexer.word.kind != WORD_END)
                return expr_unexpected(p, "an operator or the end of the statement");
        return run(r, target, e);
}

static Status *read_all(Reader *r, const char *text, size_t n)
{
        TRY(word_first(&r->parser.lexer, text, n));
        while (r->parser.lexer.word.kind != WORD_END)
                TRY(read_statement(r));
        const Block *b = &r->blocks[r->n_blocks - 1];
        if (r->n_blocks > 1 && b->indent < 0 && !b->on_line)
                return place_error(r->parser.lexer.word.place,
                                   "expected an indented line behind 'with'");
        while (r->n_blocks > 1)
                leave_block(r);
        return NULL;
}

/* ---- the whole ---- */

static Status *start(Reader *r, const Graph *existing)
{
        Script *s = &r->script;
        TRY(arena_new(GRAPH_MEMORY, &s->arena));
        TRY(arena_new(SCRATCH_MEMORY, &s->scratch));
        r->parser.arena = s->scratch;
        r->blocks[0].indent = -1;
        r->n_blocks = 1;
        s->existing = existing;
        s->scope = (Scope){ .prefix = "", .device = "" };
        s->def = arena_alloc(s->arena, sizeof *s->def);
        Tensorflow__VersionDef *versions = arena_alloc(s->arena, sizeof *versions);
        if (!s->def || !versions)
                return status_oom();
        tensorflow__graph_def__init(s->def);
        tensorflow__version_def__init(versions);
        versions->producer =
                existing && graph_count(existing) ? graph_producer(existing) : GRAPH_VERSION;
        s->def->versions = versions;
        return NULL;
}

/* Entry point; on success the arena with the nodes goes over to the graph source. */
Status *script_parse(const char *text, size_t n, const Graph *existing, GraphSource **ret)
{
        __attribute__((cleanup(reader_done))) Reader r = { 0 };
        if (n > SCRIPT_MAX_BYTES)
                return resource_exhausted("a script of %zu bytes is larger than the limit of %zu "
                                          "bytes",
                                          n, SCRIPT_MAX_BYTES);
        TRY(start(&r, existing));
        TRY(read_all(&r, text, n));
        TRY(variables_end(&r.script));
        TRY(shadow_update(&r.script));
        TRY(graph_source_wrap(r.script.arena, r.script.def, ret));
        r.script.arena = NULL;
        (*ret)->format = "script";
        return NULL;
}
