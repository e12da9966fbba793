/*
 * http_header.h - one HTTP header field, as clients, servers and signatures see it.
 */
#ifndef ONPUT_HTTP_HEADER_H
#define ONPUT_HTTP_HEADER_H

#include "onput/text.h"

struct http_header {
    struct text name;
    struct text value;
};

#endif
