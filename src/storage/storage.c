/*
 * The store and its sessions: options, the endpoint's parts, and what is learned from answers (the
 * region and the clock), shared by all threads.
 */
#include "onput/storage.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "onput/memory.h"
#include "storage_private.h"

enum { DEFAULT_TIMEOUT_MS = 60000, DEFAULT_RETRY_BASE_MS = 100, WRONG_CLOCK_MS = 60 * 1000 };

static bool is_region(struct text region)
{
    for (size_t i = 0; i < region.len; i++) {
        char c = region.ptr[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
        if (!ok)
            return false;
    }
    return region.len > 0 && region.len < S3_MAX_REGION_BYTES;
}

/* No store can be reached as bucket.127.0.0.1, and none as bucket.localhost without a resolver's
 * help. */
static bool is_address(const char *host)
{
    AUTO_FREE char *name = xstrdup(host);
    uint8_t binary[sizeof(struct in6_addr)];
    if (host[0] == '[')
        return true;
    name[text_find(text_of(name), ':')] = '\0';
    return inet_pton(AF_INET, name, binary) == 1 || text_is(text_of(name), "localhost");
}

static bool is_host(struct text host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  (c && strchr("-._:[]", c));
        if (!ok)
            return false;
    }
    return host.len > 0 && host.len < 512;
}

static int parse_endpoint(const char *endpoint, struct storage *storage, struct error *err)
{
    struct text rest = text_of(endpoint);
    struct text scheme = TEXT("http://");
    storage->is_https = text_starts_with(rest, TEXT("https://"));
    if (storage->is_https)
        scheme = TEXT("https://");
    else if (!text_starts_with(rest, scheme))
        return error_set(err, ERROR_INVALID,
                         "The endpoint \"%s\" does not begin with http:// or https://.", endpoint);
    struct text host = text_slice(rest, scheme.len, rest.len);
    if (text_ends_with(host, TEXT("/")))
        host.len--;
    if (!is_host(host))
        return error_set(err, ERROR_INVALID,
                         "The endpoint \"%s\" is not a scheme, a host and perhaps a port.",
                         endpoint);
    struct text default_port = storage->is_https ? TEXT(":443") : TEXT(":80");
    if (text_ends_with(host, default_port))
        host.len -= default_port.len;
    storage->host = xmemdup_text(host);
    return 0;
}

int storage_new(const struct storage_options *options, struct storage **out, struct error *err)
{
    struct text region = text_of(options->region);
    struct storage parsed = {0};
    if (!region.len)
        region = TEXT("us-east-1");
    if (!is_region(region))
        return error_set(err, ERROR_INVALID, "\"%s\" cannot be a region's name.", options->region);
    if (parse_endpoint(options->endpoint, &parsed, err))
        return -1;
    struct storage *storage = xcalloc(1, sizeof(*storage));
    storage->is_https = parsed.is_https;
    storage->host = parsed.host;
    storage->needs_path_style =
        options->addressing == STORAGE_ADDRESSING_PATH || is_address(parsed.host);
    storage->ca_file = xstrdup_or_null(options->ca_file);
    storage->user_agent = xstrdup_or_null(options->user_agent);
    storage->timeout_ms = options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    storage->retry_base_ms =
        options->retry_base_ms ? options->retry_base_ms : DEFAULT_RETRY_BASE_MS;
    storage->clock = options->clock ? options->clock : clock_system();
    storage->metrics = options->metrics;
    memcpy(storage->region, region.ptr, region.len);
    BUG_ON(pthread_mutex_init(&storage->lock, NULL) != 0);
    retry_quota_init(&storage->quota);
    *out = storage;
    return 0;
}

void storage_free(struct storage *storage)
{
    if (!storage)
        return;
    retry_quota_release(&storage->quota);
    pthread_mutex_destroy(&storage->lock);
    free(storage->host);
    free(storage->ca_file);
    free(storage->user_agent);
    free(storage);
}

struct text storage_region(struct storage *storage, struct arena *arena)
{
    pthread_mutex_lock(&storage->lock);
    struct text region = text_of(arena_strdup(arena, storage->region));
    pthread_mutex_unlock(&storage->lock);
    return region;
}

bool storage_learn_region(struct storage *storage, struct text region, struct text used)
{
    if (!is_region(region) || text_equal(region, used))
        return false;
    pthread_mutex_lock(&storage->lock);
    memcpy(storage->region, region.ptr, region.len);
    storage->region[region.len] = '\0';
    pthread_mutex_unlock(&storage->lock);
    return true;
}

bool storage_learn_clock(struct storage *storage, struct text date, int64_t signed_ms)
{
    struct error ignored = {0};
    int64_t store_ms;
    if (time_parse_http(date, &store_ms, &ignored))
        return false;
    int64_t difference = store_ms - signed_ms;
    if (difference > -WRONG_CLOCK_MS && difference < WRONG_CLOCK_MS)
        return false;
    atomic_store(&storage->clock_offset_ms, store_ms - clock_wall_ms(storage->clock));
    return true;
}

int storage_session_new(struct storage *storage, const atomic_bool *canceled,
                        struct storage_session **out, struct error *err)
{
    struct http_client_options options = {
        .ca_file = storage->ca_file, .user_agent = storage->user_agent, .canceled = canceled};
    struct http_client *client;
    if (http_client_new(&options, &client, err))
        return -1;
    struct storage_session *s = xcalloc(1, sizeof(*s));
    s->storage = storage;
    s->client = client;
    s->canceled = canceled;
    *out = s;
    return 0;
}

void storage_session_free(struct storage_session *s)
{
    if (!s)
        return;
    http_client_free(s->client);
    free(s);
}

void storage_session_set_deadline(struct storage_session *s, int64_t deadline_ms)
{
    s->deadline_ms = deadline_ms;
}
