/*
 * clock.c - see onput/clock.h. The system's clocks, the fake one, and times as text; the way back
 * from text is in time_parse.c.
 */
#include "onput/clock.h"

#include <stdio.h>
#include <time.h>

#include "base_private.h"

enum { MS_PER_DAY = 86400000 };

static int64_t read_ms(clockid_t id)
{
    struct timespec now;

    BUG_ON(clock_gettime(id, &now) != 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *ctx UNUSED)
{
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_mono_ms(void *ctx UNUSED)
{
    return read_ms(CLOCK_MONOTONIC);
}

const struct clock *clock_system(void)
{
    static const struct clock system_clock = {system_wall_ms, system_mono_ms, NULL};

    return &system_clock;
}

int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->ctx);
}

int64_t clock_mono_ms(const struct clock *c)
{
    return c->mono_ms(c->ctx);
}

int64_t clock_now_ns(void)
{
    struct timespec now;

    BUG_ON(clock_gettime(CLOCK_MONOTONIC, &now) != 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct timespec clock_deadline(int64_t ms)
{
    int64_t end_ns = clock_now_ns() + ms * 1000000;

    return (struct timespec){.tv_sec = end_ns / 1000000000, .tv_nsec = end_ns % 1000000000};
}

static int64_t fake_wall_ms(void *ctx)
{
    const struct fake_clock *f = ctx;

    return __atomic_load_n(&f->wall, __ATOMIC_SEQ_CST);
}

static int64_t fake_mono_ms(void *ctx)
{
    const struct fake_clock *f = ctx;

    return __atomic_load_n(&f->mono, __ATOMIC_SEQ_CST);
}

void fake_clock_init(struct fake_clock *f, int64_t wall_ms, int64_t mono_ms)
{
    *f = (struct fake_clock){
        .clock = {fake_wall_ms, fake_mono_ms, f}, .wall = wall_ms, .mono = mono_ms};
}

void fake_clock_advance(struct fake_clock *f, int64_t ms)
{
    __atomic_add_fetch(&f->wall, ms, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&f->mono, ms, __ATOMIC_SEQ_CST);
}

const char *month_name(unsigned month)
{
    static const char names[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return names[month % 12];
}

const char *weekday_name(unsigned weekday)
{
    static const char names[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    return names[weekday % 7];
}

/*
 * Years are counted from March, so that the leap day is the last day of a year; 400 such years
 * ("an era") always have 146097 days. 719468 days lie between 0000-03-01 and 1970-01-01.
 */
int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

struct civil {
    int64_t year;
    unsigned month; /* 1 to 12 */
    unsigned day;
    unsigned weekday; /* 0 is Sunday */
    unsigned hour;
    unsigned minute;
    unsigned second;
    unsigned ms;
};

static void civil_date(int64_t days, struct civil *c)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t doe = shifted - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t month_from_march = (5 * doy + 2) / 153;

    c->day = (unsigned)(doy - (153 * month_from_march + 2) / 5 + 1);
    c->month = (unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    c->year = yoe + era * 400 + (c->month <= 2 ? 1 : 0);
    c->weekday = (unsigned)(((days + 4) % 7 + 7) % 7);
}

static struct civil civil_from_ms(int64_t wall_ms)
{
    int64_t days = wall_ms / MS_PER_DAY - (wall_ms % MS_PER_DAY < 0 ? 1 : 0);
    uint32_t rest = (uint32_t)((wall_ms % MS_PER_DAY + MS_PER_DAY) % MS_PER_DAY);
    struct civil c;

    civil_date(days, &c);
    c.ms = rest % 1000;
    c.second = rest / 1000 % 60;
    c.minute = rest / 60000 % 60;
    c.hour = rest / 3600000;
    return c;
}

char *time_format_rfc3339(int64_t wall_ms, char out[TIME_TEXT_BYTES])
{
    struct civil c = civil_from_ms(wall_ms);

    snprintf(out, TIME_TEXT_BYTES, "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ", (long long)c.year,
             c.month % 100, c.day % 100, c.hour % 100, c.minute % 100, c.second % 100, c.ms % 1000);
    return out;
}

char *time_format_basic(int64_t wall_ms, char out[TIME_TEXT_BYTES])
{
    struct civil c = civil_from_ms(wall_ms);

    snprintf(out, TIME_TEXT_BYTES, "%04lld%02u%02uT%02u%02u%02uZ", (long long)c.year, c.month % 100,
             c.day % 100, c.hour % 100, c.minute % 100, c.second % 100);
    return out;
}

char *time_format_http(int64_t wall_ms, char out[TIME_TEXT_BYTES])
{
    struct civil c = civil_from_ms(wall_ms);

    snprintf(out, TIME_TEXT_BYTES, "%.3s, %02u %.3s %04d %02u:%02u:%02u GMT",
             weekday_name(c.weekday), c.day % 100, month_name(c.month - 1), (int)c.year,
             c.hour % 100, c.minute % 100, c.second % 100);
    return out;
}
