/*
 * What to do about an event that was not permitted: the command of the AWS CLI that adds the
 * permission, or a piece of configuration where AddPermission does not know the principal.
 */
#include "functions_private.h"

#include <stdio.h>
#include <string.h>

#include "onput/hash.h"
#include "onput/memory.h"

static bool is_known_principal(const struct store *store, const struct function *function)
{
    AUTO_BUFFER struct buffer ignored;
    buffer_init(&ignored, POLICY_MAX_BYTES);
    struct error err = {0};
    struct policy_permission permission = {
        .statement_id = TEXT("x"),
        .action = TEXT(""),
        .principal = text_of(store->config->principal),
        .source_arn = TEXT(""),
        .source_account = TEXT(""),
        .event_source_token = TEXT(""),
        .principal_org_id = TEXT(""),
        .function_url_auth_type = TEXT(""),
        .resource = function->arn,
    };
    return policy_write_permission(&permission, &ignored, &err) == 0;
}

static void put_statement(struct json_writer *w, const struct store *store,
                          const struct function *function, const char *source_arn)
{
    json_key(w, "statement");
    json_object_begin(w);
    json_pair_string(w, "Effect", "Allow");
    json_key(w, "Principal");
    json_object_begin(w);
    json_pair_string(w, "Service", store->config->principal);
    json_object_finish(w);
    json_pair_string(w, "Action", "lambda:InvokeFunction");
    json_pair_text(w, "Resource", function->arn);
    json_key(w, "Condition");
    json_object_begin(w);
    json_key(w, "ArnLike");
    json_object_begin(w);
    json_pair_string(w, "aws:SourceArn", source_arn);
    json_object_finish(w);
    json_key(w, "StringEquals");
    json_object_begin(w);
    json_pair_string(w, "aws:SourceAccount", store->config->account);
    json_object_finish(w);
    json_object_finish(w);
    json_object_finish(w);
}

/* JSON is YAML, so that no name can break out of its place. */
static void suggest_statement(const struct store *store, const struct function *function,
                              const char *source_arn, struct buffer *out)
{
    AUTO_BUFFER struct buffer permission;
    buffer_init(&permission, POLICY_MAX_BYTES);
    struct json_writer w;
    json_writer_init(&w, &permission);
    json_object_begin(&w);
    put_statement(&w, store, function, source_arn);
    json_object_finish(&w);
    buffer_appendf(out, "functions: {%.*s: {permissions: [%.*s]}}", TEXT_ARGS(function->name),
                   TEXT_ARGS(buffer_text(&permission)));
}

/* In single quotes unless every byte is harmless. A quote is left, escaped and entered again. */
static void append_quoted(struct buffer *out, const char *option, struct text value)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789-_./:@%+=,";
    size_t i = 0;
    while (i < value.len && value.ptr[i] != '\0' && strchr(harmless, value.ptr[i]) != NULL)
        i++;
    buffer_appendf(out, " %s ", option);
    if (i == value.len && i > 0) {
        buffer_append_text(out, value);
        return;
    }
    buffer_append_char(out, '\'');
    for (i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\'')
            buffer_append_string(out, "'\\''");
        else
            buffer_append_char(out, value.ptr[i]);
    }
    buffer_append_char(out, '\'');
}

/* The same for the same store and bucket, and not that of another pair. */
static struct text statement_id(const struct store *store, const char *source_arn, char out[64])
{
    AUTO_FREE char *pair = xasprintf("%.*s %s", TEXT_ARGS(store->name), source_arn);
    char hex[SHA256_HEX_BYTES];
    sha256_hex(pair, strlen(pair), hex);
    snprintf(out, 64, "bucket-%.12s", hex);
    return text_of(out);
}

static void suggest_command(const struct store *store, const struct function *function,
                            const char *source_arn, struct buffer *out)
{
    char id[64];
    buffer_append_string(out, "aws lambda add-permission");
    append_quoted(out, "--function-name", function->name);
    append_quoted(out, "--statement-id", statement_id(store, source_arn, id));
    append_quoted(out, "--action", TEXT("lambda:InvokeFunction"));
    append_quoted(out, "--principal", text_of(store->config->principal));
    append_quoted(out, "--source-arn", text_of(source_arn));
    append_quoted(out, "--source-account", text_of(store->config->account));
}

void catalog_suggest_permission(const struct store *store, const struct function *function,
                                struct text bucket, struct buffer *out)
{
    AUTO_FREE char *source_arn = xasprintf("arn:aws:s3:::%.*s", TEXT_ARGS(bucket));
    if (is_known_principal(store, function))
        suggest_command(store, function, source_arn, out);
    else
        suggest_statement(store, function, source_arn, out);
}
