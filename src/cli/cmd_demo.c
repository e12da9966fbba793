/*
 * onput demo: everything for real, on loopback and in temporary folders: signed uploads to an
 * embedded store, its notifications, the queue, sandboxed workers, thumbnails in another bucket.
 */
#include "demo_private.h"

#include <stdio.h>
#include <unistd.h>

static bool all_verified(const struct demo *d)
{
    for (size_t i = 0; i < d->photo_count; i++) {
        if (!d->photos[i].verified)
            return false;
    }
    return true;
}

static int run(struct demo *d, struct error *err)
{
    if (demo_find_photos(d, d->args->dir, err) < 0 || demo_start(d, err) < 0 ||
        demo_upload(d, err) < 0 || demo_wait(d, err) < 0 || demo_verify(d, err) < 0)
        return -1;
    demo_print(d);
    if (!d->args->keep)
        return 0;
    demo_print_how_to_go_on(d);
    return daemon_serve(d->daemon, err);
}

int cmd_demo(const struct cli_args *args)
{
    struct demo d = {
        .args = args, .lock = PTHREAD_MUTEX_INITIALIZER, .finished = PTHREAD_COND_INITIALIZER};
    struct error err = {0};
    arena_init(&d.arena);
    log_open(STDERR_FILENO, args->keep ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, LOG_FORMAT_AUTO);
    daemon_block_signals();
    int code = run(&d, &err) < 0 ? cli_fail(EXIT_CODE_FAILED, &err) : EXIT_CODE_OK;
    if (code == EXIT_CODE_OK && !all_verified(&d))
        code = EXIT_CODE_FAILED;
    demo_stop(&d);
    return code;
}
