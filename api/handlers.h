// SPDX-License-Identifier: Apache-2.0
/* All handlers, by resource. What each does is in openapi.yaml; which path it has, in routes.c. */
#pragma once
#include "api/request.h"

/* sessions.c, session_create.c */
Status *sessions_create(Request *r) MUST_USE;
Status *sessions_list(Request *r) MUST_USE;
Status *sessions_get(Request *r) MUST_USE;
Status *sessions_close(Request *r) MUST_USE;
Status *sessions_export(Request *r) MUST_USE; /* session_export.c */
Status *sessions_delete(Request *r) MUST_USE;
/* session_graph.c */
Status *sessions_extend(Request *r) MUST_USE;
Status *sessions_graph_def(Request *r) MUST_USE;
/* runs.c, partial_runs.c */
Status *runs_run(Request *r) MUST_USE;
Status *runs_partial_setup(Request *r) MUST_USE;
Status *runs_partial(Request *r) MUST_USE;
Status *runs_run_default(Request *r) MUST_USE;
/* proto_runs.c: the same with messages as bodies */
Status *proto_runs_run(Request *r) MUST_USE;
Status *proto_runs_partial_setup(Request *r) MUST_USE;
/* proto_callables.c: the same of callables */
Status *proto_callables_make(Request *r) MUST_USE;
Status *proto_callables_call(Request *r) MUST_USE;
/* warmup.c */
Status *sessions_warmup(Request *r) MUST_USE;
/* explain.c */
Status *runs_explain(Request *r) MUST_USE;
/* loops.c */
Status *loops_start(Request *r) MUST_USE;
Status *loops_list(Request *r) MUST_USE;
Status *loops_get(Request *r) MUST_USE;
Status *loops_events(Request *r) MUST_USE;
Status *loops_cancel(Request *r) MUST_USE;
/* queue_runners.c */
Status *queue_runners_start(Request *r) MUST_USE;
Status *queue_runners_list(Request *r) MUST_USE;
Status *queue_runners_get(Request *r) MUST_USE;
Status *queue_runners_stop(Request *r) MUST_USE;
/* coordinator.c */
Status *coordinator_get(Request *r) MUST_USE;
Status *coordinator_request_stop(Request *r) MUST_USE;
Status *coordinator_clear_stop(Request *r) MUST_USE;
Status *coordinator_join(Request *r) MUST_USE;
/* callables.c */
Status *callables_make(Request *r) MUST_USE;
Status *callables_call(Request *r) MUST_USE;
Status *callables_index(Request *r) MUST_USE;
Status *callables_show(Request *r) MUST_USE;
Status *callables_release(Request *r) MUST_USE;
/* default_session.c */
Status *default_enter(Request *r) MUST_USE;
Status *default_leave(Request *r) MUST_USE;
Status *default_get(Request *r) MUST_USE;
/* targets.c, containers.c */
Status *targets_reset(Request *r) MUST_USE;
Status *containers_list(Request *r) MUST_USE;
/* queues.c */
Status *queues_list(Request *r) MUST_USE;
Status *queues_get(Request *r) MUST_USE;
Status *queues_enqueue(Request *r) MUST_USE;
Status *queues_dequeue(Request *r) MUST_USE;
Status *queues_close(Request *r) MUST_USE;
/* partial_runs.c */
Status *partial_runs_list(Request *r) MUST_USE;
Status *partial_runs_delete(Request *r) MUST_USE;
/* handles.c */
Status *handles_list(Request *r) MUST_USE;
Status *handles_delete(Request *r) MUST_USE;
/* placement.c */
Status *placement_get(Request *r) MUST_USE;
/* steps.c */
Status *steps_list(Request *r) MUST_USE;
Status *steps_cancel(Request *r) MUST_USE;
/* variables.c */
Status *variables_list(Request *r) MUST_USE;
Status *variables_get(Request *r) MUST_USE;
Status *variables_put(Request *r) MUST_USE;
/* devices.c */
Status *devices_list(Request *r) MUST_USE;
/* graphs.c, graph_nodes.c */
Status *graphs_put(Request *r) MUST_USE;
Status *graphs_list(Request *r) MUST_USE;
Status *graphs_get(Request *r) MUST_USE;
Status *graphs_signatures(Request *r) MUST_USE;
Status *graphs_delete(Request *r) MUST_USE;
Status *graphs_nodes(Request *r) MUST_USE;
Status *graphs_node(Request *r) MUST_USE;
/* ops.c */
Status *ops_list(Request *r) MUST_USE;
Status *ops_get(Request *r) MUST_USE;
/* health.c, spec.c */
Status *health_live(Request *r) MUST_USE;
Status *health_ready(Request *r) MUST_USE;
Status *health_metrics(Request *r) MUST_USE;
Status *health_about(Request *r) MUST_USE;
Status *console_index(Request *r) MUST_USE;
Status *console_css(Request *r) MUST_USE;
Status *console_js(Request *r) MUST_USE;
Status *health_index(Request *r) MUST_USE;
Status *spec_yaml(Request *r) MUST_USE;
Status *spec_json(Request *r) MUST_USE;
