// SPDX-License-Identifier: Apache-2.0
/* The server itself: /healthz, /readyz, /metrics, /v1, and the main paths at / for programs. */
#include "api/handlers.h"

static Status *say(Request *r, const char *text)
{
        r->reply.type = TYPE_TEXT;
        buf_puts(&r->reply.body, text);
        return NULL;
}

Status *health_live(Request *r)
{
        return say(r, "ok\n");
}

Status *health_ready(Request *r)
{
        if (atomic_load(&r->context->draining))
                return unavailable("The server is going down.");
        if (!store_ok(r->context->store))
                return unavailable("The store has failed.");
        return say(r, "ready\n");
}

static void write_gauge(Buf *out, const char *name, const char *help, double value)
{
        buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %.17g\n", name, help, name, name, value);
}

static Status *add_steps(void *arg, Session *s)
{
        *(int64_t *)arg += session_steps(s);
        return NULL;
}

/* GET /metrics, in the text format of Prometheus. */
Status *health_metrics(Request *r)
{
        Context *c = r->context;
        Buf *out = &r->reply.body;
        MemStats mem = mem_stats();
        int64_t steps = 0;
        TRY(engine_each_session(c->engine, add_steps, &steps));
        r->reply.type = "text/plain; version=0.0.4; charset=utf-8";
        buf_printf(out,
                   "# HELP sessrun_build_info What this is.\n# TYPE sessrun_build_info gauge\n"
                   "sessrun_build_info{version=\"%s\"} 1\n",
                   c->version);
        write_gauge(out, "sessrun_start_time_seconds", "When the server started.",
                    (double)c->started_us / 1e6);
        write_gauge(out, "sessrun_sessions", "Sessions, closed ones included.",
                    session_table_count(c->sessions));
        write_gauge(out, "sessrun_steps_running", "Steps under way.",
                    (double)engine_running(c->engine));
        write_gauge(out, "sessrun_session_steps", "Steps that the living sessions have started.",
                    (double)steps);
        write_gauge(out, "sessrun_http_inflight", "Requests under way.",
                    (double)atomic_load(&c->inflight));
        write_gauge(out, "sessrun_tensor_bytes", "Bytes in tensors and step state.",
                    (double)mem.block_bytes);
        write_gauge(out, "sessrun_tensor_blocks", "Blocks of tensors and step state.",
                    (double)mem.blocks);
        write_gauge(out, "sessrun_store_ok", "1 while the store takes writes.", store_ok(c->store));
        metrics_write(c->metrics, out);
        return NULL;
}

/* What a client should know before it is refused. */
static void write_limits(Writer *w, const Context *c)
{
        writer_key(w, "limits");
        writer_open(w, '{');
        writer_member_int(w, "max_body", (int64_t)atomic_load(&c->max_body));
        writer_member_int(w, "max_tensor_bytes", (int64_t)LIMIT_TENSOR);
        writer_member_int(w, "max_rank", SHAPE_MAX_RANK);
        writer_member_int(w, "max_fetch_depth", LIMIT_FETCH_DEPTH);
        writer_member_int(w, "max_name_length", LIMIT_NAME);
        writer_member_int(w, "max_page_size", LIMIT_PAGE);
        writer_close(w, '}');
}

/* GET /v1. */
Status *health_about(Request *r)
{
        static const char *const can[] = { "run",    "partial_run",    "extend",   "callables",
                                           "graphs", "binary_tensors", "protobuf", "loops",
                                           "queues", "idempotency",    "gzip",     "restore" };
        Writer w = writer(&r->reply.body);
        EngineHost host;
        engine_host(r->context->engine, &host);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_member_string(&w, "name", "sessrun");
        writer_member_string(&w, "version", r->context->version);
        writer_key(&w, "engine");
        writer_open(&w, '{');
        writer_member_int(&w, "ops", op_count());
        writer_member_int(&w, "graph_def_version", GRAPH_VERSION);
        writer_member_int(&w, "cores", host.cores);
        writer_member_int(&w, "threads", host.threads);
        writer_member_string(&w, "blas", host.blas);
        writer_member_string(&w, "blas_kernels", host.blas_kernels);
        writer_member_string(&w, "onednn", host.onednn);
        writer_member_string(&w, "onednn_kernels", host.onednn_kernels);
        writer_member_bool(&w, "deterministic", host.deterministic);
        writer_close(&w, '}');
        write_limits(&w, r->context);
        writer_key(&w, "capabilities");
        writer_open(&w, '[');
        for (size_t i = 0; i < COUNTOF(can); i++)
                writer_string(&w, can[i]);
        writer_close(&w, ']');
        writer_close(&w, '}');
        return NULL;
}

/* GET /, for programs; browsers get the console. */
Status *health_index(Request *r)
{
        Writer w = writer(&r->reply.body);
        r->reply.type = TYPE_JSON;
        writer_open(&w, '{');
        writer_member_string(&w, "name", "sessrun");
        writer_member_string(&w, "about", "/v1");
        writer_member_string(&w, "description", "/openapi.yaml");
        writer_member_string(&w, "sessions", "/v1/sessions");
        writer_close(&w, '}');
        return NULL;
}
