/*
 * What the demo prints.
 */
#include "demo_private.h"

#include <stdio.h>

static void print_size(int64_t bytes)
{
    if (bytes >= 1024 * 1024)
        printf("%7.1f MiB", (double)bytes / (1024.0 * 1024.0));
    else
        printf("%7.1f KiB", (double)bytes / 1024.0);
}

static int64_t number(struct json_object *o, const char *name)
{
    return json_object_get_int64(json_at(o, name));
}

/* Characters, not bytes, so that names beyond ASCII keep the columns. */
static void print_name(const char *name, int columns)
{
    int used = 0;
    const char *end = name;
    while (*end != '\0' && (used < columns || ((unsigned char)*end & 0xc0) == 0x80)) {
        used += ((unsigned char)*end & 0xc0) != 0x80;
        end++;
    }
    printf("%.*s%*s", (int)(end - name), name, columns - used, "");
}

static void print_rendition(const struct demo_photo *photo, struct json_object *r, bool first)
{
    char pixels[32];
    print_name(first ? photo->key : "", 30);
    struct text name = json_text(json_at(r, "name"));
    printf("  %-8.*s", TEXT_ARGS(name));
    if (first)
        print_size(photo->bytes);
    else
        printf("%11s", "");
    print_size(number(r, "bytes"));
    snprintf(pixels, sizeof(pixels), "%lldx%lld", (long long)number(r, "width"),
             (long long)number(r, "height"));
    printf("  %-10s", pixels);
    if (first)
        printf("%7lld %7lld %7lld %7lld", (long long)photo->queue_ms, (long long)photo->fetch_ms,
               (long long)photo->run_ms, (long long)photo->store_ms);
    putchar('\n');
}

static void print_photo(const struct demo_photo *photo)
{
    if (photo->failed) {
        print_name(photo->key, 30);
        printf("  failed: %s\n", photo->message != NULL ? photo->message : "no reason given");
        return;
    }
    struct json_object *renditions = json_at(photo->report, "renditions");
    size_t count = renditions != NULL ? json_object_array_length(renditions) : 0;
    for (size_t i = 0; i < count; i++)
        print_rendition(photo, json_object_array_get_idx(renditions, i), i == 0);
}

static void print_json(const struct demo *d)
{
    for (size_t i = 0; i < d->photo_count; i++) {
        const struct demo_photo *photo = &d->photos[i];
        AUTO_BUFFER struct buffer out;
        buffer_init(&out, 1024 * 1024);
        struct json_writer w;
        json_writer_init(&w, &out);
        json_object_begin(&w);
        json_pair_string(&w, "key", photo->key);
        json_pair_bool(&w, "ok", photo->verified);
        json_pair_string(&w, "error", photo->message);
        json_pair_i64(&w, "queue_ms", photo->queue_ms);
        json_pair_i64(&w, "fetch_ms", photo->fetch_ms);
        json_pair_i64(&w, "render_ms", photo->run_ms);
        json_pair_i64(&w, "store_ms", photo->store_ms);
        json_key(&w, "report");
        json_put_raw(&w, text_of(photo->report == NULL
                                     ? "null"
                                     : json_object_to_json_string_ext(
                                           photo->report, JSON_C_TO_STRING_PLAIN |
                                                              JSON_C_TO_STRING_NOSLASHESCAPE)));
        json_object_finish(&w);
        printf("%s\n", out.data);
    }
}

void demo_print(const struct demo *d)
{
    if (d->args->json) {
        print_json(d);
        return;
    }
    printf("%-30s  %-8s%11s%11s  %-10s%7s %7s %7s %7s\n", "object", "rendition", "in", "out",
           "pixels", "queue", "fetch", "render", "store");
    printf("%73s%35s\n", "", "(milliseconds)");
    for (size_t i = 0; i < d->photo_count; i++)
        print_photo(&d->photos[i]);
    printf("\nThe thumbnails are in %s\n", d->results);
}

void demo_print_how_to_go_on(const struct demo *d)
{
    const char *endpoint = devstore_endpoint(d->store);
    printf("\nThe store is up at %s, onput at http://127.0.0.1:%u. Put a photo of your own:\n\n"
           "  curl -T photo.jpg %s/photos/photo.jpg --aws-sigv4 aws:amz:us-east-1:s3 \\\n"
           "      --user %s:%s -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD'\n\n"
           "  export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_DEFAULT_REGION=us-east-1\n"
           "  aws --endpoint-url %s s3 cp photo.jpg s3://photos/\n"
           "  aws --endpoint-url %s s3 ls --recursive s3://thumbnails/\n\n"
           "Or call the function yourself:\n\n"
           "  aws --endpoint-url http://127.0.0.1:%u lambda invoke --function-name thumbs \\\n"
           "      --cli-binary-format raw-in-base64-out \\\n"
           "      --payload '{\"bucket\":\"photos\",\"key\":\"photo.jpg\"}' /dev/stdout\n\n"
           "Ctrl-C ends it.\n",
           endpoint, daemon_port(d->daemon), endpoint, d->access_key, d->secret_key, d->access_key,
           d->secret_key, endpoint, endpoint, daemon_port(d->daemon));
    fflush(stdout);
}
