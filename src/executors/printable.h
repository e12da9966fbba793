/*
 * printable.h - an error's message that holds bytes of a function, as a line that a terminal and a
 * log can take. Pure.
 */
#ifndef ONPUT_EXECUTORS_PRINTABLE_H
#define ONPUT_EXECUTORS_PRINTABLE_H

#include "onput/error.h"

/* Control characters become spaces, what is no UTF-8 becomes "?". */
void error_make_printable(struct error *err);

#endif
