/*
 * test_clock.c - tests of onput/clock.h.
 */
#include "support/test.h"

#include <time.h>

#include "onput/clock.h"

static const int64_t SAMPLE_MS = 1795288460468; /* 2026-11-21T19:14:20.468Z */

static void test_fake_clock__moves_only_when_told(void **state UNUSED)
{
    struct fake_clock f;

    fake_clock_init(&f, 1000, 5);
    assert_int_equal(clock_wall_ms(&f.clock), 1000);
    assert_int_equal(clock_mono_ms(&f.clock), 5);
    fake_clock_advance(&f, 250);
    assert_int_equal(clock_wall_ms(&f.clock), 1250);
    assert_int_equal(clock_mono_ms(&f.clock), 255);
}

static void test_clock_deadline__lies_so_far_ahead_and_is_normalised(void **state UNUSED)
{
    static const int64_t waits_ms[] = {0, 5, 999, 1000, 60001};

    for (size_t i = 0; i < ARRAY_LEN(waits_ms); i++) {
        int64_t before = clock_now_ns();
        struct timespec until = clock_deadline(waits_ms[i]);
        int64_t after = clock_now_ns();
        int64_t end = (int64_t)until.tv_sec * 1000000000 + until.tv_nsec;

        assert_true(end >= before + waits_ms[i] * 1000000 && end <= after + waits_ms[i] * 1000000);
        assert_true(until.tv_nsec >= 0 && until.tv_nsec < 1000000000);
    }
}

static void test_clock_system__agrees_with_time(void **state UNUSED)
{
    int64_t before = (int64_t)time(NULL) * 1000 - 1000;
    int64_t now = clock_wall_ms(clock_system());
    int64_t mono = clock_mono_ms(clock_system());
    int64_t ns = clock_now_ns();

    assert_true(now >= before && now <= before + 60000);
    assert_true(ns / 1000000 >= mono && ns / 1000000 < mono + 60000);
}

static void test_time_format__writes_three_forms(void **state UNUSED)
{
    char out[TIME_TEXT_BYTES];

    assert_string_equal(time_format_rfc3339(SAMPLE_MS, out), "2026-11-21T19:14:20.468Z");
    assert_string_equal(time_format_basic(SAMPLE_MS, out), "20261121T191420Z");
    assert_string_equal(time_format_http(SAMPLE_MS, out), "Sat, 21 Nov 2026 19:14:20 GMT");
    assert_string_equal(time_format_rfc3339(0, out), "1970-01-01T00:00:00.000Z");
    assert_string_equal(time_format_rfc3339(-1, out), "1969-12-31T23:59:59.999Z");
    assert_string_equal(time_format_http(-1, out), "Wed, 31 Dec 1969 23:59:59 GMT");
    assert_string_equal(time_format_rfc3339(951782400000, out), "2000-02-29T00:00:00.000Z");
}

static void test_time_format__agrees_with_gmtime_over_centuries(void **state UNUSED)
{
    for (int64_t seconds = -5000000000; seconds < 20000000000; seconds += 9999991) {
        time_t t = (time_t)seconds;
        char expected[TIME_TEXT_BYTES];
        char out[TIME_TEXT_BYTES];
        struct error err = {0};
        int64_t back = -1;
        struct tm tm;

        gmtime_r(&t, &tm);
        strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        assert_string_equal(time_format_http(seconds * 1000, out), expected);
        assert_ok(time_parse_http(text_of(out), &back, &err), &err);
        assert_true(back == seconds * 1000);
    }
}

static void test_time_format__survives_the_ends_of_time(void **state UNUSED)
{
    char out[TIME_TEXT_BYTES];

    assert_string_equal(time_format_rfc3339(INT64_MAX, out), "292278994-08-17T07:12:55.807Z");
    assert_string_equal(time_format_rfc3339(INT64_MIN, out), "-292275055-05-16T16:47:04.192Z");
    assert_string_equal(time_format_http(INT64_MAX, out), "Sun, 17 Aug 292278994 07:12:55 GMT");
}

struct sample {
    const char *text;
    int64_t ms;
};

static void test_time_parse_rfc3339__takes_every_form(void **state UNUSED)
{
    static const struct sample samples[] = {
        {"2026-11-21T19:14:20.468Z", 1795288460468},
        {"2026-11-21t19:14:20.468z", 1795288460468},
        {"2026-11-21T19:14:20.468999999Z", 1795288460468},
        {"2026-11-21T19:14:20.4Z", 1795288460400},
        {"2026-11-21T19:14:20Z", 1795288460000},
        {"2026-11-22T00:44:20+05:30", 1795288460000},
        {"2026-11-21T11:14:20-08:00", 1795288460000},
        {"2026-11-21 19:14:20Z", 1795288460000},
        {"2026-11-21", 1795219200000},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2016-12-31T23:59:60Z", 1483228800000},
        {"2000-02-29", 951782400000},
    };
    struct error err = {0};
    int64_t ms;

    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        assert_ok(time_parse_rfc3339(text_of(samples[i].text), &ms, &err), &err);
        assert_true(ms == samples[i].ms);
    }
}

static void test_time_parse_rfc3339__refuses_the_rest(void **state UNUSED)
{
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-21T",
        "2026-11-21T19:14",
        "2026-11-21T19:14:20",
        "2026-11-21T19:14:20.Z",
        "2026-11-21T19:14:20Zx",
        "2026-11-21T19:14:20+0530",
        "2026-11-21T19:14:20+05:3",
        "2026-11-21T19:14:20+24:00",
        "2026-13-01",
        "2026-00-01",
        "2026-02-29",
        "1900-02-29",
        "2026-11-00",
        "2026-11-31",
        "2026-11-21T24:00:00Z",
        "2026-11-21T19:60:00Z",
        "2026-11-21T19:14:61Z",
        " 2026-11-21",
        "+026-11-21",
    };
    struct error err = {0};
    int64_t ms = 77;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_fails(time_parse_rfc3339(text_of(bad[i]), &ms, &err), &err, ERROR_INVALID);
    assert_fails(time_parse_rfc3339(TEXT("2026-11-21\0"), &ms, &err), &err, ERROR_INVALID);
    assert_int_equal(ms, 77);
}

static void test_time_parse_basic__is_strict(void **state UNUSED)
{
    struct error err = {0};
    int64_t ms = 77;

    assert_fails(time_parse_basic(TEXT("20261121T191420"), &ms, &err), &err, ERROR_INVALID);
    assert_fails(time_parse_basic(TEXT("20261121T191420ZZ"), &ms, &err), &err, ERROR_INVALID);
    assert_fails(time_parse_basic(TEXT("2026112AT191420Z"), &ms, &err), &err, ERROR_INVALID);
    assert_int_equal(ms, 77);
    assert_ok(time_parse_basic(TEXT("20261121T191420Z"), &ms, &err), &err);
    assert_true(ms == 1795288460000);
}

static void test_time_parse_http__is_strict(void **state UNUSED)
{
    static const char *const bad[] = {
        "Sat, 21 Nov 2026 19:14:20",     "Sat, 21 Nov 2026 19:14:20 CET",
        "Sat 21 Nov 2026 19:14:20 GMT",  "Xyz, 21 Nov 2026 19:14:20 GMT",
        "Sat, 21 Nox 2026 19:14:20 GMT", "Sat, 1 Nov 2026 19:14:20 GMT",
    };
    struct error err = {0};
    int64_t ms = 77;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_fails(time_parse_http(text_of(bad[i]), &ms, &err), &err, ERROR_INVALID);
    assert_int_equal(ms, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fake_clock__moves_only_when_told),
        cmocka_unit_test(test_clock_deadline__lies_so_far_ahead_and_is_normalised),
        cmocka_unit_test(test_clock_system__agrees_with_time),
        cmocka_unit_test(test_time_format__writes_three_forms),
        cmocka_unit_test(test_time_format__agrees_with_gmtime_over_centuries),
        cmocka_unit_test(test_time_format__survives_the_ends_of_time),
        cmocka_unit_test(test_time_parse_rfc3339__takes_every_form),
        cmocka_unit_test(test_time_parse_rfc3339__refuses_the_rest),
        cmocka_unit_test(test_time_parse_basic__is_strict),
        cmocka_unit_test(test_time_parse_http__is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
