/*
 * onput serve: the daemon in the foreground.
 */
#include "cli_private.h"

#include <stdio.h>

#include "onput/daemon.h"

static int serve(struct daemon *d)
{
    AUTO_BUFFER struct buffer block;
    struct error err = {0};
    buffer_init(&block, 256 * 1024);
    daemon_describe(d, &block);
    fputs(block.data, stderr);
    fputs("ready\n", stderr);
    return daemon_serve(d, &err) < 0 ? cli_fail(EXIT_CODE_FAILED, &err) : EXIT_CODE_OK;
}

int cmd_serve(const struct cli_args *args)
{
    struct config_source source = cli_config_source(args);
    struct config *config = cli_load_config(args);
    if (config == NULL)
        return EXIT_CODE_CONFIG;
    cli_open_log(config);
    daemon_block_signals();
    struct daemon_options options = {.source = &source};
    struct daemon *d = NULL;
    struct error err = {0};
    if (daemon_start(config, &options, &d, &err) < 0) {
        bool about_config = err.code == ERROR_INVALID || err.code == ERROR_LIMIT;
        return cli_fail(about_config ? EXIT_CODE_CONFIG : EXIT_CODE_FAILED, &err);
    }
    int code = serve(d);
    daemon_stop(d);
    return code;
}
