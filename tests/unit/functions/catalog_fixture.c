/*
 * Puts the parts together and loads them as a configuration file would be.
 */
#include "catalog_fixture.h"

static const char *or_else(const char *part, const char *usual)
{
    return part != NULL ? part : usual;
}

char *catalog_yaml(const struct catalog_parts *p)
{
    return xasprintf("stores:\n"
                     "  minio: {endpoint: '%s', access_key: key, secret_key: secret-of-store%s}\n"
                     "%s"
                     "functions:\n"
                     "  thumbs: {builtin: thumbnail, renditions: %s, output: %s%s}\n"
                     "%s%s",
                     or_else(p->endpoint, "http://127.0.0.1:9"),
                     or_else(p->store, ", webhook_auth: none"), or_else(p->stores, ""),
                     or_else(p->renditions, "[{name: small, width: 100}]"),
                     or_else(p->output, "{bucket: thumbnails}"), or_else(p->function, ""),
                     or_else(p->functions, ""), or_else(p->more, ""));
}

static int load(const char *yaml, struct catalog **out, struct error *err)
{
    struct config_source source = {0};
    struct config *config = NULL;
    if (config_load_text(text_of(yaml), "test.yaml", &source, &config, err) < 0)
        return -1;
    return catalog_new(config, clock_system(), NULL, out, err);
}

struct catalog *catalog_of_yaml(const char *yaml)
{
    struct catalog *c = NULL;
    struct error err = {0};
    assert_ok(load(yaml, &c, &err), &err);
    return c;
}

struct catalog *catalog_of(const struct catalog_parts *parts)
{
    AUTO_FREE char *yaml = catalog_yaml(parts);
    return catalog_of_yaml(yaml);
}

struct error catalog_refused(const struct catalog_parts *parts)
{
    AUTO_FREE char *yaml = catalog_yaml(parts);
    struct catalog *c = NULL;
    struct error err = {0};
    if (load(yaml, &c, &err) == 0)
        fail_msg("accepted: %s", yaml);
    assert_null(c);
    return err;
}

const struct store *catalog_minio(const struct catalog *c)
{
    return catalog_store(c, TEXT("minio"));
}

const struct function *catalog_thumbs(const struct catalog *c)
{
    return catalog_function(c, TEXT("thumbs"));
}
