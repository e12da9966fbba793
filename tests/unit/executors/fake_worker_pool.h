/*
 * fake_worker_pool.h - stands in the place of the processes: writes bytes that the test can expect,
 * or fails as it is told. A rendition is "<its name> of <the input>".
 */
#ifndef ONPUT_TESTS_FAKE_WORKER_POOL_H
#define ONPUT_TESTS_FAKE_WORKER_POOL_H

#include "onput/worker_pool.h"

struct worker_pool {
    struct error failure;     /* with a code: what every job ends with */
    enum image_format source; /* of a picture; SOURCE: JPEG */
    int calls;
    struct render_job last;
    char input[64]; /* first bytes of the last job's input */
};

#endif
