/*
 * Whose a connection is: the kernel's table of sockets, and real connections of real processes.
 */
#include "support/test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "onput/fd.h"
#include "peer_table.h"
#include "runtime_private.h"

/* ---- lines ---- */

static void assert_address(struct peer_address a, const char *address, uint16_t port)
{
    assert_int_equal(a.address, inet_addr(address));
    assert_int_equal(a.port, port);
}

static void test_peer_table__reads_a_line_of_ipv4(void **state)
{
    (void)state;
    struct peer_socket s;
    assert_true(peer_table_read(
        TEXT("   7: 0100007F:9C40 0200007F:1F90 01 00000000:00000000 00:00000000 00000000  1000   "
             "     0 48211377 1 0000000000000000 20 4 30 10 -1\n"),
        &s));
    assert_address(s.local, "127.0.0.1", 40000);
    assert_address(s.remote, "127.0.0.2", 8080);
    assert_int_equal(s.uid, 1000);
    assert_int_equal(s.inode, 48211377);
}

static void test_peer_table__reads_a_mapped_address_of_ipv6(void **state)
{
    (void)state;
    struct peer_socket s;
    assert_true(peer_table_read(
        TEXT("   0: 0000000000000000FFFF00000100007F:CC4E 0000000000000000FFFF00000100007F:1F90 01 "
             "00000000:00000000 00:00000000 00000000 4294967295        0 18446744073709551615 1 "
             "0 20"),
        &s));
    assert_address(s.local, "127.0.0.1", 52302);
    assert_address(s.remote, "127.0.0.1", 8080);
    assert_int_equal(s.uid, UINT32_MAX);
    assert_int_equal(s.inode, UINT64_MAX);
}

static void test_peer_table__refuses_everything_else(void **state)
{
    (void)state;
    static const char rest[] = " 01 00000000:00000000 00:00000000 00000000 0 0 5 1";
    static const char *const addresses[] = {
        "0100007F:1F90 0100007F:1F9",
        "0100007F:1F90 0100007F:1F900",
        "0100007F:1F90 0100007G:1F90",
        "0100007f:1F90 0100007F:1F90",
        "0100007F:1F90 0100007F",
        "0100007F:1F90 :1F90",
        "0100007F1:1F90 0100007F:1F90",
        "00000000000000000000000001000000:1F90 0000000000000000FFFF00000100007F:1F90",
        "0000000000000000FFFF0000100007F:1F90 0000000000000000FFFF00000100007F:1F90",
    };
    struct peer_socket s = {.inode = 77};
    char line[512];
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        snprintf(line, sizeof(line), "0: %s%s", addresses[i], rest);
        assert_false(peer_table_read(text_of(line), &s));
    }
    assert_false(peer_table_read(TEXT(""), &s));
    assert_false(peer_table_read(TEXT("  sl  local_address rem_address   st tx_queue rx_queue tr "
                                      "tm->when retrnsmt   uid  timeout inode"),
                                 &s));
    assert_false(peer_table_read(TEXT("0 0100007F:1F90 0100007F:1F90 01 0:0 00:0 0 0 0 5 1"), &s));
    assert_false(
        peer_table_read(TEXT("0: 0100007F:1F90 0100007F:1F90 01 0:0 00:0 0 -1 0 5 1"), &s));
    assert_false(peer_table_read(
        TEXT("0: 0100007F:1F90 0100007F:1F90 01 0:0 00:0 0 0 0 18446744073709551616 1"), &s));
    assert_false(peer_table_read(TEXT("0: 0100007F:1F90 0100007F:1F90 01 0:0 00:0 0 0 0"), &s));
    assert_int_equal(s.inode, 77);
}

/* ---- connections ---- */

struct listener {
    int fd;
    struct sockaddr_in address;
};

static struct listener listen_here(void)
{
    struct listener l = {
        .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
        .address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(l.address);
    assert_int_equal(bind(l.fd, (struct sockaddr *)&l.address, len), 0);
    assert_int_equal(listen(l.fd, 8), 0);
    assert_int_equal(getsockname(l.fd, (struct sockaddr *)&l.address, &len), 0);
    return l;
}

static int connect_as(int family, const struct listener *l)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = l->address.sin_port};
    mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&mapped.sin6_addr.s6_addr[12], &l->address.sin_addr, 4);
    const struct sockaddr *to =
        family == AF_INET ? (const struct sockaddr *)&l->address : (const struct sockaddr *)&mapped;
    if (fd < 0 || connect(fd, to, family == AF_INET ? sizeof(l->address) : sizeof(mapped)) != 0)
        return -1;
    return fd;
}

static pid_t child_that(void (*do_it)(const void *), const void *ctx)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        do_it(ctx);
        pause();
        _exit(0);
    }
    return child;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void connect_in_child(const void *ctx)
{
    if (connect_as(AF_INET, ctx) < 0)
        _exit(1);
}

static void connect_mapped_in_child(const void *ctx)
{
    if (connect_as(AF_INET6, ctx) < 0)
        _exit(1);
}

static void connect_in_grandchild(const void *ctx)
{
    if (fork() == 0) {
        connect_in_child(ctx);
        pause();
        _exit(0);
    }
}

static void do_nothing(const void *ctx)
{
    (void)ctx;
}

/* A child of ours is not below itself: what stands for the runner is this process. */
static void test_peer__is_a_descendant(void **state)
{
    (void)state;
    static void (*const ways[])(const void *) = {connect_in_child, connect_mapped_in_child};
    struct listener l = listen_here();
    pid_t bystander = child_that(do_nothing, NULL);
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        pid_t child = child_that(ways[i], &l);
        int fd = accept4(l.fd, NULL, NULL, SOCK_CLOEXEC);
        assert_true(fd >= 0);
        assert_true(peer_is_ours(fd, getpid(), 0));
        assert_false(peer_is_ours(fd, child, 0));
        assert_false(peer_is_ours(fd, bystander, 0));
        end(child);
        fd_close(&fd);
    }
    end(bystander);
    fd_close(&l.fd);
}

static void test_peer__may_be_further_down(void **state)
{
    (void)state;
    struct listener l = listen_here();
    pid_t child = child_that(connect_in_grandchild, &l);
    int fd = accept4(l.fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(peer_is_ours(fd, child, 0));
    assert_true(peer_is_ours(fd, getpid(), 0));
    struct process_tree *tree = xmalloc(sizeof(*tree));
    process_tree_read(child, tree);
    process_tree_signal(tree, SIGKILL);
    free(tree);
    end(child);
    fd_close(&fd);
    fd_close(&l.fd);
}

static void test_peer__of_this_process_is_not_its_own_descendant(void **state)
{
    (void)state;
    struct listener l = listen_here();
    int client = connect_as(AF_INET, &l);
    int fd = accept4(l.fd, NULL, NULL, SOCK_CLOEXEC);
    assert_false(peer_is_ours(fd, getpid(), 0));
    fd_close(&client);
    fd_close(&fd);
    fd_close(&l.fd);
}

static void test_peer__is_known_by_its_private_user(void **state)
{
    (void)state;
    struct listener l = listen_here();
    int client = connect_as(AF_INET, &l);
    int fd = accept4(l.fd, NULL, NULL, SOCK_CLOEXEC);
    uid_t own = geteuid();
    if (own != 0)
        assert_true(peer_is_ours(fd, getpid(), own));
    assert_false(peer_is_ours(fd, getpid(), own + 1));
    fd_close(&client);
    fd_close(&fd);
    fd_close(&l.fd);
}

static void test_peer__that_is_gone_is_nobody(void **state)
{
    (void)state;
    struct listener l = listen_here();
    pid_t child = child_that(connect_in_child, &l);
    int fd = accept4(l.fd, NULL, NULL, SOCK_CLOEXEC);
    end(child);
    assert_false(peer_is_ours(fd, getpid(), 0));
    fd_close(&fd);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_false(peer_is_ours(pair[0], getpid(), 0));
    fd_close(&pair[0]);
    fd_close(&pair[1]);
    fd_close(&l.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peer_table__reads_a_line_of_ipv4),
        cmocka_unit_test(test_peer_table__reads_a_mapped_address_of_ipv6),
        cmocka_unit_test(test_peer_table__refuses_everything_else),
        cmocka_unit_test(test_peer__is_a_descendant),
        cmocka_unit_test(test_peer__may_be_further_down),
        cmocka_unit_test(test_peer__of_this_process_is_not_its_own_descendant),
        cmocka_unit_test(test_peer__is_known_by_its_private_user),
        cmocka_unit_test(test_peer__that_is_gone_is_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
