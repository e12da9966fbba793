/*
 * Lanes: one thread's connections to the stores.
 */
#include "executors_private.h"

#include <stdlib.h>

#include "onput/memory.h"

int lane_open(void *self, const atomic_bool *canceled, struct executor_lane **out,
              struct error *err)
{
    (void)err;
    struct executor_lane *lane = xcalloc(1, sizeof(*lane));
    lane->jobs = self;
    lane->canceled = canceled;
    *out = lane;
    return 0;
}

static void drop_sessions(struct executor_lane *lane)
{
    for (size_t i = 0; i < lane->session_count; i++)
        storage_session_free(lane->sessions[i].session);
    lane->session_count = 0;
    catalog_unref(lane->catalog);
    lane->catalog = NULL;
}

void lane_close(struct executor_lane *lane)
{
    if (lane == NULL)
        return;
    drop_sessions(lane);
    free(lane);
}

/* Of two catalogs with the same stores the newer is kept, so that the older can go. */
void lane_use_catalog(struct executor_lane *lane, const struct catalog *catalog)
{
    if (lane->catalog == catalog)
        return;
    if (lane->catalog == NULL || !catalog_same_stores(lane->catalog, catalog))
        drop_sessions(lane);
    struct catalog *before = lane->catalog;
    lane->catalog = catalog_ref((struct catalog *)catalog);
    catalog_unref(before);
}

static struct storage_session *find_session(const struct executor_lane *lane,
                                            const struct store *store)
{
    for (size_t i = 0; i < lane->session_count; i++) {
        if (lane->sessions[i].storage == store->storage)
            return lane->sessions[i].session;
    }
    return NULL;
}

static int open_session(struct executor_lane *lane, const struct store *store,
                        struct storage_session **out, struct error *err)
{
    if (lane->session_count == LANE_MAX_SESSIONS) {
        storage_session_free(lane->sessions[0].session);
        lane->sessions[0] = lane->sessions[--lane->session_count];
    }
    struct lane_session *slot = &lane->sessions[lane->session_count];
    if (storage_session_new(store->storage, lane->canceled, &slot->session, err) < 0)
        return -1;
    slot->storage = store->storage;
    lane->session_count++;
    *out = slot->session;
    return 0;
}

int lane_session(struct executor_lane *lane, const struct store *store,
                 struct storage_session **out, struct error *err)
{
    struct storage_session *session = find_session(lane, store);
    if (session == NULL && open_session(lane, store, &session, err) < 0)
        return -1;
    storage_session_set_deadline(session, lane->deadline_ms);
    *out = session;
    return 0;
}
