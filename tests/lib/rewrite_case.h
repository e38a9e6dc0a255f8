// SPDX-License-Identifier: Apache-2.0
/* Graphs that run in two sessions, with rewriting on and off, and must give the same. */
#pragma once
#include <criterion/criterion.h>

/* Fetches out:0 of graph_text(text): values differ by less than 2e-6, and with rewriting on so many
 * nodes stand for groups that patterns know. */
void rewrite_expect_same(const char *text, int groups);
/* The same when `also` (NULL: nothing) is fetched, too, and with another limit. Both may be NaN. */
void rewrite_expect_same_beside(const char *text, const char *also, int groups, double error);
/* Both fail, with `part` in the message. */
void rewrite_expect_error(const char *text, const char *part);
