/*
 * check_lambda.c - rules for the Lambda API: where its functions live, the template of their URLs,
 * and who may call. Called by check.c.
 */
#include "config_private.h"

#include <string.h>

#include "onput/encoding.h"

/* How often "{id}" stands in the template, or -1 when a brace belongs to no placeholder. */
static int count_ids(struct text t)
{
    int ids = 0;

    while (t.len > 0) {
        size_t open = text_find(t, '{');
        struct text name;

        if (text_find(t, '}') < open)
            return -1;
        if (open == t.len)
            break;
        t = text_slice(t, open + 1, t.len);
        name = text_slice(t, 0, text_find(t, '}'));
        if (!text_is(name, "id") && !text_is(name, "region") && !text_is(name, "port"))
            return -1;
        if (name.len == t.len)
            return -1;
        ids += text_is(name, "id");
        t = text_slice(t, name.len + 1, t.len);
    }
    return ids;
}

static bool is_url(struct text t)
{
    return text_starts_with(t, TEXT("http://")) || text_starts_with(t, TEXT("https://"));
}

/* The two places where requests are looked for: a host of its own, or a path. */
static bool names_id_well(const char *url)
{
    const char *host = strstr(url, "://") + strlen("://");
    const char *path = strstr(url, "/function-urls/{id}");

    if (strncmp(host, "{id}.", strlen("{id}.")) == 0)
        return true;
    return path != NULL && strspn(path + strlen("/function-urls/{id}"), "/") ==
                               strlen(path + strlen("/function-urls/{id}"));
}

static bool holds_space(const char *string)
{
    return strchr(string, ' ') != NULL;
}

static int check_function_url(const struct loader *loader, struct error *err)
{
    const struct config *c = loader->config;
    struct subject subject = {&c->lambda_function_url, SECTION_LAMBDA, c};
    int ids = count_ids(text_of(c->lambda_function_url));
    AUTO_BUFFER struct buffer shown = {0};

    buffer_init(&shown, ERROR_MESSAGE_BYTES);
    append_found(&shown, text_of(c->lambda_function_url));
    if (!is_url(text_of(c->lambda_function_url)) || holds_space(c->lambda_function_url))
        return check_fail(loader, subject, err, "expected http://... or https://..., found %s",
                          shown.data);
    if (ids < 0)
        return check_fail(loader, subject, err,
                          "%s is no template for a URL: possible are {id}, {region} and {port}",
                          shown.data);
    if (ids != 1)
        return check_fail(loader, subject, err, "%s holds {id} %s; hint: put it in once",
                          shown.data, ids == 0 ? "nowhere" : "more than once");
    if (!names_id_well(c->lambda_function_url))
        return check_fail(loader, subject, err,
                          "%s: nobody would find the function; hint: http://{id}.HOST/ or "
                          "http://HOST/function-urls/{id}/",
                          shown.data);
    return 0;
}

static bool all_lower(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] < 'a' || t.ptr[i] > 'z')
            return false;
    return t.len > 0;
}

/* "us-east-1", "us-gov-west-1", "us-isob-east-1": no other stands in an ARN that the API takes. */
static bool is_region(struct text t)
{
    struct text first = text_cut(&t, '-');
    struct text second;

    if (text_is(first, "eusc"))
        first = text_cut(&t, '-');
    second = text_cut(&t, '-');
    if (text_is(second, "gov") || (text_starts_with(second, TEXT("iso")) && second.len <= 4))
        second = text_cut(&t, '-');
    return first.len == 2 && all_lower(first) && all_lower(second) && t.len == 1 &&
           t.ptr[0] >= '0' && t.ptr[0] <= '9';
}

/* Without a region of their own, functions live in that of the first store. */
static int check_lambda_region(const struct loader *loader, struct error *err)
{
    const struct config *c = loader->config;
    struct subject region = {&c->lambda_region, SECTION_LAMBDA, c};
    AUTO_BUFFER struct buffer shown = {0};

    if (c->lambda_region != NULL && !is_region(text_of(c->lambda_region)))
        return check_fail(loader, region, err, "expected a region such as us-east-1");
    if (c->lambda_region != NULL || c->user_count == 0 || c->store_count == 0 ||
        is_region(text_of(c->stores[0].region)))
        return 0;
    buffer_init(&shown, ERROR_MESSAGE_BYTES);
    append_found(&shown, text_of(c->stores[0].region));
    return check_fail(loader, region, err,
                      "region is missing, and that of stores.%s, %s, is none that clients know; "
                      "hint: region: us-east-1",
                      c->stores[0].name, shown.data);
}

int check_lambda(struct loader *loader, struct error *err)
{
    const struct config *c = loader->config;
    struct subject account = {&c->lambda_account, SECTION_LAMBDA, c};

    if (check_lambda_region(loader, err) != 0)
        return -1;
    if (c->lambda_account != NULL && check_account(loader, account, c->lambda_account, err) != 0)
        return -1;
    return check_function_url(loader, err);
}

/* ---- users ---- */

/* The key says who calls: with two owners nobody knew. */
static int check_key(const struct loader *loader, size_t i, struct error *err)
{
    const struct config_user *user = &loader->config->users[i];
    struct subject subject = {&user->access_key, SECTION_USER, user};

    if (strpbrk(user->access_key, ",=") != NULL)
        return check_fail(loader, subject, err, "an access key holds neither \",\" nor \"=\"");
    for (size_t j = 0; j < i; j++)
        if (strcmp(loader->config->users[j].access_key, user->access_key) == 0)
            return check_fail(loader, subject, err, "is that of users.%s, too",
                              loader->config->users[j].name);
    return 0;
}

static int check_user(const struct loader *loader, size_t i, struct error *err)
{
    const struct config_user *user = &loader->config->users[i];
    struct subject account = {&user->account, SECTION_USER, user};
    struct subject policy = {&user->policy_json, SECTION_USER, user};

    if (check_key(loader, i, err) != 0)
        return -1;
    if (user->account != NULL && check_account(loader, account, user->account, err) != 0)
        return -1;
    if (user->root && user->policy_json != NULL)
        return check_fail(loader, policy, err,
                          "the root of an account has no policy, it may do everything; hint: "
                          "remove root, or the policy");
    return 0;
}

int check_users(struct loader *loader, struct error *err)
{
    for (size_t i = 0; i < loader->config->user_count; i++)
        if (check_user(loader, i, err) != 0)
            return -1;
    return 0;
}
