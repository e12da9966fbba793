/*
 * check_function.c - rules for a function: its renditions, its output, its permissions, its role.
 * What kind of function it is, is for check_kind.c. Called by check.c.
 */
#include "config_private.h"

#include <string.h>

#include "onput/encoding.h"

#define DEFAULT_ACTION "lambda:InvokeFunction"

static const char *const placeholders[] = {"bucket", "key", "rendition", "ext"};

static int check_dimensions(const struct loader *loader, const struct rendition *rendition,
                            struct error *err)
{
    struct subject fit = {&rendition->fit, SECTION_RENDITION, rendition};
    bool needs_both = rendition->fit != RENDITION_FIT_INSIDE;

    if (rendition->width == 0 && rendition->height == 0)
        return check_fail(loader, (struct subject){NULL, SECTION_RENDITION, rendition}, err,
                          "width or height is needed");
    if (needs_both && (rendition->width == 0 || rendition->height == 0))
        return check_fail(loader, fit, err, "%s needs width and height, and %s is missing",
                          rendition_fit_name(rendition->fit),
                          rendition->width == 0 ? "width" : "height");
    return 0;
}

static int check_renditions(const struct loader *loader, const struct config_function *function,
                            struct error *err)
{
    struct subject subject = {NULL, SECTION_FUNCTION, function};

    if (function->rendition_count == 0)
        return check_fail(loader, subject, err,
                          "renditions are missing; hint: renditions: "
                          "[{name: small, width: 256}]");
    for (size_t i = 0; i < function->rendition_count; i++) {
        const struct rendition *rendition = &function->renditions[i];

        if (check_dimensions(loader, rendition, err) != 0)
            return -1;
        for (size_t j = 0; j < i; j++)
            if (strcmp(function->renditions[j].name, rendition->name) == 0)
                return check_fail(
                    loader, (struct subject){&rendition->name, SECTION_RENDITION, rendition}, err,
                    "the name \"%s\" is that of renditions[%zu], too", rendition->name, j);
    }
    return 0;
}

static bool is_placeholder(struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
        if (text_is(name, placeholders[i]))
            return true;
    return false;
}

/* NULL when each "{...}" is a placeholder, else what is wrong. */
static const char *template_mistake(struct text t)
{
    if (t.ptr[0] == '/')
        return "a key does not begin with /";
    while (t.len > 0) {
        size_t open = text_find(t, '{');
        size_t close;

        if (text_find(t, '}') < open)
            return "there is a } without a { before it";
        if (open == t.len)
            return NULL;
        t = text_slice(t, open + 1, t.len);
        close = text_find(t, '}');
        if (close == t.len)
            return "there is a { without a } behind it";
        if (!is_placeholder(text_slice(t, 0, close)))
            return "possible are {bucket}, {key}, {rendition} and {ext}";
        t = text_slice(t, close + 1, t.len);
    }
    return NULL;
}

/* Results of different sources or renditions must not overwrite each other. */
static int check_output_key(const struct loader *loader, const struct config_function *function,
                            struct error *err)
{
    struct subject subject = {&function->output_key, SECTION_OUTPUT, function};
    const char *mistake = template_mistake(text_of(function->output_key));
    AUTO_BUFFER struct buffer shown = {0};

    buffer_init(&shown, ERROR_MESSAGE_BYTES);
    append_found(&shown, text_of(function->output_key));
    if (mistake != NULL)
        return check_fail(loader, subject, err, "%s is no template for a key: %s", shown.data,
                          mistake);
    if (strstr(function->output_key, "{key}") == NULL)
        return check_fail(loader, subject, err,
                          "%s gives every picture the same key; hint: put {key} into it",
                          shown.data);
    if (function->rendition_count > 1 && strstr(function->output_key, "{rendition}") == NULL)
        return check_fail(loader, subject, err,
                          "%s gives every rendition the same key; hint: put {rendition} into it",
                          shown.data);
    return 0;
}

static int check_output(const struct loader *loader, const struct config_function *function,
                        struct error *err)
{
    struct subject bucket = {&function->output_bucket, SECTION_OUTPUT, function};

    if (function->output_bucket == NULL)
        return check_fail(loader, bucket, err,
                          "bucket is missing; it is needed: bucket for the results");
    if (check_bucket(loader, bucket, function->output_bucket, false, err) != 0)
        return -1;
    return check_output_key(loader, function, err);
}

/* The option of the short form that is given, or NULL. The default action says nothing. */
static const char *short_form(const struct config_permission *p)
{
    if (p->statement_id != NULL)
        return "statement_id";
    if (p->principal != NULL)
        return "principal";
    if (strcmp(p->action, DEFAULT_ACTION) != 0)
        return "action";
    if (p->source_arn != NULL)
        return "source_arn";
    return p->source_account == NULL ? NULL : "source_account";
}

static int check_permission(const struct loader *loader, struct config_permission *permission,
                            struct error *err)
{
    struct subject whole = {NULL, SECTION_PERMISSION, permission};
    struct subject account = {&permission->source_account, SECTION_PERMISSION, permission};
    const char *extra = short_form(permission);

    if (permission->statement_json != NULL) {
        permission->action = NULL;
        return extra == NULL
                   ? 0
                   : check_fail(loader, whole, err, "a statement stands alone, without %s", extra);
    }
    if (permission->principal == NULL)
        return check_fail(
            loader, whole, err,
            "principal is missing; hint: principal: s3.amazonaws.com, or a statement");
    if (permission->source_account == NULL)
        return 0;
    return check_account(loader, account, permission->source_account, err);
}

static int check_retries(const struct loader *loader, const struct config_function *function,
                         struct error *err)
{
    const struct subject backoff = {&function->backoff_ms, SECTION_FUNCTION, function};
    const struct subject cap = {&function->backoff_cap_ms, SECTION_FUNCTION, function};

    if (function->backoff_ms <= function->backoff_cap_ms)
        return 0;
    return check_fail(loader, origins_is_given(loader->origins, cap.member) ? cap : backoff, err,
                      "backoff is longer than backoff_cap");
}

static int check_pictures(const struct loader *loader, struct config_function *function,
                          struct error *err)
{
    if (function->builtin == NULL || strcmp(function->builtin, "thumbnail") != 0)
        return 0;
    if (check_renditions(loader, function, err) != 0)
        return -1;
    return check_output(loader, function, err);
}

int check_function_alone(const struct loader *loader, struct config_function *function,
                         struct error *err)
{
    if (check_function_kind(loader, function, err) != 0 ||
        check_pictures(loader, function, err) != 0 || check_retries(loader, function, err) != 0)
        return -1;
    for (size_t i = 0; i < function->permission_count; i++)
        if (check_permission(loader, &function->permissions[i], err) != 0)
            return -1;
    return 0;
}

static int check_references(const struct loader *loader, const struct config_function *function,
                            struct error *err)
{
    const struct config *c = loader->config;
    struct subject output = {&function->output_store, SECTION_OUTPUT, function};
    struct subject store = {&function->store, SECTION_FUNCTION, function};
    struct subject role = {&function->role, SECTION_FUNCTION, function};

    if (function->output_store != NULL &&
        check_reference(loader, output, "store", function->output_store, c->stores, c->store_count,
                        sizeof(*c->stores), err) != 0)
        return -1;
    if (function->store != NULL &&
        check_reference(loader, store, "store", function->store, c->stores, c->store_count,
                        sizeof(*c->stores), err) != 0)
        return -1;
    if (function->role == NULL)
        return 0;
    return check_reference(loader, role, "role", function->role, c->roles, c->role_count,
                           sizeof(*c->roles), err);
}

int check_functions(struct loader *loader, struct error *err)
{
    for (size_t i = 0; i < loader->config->function_count; i++) {
        struct config_function *function = &loader->config->functions[i];

        if (check_function_alone(loader, function, err) != 0 ||
            check_references(loader, function, err) != 0)
            return -1;
    }
    return 0;
}
