/*
 * The admin listener: metrics, the queue's numbers, dead and held invocations. Its threads may wait
 * for the queue's writer; they serve nobody else.
 */
#include "api_private.h"

#include "onput/log.h"

enum { ADMIN_PAGE_DEFAULT = 100, ADMIN_PAGE_MAX = 1000 };

/* False when the request has been answered with 401. */
static bool admitted(struct api *api, struct http_request *request)
{
    struct catalog *catalog = catalog_holder_get(api->catalogs);
    bool ok = auth_admin(catalog_config(catalog), http_request_header(request, "Authorization"));
    catalog_unref(catalog);
    if (!ok)
        http_respond_error(request, 401, "The admin API needs admin.token as a bearer token.");
    return ok;
}

static void respond_error(struct http_request *request, const struct error *err)
{
    bool is_question = err->code == ERROR_INVALID || err->code == ERROR_LIMIT;
    int status = err->code == ERROR_NOT_FOUND ? 404 : is_question ? 400 : 503;
    http_respond_error(request, status, "%s", err->message);
}

void admin_metrics(void *ctx, struct http_request *request)
{
    struct api *api = ctx;
    if (!admitted(api, request))
        return;
    struct queue_stats stats;
    struct error err = {0};
    if (queue_stats(api->queue, &stats, &err) == 0) {
        int64_t age_ms =
            stats.oldest_pending_ms == 0 ? 0 : clock_wall_ms(api->clock) - stats.oldest_pending_ms;
        metrics_set(api->metrics, METRIC_QUEUE_OLDEST, (double)age_ms / 1000.0, NULL, NULL, NULL);
    }
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 16 * 1024 * 1024);
    metrics_render(api->metrics, &body);
    http_respond(request, &(struct http_response){.status = 200,
                                                  .content_type = "text/plain; version=0.0.4",
                                                  .body = buffer_text(&body)});
}

void admin_queue_stats(void *ctx, struct http_request *request)
{
    struct api *api = ctx;
    struct queue_stats stats;
    struct error err = {0};
    if (!admitted(api, request))
        return;
    if (queue_stats(api->queue, &stats, &err) < 0) {
        respond_error(request, &err);
        return;
    }
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 1024);
    struct json_writer w;
    json_writer_init(&w, &body);
    json_object_begin(&w);
    json_pair_i64(&w, "pending", stats.pending);
    json_pair_i64(&w, "running", stats.running);
    json_pair_i64(&w, "held", stats.held);
    json_pair_i64(&w, "dead", stats.dead);
    json_pair_i64(&w, "oldest_pending_ms", stats.oldest_pending_ms);
    json_object_finish(&w);
    http_respond_json(request, 200, buffer_text(&body));
}

static void write_invocation(struct json_writer *w, const struct invocation *row)
{
    char time[TIME_TEXT_BYTES];
    json_object_begin(w);
    json_pair_i64(w, "id", row->id);
    json_pair_string(w, "request_id", row->request_id);
    json_pair_string(w, "state", invocation_state_name(row->state));
    json_pair_text(w, "function", row->function);
    json_pair_text(w, "store", row->store);
    json_pair_text(w, "bucket", row->bucket);
    json_pair_text(w, "key", row->key);
    json_pair_i64(w, "attempts", row->attempts);
    json_pair_string(w, "accepted", time_format_rfc3339(row->accepted_ms, time));
    json_pair_text(w, "reason", row->reason);
    if (row->payload.len > 0)
        json_pair_text(w, "payload", row->payload);
    json_object_finish(w);
}

static int query_number(const struct http_request *request, const char *name, int64_t max,
                        int64_t *value, struct error *err)
{
    struct text t;
    if (!http_request_query_value(request, name, &t))
        return 0;
    return text_to_i64(t, 0, max, name, value, err);
}

static int query_state(const struct http_request *request, enum invocation_state *out,
                       struct error *err)
{
    static const enum invocation_state listed[] = {INVOCATION_PENDING, INVOCATION_HELD,
                                                   INVOCATION_DEAD};
    struct text t = TEXT("dead");
    http_request_query_value(request, "state", &t);
    for (size_t i = 0; i < ARRAY_LEN(listed); i++) {
        if (text_is(t, invocation_state_name(listed[i]))) {
            *out = listed[i];
            return 0;
        }
    }
    return error_set(err, ERROR_INVALID, "state must be pending, held or dead");
}

void admin_list(void *ctx, struct http_request *request)
{
    struct api *api = ctx;
    enum invocation_state state = INVOCATION_DEAD;
    int64_t after = 0, limit = ADMIN_PAGE_DEFAULT;
    struct invocation *rows;
    size_t count = 0;
    struct error err = {0};
    if (!admitted(api, request))
        return;
    if (query_state(request, &state, &err) < 0 ||
        query_number(request, "after", INT64_MAX, &after, &err) < 0 ||
        query_number(request, "limit", ADMIN_PAGE_MAX, &limit, &err) < 0 ||
        queue_list(api->queue, state, after, (size_t)limit, http_request_arena(request), &rows,
                   &count, &err) < 0) {
        respond_error(request, &err);
        return;
    }
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 64 * 1024 * 1024);
    struct json_writer w;
    json_writer_init(&w, &body);
    json_object_begin(&w);
    json_key(&w, "invocations");
    json_array_begin(&w);
    for (size_t i = 0; i < count; i++)
        write_invocation(&w, &rows[i]);
    json_array_finish(&w);
    json_object_finish(&w);
    http_respond_json(request, 200, buffer_text(&body));
}

static int captured_id(const struct http_request *request, int64_t *out, struct error *err)
{
    return text_to_i64(http_request_capture(request, "id"), 1, INT64_MAX, "id", out, err);
}

void admin_show(void *ctx, struct http_request *request)
{
    struct api *api = ctx;
    struct invocation row;
    int64_t id = 0;
    struct error err = {0};
    if (!admitted(api, request))
        return;
    if (captured_id(request, &id, &err) < 0 ||
        queue_show(api->queue, id, http_request_arena(request), &row, &err) < 0) {
        respond_error(request, &err);
        return;
    }
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 16 * 1024 * 1024);
    struct json_writer w;
    json_writer_init(&w, &body);
    write_invocation(&w, &row);
    http_respond_json(request, 200, buffer_text(&body));
}

static void respond_redriven(struct http_request *request, int64_t count)
{
    AUTO_BUFFER struct buffer body;
    buffer_init(&body, 256);
    buffer_appendf(&body, "{\"redriven\":%lld}", (long long)count);
    http_respond_json(request, 200, buffer_text(&body));
}

void admin_redrive(void *ctx, struct http_request *request)
{
    struct api *api = ctx;
    int64_t id = 0;
    struct error err = {0};
    if (!admitted(api, request))
        return;
    if (captured_id(request, &id, &err) < 0 || queue_redrive(api->queue, id, &err) < 0) {
        respond_error(request, &err);
        return;
    }
    LOG(LOG_LEVEL_INFO, "redriven by an operator", LOG_I64("id", id));
    respond_redriven(request, 1);
}

/* A name stands for all versions of the function, a name with a qualifier for itself. */
static bool is_of_function(const struct invocation *row, struct text wanted)
{
    struct text rest = row->function;
    return wanted.len == 0 || text_equal(row->function, wanted) ||
           text_equal(text_cut(&rest, ':'), wanted);
}

/* One page of rows in `state`, optionally of one function. */
static int redrive_page(struct api *api, enum invocation_state state, struct text function,
                        int64_t *after, size_t *page, int64_t *count, struct error *err)
{
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct invocation *rows;
    if (queue_list(api->queue, state, *after, ADMIN_PAGE_DEFAULT, &arena, &rows, page, err) < 0)
        return -1;
    for (size_t i = 0; i < *page; i++) {
        *after = rows[i].id;
        if (!is_of_function(&rows[i], function))
            continue;
        struct error redrive_err = {0};
        if (queue_redrive(api->queue, rows[i].id, &redrive_err) == 0) {
            (*count)++;
        } else if (redrive_err.code != ERROR_NOT_FOUND) { /* somebody else may have been faster */
            *err = redrive_err;
            return -1;
        }
    }
    return 0;
}

void admin_redrive_all(void *ctx, struct http_request *request)
{
    struct api *api = ctx;
    enum invocation_state state = INVOCATION_DEAD;
    struct text function = TEXT("");
    size_t page = ADMIN_PAGE_DEFAULT;
    int64_t after = 0, count = 0;
    struct error err = {0};
    if (!admitted(api, request))
        return;
    http_request_query_value(request, "function", &function);
    int result = query_state(request, &state, &err);
    if (result == 0 && state == INVOCATION_PENDING)
        result = error_set(&err, ERROR_INVALID, "only dead or held invocations can be redriven");
    while (result == 0 && page == ADMIN_PAGE_DEFAULT)
        result = redrive_page(api, state, function, &after, &page, &count, &err);
    if (result < 0) {
        respond_error(request, &err);
        return;
    }
    LOG(LOG_LEVEL_INFO, "redriven by an operator", LOG_I64("count", count));
    respond_redriven(request, count);
}
