/*
 * sample_templates.h - the tables behind sample_events.h: what each sender writes.
 */
#ifndef ONPUT_SAMPLE_TEMPLATES_H
#define ONPUT_SAMPLE_TEMPLATES_H

#include <stdbool.h>
#include <stddef.h>

struct s3_event {
    const char *event;
    const char *name; /* without "s3:" */
    bool has_object;  /* size and eTag are told */
};
extern const struct s3_event sample_s3_events[];
extern const size_t sample_s3_event_count;

struct s3_store {
    const char *store;
    const char *template;
    const char *object; /* in place of {object}, when the object is there */
};
extern const struct s3_store sample_s3_stores[];
extern const size_t sample_s3_store_count;

struct sample {
    const char *service;
    const char *event;
    const char *short_event; /* another name, or NULL */
    const char *own_default; /* "name=value" before those of sample_defaults, or NULL */
    const char *template;
};
extern const struct sample samples[];
extern const size_t sample_count;

struct sample_default {
    const char *name;
    const char *value;
};
extern const struct sample_default sample_defaults[];
extern const size_t sample_default_count;

#endif
