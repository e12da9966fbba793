/*
 * The provider: static keys, or temporary ones that are fetched through sts.c before they end. One
 * thread fetches while the others go on with the keys that still live.
 */
#include "onput/credentials.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "aws_private.h"
#include "onput/memory.h"

struct secret_key {
    char *access_key;
    char *secret_key;
    char *session_token; /* "" when there is none */
};

struct credentials {
    bool is_temporary;
    struct credentials_sts_options sts; /* its texts are ours */
    int64_t clock_offset_ms;            /* the STS server's clock minus ours; under `fetching` */
    pthread_mutex_t fetching;           /* held while asking the server; taken before `lock` */
    pthread_mutex_t lock;               /* guards what follows, held for copying only */
    struct secret_key key;
    int64_t refresh_at_ms; /* 0: at once */
    int64_t expires_ms;
    bool is_invalid; /* a store refused the key */
};

static void wipe(struct secret_key *key)
{
    free_secret(key->access_key);
    free_secret(key->secret_key);
    free_secret(key->session_token);
    *key = (struct secret_key){0};
}

static struct credentials *new_provider(void)
{
    struct credentials *c = xcalloc(1, sizeof(*c));
    BUG_ON(pthread_mutex_init(&c->fetching, NULL) != 0);
    BUG_ON(pthread_mutex_init(&c->lock, NULL) != 0);
    return c;
}

struct credentials *credentials_new_static(const struct credentials_static_options *options)
{
    struct credentials *c = new_provider();
    c->key.access_key = xstrdup(options->access_key);
    c->key.secret_key = xstrdup(options->secret_key);
    c->key.session_token = xstrdup(options->session_token ? options->session_token : "");
    return c;
}

struct credentials *credentials_new_sts(const struct credentials_sts_options *options)
{
    struct credentials *c = new_provider();
    c->is_temporary = true;
    c->sts = *options;
    c->sts.endpoint = xstrdup(options->endpoint);
    c->sts.region = xstrdup(options->region ? options->region : "us-east-1");
    c->sts.role_arn = xstrdup_or_null(options->role_arn);
    c->sts.session_name = xstrdup(options->session_name ? options->session_name : "onput");
    c->sts.session_policy = xstrdup_or_null(options->session_policy);
    c->sts.ca_file = xstrdup_or_null(options->ca_file);
    c->sts.clock = options->clock ? options->clock : clock_system();
    c->sts.duration_s = options->duration_s ? options->duration_s : 3600;
    return c;
}

void credentials_free(struct credentials *c)
{
    if (!c)
        return;
    wipe(&c->key);
    if (c->is_temporary) {
        free((char *)c->sts.endpoint);
        free((char *)c->sts.region);
        free((char *)c->sts.role_arn);
        free((char *)c->sts.session_name);
        free((char *)c->sts.session_policy);
        free((char *)c->sts.ca_file);
    }
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->fetching);
    free(c);
}

static void copy_key(const struct secret_key *key, struct arena *arena, struct sigv4_key *out)
{
    out->access_key = arena_text(arena, text_of(key->access_key));
    out->secret_key = arena_text(arena, text_of(key->secret_key));
    out->session_token = arena_text(arena, text_of(key->session_token));
}

enum credentials_state credentials_peek(struct credentials *c, struct arena *arena,
                                        struct sigv4_key *out, int64_t *out_expires_ms)
{
    enum credentials_state result = CREDENTIALS_FRESH;
    pthread_mutex_lock(&c->lock);
    if (c->is_temporary) {
        int64_t now = clock_wall_ms(c->sts.clock);
        if (!c->key.access_key || c->is_invalid || now >= c->expires_ms)
            result = CREDENTIALS_NONE;
        else if (now >= c->refresh_at_ms)
            result = CREDENTIALS_AGEING;
    }
    if (result != CREDENTIALS_NONE) {
        copy_key(&c->key, arena, out);
        *out_expires_ms = c->is_temporary ? c->expires_ms : INT64_MAX;
    }
    pthread_mutex_unlock(&c->lock);
    return result;
}

bool credentials_are_temporary(const struct credentials *c)
{
    return c->is_temporary;
}

/* Copies the key unless there is none. */
static enum credentials_state copy_current(struct credentials *c, struct arena *arena,
                                           struct sigv4_key *out)
{
    int64_t ignored_ms;
    return credentials_peek(c, arena, out, &ignored_ms);
}

static void store_result(struct credentials *c, const struct sts_result *result, int64_t asked_ms)
{
    pthread_mutex_lock(&c->lock);
    wipe(&c->key);
    c->key.access_key = xmemdup_text(result->key.access_key);
    c->key.secret_key = xmemdup_text(result->key.secret_key);
    c->key.session_token = xmemdup_text(result->key.session_token);
    c->expires_ms = result->expires_ms;
    c->refresh_at_ms = asked_ms + (result->expires_ms - asked_ms) / 10 * 8;
    c->is_invalid = false;
    pthread_mutex_unlock(&c->lock);
}

/* With `fetching` held. */
static int fetch(struct credentials *c, struct http_client *client, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct sigv4_key signer;
    struct sts_result result;
    int64_t asked_ms = clock_wall_ms(c->sts.clock);
    if (credentials_get(c->sts.source, client, &arena, &signer, err) ||
        sts_assume_role(&c->sts, client, &signer, &c->clock_offset_ms, &arena, &result, err))
        return -1;
    store_result(c, &result, asked_ms);
    explicit_bzero((char *)result.key.secret_key.ptr, result.key.secret_key.len);
    explicit_bzero((char *)signer.secret_key.ptr, signer.secret_key.len);
    return 0;
}

/* A key that still lives is good enough when a fresh one cannot be had. */
static int fetch_and_copy(struct credentials *c, struct http_client *client, struct arena *arena,
                          struct sigv4_key *out, struct error *err)
{
    struct error failure = {0};
    if (copy_current(c, arena, out) == CREDENTIALS_FRESH)
        return 0; /* another thread was faster */
    int rc = fetch(c, client, &failure);
    if (copy_current(c, arena, out) != CREDENTIALS_NONE)
        return 0;
    if (!rc)
        return error_set(err, ERROR_PROTOCOL, "STS answered with credentials that have expired.");
    *err = failure;
    return -1;
}

int credentials_get(struct credentials *c, struct http_client *client, struct arena *arena,
                    struct sigv4_key *out, struct error *err)
{
    enum credentials_state state = copy_current(c, arena, out);
    if (state == CREDENTIALS_FRESH)
        return 0;
    if (state == CREDENTIALS_AGEING) {
        if (pthread_mutex_trylock(&c->fetching) != 0)
            return 0;
    } else {
        pthread_mutex_lock(&c->fetching);
    }
    int rc = fetch_and_copy(c, client, arena, out, err);
    pthread_mutex_unlock(&c->fetching);
    return rc;
}

void credentials_invalidate(struct credentials *c)
{
    pthread_mutex_lock(&c->lock);
    c->is_invalid = true;
    pthread_mutex_unlock(&c->lock);
}
