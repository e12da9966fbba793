/*
 * dispatch.h - the two callbacks of every route: admit checks the signature before the body is
 * read, handle runs the operation. ctx is the store.
 */
#ifndef ONPUT_DEVSTORE_DISPATCH_H
#define ONPUT_DEVSTORE_DISPATCH_H

#include "onput/http_server.h"

void dispatch_admit(void *ctx, struct http_request *http);
void dispatch_handle(void *ctx, struct http_request *http);

#endif
