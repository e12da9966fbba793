/*
 * memfd.c - see onput/fd.h. Memory files that carry images between the daemon and its workers.
 */
#include "onput/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static int fill_memfd(struct memfd *m, const char *name, struct error *err)
{
    void *map;

    if (ftruncate(m->fd, (off_t)m->capacity) != 0)
        return error_set_errno(err, ERROR_IO, "cannot make the memory file %s %zu bytes long", name,
                               m->capacity);
    if (fcntl(m->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
        return error_set_errno(err, ERROR_IO, "cannot fix the size of the memory file %s", name);
    map = mmap(NULL, m->capacity, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
    if (map == MAP_FAILED)
        return error_set_errno(err, ERROR_IO, "cannot map the memory file %s", name);
    m->map = map;
    return 0;
}

int memfd_create_fixed(const char *name, size_t capacity, struct memfd *out, struct error *err)
{
    struct memfd m = MEMFD_NONE;

    if (capacity == 0 || capacity > INT64_MAX)
        return error_set(err, ERROR_INVALID, "a memory file cannot hold %zu bytes", capacity);
    m.capacity = capacity;
    m.fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (m.fd < 0)
        return error_set_errno(err, ERROR_IO, "cannot create the memory file %s", name);
    if (fill_memfd(&m, name, err) != 0) {
        memfd_release(&m);
        return -1;
    }
    *out = m;
    return 0;
}

/* F_SEAL_WRITE is refused while any process has the file mapped for writing, us included. */
int memfd_seal(struct memfd *m, struct error *err)
{
    if (m->map != NULL)
        munmap(m->map, m->capacity);
    m->map = NULL;
    if (fcntl(m->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return error_set_errno(err, ERROR_IO, "cannot seal a memory file");
    return 0;
}

void memfd_release(struct memfd *m)
{
    if (m->map != NULL)
        munmap(m->map, m->capacity);
    fd_close(&m->fd);
    *m = (struct memfd)MEMFD_NONE;
}
