/*
 * onput check: everything that can be wrong with a configuration, without starting anything.
 */
#include "cli_private.h"

#include <stdio.h>

#include "onput/catalog.h"

static int print(const struct config *config)
{
    AUTO_BUFFER struct buffer out;
    buffer_init(&out, 4 * 1024 * 1024);
    config_print(config, &out);
    fputs(out.data, stdout);
    return EXIT_CODE_OK;
}

int cmd_check(const struct cli_args *args)
{
    struct catalog *catalog = cli_load_catalog(args);
    struct error err = {0};
    if (catalog == NULL)
        return EXIT_CODE_CONFIG;
    if (catalog_check_start(catalog, &err) < 0) {
        catalog_unref(catalog);
        return cli_fail(EXIT_CODE_CONFIG, &err);
    }
    const struct config *checked = catalog_config(catalog);
    if (args->print)
        print(checked);
    else
        printf("%s: ok: %zu stores, %zu functions\n",
               checked->path != NULL ? checked->path : "configuration", checked->store_count,
               checked->function_count);
    catalog_unref(catalog);
    return EXIT_CODE_OK;
}
