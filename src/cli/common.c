/*
 * What verbs share: finding and loading the configuration, failing with a sentence.
 */
#include "cli_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int cli_fail(int code, const struct error *err)
{
    fprintf(stderr, "onput: %s\n", err->message);
    return code;
}

static const char *find_config(const struct cli_args *args)
{
    static const char *const usual[] = {"onput.yaml", "/etc/onput/onput.yaml"};
    if (args->config != NULL)
        return args->config;
    if (getenv("ONPUT_CONFIG") != NULL)
        return getenv("ONPUT_CONFIG");
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        if (access(usual[i], F_OK) == 0)
            return usual[i];
    }
    return NULL;
}

struct config_source cli_config_source(const struct cli_args *args)
{
    return (struct config_source){
        .path = find_config(args),
        .environment = (const char *const *)environ,
        .flags = args->sets,
    };
}

struct config *cli_load_config(const struct cli_args *args)
{
    struct config_source source = cli_config_source(args);
    struct config *config = NULL;
    struct error err = {0};
    if (config_load(&source, &config, &err) < 0) {
        cli_fail(EXIT_CODE_CONFIG, &err);
        return NULL;
    }
    return config;
}

struct catalog *cli_load_catalog(const struct cli_args *args)
{
    struct config *config = cli_load_config(args);
    struct catalog *catalog = NULL;
    struct error err = {0};
    if (config == NULL)
        return NULL;
    if (catalog_new(config, clock_system(), NULL, &catalog, &err) < 0) {
        cli_fail(EXIT_CODE_CONFIG, &err);
        return NULL;
    }
    return catalog;
}

struct text cli_or_default(const char *value_or_null, const char *fallback)
{
    return text_of(value_or_null != NULL ? value_or_null : fallback);
}

void cli_open_log(const struct config *config)
{
    log_open(STDERR_FILENO, config->log_level, config->log_format);
}

const char *cli_host(const char *address, uint16_t port, struct arena *arena)
{
    if (strcmp(address, "0.0.0.0") == 0)
        address = "127.0.0.1";
    if (strcmp(address, "::") == 0)
        address = "::1";
    bool is_v6 = strchr(address, ':') != NULL;
    return arena_printf(arena, "%s%s%s:%u", is_v6 ? "[" : "", address, is_v6 ? "]" : "", port);
}
