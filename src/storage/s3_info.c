/*
 * What the headers of an answer say about an object.
 */
#include "onput/clock.h"
#include "storage_private.h"

static const struct text metadata_prefix = TEXT_INIT("x-amz-meta-");

struct text s3_plain_etag(struct text etag)
{
    if (text_starts_with(etag, TEXT("W/")))
        etag = text_slice(etag, 2, etag.len);
    if (etag.len >= 2 && etag.ptr[0] == '"' && etag.ptr[etag.len - 1] == '"')
        etag = text_slice(etag, 1, etag.len - 1);
    return etag;
}

static bool is_metadata(struct text name)
{
    return name.len > metadata_prefix.len &&
           text_equal_nocase(text_slice(name, 0, metadata_prefix.len), metadata_prefix);
}

static struct text lower_name(struct text name, struct arena *arena)
{
    struct text rest = text_slice(name, metadata_prefix.len, name.len);
    char *copy = arena_strdup_text(arena, rest);
    for (size_t i = 0; i < rest.len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    }
    return (struct text){copy, rest.len};
}

static void read_metadata(const struct http_reply *reply, struct arena *arena,
                          struct storage_info *out)
{
    struct storage_metadata *rows =
        ARENA_ARRAY(arena, struct storage_metadata, reply->header_count + 1);
    for (size_t i = 0; i < reply->header_count; i++) {
        const struct http_header *header = &reply->headers[i];
        if (is_metadata(header->name))
            rows[out->metadata_count++] = (struct storage_metadata){
                lower_name(header->name, arena), arena_text(arena, header->value)};
    }
    out->metadata = rows;
}

void s3_info_read(const struct http_reply *reply, struct arena *arena, struct storage_info *out)
{
    struct error ignored = {0};
    struct storage_info info = {.size = reply->content_length};
    struct text modified = http_reply_header(reply, "last-modified");
    info.etag = arena_text(arena, s3_plain_etag(http_reply_header(reply, "etag")));
    info.content_type = arena_text(arena, http_reply_header(reply, "content-type"));
    info.version_id = arena_text(arena, http_reply_header(reply, "x-amz-version-id"));
    if (time_parse_http(modified, &info.last_modified_ms, &ignored))
        info.last_modified_ms = 0;
    read_metadata(reply, arena, &info);
    *out = info;
}
