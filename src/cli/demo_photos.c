/*
 * Which photos the demo uploads.
 */
#include "demo_private.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/memory.h"

static bool looks_like_a_picture(const char *name)
{
    static const char *const extensions[] = {".jpg", ".jpeg", ".png",  ".webp", ".gif",
                                             ".tif", ".tiff", ".avif", ".heic", ".heif"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < ARRAY_LEN(extensions); i++) {
        if (strcasecmp(dot, extensions[i]) == 0)
            return true;
    }
    return false;
}

static void add_photo(struct demo *d, const char *dir, const char *name)
{
    struct stat st;
    const char *path = arena_printf(&d->arena, "%s/%s", dir, name);
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    d->photos[d->photo_count++] = (struct demo_photo){
        .path = path, .key = arena_strdup(&d->arena, name), .bytes = st.st_size};
}

static int by_name(const void *a, const void *b)
{
    const struct demo_photo *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static int read_folder(struct demo *d, const char *dir, struct error *err)
{
    DIR *folder = opendir(dir);
    if (folder == NULL)
        return error_set_errno(err, ERROR_NOT_FOUND, "cannot read the folder %s", dir);
    d->photos = ARENA_ARRAY(&d->arena, struct demo_photo, DEMO_MAX_PHOTOS);
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL && d->photo_count < DEMO_MAX_PHOTOS) {
        if (entry->d_name[0] != '.' && looks_like_a_picture(entry->d_name))
            add_photo(d, dir, entry->d_name);
    }
    closedir(folder);
    if (d->photo_count == 0)
        return error_set(err, ERROR_NOT_FOUND, "there are no pictures in %s", dir);
    qsort(d->photos, d->photo_count, sizeof(*d->photos), by_name);
    return 0;
}

/* Installed: ../share/onput/photos beside the program. In a build tree: the sources' own. */
static const char *shipped_folder(struct demo *d)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len > 0) {
        self[len] = '\0';
        *strrchr(self, '/') = '\0';
        const char *path = arena_printf(&d->arena, "%s/../share/onput/photos", self);
        if (access(path, R_OK) == 0)
            return path;
    }
    return ONPUT_PHOTOS;
}

int demo_find_photos(struct demo *d, const char *dir, struct error *err)
{
    return read_folder(d, dir != NULL ? dir : shipped_folder(d), err);
}
