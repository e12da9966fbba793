/*
 * api_private.h - handlers of the doors, and who may pass.
 */
#ifndef ONPUT_API_PRIVATE_H
#define ONPUT_API_PRIVATE_H

#include "onput/api.h"

/* ---- auth.c ---- */

enum auth_result {
    AUTH_OK,
    AUTH_NO_CREDENTIAL, /* 401 */
    AUTH_WRONG,         /* 403 */
    AUTH_NO_STORE,      /* 404 */
    AUTH_NO_FUNCTION,   /* 404 */
};

/* Whom a webhook request comes from and what it asks for. Pointers belong to the catalog. */
struct webhook_target {
    const struct store *store;
    const struct function *function; /* NULL: by the store's notifications */
};

/* `rest` is the raw path behind "/events/", empty for "/events". Constant-time for every secret. */
enum auth_result auth_webhook(const struct catalog *catalog, struct text rest,
                              struct text authorization, struct webhook_target *out);
bool auth_admin(const struct config *config, struct text authorization);

/* ---- handlers ---- */

void webhook_admit(void *ctx, struct http_request *request);
void webhook_post(void *ctx, struct http_request *request);
void webhook_probe(void *ctx, struct http_request *request);

void health_live(void *ctx, struct http_request *request);
void health_ready(void *ctx, struct http_request *request);

void admin_metrics(void *ctx, struct http_request *request);
void admin_queue_stats(void *ctx, struct http_request *request);
void admin_list(void *ctx, struct http_request *request);
void admin_show(void *ctx, struct http_request *request);
void admin_redrive(void *ctx, struct http_request *request);
void admin_redrive_all(void *ctx, struct http_request *request);

#endif
