// SPDX-License-Identifier: Apache-2.0
/* Sessions by names that several threads make, find and forget. */
#pragma once
#include "engine/session/sessions.h"

/* The session of that name, made when there is none, on the target "engine:shared" or "". A new
 * reference; anything but a name that another thread was quicker to take aborts. */
Session *named_session(Engine *engine, Graph *graph, const char *name, bool on_shared);
