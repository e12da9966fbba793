/*
 * test_event_stream.c - the framing against bytes that another implementation made and read.
 */
#include "support/test.h"

#include "event_stream.h"
#include "onput/encoding.h"

static void assert_frame(const char *type, const char *content_type, struct text payload,
                         const char *expected)
{
    AUTO_BUFFER struct buffer frame, hex;
    buffer_init(&frame, 4096);
    buffer_init(&hex, 8192);
    event_stream_append(&frame, type, content_type, payload);
    buffer_append_hex(&hex, frame.data, frame.len);
    assert_text(buffer_text(&hex), expected);
}

static void test_event_stream__frames_a_chunk_of_payload(void **state UNUSED)
{
    assert_frame("PayloadChunk", "application/octet-stream", TEXT("{\"a\":1}"),
                 "000000710000005a2a2eaefc0b3a6576656e742d7479706507000c5061796c6f61644368756e6b0d"
                 "3a636f6e74656e742d747970650700186170706c69636174696f6e2f6f637465742d73747265616d"
                 "0d3a6d6573736167652d747970650700056576656e747b2261223a317d87673c21");
}

static void test_event_stream__frames_the_end(void **state UNUSED)
{
    assert_frame("InvokeComplete", "application/json", TEXT("{}"),
                 "00000066000000541f56c8690b3a6576656e742d7479706507000e496e766f6b65436f6d706c6574"
                 "650d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d657373"
                 "6167652d747970650700056576656e747b7d7006d467");
}

static void test_event_stream__counts_each_message_for_itself(void **state UNUSED)
{
    AUTO_BUFFER struct buffer twice, once;
    buffer_init(&twice, 4096);
    buffer_init(&once, 4096);
    event_stream_append(&once, "PayloadChunk", "application/octet-stream", TEXT("x"));
    event_stream_append(&twice, "InvokeComplete", "application/json", TEXT("{}"));
    size_t from = twice.len;
    event_stream_append(&twice, "PayloadChunk", "application/octet-stream", TEXT("x"));
    assert_text_equal(text_slice(buffer_text(&twice), from, twice.len), buffer_text(&once));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_stream__frames_a_chunk_of_payload),
        cmocka_unit_test(test_event_stream__frames_the_end),
        cmocka_unit_test(test_event_stream__counts_each_message_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
