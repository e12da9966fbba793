/*
 * uploads.c - unfinished multipart uploads. The parts' bytes are files, the rest is in memory.
 */
#include "devstore_private.h"

#include <string.h>

#include "onput/encoding.h"
#include "onput/memory.h"

struct upload *upload_add(struct upload **list, struct text bucket, struct object *object,
                          int64_t started_ms)
{
    struct upload *upload = xcalloc(1, sizeof(*upload));
    uint8_t id[16];
    random_bytes(id, sizeof(id));
    hex_encode(id, sizeof(id), upload->id);
    upload->bucket = xmemdup_text(bucket);
    upload->object = object;
    upload->started_ms = started_ms;
    upload->next = *list;
    *list = upload;
    return upload;
}

struct upload *upload_find(struct upload *list, struct text bucket, struct text key, struct text id)
{
    for (struct upload *u = list; u; u = u->next) {
        if (text_is(id, u->id) && text_is(bucket, u->bucket) &&
            text_equal(key, object_key(u->object)))
            return u;
    }
    return NULL;
}

struct upload_part *upload_part(struct upload *upload, size_t number)
{
    BUG_ON(number < 1 || number > MAX_PARTS);
    if (number > upload->part_room) {
        size_t room = number < MAX_PARTS / 2 ? number * 2 : MAX_PARTS;
        upload->parts = xrealloc_array(upload->parts, room, sizeof(*upload->parts));
        memset(upload->parts + upload->part_room, 0,
               (room - upload->part_room) * sizeof(*upload->parts));
        upload->part_room = room;
    }
    return &upload->parts[number - 1];
}

void upload_remove(struct upload **list, struct upload *upload)
{
    struct upload **link = list;
    while (*link != upload)
        link = &(*link)->next;
    *link = upload->next;
    object_free(upload->object);
    free(upload->bucket);
    free(upload->parts);
    free(upload);
}
