/*
 * Events that were held for lack of permission get another hearing when the configuration changes.
 */
#include "intake_private.h"

#include "onput/log.h"

enum { HELD_PAGE = 200 };

static bool is_allowed_now(const struct catalog *catalog, const struct invocation *row)
{
    const struct store *store = catalog_store(catalog, row->store);
    const struct function *function = catalog_function(catalog, row->function);
    if (store == NULL || function == NULL)
        return false;
    return catalog_may_invoke(store, function, row->bucket).effect == POLICY_ALLOW;
}

static int release_page(const struct catalog *catalog, struct queue *queue, int64_t *after_id,
                        size_t *page, size_t *released, struct error *err)
{
    AUTO_ARENA struct arena arena;
    arena_init(&arena);
    struct invocation *rows;
    if (queue_list(queue, INVOCATION_HELD, *after_id, HELD_PAGE, &arena, &rows, page, err) < 0)
        return -1;
    for (size_t i = 0; i < *page; i++) {
        *after_id = rows[i].id;
        if (!is_allowed_now(catalog, &rows[i]))
            continue;
        struct error redrive_err = {0};
        if (queue_redrive(queue, rows[i].id, &redrive_err) == 0) {
            (*released)++;
        } else if (redrive_err.code != ERROR_NOT_FOUND) { /* an operator may have been faster */
            *err = redrive_err;
            return -1;
        }
    }
    return 0;
}

int intake_reconsider_held(struct intake *in, struct queue *queue, size_t *out_released,
                           struct error *err)
{
    struct catalog *catalog = catalog_holder_get(in->options.catalogs);
    size_t released = 0, page = HELD_PAGE;
    int64_t after_id = 0;
    int result = 0;
    while (result == 0 && page == HELD_PAGE)
        result = release_page(catalog, queue, &after_id, &page, &released, err);
    catalog_unref(catalog);
    if (out_released != NULL)
        *out_released = released;
    if (released > 0)
        LOG(LOG_LEVEL_INFO, "released held events: permission is there now",
            LOG_I64("count", (int64_t)released));
    return result;
}
