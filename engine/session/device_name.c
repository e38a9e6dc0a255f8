// SPDX-License-Identifier: Apache-2.0
#include "engine/session/device_name.h"

#include <ctype.h>
#include <string.h>

/* ---- reading ---- */

static bool consume(const char **s, const char *prefix)
{
        size_t n = strlen(prefix);
        if (strncmp(*s, prefix, n))
                return false;
        *s += n;
        return true;
}

/* A letter, then letters, digits and _. */
static bool consume_word(const char **s, const char **ret, int *ret_len)
{
        const char *p = *s;
        if (!isalpha((unsigned char)*p))
                return false;
        while (isalnum((unsigned char)*p) || *p == '_')
                p++;
        if (p - *s > 255)
                return false;
        *ret = *s;
        *ret_len = (int)(p - *s);
        *s = p;
        return true;
}

/* A number, or * for any. */
static bool consume_number(const char **s, int *ret)
{
        int n = 0, digits = 0;
        if (consume(s, "*")) {
                *ret = -1;
                return true;
        }
        for (; isdigit((unsigned char)**s); (*s)++)
                if (++digits <= 9)
                        n = n * 10 + (**s - '0');
        *ret = n;
        return digits && digits <= 9;
}

static bool consume_job(const char **s, DeviceName *d)
{
        d->job = NULL;
        return consume(s, "*") || consume_word(s, &d->job, &d->job_len);
}

/* "CPU:0", "CPU:*", "CPU" or "*". */
static bool consume_device(const char **s, DeviceName *d)
{
        d->type = NULL;
        d->id = -1;
        if (!consume(s, "*") && !consume_word(s, &d->type, &d->type_len))
                return false;
        /* Python's layer writes these types large. */
        if (d->type && d->type_len == 3 && !strncmp(d->type, "cpu", 3))
                d->type = "CPU";
        if (d->type && d->type_len == 3 && !strncmp(d->type, "gpu", 3))
                d->type = "GPU";
        return !consume(s, ":") || consume_number(s, &d->id);
}

/* The old "/cpu:0". */
static bool consume_old(const char **s, const char *type, DeviceName *d)
{
        d->type = type;
        d->type_len = 3;
        return consume_number(s, &d->id);
}

/* Both spellings of devices, "/device:CPU:0" and "/cpu:0". */
static bool consume_part(const char **s, DeviceName *d)
{
        if (consume(s, "/job:"))
                return consume_job(s, d);
        if (consume(s, "/replica:"))
                return consume_number(s, &d->replica);
        if (consume(s, "/task:"))
                return consume_number(s, &d->task);
        if (consume(s, "/device:"))
                return consume_device(s, d);
        if (consume(s, "/cpu:") || consume(s, "/CPU:"))
                return consume_old(s, "CPU", d);
        if (consume(s, "/gpu:") || consume(s, "/GPU:"))
                return consume_old(s, "GPU", d);
        return false;
}

/* DeviceNameUtils::ParseFullName: parts in any order, none is needed. */
bool device_name_parse(const char *s, DeviceName *ret)
{
        *ret = DEVICE_ANY;
        if (!strcmp(s, "/"))
                return true;
        while (*s)
                if (!consume_part(&s, ret))
                        return false;
        return true;
}

/* ---- printing and comparing ---- */

/* In TensorFlow's order, only what is there. */
void device_name_print(const DeviceName *d, Buf *out)
{
        if (d->job)
                buf_printf(out, "/job:%.*s", d->job_len, d->job);
        if (d->replica >= 0)
                buf_printf(out, "/replica:%d", d->replica);
        if (d->task >= 0)
                buf_printf(out, "/task:%d", d->task);
        if (!d->type)
                return;
        buf_printf(out, "/device:%.*s:", d->type_len, d->type);
        if (d->id >= 0)
                buf_printf(out, "%d", d->id);
        else
                buf_putc(out, '*');
}

bool device_name_some(const DeviceName *d)
{
        return d->job || d->type || d->replica >= 0 || d->task >= 0 || d->id >= 0;
}

static bool same_word(const char *a, int na, const char *b, int nb)
{
        return na == nb && !memcmp(a, b, (size_t)na);
}

static bool same_job(const DeviceName *a, const DeviceName *b)
{
        return same_word(a->job, a->job_len, b->job, b->job_len);
}

static bool same_type(const DeviceName *a, const DeviceName *b)
{
        return same_word(a->type, a->type_len, b->type, b->type_len);
}

bool device_name_equal(const DeviceName *a, const DeviceName *b)
{
        return !a->job == !b->job && !a->type == !b->type && (!a->job || same_job(a, b)) &&
               (!a->type || same_type(a, b)) && a->replica == b->replica && a->task == b->task &&
               a->id == b->id;
}

bool device_name_compatible(const DeviceName *a, const DeviceName *b)
{
        return !(a->job && b->job && !same_job(a, b)) &&
               !(a->type && b->type && !same_type(a, b)) &&
               (a->replica < 0 || b->replica < 0 || a->replica == b->replica) &&
               (a->task < 0 || b->task < 0 || a->task == b->task) &&
               (a->id < 0 || b->id < 0 || a->id == b->id);
}

DeviceName device_name_cpu(int i)
{
        return (DeviceName){
                .job = "localhost", .job_len = 9, .type = "CPU", .type_len = 3, .id = i
        };
}

bool device_name_fits(const DeviceName *d, int cpu)
{
        DeviceName full = device_name_cpu(cpu);
        return device_name_compatible(d, &full);
}

/* ---- merging ---- */

static Status *incompatible(const char *what, const DeviceName *a, const DeviceName *b)
{
        autobuf left = BUF(4096), right = BUF(4096);
        device_name_print(a, &left);
        device_name_print(b, &right);
        return invalid_argument("Cannot merge devices with incompatible %s: '%s' and '%s'", what,
                                buf_cstr(&left), buf_cstr(&right));
}

/* Type and id: the parts that soft placement may drop. */
static Status *merge_device(DeviceName *t, const DeviceName *o, bool soft)
{
        if (t->type && o->type && !same_type(t, o)) {
                if (!soft)
                        return incompatible("types", t, o);
                t->type = NULL;
                t->id = -1;
                return NULL;
        }
        if (o->type) {
                t->type = o->type;
                t->type_len = o->type_len;
        }
        if (t->id >= 0 && o->id >= 0 && t->id != o->id) {
                if (!soft)
                        return incompatible("ids", t, o);
                t->id = -1;
        } else if (o->id >= 0) {
                t->id = o->id;
        }
        return NULL;
}

/* Parts that both have must be equal; with soft placement the device may differ. */
Status *device_name_merge(DeviceName *t, const DeviceName *o, bool soft)
{
        if (t->job && o->job && !same_job(t, o))
                return incompatible("jobs", t, o);
        if (o->job) {
                t->job = o->job;
                t->job_len = o->job_len;
        }
        if (t->replica >= 0 && o->replica >= 0 && t->replica != o->replica)
                return incompatible("replicas", t, o);
        if (o->replica >= 0)
                t->replica = o->replica;
        if (t->task >= 0 && o->task >= 0 && t->task != o->task)
                return incompatible("tasks", t, o);
        if (o->task >= 0)
                t->task = o->task;
        return merge_device(t, o, soft);
}

/* What "by" has wins. */
void device_name_specify(DeviceName *d, const DeviceName *by)
{
        if (by->job) {
                d->job = by->job;
                d->job_len = by->job_len;
        }
        if (by->type) {
                d->type = by->type;
                d->type_len = by->type_len;
        }
        if (by->replica >= 0)
                d->replica = by->replica;
        if (by->task >= 0)
                d->task = by->task;
        if (by->id >= 0)
                d->id = by->id;
}
