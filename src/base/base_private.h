/*
 * base_private.h - what files of this folder share with each other and with nobody else.
 */
#ifndef ONPUT_BASE_PRIVATE_H
#define ONPUT_BASE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "onput/attributes.h"
#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/text.h"

/* Length (1 to 4) of the well-formed UTF-8 sequence at `p`, or 0. `left` is at least 1. */
size_t utf8_sequence(const char *p, size_t left);

/* Where the next byte at or behind `from` is that a JSON string may not hold as it is. */
size_t json_plain_until(struct text t, size_t from);
enum { JSON_ESCAPE_BYTES = 8 };
/* Writes what stands for the character at t.ptr[*pos], moves *pos behind it, returns the length. */
size_t json_escape_one(struct text t, size_t *pos, char out[JSON_ESCAPE_BYTES]);

/* Value of a hex digit in either case, or -1. */
int hex_value(char c);

/* Days since 1970-01-01 in the proleptic Gregorian calendar; month is 1 to 12. */
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
/* Names of three letters: month 0 to 11, weekday 0 (Sunday) to 6. */
const char *month_name(unsigned month);
const char *weekday_name(unsigned weekday);

/* The process_* part of the exposition. `start_time` is in seconds since 1970. */
void metrics_render_process(double start_time, struct buffer *out);
double metrics_process_start_time(void);
void metrics_append_number(struct buffer *out, double value);

struct process_tree;
/* As process_tree_read(), on kernels that do not list a process' children: all of /proc is read. */
void process_tree_read_by_parents(pid_t root, struct process_tree *out);

#endif
