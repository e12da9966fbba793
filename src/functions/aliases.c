/*
 * Aliases and function URLs of a record, and what a qualifier stands for.
 */
#include "functions_private.h"

#include <math.h>

static const struct function *find_version(const struct function_record *r, struct text version)
{
    for (size_t i = 0; i < r->function_count; i++) {
        if (text_equal(r->functions[i].version, version))
            return &r->functions[i];
    }
    return NULL;
}

static int get_version(const struct function_record *r, struct text version,
                       const struct function **out, struct error *err)
{
    *out = find_version(r, version);
    if (*out == NULL)
        return error_set(err, ERROR_INVALID, "there is no version %.*s to point to",
                         TEXT_ARGS(version));
    return 0;
}

/* At most one version beside the alias's own takes a share. */
static int read_weights(const struct function_record *r, struct json_object *json,
                        struct record_alias *alias, struct error *err)
{
    struct json_object *weights = json_at(json, "RoutingConfig.AdditionalVersionWeights");
    if (weights == NULL)
        return 0;
    if (!json_object_is_type(weights, json_type_object) || json_object_object_length(weights) > 1)
        return error_set(err, ERROR_INVALID,
                         "AdditionalVersionWeights is an object of at most one version");
    json_object_object_foreach(weights, version, weight)
    {
        bool is_number = json_object_is_type(weight, json_type_double) ||
                         json_object_is_type(weight, json_type_int);
        alias->other_weight = is_number ? json_object_get_double(weight) : -1;
        if (!(alias->other_weight >= 0 && alias->other_weight <= 1))
            return error_set(err, ERROR_INVALID, "the weight of a version is between 0 and 1");
        if (get_version(r, text_of(version), &alias->other, err) < 0)
            return -1;
    }
    return 0;
}

static int read_alias(const struct function_record *r, const struct row *row,
                      struct record_alias *alias, struct error *err)
{
    AUTO_JSON struct json_object *json = NULL;
    struct text version;
    *alias = (struct record_alias){.name = row->qualifier};
    if (json_parse(row->json, &json, err) < 0 ||
        json_get_text(json, "FunctionVersion", &version, err) < 0 ||
        get_version(r, version, &alias->version, err) < 0)
        return -1;
    return read_weights(r, json, alias, err);
}

static int read_url(struct function_record *r, const struct row *row, struct error *err)
{
    AUTO_JSON struct json_object *json = NULL;
    struct text id;
    if (json_parse(row->json, &json, err) < 0 || json_get_text(json, "UrlId", &id, err) < 0)
        return error_prefix(err, "the function URL");
    r->urls[r->url_count++] =
        (struct record_url){.id = arena_text(&r->arena, id), .qualifier = row->qualifier};
    return 0;
}

int aliases_build(struct function_record *r, const struct row_list *old, struct error *err)
{
    const struct row *rows;
    size_t count = row_list_kind(&r->rows, ROW_ALIAS, &rows);
    r->aliases = ARENA_ARRAY(&r->arena, struct record_alias, count);
    for (size_t i = 0; i < count; i++) {
        if (read_alias(r, &rows[i], &r->aliases[r->alias_count], err) == 0) {
            r->alias_count++;
            continue;
        }
        if (!record_tolerates(r, old, &rows[i], err))
            return error_prefix(err, "alias %.*s", TEXT_ARGS(rows[i].qualifier));
        error_clear(err);
    }
    count = row_list_kind(&r->rows, ROW_URL, &rows);
    r->urls = ARENA_ARRAY(&r->arena, struct record_url, count);
    for (size_t i = 0; i < count; i++) {
        if (read_url(r, &rows[i], err) < 0)
            return -1;
    }
    return 0;
}

/* 53 random bits as a fraction in [0, 1). */
static double fraction(uint64_t random)
{
    return ldexp((double)(random >> 11), -53);
}

const struct function *record_resolve(const struct function_record *r, struct text qualifier,
                                      uint64_t random)
{
    if (qualifier.len == 0)
        return &r->functions[0];
    for (size_t i = 0; i < r->alias_count; i++) {
        const struct record_alias *alias = &r->aliases[i];
        if (!text_equal(alias->name, qualifier))
            continue;
        return fraction(random) < alias->other_weight ? alias->other : alias->version;
    }
    return find_version(r, qualifier);
}
