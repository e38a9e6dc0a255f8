// SPDX-License-Identifier: Apache-2.0
/* Stepper: one session of a graph, stepped again and again by one thread. */
#pragma once
#include "engine/engine.h"

typedef struct Stepper Stepper;

/* A session on the engine. graph is graph_text(); x is fed to the node x when there is one (taken
 * over); fetch is a tensor, or a target when it has no ':'. */
Stepper *stepper_new(Engine *e, const char *graph, Tensor *x, const char *fetch);
/* The same from a source, which it takes over. */
Stepper *stepper_of(Engine *e, GraphSource *src, Tensor *x, const char *fetch);
/* The same in a session of that config; NULL: the default. */
Stepper *stepper_with(Engine *e, const ConfigProto *config, GraphSource *src, Tensor *x,
                      const char *fetch);
/* In a session that is there; takes over a reference to it. */
Stepper *stepper_on(Session *session, Tensor *x, const char *fetch);
/* Feeds x, which it takes over, from the next step on. */
void stepper_feed(Stepper *s, Tensor *x);
/* From now on steps go through a callable. */
void stepper_prepare(Stepper *s);
/* One step, waited for. */
void stepper_step(Stepper *s);
/* One step as a warm-up: kernels try which way is the fastest. */
void stepper_tune(Stepper *s);
/* One step of that target alone. */
void stepper_target(Stepper *s, const char *target);
/* What the fetch, a tensor, gives: a new reference. */
Tensor *stepper_value(Stepper *s);
/* One step with all that RunMetadata can say; fn is called with it. */
void stepper_trace(Stepper *s, void (*fn)(void *arg, const RunMetadata *m), void *arg);
/* Bytes of x; 0 without one. */
double stepper_fed_bytes(const Stepper *s);
void stepper_free(Stepper *s);
/* Seconds that each of n steps took, as they came; the caller frees the list. */
double *stepper_each(Stepper *s, int n);
/* Seconds per step by that clock: the best of several rounds of n steps each. */
double stepper_time(Stepper *s, int n, double (*clock)(void));
