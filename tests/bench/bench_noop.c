/*
 * The function of bench_runtime: the least that speaks the Runtime API. It asks for an event,
 * answers {}, and asks again, all on one connection, as runtime clients do.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEXT                                                                                       \
    "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"                                         \
    "Host: runtime\r\n\r\n"
#define RESPONSE                                                                                   \
    "POST /2018-06-01/runtime/invocation/%.*s/response HTTP/1.1\r\n"                               \
    "Host: runtime\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

enum { ANSWER_BYTES = 65536, ID_MAX = 64 };

static int open_connection(void)
{
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    const char *colon = api == NULL ? NULL : strchr(api, ':');
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (colon == NULL)
        return -1;
    address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return fd;
}

/* False when the connection ended; the answer stands in `answer` as a string. */
static int exchange(int fd, const char *request, size_t len, char answer[ANSWER_BYTES])
{
    size_t got = 0;
    if (write(fd, request, len) != (ssize_t)len)
        return 0;
    for (;;) {
        ssize_t n = read(fd, answer + got, ANSWER_BYTES - 1 - got);
        if (n <= 0)
            return 0;
        got += (size_t)n;
        answer[got] = '\0';
        const char *end = strstr(answer, "\r\n\r\n");
        const char *length = strcasestr(answer, "content-length:");
        if (end != NULL && length != NULL && length < end &&
            got >= (size_t)(end + 4 - answer) + strtoul(length + 15, NULL, 10))
            return 1;
    }
}

int main(void)
{
    static char answer[ANSWER_BYTES];
    char request[sizeof(RESPONSE) + ID_MAX];
    int fd = open_connection();
    while (fd >= 0 && exchange(fd, NEXT, strlen(NEXT), answer)) {
        const char *id = strcasestr(answer, "lambda-runtime-aws-request-id:");
        if (id == NULL)
            return 1;
        id += strlen("lambda-runtime-aws-request-id:");
        id += strspn(id, " ");
        int id_len = (int)strcspn(id, "\r");
        if (id_len > ID_MAX)
            return 1;
        int len = snprintf(request, sizeof(request), RESPONSE, id_len, id);
        if (!exchange(fd, request, (size_t)len, answer))
            break;
    }
    return 0;
}
