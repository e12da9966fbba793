/*
 * Templates of events. A name in braces stands for a value of the request; a store's way of
 * escaping keys is part of its template.
 */
#include "sample_events.h"

#include "onput/encoding.h"

/* ---- S3 and its relatives: a record of each store, with what differs between events ---- */

struct s3_event {
    const char *event;
    const char *name; /* without "s3:" */
    bool has_object;  /* size and eTag are told */
};

static const struct s3_event s3_events[] = {
    {"put", "ObjectCreated:Put", true},
    {"post", "ObjectCreated:Post", true},
    {"copy", "ObjectCreated:Copy", true},
    {"multipart", "ObjectCreated:CompleteMultipartUpload", true},
    {"delete", "ObjectRemoved:Delete", false},
};

struct s3_store {
    const char *store;
    const char *template;
    const char *object; /* in place of {object}, when the object is there */
};

static const struct s3_store s3_stores[] = {
    {"aws",
     "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"{region}"
     "\","
     "\"eventTime\":\"1970-01-01T00:00:00.000Z\",\"eventName\":\"{name}\","
     "\"userIdentity\":{\"principalId\":\"EXAMPLE\"},"
     "\"requestParameters\":{\"sourceIPAddress\":\"127.0.0.1\"},"
     "\"responseElements\":{\"x-amz-request-id\":\"EXAMPLE123456789\",\"x-amz-id-2\":"
     "\"EXAMPLE123\"},"
     "\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":\"testConfigRule\","
     "\"bucket\":{\"name\":\"{bucket}\",\"ownerIdentity\":{\"principalId\":\"EXAMPLE\"},"
     "\"arn\":\"arn:aws:s3:::{bucket}\"},"
     "\"object\":{\"key\":\"{form_key}\",{object}\"sequencer\":\"0A1B2C3D4E5F678901\"}}}]}",
     "\"size\":1024,\"eTag\":\"0123456789abcdef0123456789abcdef\","},
    {"minio",
     "{\"EventName\":\"s3:{name}\",\"Key\":\"{bucket}/"
     "{key}\",\"Records\":[{\"eventVersion\":\"2.0\","
     "\"eventSource\":\"minio:s3\",\"awsRegion\":\"\",\"eventTime\":\"1970-01-01T00:00:00.000Z\","
     "\"eventName\":\"s3:{name}\",\"userIdentity\":{\"principalId\":\"EXAMPLE\"},"
     "\"requestParameters\":{\"principalId\":\"EXAMPLE\",\"region\":\"\","
     "\"sourceIPAddress\":\"127.0.0.1\"},\"responseElements\":{\"x-amz-request-id\":"
     "\"0A1B2C3D4E5F6789\",\"x-minio-origin-endpoint\":\"http://127.0.0.1:9000\"},"
     "\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":\"Config\","
     "\"bucket\":{\"name\":\"{bucket}\",\"ownerIdentity\":{\"principalId\":\"EXAMPLE\"},"
     "\"arn\":\"arn:aws:s3:::{bucket}\"},"
     "\"object\":{\"key\":\"{query_key}\",{object}\"sequencer\":\"0A1B2C3D4E5F6789\"}},"
     "\"source\":{\"host\":\"127.0.0.1\",\"port\":\"\",\"userAgent\":\"EXAMPLE\"}}]}",
     "\"size\":1024,\"eTag\":\"0123456789abcdef0123456789abcdef\","
     "\"contentType\":\"application/octet-stream\",\"userMetadata\":{},"},
    {"rustfs",
     "{\"EventName\":\"s3:{name}\",\"Key\":\"{bucket}/"
     "{key}\",\"Records\":[{\"eventVersion\":\"2.1\","
     "\"eventSource\":\"rustfs:s3\",\"awsRegion\":\"\","
     "\"eventTime\":\"1970-01-01T00:00:00.000000000Z\",\"eventName\":\"s3:{name}\","
     "\"userIdentity\":{\"principalId\":\"EXAMPLE\"},"
     "\"requestParameters\":{\"principalId\":\"EXAMPLE\",\"region\":\"\","
     "\"sourceIPAddress\":\"127.0.0.1\"},"
     "\"responseElements\":{\"x-amz-id-2\":\"\",\"x-amz-request-id\":\"0A1B2C3D4E5F6789\"},"
     "\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":\"Config\","
     "\"bucket\":{\"name\":\"{bucket}\",\"ownerIdentity\":{\"principalId\":\"EXAMPLE\"},"
     "\"arn\":\"arn:aws:s3:::{bucket}\"},"
     "\"object\":{\"key\":\"{query_key}\",{object}\"sequencer\":\"0A1B2C3D4E5F6789\"}},"
     "\"source\":{\"host\":\"127.0.0.1\",\"port\":\"9000\",\"userAgent\":\"EXAMPLE\"}}]}",
     "\"size\":1024,\"eTag\":\"0123456789abcdef0123456789abcdef\",\"userMetadata\":{},"},
    {"ceph",
     "{\"Records\":[{\"eventVersion\":\"2.2\",\"eventSource\":\"ceph:s3\",\"awsRegion\":"
     "\"default\","
     "\"eventTime\":\"1970-01-01T00:00:00.000000Z\",\"eventName\":\"{name}\","
     "\"userIdentity\":{\"principalId\":\"EXAMPLE\"},"
     "\"requestParameters\":{\"sourceIPAddress\":\"\"},"
     "\"responseElements\":{\"x-amz-request-id\":\"EXAMPLE\",\"x-amz-id-2\":\"EXAMPLE\"},"
     "\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":\"Config\","
     "\"bucket\":{\"name\":\"{bucket}\",\"ownerIdentity\":{\"principalId\":\"EXAMPLE\"},"
     "\"arn\":\"arn:aws:s3:default::{bucket}\",\"id\":\"EXAMPLE\"},"
     "\"object\":{\"key\":\"{key}\",{object}\"versionId\":\"\",\"sequencer\":\"F7E6D75DC742D108\","
     "\"metadata\":[],\"tags\":[]}},\"eventId\":\"0.000000.EXAMPLE\",\"opaqueData\":\"\"}]}",
     "\"size\":1024,\"eTag\":\"0123456789abcdef0123456789abcdef\","},
};

/* ---- the others: one event each ---- */

struct sample {
    const char *service;
    const char *event;
    const char *template;
};

static const struct sample samples[] = {
    {"sqs", "receive-message",
     "{\"Records\":[{\"messageId\":\"19dd0b57-b21e-4ac1-bd88-01bbb068cb78\","
     "\"receiptHandle\":\"EXAMPLE\",\"body\":\"Hello from SQS!\",\"attributes\":{"
     "\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\"1523232000000\","
     "\"SenderId\":\"123456789012\",\"ApproximateFirstReceiveTimestamp\":\"1523232000001\"},"
     "\"messageAttributes\":{},\"md5OfBody\":\"7b270e59b47ff90a553787216d55d91d\","
     "\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:{region}:123456789012:MyQueue\","
     "\"awsRegion\":\"{region}\"}]}"},
    {"kinesis", "get-records",
     "{\"Records\":[{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":\"partitionKey-"
     "03\","
     "\"sequenceNumber\":\"49545115243490985018280067714973144582180062593244200961\","
     "\"data\":\"SGVsbG8sIHRoaXMgaXMgYSB0ZXN0IDEyMy4=\","
     "\"approximateArrivalTimestamp\":1428537600.0},\"eventSource\":\"aws:kinesis\","
     "\"eventVersion\":\"1.0\",\"eventID\":\"shardId-000000000000:"
     "49545115243490985018280067714973144582180062593244200961\","
     "\"eventName\":\"aws:kinesis:record\","
     "\"invokeIdentityArn\":\"arn:aws:iam::123456789012:role/EXAMPLE\","
     "\"awsRegion\":\"{region}\","
     "\"eventSourceARN\":\"arn:aws:kinesis:{region}:123456789012:stream/EXAMPLE\"}]}"},
    {"dynamodb", "update",
     "{\"Records\":[{\"eventID\":\"c81e728d9d4c2f636f067f89cc14862c\",\"eventName\":\"MODIFY\","
     "\"eventVersion\":\"1.1\",\"eventSource\":\"aws:dynamodb\",\"awsRegion\":\"{region}\","
     "\"dynamodb\":{\"ApproximateCreationDateTime\":1428537600,\"Keys\":{\"Id\":{\"N\":\"101\"}},"
     "\"NewImage\":{\"Message\":{\"S\":\"This item has changed\"},\"Id\":{\"N\":\"101\"}},"
     "\"OldImage\":{\"Message\":{\"S\":\"New item!\"},\"Id\":{\"N\":\"101\"}},"
     "\"SequenceNumber\":\"4421584500000000017450439092\",\"SizeBytes\":59,"
     "\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"},\"eventSourceARN\":"
     "\"arn:aws:dynamodb:{region}:123456789012:table/Example/stream/2015-06-27T00:48:05.899\"}]}"},
    {"apigw", "http-api-proxy",
     "{\"version\":\"2.0\",\"routeKey\":\"$default\",\"rawPath\":\"/path/to/resource\","
     "\"rawQueryString\":\"foo=bar\",\"headers\":{\"accept\":\"*/*\","
     "\"content-type\":\"application/json\",\"host\":\"example.lambda-url.{region}.on.aws\"},"
     "\"queryStringParameters\":{\"foo\":\"bar\"},\"requestContext\":{\"accountId\":\"anonymous\","
     "\"apiId\":\"example\",\"domainName\":\"example.lambda-url.{region}.on.aws\","
     "\"domainPrefix\":\"example\",\"http\":{\"method\":\"POST\",\"path\":\"/path/to/resource\","
     "\"protocol\":\"HTTP/1.1\",\"sourceIp\":\"127.0.0.1\",\"userAgent\":\"EXAMPLE\"},"
     "\"requestId\":\"c6af9ac6-7b61-11e6-9a41-93e8deadbeef\",\"routeKey\":\"$default\","
     "\"stage\":\"$default\",\"time\":\"09/Apr/2015:12:34:56 +0000\",\"timeEpoch\":1428582896000},"
     "\"body\":\"{\\\"test\\\":\\\"body\\\"}\",\"isBase64Encoded\":false}"},
};

/* ---- filling a template ---- */

/* application/x-www-form-urlencoded: a space is "+". AWS keeps slashes. */
static void put_form(struct buffer *out, struct text key, bool keep_slash)
{
    while (key.len > 0) {
        bool has_space = text_find(key, ' ') < key.len;
        buffer_append_uri(out, text_cut(&key, ' '), keep_slash);
        if (has_space)
            buffer_append_char(out, '+');
    }
}

/* False when no value has that name: the braces are JSON's. */
static bool put_value(const struct sample_request *r, struct text name,
                      const struct s3_event *event, const char *object, struct buffer *out)
{
    if (text_is(name, "bucket"))
        buffer_append_json_escaped(out, r->bucket);
    else if (text_is(name, "key"))
        buffer_append_json_escaped(out, r->key);
    else if (text_is(name, "form_key"))
        put_form(out, r->key, true);
    else if (text_is(name, "query_key"))
        put_form(out, r->key, false);
    else if (text_is(name, "region"))
        buffer_append_json_escaped(out, r->region);
    else if (text_is(name, "name") && event != NULL)
        buffer_append_string(out, event->name);
    else if (text_is(name, "object") && event != NULL)
        buffer_append_string(out, event->has_object ? object : "");
    else
        return false;
    return true;
}

static void fill(const struct sample_request *r, const char *template, const struct s3_event *event,
                 const char *object, struct buffer *out)
{
    struct text rest = text_of(template);
    while (rest.len > 0) {
        size_t open = text_find(rest, '{');
        buffer_append_text(out, text_slice(rest, 0, open));
        rest = text_slice(rest, open, rest.len);
        size_t close = text_find(rest, '}');
        if (close < rest.len && put_value(r, text_slice(rest, 1, close), event, object, out)) {
            rest = text_slice(rest, close + 1, rest.len);
        } else {
            buffer_append_text(out, text_slice(rest, 0, 1));
            rest = text_slice(rest, 1, rest.len);
        }
    }
}

static int write_s3(const struct sample_request *r, struct buffer *out, struct error *err)
{
    for (size_t s = 0; s < ARRAY_LEN(s3_stores); s++) {
        for (size_t e = 0; e < ARRAY_LEN(s3_events); e++) {
            if (!text_is(r->store, s3_stores[s].store) || !text_is(r->event, s3_events[e].event))
                continue;
            fill(r, s3_stores[s].template, &s3_events[e], s3_stores[s].object, out);
            return 0;
        }
    }
    return error_set(err, ERROR_INVALID, "there is no event %.*s of a store %.*s",
                     TEXT_ARGS(r->event), TEXT_ARGS(r->store));
}

int sample_event_write(const struct sample_request *request, struct buffer *out, struct error *err)
{
    if (text_is(request->service, "s3"))
        return write_s3(request, out, err);
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        bool any = request->event.len == 0;
        if (text_is(request->service, samples[i].service) &&
            (any || text_is(request->event, samples[i].event))) {
            fill(request, samples[i].template, NULL, NULL, out);
            return 0;
        }
    }
    return error_set(err, ERROR_INVALID, "there is no event %.*s of %.*s",
                     TEXT_ARGS(request->event), TEXT_ARGS(request->service));
}

void sample_event_list(struct buffer *out)
{
    for (size_t i = 0; i < ARRAY_LEN(s3_events); i++)
        buffer_appendf(out, "  s3 %s\n", s3_events[i].event);
    for (size_t i = 0; i < ARRAY_LEN(samples); i++)
        buffer_appendf(out, "  %s %s\n", samples[i].service, samples[i].event);
}
