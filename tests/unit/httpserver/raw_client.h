/*
 * raw_client.h - says exactly the given bytes to a server and reads what comes back.
 */
#ifndef ONPUT_TESTS_RAW_CLIENT_H
#define ONPUT_TESTS_RAW_CLIENT_H

#include "onput/buffer.h"
#include "onput/http_server.h"

/* A server on 127.0.0.1 with the given routes; fails the test when it does not start. */
struct http_server *raw_server(const struct http_route *routes, size_t count, void *ctx);

int raw_connect(uint16_t port);
void raw_send(int fd, const char *bytes, size_t len);
/* Reads one whole answer (by its Content-Length) or up to the end of the connection. */
struct text raw_read_answer(int fd, struct buffer *out);
/* Sends, reads until the server closes. */
struct text raw_talk_until_close(uint16_t port, struct text request, struct buffer *out);
/* Sends, reads one answer, closes. */
struct text raw_talk(uint16_t port, struct text request, struct buffer *out);
/* True when the server has closed; waits up to the time. Bytes that arrive are a failure of the
 * test. */
bool raw_is_closed(int fd, int wait_ms);

int raw_status(struct text answer);
struct text raw_header(struct text answer, const char *name);
struct text raw_body(struct text answer);

#endif
