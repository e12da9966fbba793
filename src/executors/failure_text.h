/*
 * failure_text.h - what a failed function said, as one line for a person. Pure.
 */
#ifndef ONPUT_EXECUTORS_FAILURE_TEXT_H
#define ONPUT_EXECUTORS_FAILURE_TEXT_H

#include "onput/error.h"
#include "onput/text.h"

/*
 * Makes "errorType: errorMessage" of the payload the error's message, in printable UTF-8 and cut to
 * its room; what is no such payload leaves the message alone.
 */
void failure_explain(struct text payload, struct error *err);

#endif
