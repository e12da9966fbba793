/*
 * builtin.h - the functions that come with onput, behind executor.h; config->builtin says which.
 *
 *   thumbnail  see thumbnail_job.h. Its event is a notification of any sender, also of several
 *              records and wrapped by SNS, SQS or EventBridge, or {"bucket","key"[,"store"]}. It
 *              returns {"results":[...]}, one report for each object.
 *   echo       returns its event, byte by byte.
 *   context    returns {"event","context"}: what a function is told about its invocation.
 */
#ifndef ONPUT_BUILTIN_H
#define ONPUT_BUILTIN_H

#include "onput/executor.h"
#include "onput/thumbnail_job.h"

/* An executor over `jobs`, which must outlive it. */
struct executor builtin_executor(struct thumbnail_jobs *jobs);

#endif
