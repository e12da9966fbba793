/*
 * check_store.c - rules for a store: its endpoint, its credentials, how its webhooks prove
 * themselves, and which functions its notifications call. Called by check.c.
 */
#include "config_private.h"

#include <string.h>

#include "onput/encoding.h"

/* First part of the event names that stores send. */
static const char *const event_families[] = {
    "ObjectCreated",       "ObjectRemoved",       "ObjectAccessed",  "ObjectRestore",
    "ObjectTagging",       "ObjectAcl",           "ObjectLifecycle", "ObjectSynced",
    "ObjectTransition",    "Replication",         "Scanner",         "ReducedRedundancyLostObject",
    "LifecycleExpiration", "LifecycleTransition", "BucketCreated",   "IntelligentTiering",
    "BucketRemoved",
};

static struct text without_scheme(const char *endpoint)
{
    struct text t = text_of(endpoint);

    if (text_starts_with(t, TEXT("http://")))
        return text_slice(t, strlen("http://"), t.len);
    if (text_starts_with(t, TEXT("https://")))
        return text_slice(t, strlen("https://"), t.len);
    return (struct text){NULL, 0};
}

static bool is_port(struct text t)
{
    struct error ignored = {0};
    uint64_t port;

    return text_to_u64(t, 65535, "port", &port, &ignored) == 0 && port > 0;
}

/* host, host:port, [v6], [v6]:port; a "/" at the end is fine. */
static bool is_authority(struct text t)
{
    const char *possible = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    size_t host = 0;

    if (text_ends_with(t, TEXT("/")))
        t.len--;
    if (t.len > 0 && t.ptr[0] == '[') {
        host = text_find(t, ']') + 1;
        if (host > t.len || host < strlen("[::]"))
            return false;
    } else {
        while (host < t.len && strchr(possible, t.ptr[host]) != NULL)
            host++;
    }
    if (host == 0 || host == t.len)
        return host > 0;
    return t.ptr[host] == ':' && is_port(text_slice(t, host + 1, t.len));
}

static int check_endpoint(const struct loader *loader, const struct config_store *store,
                          struct error *err)
{
    struct subject subject = {&store->endpoint, SECTION_STORE, store};
    struct text authority = without_scheme(store->endpoint);
    AUTO_BUFFER struct buffer shown = {0};

    if (authority.ptr != NULL && is_authority(authority))
        return 0;
    buffer_init(&shown, ERROR_MESSAGE_BYTES);
    append_found(&shown, text_of(store->endpoint));
    if (strchr(store->endpoint, '@') != NULL)
        return check_fail(
            loader, subject, err,
            "an endpoint holds no user or password; hint: use access_key and secret_key");
    return check_fail(loader, subject, err,
                      "expected http://HOST[:PORT] or https://HOST[:PORT], found %s", shown.data);
}

static int check_credentials(const struct loader *loader, const struct config_store *store,
                             struct error *err)
{
    bool has_key = store->access_key != NULL;
    bool has_secret = store->secret_key != NULL;
    struct subject subject = {has_key ? &store->access_key : &store->secret_key, SECTION_STORE,
                              store};
    struct subject token = {&store->session_token, SECTION_STORE, store};

    if (has_key != has_secret)
        return check_fail(loader, subject, err, "%s is missing; the two belong together",
                          has_key ? "secret_key" : "access_key");
    if (store->session_token != NULL && !has_key)
        return check_fail(loader, token, err, "access_key and secret_key are missing");
    return 0;
}

static bool is_path_segment(const char *secret)
{
    return secret[strspn(secret,
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~.")] ==
           '\0';
}

/* What follows from the options that are given, unless webhook_auth says it. */
static int choose_webhook_auth(const struct loader *loader, struct config_store *store,
                               struct error *err)
{
    struct subject subject = {&store->webhook_auth, SECTION_STORE, store};
    bool has_token = store->webhook_token_count > 0;
    bool has_secret = store->webhook_secret != NULL;

    if (origins_is_given(loader->origins, &store->webhook_auth))
        return 0;
    if (has_token && has_secret)
        return check_fail(
            loader, subject, err,
            "webhook_token and webhook_secret are both given; hint: remove one of the two");
    if (!has_token && !has_secret)
        return check_fail(
            loader, subject, err,
            "nothing says how a webhook proves that it comes from this store; hint: give "
            "webhook_token or webhook_secret, or write webhook_auth: none");
    store->webhook_auth = has_token ? CONFIG_AUTH_TOKEN : CONFIG_AUTH_SECRET;
    return 0;
}

static int check_webhook(const struct loader *loader, struct config_store *store, struct error *err)
{
    struct subject subject = {&store->webhook_auth, SECTION_STORE, store};
    struct subject secret = {&store->webhook_secret, SECTION_STORE, store};
    struct subject token = {&store->webhook_tokens, SECTION_STORE, store};

    if (choose_webhook_auth(loader, store, err) != 0)
        return -1;
    if (store->webhook_auth == CONFIG_AUTH_TOKEN && store->webhook_token_count == 0)
        return check_fail(loader, subject, err, "webhook_token is missing");
    if (store->webhook_auth == CONFIG_AUTH_SECRET && store->webhook_secret == NULL)
        return check_fail(loader, subject, err, "webhook_secret is missing");
    if (store->webhook_auth != CONFIG_AUTH_TOKEN && store->webhook_token_count > 0)
        return check_fail(loader, token, err,
                          "is of no use, because webhook_auth is not \"token\"");
    if (store->webhook_auth != CONFIG_AUTH_SECRET && store->webhook_secret != NULL)
        return check_fail(loader, secret, err,
                          "is of no use, because webhook_auth is not \"secret\"");
    if (store->webhook_secret != NULL &&
        (!is_path_segment(store->webhook_secret) || store->webhook_secret[0] == '.'))
        return check_fail(loader, secret, err,
                          "expected letters, digits, -, _, ~ and ., because it is a part of a URL");
    return 0;
}

static int check_event(const struct loader *loader, const struct config_notification *notification,
                       const char *event, struct error *err)
{
    struct subject subject = {&notification->events, SECTION_NOTIFICATION, notification};
    struct text name = text_of(event);
    struct text family;
    struct suggestion suggestion;
    AUTO_BUFFER struct buffer shown = {0};

    if (text_starts_with(name, TEXT("s3:")))
        name = text_slice(name, strlen("s3:"), name.len);
    family = text_slice(name, 0, text_find(name, ':'));
    suggestion = suggestion_for(family);
    for (size_t i = 0; i < ARRAY_LEN(event_families); i++) {
        if (text_is(family, event_families[i]))
            return 0;
        suggestion_offer(&suggestion, text_of(event_families[i]));
    }
    if (text_is(name, "*"))
        return 0;
    buffer_init(&shown, ERROR_MESSAGE_BYTES);
    append_found(&shown, text_of(event));
    if (suggestion.best.ptr != NULL)
        return check_fail(loader, subject, err,
                          "no store sends %s; hint: did you mean \"s3:%s:*\"?", shown.data,
                          suggestion.best.ptr);
    return check_fail(loader, subject, err,
                      "no store sends %s; hint: s3:ObjectCreated:*, s3:ObjectRemoved:*",
                      shown.data);
}

static int check_notification(const struct loader *loader,
                              const struct config_notification *notification, struct error *err)
{
    const struct config *c = loader->config;
    struct subject bucket = {&notification->bucket, SECTION_NOTIFICATION, notification};
    struct subject function = {&notification->function, SECTION_NOTIFICATION, notification};

    if (check_bucket(loader, bucket, notification->bucket, true, err) != 0)
        return -1;
    for (size_t i = 0; i < notification->event_count; i++)
        if (check_event(loader, notification, notification->events[i], err) != 0)
            return -1;
    return check_reference(loader, function, "function", notification->function, c->functions,
                           c->function_count, sizeof(*c->functions), err);
}

static int check_region(const struct loader *loader, const struct config_store *store,
                        struct error *err)
{
    struct subject subject = {&store->region, SECTION_STORE, store};

    if (name_is_plain(text_of(store->region)))
        return 0;
    return check_fail(loader, subject, err, "expected a region such as us-east-1");
}

static int check_store(const struct loader *loader, struct config_store *store, struct error *err)
{
    struct subject account = {&store->account, SECTION_STORE, store};

    if (check_endpoint(loader, store, err) != 0 || check_region(loader, store, err) != 0 ||
        check_account(loader, account, store->account, err) != 0 ||
        check_credentials(loader, store, err) != 0 || check_webhook(loader, store, err) != 0)
        return -1;
    for (size_t i = 0; i < store->notification_count; i++)
        if (check_notification(loader, &store->notifications[i], err) != 0)
            return -1;
    return 0;
}

int check_stores(struct loader *loader, struct error *err)
{
    for (size_t i = 0; i < loader->config->store_count; i++)
        if (check_store(loader, &loader->config->stores[i], err) != 0)
            return -1;
    return 0;
}
