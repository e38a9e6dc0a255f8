// SPDX-License-Identifier: Apache-2.0
#include "api/access.h"

#include <string.h>

static void free_list(char **list)
{
        for (char **p = list; p && *p; p++)
                mem_free(*p);
        mem_free(list);
}

static Status *copy_list(const char *const *list, char ***ret)
{
        size_t n = 0;
        while (list && list[n])
                n++;
        *ret = mem_calloc(n + 1, sizeof **ret);
        if (!*ret)
                return status_oom();
        for (size_t i = 0; i < n; i++) {
                (*ret)[i] = mem_strdup(list[i]);
                if (!(*ret)[i])
                        return status_oom();
        }
        return NULL;
}

static Status *check_tokens(char *const *tokens)
{
        for (; *tokens; tokens++)
                if (strlen(*tokens) != STORE_DIGEST_SIZE - 1)
                        return invalid_argument("a token's digest must be 64 hex digits");
        return NULL;
}

/* What SIGHUP may change, as one value: requests under way keep the one they began with. */
Status *access_new(const ServerOptions *o, Access **ret)
{
        autoptr(Access) a = mem_calloc(1, sizeof *a);
        if (!a)
                return status_oom();
        TRY(copy_list(o->tokens, &a->tokens));
        TRY(copy_list(o->hosts, &a->hosts));
        TRY(check_tokens(a->tokens));
        if (o->tls_cert && *o->tls_cert)
                TRY(tls_load(o->tls_cert, o->tls_key, o->tls_client_ca, &a->tls));
        *ret = steal(&a);
        return NULL;
}

/* Older ones are kept until the end, since nobody counts who still looks at them. */
void access_free(Access *a)
{
        while (a) {
                Access *older = a->older;
                free_list(a->tokens);
                free_list(a->hosts);
                tls_free(a->tls);
                mem_free(a);
                a = older;
        }
}

bool access_asks(const Access *a)
{
        return *a->tokens || (a->tls && tls_asks_clients(a->tls));
}
