// SPDX-License-Identifier: Apache-2.0
/* A checkpoint's tensors with the hashes of their bytes: `conformance --checkpoint PREFIX`. */
#include "tests/conformance/corpus.h"
#include "tests/lib/checkpoint.h"

#include <gnutls/crypto.h>
#include <stdio.h>

static void print(void *arg, const CheckpointTensor *t)
{
        unsigned char digest[32];
        (void)arg;
        gnutls_hash_fast(GNUTLS_DIG_SHA256, t->bytes, t->n, digest);
        for (size_t i = 0; i < sizeof digest; i++)
                printf("%02x", digest[i]);
        printf("  %s\n", t->name);
}

int checkpoint_print(const char *prefix)
{
        const char *wrong = checkpoint_walk(prefix, print, NULL);
        if (wrong)
                printf("%s: %s\n", prefix, wrong);
        return wrong != NULL;
}
