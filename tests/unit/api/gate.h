/*
 * gate.h - both listeners over a real queue, and a client to knock.
 */
#ifndef ONPUT_TESTS_GATE_H
#define ONPUT_TESTS_GATE_H

#include "../functions/catalog_fixture.h"
#include "../intake/notification.h"
#include "onput/api.h"
#include "onput/http_client.h"

struct gate {
    struct api api;
    struct http_route *public_routes, *admin_routes;
    struct http_server *public_server, *admin_server;
    struct http_client *client;
    atomic_bool workers_ready;
    atomic_bool sink_refuses; /* the queue takes nothing more */
};

struct answer {
    int status;
    char body[64 * 1024];
    char retry_after[16];
    char content_type[64];
    int64_t content_length;
};

/* Opens both listeners for the stores and functions of the YAML, with the queue in `dir`. */
void gate_open(struct gate *d, const char *dir, const char *yaml);
void gate_open_parts(struct gate *d, const char *dir, const struct catalog_parts *parts);
void gate_close(struct gate *d);

/* `authorization` and `body` may be NULL. */
void gate_call(struct gate *d, bool admin, const char *method, const char *path,
               const char *authorization, const char *body, struct answer *out);
/* The status of a small notification for photos/<key> at `path`. */
int gate_post(struct gate *d, const char *path, const char *authorization);
/* GET of the admin listener without a token. */
void gate_get(struct gate *d, const char *path, struct answer *out);
/* The bytes as they are to the public listener; the status of the answer. */
int gate_say(struct gate *d, const char *bytes);

#endif
