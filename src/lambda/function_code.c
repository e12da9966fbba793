/*
 * The deployment package of a function. A built-in function runs nothing of it, but what deploys
 * functions compares its size and hash, so both are those of what was sent. It is not kept.
 */
#include "function_shape.h"

#include "onput/encoding.h"
#include "onput/hash.h"
#include "zip_size.h"

enum { ZIP_MAX_BYTES = 52428800, UNPACKED_MAX_BYTES = 262144000 };

static bool has(struct json_object *members, const char *name)
{
    return json_object_object_get(members, name) != NULL;
}

static struct text base64_of_hash(struct lambda_call *call, struct text bytes)
{
    uint8_t hash[SHA256_BYTES];
    AUTO_BUFFER struct buffer base64;
    buffer_init(&base64, 64);
    sha256(bytes.ptr, bytes.len, hash);
    buffer_append_base64(&base64, hash, sizeof(hash));
    return arena_text(call->arena, buffer_text(&base64));
}

static bool refuse_large(struct lambda_call *call)
{
    call_fail(call, ERR_TOO_LARGE, "Zipped size must be smaller than %d bytes", ZIP_MAX_BYTES);
    return false;
}

static bool refuse_broken(struct lambda_call *call)
{
    call_fail(call, ERR_INVALID_PARAMETER,
              "Could not unzip uploaded file. Please check your file, then try to upload again.");
    return false;
}

static bool read_zip(struct lambda_call *call, struct text base64, struct function_code *out)
{
    AUTO_BUFFER struct buffer bytes;
    struct error err = {0};
    uint64_t unpacked;
    buffer_init(&bytes, ZIP_MAX_BYTES + 2); /* padding counts as two bytes before it is read */
    if (base64.len / 4 * 3 > bytes.max)
        return refuse_large(call);
    if (base64_decode(base64, &bytes, &err) != 0)
        return refuse_broken(call);
    if (bytes.len > ZIP_MAX_BYTES)
        return refuse_large(call);
    if (zip_unpacked_bytes(buffer_text(&bytes), &unpacked, &err) != 0)
        return refuse_broken(call);
    if (unpacked > UNPACKED_MAX_BYTES) {
        call_fail(call, ERR_INVALID_PARAMETER, "Unzipped size must be smaller than %d bytes",
                  UNPACKED_MAX_BYTES);
        return false;
    }
    *out = (struct function_code){.given = true,
                                  .size = (int64_t)bytes.len,
                                  .sha256 = base64_of_hash(call, buffer_text(&bytes))};
    return true;
}

bool code_read(struct lambda_call *call, struct json_object *members, struct function_code *out)
{
    bool in_bucket = has(members, "S3Bucket") || has(members, "S3Key");
    *out = (struct function_code){0};
    if (has(members, "ImageUri")) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "Container images are not supported: this server runs built-in functions only "
                  "for now.");
        return false;
    }
    if (has(members, "ZipFile") && in_bucket) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "Please do not provide other FunctionCode parameters when providing a ZipFile.");
        return false;
    }
    if (in_bucket) {
        call_fail(call, ERR_INVALID_PARAMETER,
                  "A built-in function takes no code from a bucket: send a ZipFile or no code at "
                  "all.");
        return false;
    }
    return !has(members, "ZipFile") || read_zip(call, member_text(members, "ZipFile"), out);
}

void code_store(struct json_object *row, const struct function_code *code)
{
    if (!code->given)
        return;
    member_set_i64(row, "CodeSize", code->size);
    member_set_text(row, "CodeSha256", code->sha256);
}
