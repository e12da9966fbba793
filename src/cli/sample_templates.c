/*
 * Templates of events. A name in braces stands for a value, a word before it for how it is written:
 * {key}, {form:key}. A store's way of escaping keys is part of its template.
 */
#include "sample_templates.h"

#include "onput/attributes.h"

/* ---- S3 and its relatives: a record of each store, with what differs between events ---- */

const struct s3_event sample_s3_events[] = {
    {"put", "ObjectCreated:Put", true},
    {"post", "ObjectCreated:Post", true},
    {"copy", "ObjectCreated:Copy", true},
    {"multipart", "ObjectCreated:CompleteMultipartUpload", true},
    {"delete", "ObjectRemoved:Delete", false},
};
const size_t sample_s3_event_count = ARRAY_LEN(sample_s3_events);

const struct s3_store sample_s3_stores[] = {
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
     "\"arn\":\"arn:{partition}:s3:::{bucket}\"},"
     "\"object\":{\"key\":\"{form:key}\",{object}\"sequencer\":\"0A1B2C3D4E5F678901\"}}}]}",
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
     "\"arn\":\"arn:{partition}:s3:::{bucket}\"},"
     "\"object\":{\"key\":\"{query:key}\",{object}\"sequencer\":\"0A1B2C3D4E5F6789\"}},"
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
     "\"arn\":\"arn:{partition}:s3:::{bucket}\"},"
     "\"object\":{\"key\":\"{query:key}\",{object}\"sequencer\":\"0A1B2C3D4E5F6789\"}},"
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
const size_t sample_s3_store_count = ARRAY_LEN(sample_s3_stores);

/* ---- the others ---- */

#define ARN(service, rest) "arn:{partition}:" service ":{region}:{account-id}:" rest

#define BATCH_INVOCATION                                                                           \
    "{\"invocationSchemaVersion\":\"1.0\",\"invocationId\":\"ExampleInvocationId\","               \
    "\"job\":{\"id\":\"ExampleJobId\"},\"tasks\":[{\"taskId\":\"ExampleTaskId\","                  \
    "\"s3Key\":\"{form:key}\",\"s3VersionId\":\"1\","                                              \
    "\"s3BucketArn\":\"arn:{partition}:s3:::{bucket}\"}]}"

#define SQS_RECEIVE_MESSAGE                                                                        \
    "{\"Records\":[{\"messageId\":\"19dd0b57-b21e-4ac1-bd88-01bbb068cb78\","                       \
    "\"receiptHandle\":\"EXAMPLE\",\"body\":\"{body}\",\"attributes\":{"                           \
    "\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\"1523232000000\","                       \
    "\"SenderId\":\"{account-id}\",\"ApproximateFirstReceiveTimestamp\":\"1523232000001\"},"       \
    "\"messageAttributes\":{},\"md5OfBody\":\"{md5:body}\",\"eventSource\":\"aws:sqs\","           \
    "\"eventSourceARN\":\"" ARN("sqs", "{queue-name}") "\",\"awsRegion\":\"{region}\"}]}"

#define SNS_NOTIFICATION                                                                           \
    "{\"Records\":[{\"EventVersion\":\"1.0\",\"EventSubscriptionArn\":\"" ARN(                     \
        "sns", "{topic}:21be56ed-a058-49f5-8c98-aedd2564c486") "\",\"EventSource\":\"aws:sns\","   \
                                                               "\"Sns\":{\"SignatureVersion\":"    \
                                                               "\"1\",\"Timestamp\":\"1970-01-"    \
                                                               "01T00:00:00.000Z\","               \
                                                               "\"Signature\":\"EXAMPLE\","        \
                                                               "\"SigningCertUrl\":\"EXAMPLE\","   \
                                                               "\"MessageId\":\"95df01b4-ee98-"    \
                                                               "5cb9-9903-4c221d41eb5e\","         \
                                                               "\"Message\":\"{message}\","        \
                                                               "\"MessageAttributes\":{},"         \
                                                               "\"Type\":\"Notification\","        \
                                                               "\"UnsubscribeUrl\":\"EXAMPLE\","   \
                                                               "\"TopicArn\":\"" ARN(              \
                                                                   "sns",                          \
                                                                   "{topic}") "\",\"Subject\":\"{" \
                                                                              "subject}\"}}]}"

#define KINESIS_GET_RECORDS                                                                        \
    "{\"Records\":[{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\","                                \
    "\"partitionKey\":\"{partition-key}\",\"sequenceNumber\":\"{sequence}\","                      \
    "\"data\":\"{base64:data}\",\"approximateArrivalTimestamp\":1428537600.0},"                    \
    "\"eventSource\":\"aws:kinesis\",\"eventVersion\":\"1.0\","                                    \
    "\"eventID\":\"shardId-000000000000:{sequence}\","                                             \
    "\"eventName\":\"aws:kinesis:record\","                                                        \
    "\"invokeIdentityArn\":\"arn:{partition}:iam::{account-id}:role/EXAMPLE\","                    \
    "\"awsRegion\":\"{region}\",\"eventSourceARN\":\"" ARN("kinesis", "stream/{stream}") "\"}]}"

#define DYNAMODB_UPDATE                                                                            \
    "{\"Records\":[{\"eventID\":\"c81e728d9d4c2f636f067f89cc14862c\",\"eventName\":\"MODIFY\","    \
    "\"eventVersion\":\"1.1\",\"eventSource\":\"aws:dynamodb\",\"awsRegion\":\"{region}\","        \
    "\"dynamodb\":{\"ApproximateCreationDateTime\":1428537600,\"Keys\":{\"Id\":{\"N\":\"101\"}},"  \
    "\"NewImage\":{\"Message\":{\"S\":\"This item has changed\"},\"Id\":{\"N\":\"101\"}},"         \
    "\"OldImage\":{\"Message\":{\"S\":\"New item!\"},\"Id\":{\"N\":\"101\"}},"                     \
    "\"SequenceNumber\":\"4421584500000000017450439092\",\"SizeBytes\":59,"                        \
    "\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"},\"eventSourceARN\":\"" ARN(                        \
        "dynamodb", "table/{table}/stream/2015-06-27T00:48:05.899") "\"}]}"

#define HTTP_API_HOST "example.lambda-url.{region}.on.aws"
#define HTTP_API_PROXY                                                                             \
    "{\"version\":\"2.0\",\"routeKey\":\"$default\",\"rawPath\":\"{rooted:path}\","                \
    "\"rawQueryString\":\"foo=bar\",\"headers\":{\"accept\":\"*/*\","                              \
    "\"content-type\":\"application/json\",\"host\":\"" HTTP_API_HOST "\"},"                       \
    "\"queryStringParameters\":{\"foo\":\"bar\"},\"requestContext\":{"                             \
    "\"accountId\":\"{account-id}\",\"apiId\":\"example\",\"domainName\":\"" HTTP_API_HOST "\","   \
    "\"domainPrefix\":\"example\",\"http\":{\"method\":\"{method}\",\"path\":\"{rooted:path}\","   \
    "\"protocol\":\"HTTP/1.1\",\"sourceIp\":\"127.0.0.1\",\"userAgent\":\"EXAMPLE\"},"             \
    "\"requestId\":\"c6af9ac6-7b61-11e6-9a41-93e8deadbeef\",\"routeKey\":\"$default\","            \
    "\"stage\":\"{stage}\",\"time\":\"09/Apr/2015:12:34:56 +0000\",\"timeEpoch\":1428582896000},"  \
    "\"body\":\"{body}\",\"isBase64Encoded\":false}"

#define REST_API_HOST "example.execute-api.{dns-suffix}"
#define REST_API_PROXY                                                                             \
    "{\"resource\":\"{resource}\",\"path\":\"{rooted:path}\",\"httpMethod\":\"{method}\","         \
    "\"headers\":{\"Accept\":\"*/*\",\"Content-Type\":\"application/json\","                       \
    "\"Host\":\"" REST_API_HOST "\"},"                                                             \
    "\"multiValueHeaders\":{\"Accept\":[\"*/*\"],\"Content-Type\":[\"application/json\"],"         \
    "\"Host\":[\"" REST_API_HOST "\"]},"                                                           \
    "\"queryStringParameters\":{\"foo\":\"bar\"},"                                                 \
    "\"multiValueQueryStringParameters\":{\"foo\":[\"bar\"]},"                                     \
    "\"pathParameters\":{\"proxy\":\"{unrooted:path}\"},\"stageVariables\":null,"                  \
    "\"requestContext\":{\"accountId\":\"{account-id}\",\"apiId\":\"example\","                    \
    "\"domainName\":\"" REST_API_HOST "\",\"httpMethod\":\"{method}\","                            \
    "\"identity\":{\"sourceIp\":\"127.0.0.1\",\"userAgent\":\"EXAMPLE\"},"                         \
    "\"path\":\"/{stage}{rooted:path}\",\"protocol\":\"HTTP/1.1\","                                \
    "\"requestId\":\"c6af9ac6-7b61-11e6-9a41-93e8deadbeef\","                                      \
    "\"requestTime\":\"09/Apr/2015:12:34:56 +0000\",\"requestTimeEpoch\":1428582896000,"           \
    "\"resourceId\":\"example\",\"resourcePath\":\"{resource}\",\"stage\":\"{stage}\"},"           \
    "\"body\":\"{body}\",\"isBase64Encoded\":false}"

#define SCHEDULED_EVENT                                                                            \
    "{\"version\":\"0\",\"id\":\"cdc73f9d-aea9-11e3-9d5a-835b769c0d9c\","                          \
    "\"detail-type\":\"Scheduled Event\",\"source\":\"aws.events\","                               \
    "\"account\":\"{account-id}\",\"time\":\"1970-01-01T00:00:00Z\",\"region\":\"{region}\","      \
    "\"resources\":[\"" ARN("events", "rule/{rule}") "\"],\"detail\":{}}"

const struct sample samples[] = {
    {"s3", "batch-invocation", NULL, NULL, BATCH_INVOCATION},
    {"sqs", "receive-message", NULL, "body=Hello from SQS!", SQS_RECEIVE_MESSAGE},
    {"sns", "notification", NULL, NULL, SNS_NOTIFICATION},
    {"kinesis", "get-records", NULL, NULL, KINESIS_GET_RECORDS},
    {"dynamodb", "update", NULL, NULL, DYNAMODB_UPDATE},
    {"apigateway", "http-api-proxy", "http-api", "stage=$default", HTTP_API_PROXY},
    {"apigateway", "aws-proxy", NULL, NULL, REST_API_PROXY},
    {"cloudwatch", "scheduled-event", NULL, NULL, SCHEDULED_EVENT},
};
const size_t sample_count = ARRAY_LEN(samples);

const struct sample_default sample_defaults[] = {
    {"region", "us-east-1"},
    {"account-id", "123456789012"},
    {"partition", "aws"},
    {"dns-suffix", "us-east-1.amazonaws.com"},
    {"bucket", "example-bucket"},
    {"key", "test/key"},
    {"queue-name", "MyQueue"},
    {"body", "{\"test\":\"body\"}"},
    {"topic", "ExampleTopic"},
    {"subject", "example subject"},
    {"message", "example message"},
    {"stream", "example-stream"},
    {"partition-key", "partitionKey-03"},
    {"sequence", "49545115243490985018280067714973144582180062593244200961"},
    {"data", "Hello, this is a test 123."},
    {"table", "ExampleTableWithStream"},
    {"method", "POST"},
    {"resource", "/{proxy+}"},
    {"path", "/path/to/resource"},
    {"stage", "prod"},
    {"rule", "ExampleRule"},
};
const size_t sample_default_count = ARRAY_LEN(sample_defaults);
