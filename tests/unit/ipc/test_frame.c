/*
 * test_frame.c - frames with descriptors between two ends of one process, right and wrong ones.
 */
#include "support/test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onput/fd.h"
#include "onput/ipc_frame.h"

enum { NOW = 0, SOON = 5000 };

/* Static: a frame has room for the longest payload. */
static struct ipc_frame frame;

static void open_pair(int fds[2])
{
    struct error err = {0};
    assert_ok(ipc_pair(fds, &err), &err);
}

static void close_pair(int fds[2])
{
    fd_close(&fds[0]);
    fd_close(&fds[1]);
}

static size_t open_fds(void)
{
    char **names = test_list_dir("/proc/self/fd");
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    test_names_free(names);
    return count;
}

static ino_t inode_of(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return st.st_ino;
}

static void test_ipc_send__brings_type_payload_and_descriptors(void **state)
{
    int pair[2], sent[2];
    struct error err = {0};
    (void)state;
    open_pair(pair);
    assert_int_equal(pipe2(sent, O_CLOEXEC), 0);
    assert_ok(ipc_send(pair[0], 7, "hello", 5, sent, 2, &err), &err);
    assert_ok(ipc_receive(pair[1], SOON, &frame, &err), &err);
    assert_int_equal(frame.type, 7);
    assert_text(((struct text){(const char *)frame.payload, frame.len}), "hello");
    assert_int_equal(frame.fd_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(inode_of(frame.fds[i]), inode_of(sent[i]));
        assert_int_equal(fcntl(frame.fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
    ipc_frame_close_fds(&frame);
    assert_int_equal(frame.fds[0], -1);
    close_pair(sent);
    close_pair(pair);
}

static void test_ipc_send__takes_a_payload_up_to_the_limit(void **state)
{
    AUTO_FREE uint8_t *payload = xcalloc(1, IPC_MAX_PAYLOAD_BYTES + 1);
    int pair[2];
    struct error err = {0};
    (void)state;
    open_pair(pair);
    payload[IPC_MAX_PAYLOAD_BYTES - 1] = 9;
    assert_ok(ipc_send(pair[0], 1, payload, IPC_MAX_PAYLOAD_BYTES, NULL, 0, &err), &err);
    assert_ok(ipc_receive(pair[1], SOON, &frame, &err), &err);
    assert_int_equal(frame.len, IPC_MAX_PAYLOAD_BYTES);
    assert_int_equal(frame.payload[IPC_MAX_PAYLOAD_BYTES - 1], 9);
    assert_fails(ipc_send(pair[0], 1, payload, IPC_MAX_PAYLOAD_BYTES + 1, NULL, 0, &err), &err,
                 ERROR_LIMIT);
    assert_fails(ipc_receive(pair[1], NOW, &frame, &err), &err, ERROR_TIMEOUT);
    close_pair(pair);
}

static void test_ipc_receive__tells_silence_from_a_closed_peer(void **state)
{
    int pair[2];
    struct error err = {0};
    (void)state;
    open_pair(pair);
    assert_fails(ipc_receive(pair[1], NOW, &frame, &err), &err, ERROR_TIMEOUT);
    fd_close(&pair[0]);
    assert_fails(ipc_receive(pair[1], NOW, &frame, &err), &err, ERROR_UNAVAILABLE);
    assert_fails(ipc_receive(pair[1], -1, &frame, &err), &err, ERROR_UNAVAILABLE);
    assert_fails(ipc_send(pair[1], 1, "x", 1, NULL, 0, &err), &err, ERROR_UNAVAILABLE);
    close_pair(pair);
}

static void send_raw(int fd, const void *bytes, size_t len, int passed, int passed_count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (passed_count > 0) {
        m.msg_control = control.bytes;
        m.msg_controllen = CMSG_SPACE((size_t)passed_count * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN((size_t)passed_count * sizeof(int));
        for (int i = 0; i < passed_count; i++)
            memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &passed, sizeof(int));
    }
    assert_int_equal(sendmsg(fd, &m, 0), len);
}

#define MAGIC   "otpv"
#define VERSION "\x01\x00"
#define TYPE    "\x07\x00"

struct packet {
    struct text bytes;
    const char *complaint;
};

static void test_ipc_receive__refuses_a_bad_frame_and_closes_its_descriptors(void **state)
{
    static const struct packet packets[] = {
        {TEXT_INIT("otpv"), "version"},
        {TEXT_INIT(MAGIC VERSION TYPE "\x00\x00\x00"), "length"},
        {TEXT_INIT("ptpv" VERSION TYPE "\x00\x00\x00\x00"), "magic"},
        {TEXT_INIT(MAGIC "\x02\x00" TYPE "\x00\x00\x00\x00"), "version 2"},
        {TEXT_INIT(MAGIC VERSION TYPE "\x01\x00\x00\x00"), "announces 1 bytes and has 0"},
        {TEXT_INIT(MAGIC VERSION TYPE "\x01\x00\x00\x00xy"), "announces 1 bytes and has 2"},
        {TEXT_INIT(MAGIC VERSION TYPE "\x01\x00\x01\x00x"), "length"},
        {TEXT_INIT(MAGIC VERSION TYPE "\xff\xff\xff\xff"), "length"},
    };
    int pair[2];
    (void)state;
    open_pair(pair);
    size_t before = open_fds();
    for (size_t i = 0; i < ARRAY_LEN(packets); i++) {
        struct error err = {0};
        send_raw(pair[0], packets[i].bytes.ptr, packets[i].bytes.len, STDIN_FILENO, 2);
        assert_fails(ipc_receive(pair[1], SOON, &frame, &err), &err, ERROR_PROTOCOL);
        assert_contains(err.message, packets[i].complaint);
        assert_int_equal(frame.fd_count, 0);
    }
    assert_int_equal(open_fds(), before);
    close_pair(pair);
}

static void test_ipc_receive__refuses_a_packet_that_is_too_long(void **state)
{
    enum { LEN = IPC_MAX_PAYLOAD_BYTES + 13 };
    AUTO_FREE char *packet = xcalloc(1, LEN);
    int pair[2];
    struct error err = {0};
    (void)state;
    open_pair(pair);
    size_t before = open_fds();
    memcpy(packet, MAGIC VERSION TYPE "\x00\x00\x01\x00", 12);
    send_raw(pair[0], packet, LEN, STDIN_FILENO, 1);
    assert_fails(ipc_receive(pair[1], SOON, &frame, &err), &err, ERROR_PROTOCOL);
    assert_int_equal(open_fds(), before);
    close_pair(pair);
}

static void test_ipc_receive__refuses_more_descriptors_than_a_frame_has(void **state)
{
    static const char good[] = MAGIC VERSION TYPE "\x00\x00\x00\x00";
    int pair[2];
    struct error err = {0};
    (void)state;
    open_pair(pair);
    size_t before = open_fds();
    for (int count = IPC_MAX_FDS + 1; count <= 8; count++) {
        send_raw(pair[0], good, sizeof(good) - 1, STDIN_FILENO, count);
        assert_fails(ipc_receive(pair[1], SOON, &frame, &err), &err, ERROR_PROTOCOL);
        assert_int_equal(open_fds(), before);
    }
    send_raw(pair[0], good, sizeof(good) - 1, STDIN_FILENO, IPC_MAX_FDS);
    assert_ok(ipc_receive(pair[1], SOON, &frame, &err), &err);
    ipc_frame_close_fds(&frame);
    assert_int_equal(open_fds(), before);
    close_pair(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipc_send__brings_type_payload_and_descriptors),
        cmocka_unit_test(test_ipc_send__takes_a_payload_up_to_the_limit),
        cmocka_unit_test(test_ipc_receive__tells_silence_from_a_closed_peer),
        cmocka_unit_test(test_ipc_receive__refuses_a_bad_frame_and_closes_its_descriptors),
        cmocka_unit_test(test_ipc_receive__refuses_a_packet_that_is_too_long),
        cmocka_unit_test(test_ipc_receive__refuses_more_descriptors_than_a_frame_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
