/*
 * url_address.c - the URL of a function, as the configuration's template makes it.
 */
#include "lambda_private.h"

enum { URL_MAX_BYTES = 4096 };

struct text url_front_address(struct lambda_call *call, struct text url_id)
{
    struct text rest = text_of(catalog_config(call->catalog)->lambda_function_url);
    AUTO_BUFFER struct buffer url;
    buffer_init(&url, URL_MAX_BYTES);
    while (rest.len > 0) {
        buffer_append_text(&url, text_cut(&rest, '{'));
        if (rest.len == 0)
            break;
        struct text name = text_cut(&rest, '}');
        if (text_is(name, "id"))
            buffer_append_text(&url, url_id);
        else if (text_is(name, "region"))
            buffer_append_text(&url, catalog_region(call->catalog));
        else if (text_is(name, "port"))
            buffer_append_i64(&url, atomic_load(&call->api->port));
    }
    return arena_text(call->arena, buffer_text(&url));
}
