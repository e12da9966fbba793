/*
 * start.c - sets libvips up for hostile input and steady memory, and takes it down again.
 *
 * Of libvips' modules only the one for AVIF and HEIC is loaded: the others read formats that are
 * refused here anyway and cost 75 ms and 6 MB per process.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

#include "onput/attributes.h"
#include "thumbnail_private.h"
/* vector.h needs vips.h in front of it. */
#include <vips/vector.h>

/* Blocks from this size on are mapped and go back to the system when freed. */
enum { MMAP_BYTES = 8 << 20, TRIM_BYTES = 32 << 20 };

/* All that this program calls. Files and streams are out of reach, whatever libvips can read. */
static const char *const allowed_operations[] = {
    "VipsForeignLoadJpegBuffer",  "VipsForeignLoadPngBuffer",  "VipsForeignLoadWebpBuffer",
    "VipsForeignLoadNsgifBuffer", "VipsForeignLoadTiffBuffer", "VipsForeignLoadHeifBuffer",
    "VipsForeignSaveJpegBuffer",  "VipsForeignSavePngBuffer",  "VipsForeignSaveWebpBuffer",
    "VipsForeignSaveHeifBuffer",
};

#ifdef ONPUT_SANITIZE_THREAD
/* The race detector does not see the locks of libraries that are not built with it. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "ignore_noninstrumented_modules=1";
}
#endif

/* GLib's own writer asks for terminals, time zones and sockets; messages reach us as errors. */
static GLogWriterOutput drop_message(GLogLevelFlags level, const GLogField *fields, gsize count,
                                     gpointer data)
{
    (void)level;
    (void)fields;
    (void)count;
    (void)data;
    return G_LOG_WRITER_HANDLED;
}

/* libvips frees from its threads: several arenas would keep what none of them uses. */
static void steady_memory(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
    mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
}

/* Starts libvips while it looks for modules where there are none. */
static int init_without_modules(void)
{
    char *before = getenv("VIPSHOME") ? g_strdup(getenv("VIPSHOME")) : NULL;
    setenv("VIPSHOME", "/nonexistent", 1);
    int rc = VIPS_INIT("onput");
    if (before)
        setenv("VIPSHOME", before, 1);
    else
        unsetenv("VIPSHOME");
    g_free(before);
    return rc;
}

/* The module lies in a folder beside the library. Without it, AVIF and HEIC are unsupported. */
static void load_heif_module(void)
{
    Dl_info library;
    char path[4096];
    const char *(*init)(void *module);
    if (vips_type_find("VipsForeignLoad", "heifload_buffer") ||
        !dladdr((void *)(uintptr_t)vips_init, &library))
        return;
    const char *slash = strrchr(library.dli_fname, '/');
    int folder_len = slash ? (int)(slash - library.dli_fname) : 0;
    snprintf(path, sizeof(path), "%.*s/vips-modules-%d.%d/vips-heif.so", folder_len,
             library.dli_fname, vips_version(0), vips_version(1));
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!module)
        return;
    *(void **)&init = dlsym(module, "g_module_check_init");
    if (init)
        init(module);
}

static void block_operations(void)
{
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    vips_operation_block_set("VipsForeignSave", TRUE);
    for (size_t i = 0; i < ARRAY_LEN(allowed_operations); i++) {
        if (g_type_from_name(allowed_operations[i]))
            vips_operation_block_set(allowed_operations[i], FALSE);
    }
}

int thumbnail_start(struct error *err)
{
    steady_memory();
    g_log_set_writer_func(drop_message, NULL, NULL);
    if (init_without_modules() != 0)
        return vips_failed(err, ERROR_INTERNAL, "libvips cannot be started");
    load_heif_module();
    block_operations();
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    /* ORC writes its code through a file, which the sandbox forbids. */
    vips_vector_set_enabled(FALSE);
    return 0;
}

void thumbnail_stop(void)
{
    vips_shutdown();
}

const char *thumbnail_vips_version(void)
{
    return vips_version_string();
}
