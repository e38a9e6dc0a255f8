// SPDX-License-Identifier: Apache-2.0
/* What reading and writing of checkpoints share: file names, whole reads and writes, the index
 * file. */
#include "engine/kernels/io/bundle.h"

#include "engine/state/roots.h"
#include "proto/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

char *bundle_index_name(const char *prefix)
{
        return mem_printf("%s.index", prefix);
}

char *bundle_data_name(const char *prefix, int shard, int shards)
{
        return mem_printf("%s.data-%05d-of-%05d", prefix, shard, shards);
}

/* Linux writes at most 2 GiB at once; a full disk is the one failure with a code of its own. */
Status *bundle_write_all(int fd, const void *p, size_t n, const char *path)
{
        for (const char *at = p; n;) {
                ssize_t done = write(fd, at, MIN(n, (size_t)1 << 30));
                if (done < 0 && errno == EINTR)
                        continue;
                if (done < 0)
                        return status_new(errno == ENOSPC ? SR_RESOURCE_EXHAUSTED : SR_UNKNOWN,
                                          "%s; %s", path, strerror(errno));
                at += done;
                n -= (size_t)done;
        }
        return NULL;
}

/* By offset, so that several reads may share the file. An early end means that the index lies. */
Status *bundle_read_all(int fd, void *p, size_t n, uint64_t offset, const char *path)
{
        for (char *at = p; n;) {
                ssize_t done = pread(fd, at, MIN(n, (size_t)1 << 30), (off_t)offset);
                if (done < 0 && errno == EINTR)
                        continue;
                if (done < 0)
                        return status_errno(errno, path);
                if (!done)
                        return out_of_range("%s; Read less bytes than requested", path);
                at += done;
                n -= (size_t)done;
                offset += (uint64_t)done;
        }
        return NULL;
}

Status *bundle_check_names(const ShapeCtx *c)
{
        const Shape *prefix = shape_in(c, 0), *names = shape_in(c, 1), *specs = shape_in(c, 2);
        int64_t count;
        if (shape_complete(prefix)) {
                TRY(shape_count(prefix, &count));
                if (count != 1)
                        return invalid_argument("Input prefix should have a single element, got "
                                                "%lld instead.",
                                                (long long)count);
        }
        if (names->rank >= 0 && names->rank != 1)
                return invalid_argument("Input tensor_names should be an 1-D tensor, got %s "
                                        "instead.",
                                        shape_text(names).s);
        if (specs->rank >= 0 && specs->rank != 1)
                return invalid_argument("Input shape_and_slices should be an 1-D tensor, got %s "
                                        "instead.",
                                        shape_text(specs).s);
        if (!shape_compatible(names, specs))
                return invalid_argument("tensor_names and shape_and_slices have different number "
                                        "of elements: %lld vs. %lld",
                                        (long long)names->dim[0], (long long)specs->dim[0]);
        return NULL;
}

/* The file is untrusted: sizes must be valid and their product must not overflow. */
Status *bundle_shape(const BundleEntry *e, Shape *ret)
{
        int64_t dims[SHAPE_MAX_RANK], count;
        size_t n = e->shape ? e->shape->n_dim : 0;
        if (n > SHAPE_MAX_RANK)
                return unimplemented(
                        "Tensors of rank %zu are not supported; the largest rank is %d", n,
                        SHAPE_MAX_RANK);
        for (size_t i = 0; i < n; i++)
                dims[i] = e->shape->dim[i]->size;
        TRY(shape_make(dims, (int)n, ret));
        return shape_count(ret, &count);
}

static Status *pack_header(int shards, Buf *ret)
{
        Tensorflow__VersionDef version = TENSORFLOW__VERSION_DEF__INIT;
        Tensorflow__BundleHeaderProto header = TENSORFLOW__BUNDLE_HEADER_PROTO__INIT;
        version.producer = 1;
        header.num_shards = shards;
        header.version = &version;
        return proto_pack(&header.base, ret);
}

/* Synced before it gets its final name: a crash leaves no index without contents. */
static Status *write_file(const OpCtx *c, const char *path, const Buf *data)
{
        int fd;
        TRY(ctx_open_file(c, path, strlen(path), O_WRONLY | O_CREAT | O_TRUNC, &fd));
        Status *s = bundle_write_all(fd, data->data, data->len, path);
        if (!s && fsync(fd))
                s = status_errno(errno, path);
        close(fd);
        return s;
}

/* Written aside, renamed, and the folder synced: who sees the index sees all of it. The header's
 * entry has the empty key and thus comes first. */
Status *bundle_write_index(const OpCtx *c, const char *path, const SstEntry *entries, size_t count,
                           int shards)
{
        autobuf header = BUF(1 << 10), file = BUF((size_t)1 << 31);
        autofree char *tmp = mem_printf("%s.tempstate%llu", path, (unsigned long long)ctx_unique());
        autofree SstEntry *all = mem_calloc(count + 1, sizeof *all);
        if (!tmp || !all)
                return status_oom();
        TRY(pack_header(shards, &header));
        all[0] = (SstEntry){ .key = "", .value = header.data, .value_len = header.len };
        if (count)
                memcpy(all + 1, entries, count * sizeof *all);
        sstable_write(all, count + 1, &file);
        TRY(buf_status(&file));
        Status *s = write_file(c, tmp, &file);
        if (!s)
                s = roots_rename(ctx_roots(c), tmp, path);
        if (s) {
                status_free(roots_unlink(ctx_roots(c), tmp, false));
                return s;
        }
        return roots_sync_parent(ctx_roots(c), path);
}
