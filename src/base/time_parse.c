/*
 * time_parse.c - see onput/clock.h. Times from text into milliseconds since 1970 UTC.
 *
 * A struct cursor walks over the text and remembers the first mismatch, so that each format reads
 * as the list of its parts; the ranges are checked once at the end.
 */
#include "onput/clock.h"

#include <string.h>

#include "base_private.h"

struct cursor {
    struct text rest;
    bool bad;
};

struct stamp {
    unsigned year, month, day, hour, minute, second, ms;
    int offset_minutes;
};

static unsigned take_digits(struct cursor *c, size_t count)
{
    unsigned value = 0;

    if (c->rest.len < count) {
        c->bad = true;
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (c->rest.ptr[i] < '0' || c->rest.ptr[i] > '9') {
            c->bad = true;
            return 0;
        }
        value = value * 10 + (unsigned)(c->rest.ptr[i] - '0');
    }
    c->rest = text_slice(c->rest, count, c->rest.len);
    return value;
}

/* Moves on when the next byte is one of `set`, and returns it; 0 when it is not. */
static char take_if(struct cursor *c, const char *set)
{
    char next;

    if (c->rest.len == 0 || c->rest.ptr[0] == '\0' || strchr(set, c->rest.ptr[0]) == NULL)
        return '\0';
    next = c->rest.ptr[0];
    c->rest = text_slice(c->rest, 1, c->rest.len);
    return next;
}

static void expect(struct cursor *c, const char *set)
{
    if (take_if(c, set) == '\0')
        c->bad = true;
}

static void expect_string(struct cursor *c, const char *string)
{
    if (!text_starts_with(c->rest, text_of(string)))
        c->bad = true;
    else
        c->rest = text_slice(c->rest, strlen(string), c->rest.len);
}

/* Any number of digits; what is finer than a millisecond is cut off. */
static unsigned take_fraction(struct cursor *c)
{
    unsigned ms = 0;
    unsigned weight = 100;

    do {
        ms += weight * take_digits(c, 1);
        weight /= 10;
    } while (!c->bad && c->rest.len > 0 && c->rest.ptr[0] >= '0' && c->rest.ptr[0] <= '9');
    return ms;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* Second 60 is a leap second; it becomes the first second of the next minute. */
static int stamp_finish(const struct cursor *c, const struct stamp *s, const char *format,
                        int64_t *out_wall_ms, struct error *err)
{
    int64_t seconds;

    if (c->bad || c->rest.len > 0)
        return error_set(err, ERROR_INVALID, "the time is not in the form %s", format);
    if (s->month < 1 || s->month > 12 || s->day < 1 || s->day > days_in_month(s->year, s->month) ||
        s->hour > 23 || s->minute > 59 || s->second > 60)
        return error_set(err, ERROR_INVALID, "the time names a day or hour that does not exist");
    seconds = days_from_civil(s->year, s->month, s->day) * 86400 + s->hour * 3600 + s->minute * 60 +
              s->second - (int64_t)s->offset_minutes * 60;
    *out_wall_ms = seconds * 1000 + s->ms;
    return 0;
}

static int take_offset(struct cursor *c)
{
    unsigned hours;
    unsigned minutes;
    char sign;

    if (take_if(c, "Zz") != '\0')
        return 0;
    sign = take_if(c, "+-");
    hours = take_digits(c, 2);
    expect(c, ":");
    minutes = take_digits(c, 2);
    if (sign == '\0' || hours > 23 || minutes > 59)
        c->bad = true;
    return sign == '-' ? -(int)(hours * 60 + minutes) : (int)(hours * 60 + minutes);
}

static void take_clock_time(struct cursor *c, struct stamp *s)
{
    s->hour = take_digits(c, 2);
    expect(c, ":");
    s->minute = take_digits(c, 2);
    expect(c, ":");
    s->second = take_digits(c, 2);
}

int time_parse_rfc3339(struct text t, int64_t *out_wall_ms, struct error *err)
{
    struct cursor c = {t, false};
    struct stamp s = {0};

    s.year = take_digits(&c, 4);
    expect(&c, "-");
    s.month = take_digits(&c, 2);
    expect(&c, "-");
    s.day = take_digits(&c, 2);
    if (c.rest.len > 0) {
        expect(&c, "Tt ");
        take_clock_time(&c, &s);
        if (take_if(&c, ".") != '\0')
            s.ms = take_fraction(&c);
        s.offset_minutes = take_offset(&c);
    }
    return stamp_finish(&c, &s, "2026-11-21T19:14:20Z", out_wall_ms, err);
}

int time_parse_basic(struct text t, int64_t *out_wall_ms, struct error *err)
{
    struct cursor c = {t, false};
    struct stamp s = {0};

    s.year = take_digits(&c, 4);
    s.month = take_digits(&c, 2);
    s.day = take_digits(&c, 2);
    expect(&c, "T");
    s.hour = take_digits(&c, 2);
    s.minute = take_digits(&c, 2);
    s.second = take_digits(&c, 2);
    expect(&c, "Z");
    return stamp_finish(&c, &s, "20261121T191420Z", out_wall_ms, err);
}

static unsigned take_month(struct cursor *c)
{
    for (unsigned month = 0; month < 12; month++)
        if (text_starts_with(c->rest, text_of(month_name(month)))) {
            expect_string(c, month_name(month));
            return month + 1;
        }
    c->bad = true;
    return 0;
}

static unsigned take_weekday(struct cursor *c)
{
    for (unsigned day = 0; day < 7; day++)
        if (text_starts_with(c->rest, text_of(weekday_name(day)))) {
            expect_string(c, weekday_name(day));
            return day;
        }
    c->bad = true;
    return 0;
}

/* The weekday must be one, but it need not be the right one: the date alone says when it was. */
int time_parse_http(struct text t, int64_t *out_wall_ms, struct error *err)
{
    struct cursor c = {t, false};
    struct stamp s = {0};

    take_weekday(&c);
    expect_string(&c, ", ");
    s.day = take_digits(&c, 2);
    expect(&c, " ");
    s.month = take_month(&c);
    expect(&c, " ");
    s.year = take_digits(&c, 4);
    expect(&c, " ");
    take_clock_time(&c, &s);
    expect_string(&c, " GMT");
    return stamp_finish(&c, &s, "Sat, 21 Nov 2026 19:14:20 GMT", out_wall_ms, err);
}
