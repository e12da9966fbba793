/*
 * The claims: which rows are running now. The list is in memory; the ids are mirrored into a small
 * shared mapping of a file, which the kernel keeps when the process is killed. Nothing is synced: a
 * power cut forgets the running ids, and then no run can have been the cause.
 */
#include "queue_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/memory.h"

enum { RUNNING_FILE_BYTES = QUEUE_MAX_RUNNING * sizeof(int64_t) };

int running_open(struct running *r, const char *directory, struct error *err)
{
    AUTO_FREE char *path = xasprintf("%s/running", directory);
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(err, ERROR_IO, "cannot open %s", path);
    int rc =
        posix_fallocate(fd, 0, RUNNING_FILE_BYTES); /* a hole in a mapping kills on a full disk */
    if (rc != 0) {
        errno = rc;
        return error_set_errno(err, ERROR_IO, "cannot size %s", path);
    }
    void *map = mmap(NULL, RUNNING_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return error_set_errno(err, ERROR_IO, "cannot map %s", path);
    r->slots = map;
    return 0;
}

void running_close(struct running *r)
{
    if (r->slots != NULL)
        munmap(r->slots, RUNNING_FILE_BYTES);
    r->slots = NULL;
}

void running_clear(struct running *r)
{
    memset(r->slots, 0, RUNNING_FILE_BYTES);
    r->count = 0;
}

struct running_claim *running_find(struct running *r, int64_t id)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->claims[i].id == id)
            return &r->claims[i];
    }
    return NULL;
}

int running_add(struct running *r, int64_t id, const unsigned char identity[16], struct error *err)
{
    if (r->count == QUEUE_MAX_RUNNING)
        return error_set_retryable(err, ERROR_LIMIT, "%d invocations are running already",
                                   QUEUE_MAX_RUNNING);
    struct running_claim *claim = &r->claims[r->count];
    claim->id = id;
    memcpy(claim->identity, identity, sizeof(claim->identity));
    r->slots[r->count] = id;
    r->count++;
    return 0;
}

void running_remove(struct running *r, int64_t id)
{
    struct running_claim *claim = running_find(r, id);
    BUG_ON(claim == NULL);
    size_t index = (size_t)(claim - r->claims);
    r->count--;
    *claim = r->claims[r->count];
    r->slots[index] = r->slots[r->count];
    r->slots[r->count] = 0;
}
