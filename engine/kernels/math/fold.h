// SPDX-License-Identifier: Apache-2.0
/* Partial results side by side, which do not wait for each other, and how they become one. */
#pragma once

enum { FOLD_LANES = 64 };

/* Sets lane[0] to what JOIN(a, b) makes of all lanes. The steps have fixed lengths, so that they
 * are vectors, too: a chain of 64 would take longer than a row of a thousand. */
#define FOLD(lane, JOIN)                                                        \
        do {                                                                    \
                for (int l_ = 0; l_ < 16; l_++)                                 \
                        lane[l_] = JOIN(JOIN(lane[l_], lane[l_ + 16]),          \
                                        JOIN(lane[l_ + 32], lane[l_ + 48]));    \
                for (int l_ = 0; l_ < 4; l_++)                                  \
                        lane[l_] = JOIN(JOIN(lane[l_], lane[l_ + 4]),           \
                                        JOIN(lane[l_ + 8], lane[l_ + 12]));     \
                lane[0] = JOIN(JOIN(lane[0], lane[1]), JOIN(lane[2], lane[3])); \
        } while (0)
