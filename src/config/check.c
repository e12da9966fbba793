/*
 * check.c - rules that hold between options, beginning with listeners and roles; stores are in
 * check_store.c, functions in check_function.c and check_kind.c, the Lambda API and its users in
 * check_lambda.c.
 * What needs another module (policies, loops) is checked where the catalog is made.
 */
#include "config_private.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "onput/encoding.h"

int check_fail(const struct loader *loader, struct subject subject, struct error *err,
               const char *fmt, ...)
{
    const struct record *record = origins_option(loader->origins, subject.member);
    char message[2 * ERROR_MESSAGE_BYTES];
    va_list args;

    if (record == NULL || record->place->origin.kind == ORIGIN_DEFAULT)
        record = origins_section(loader->origins, subject.section, subject.base);
    BUG_ON(record == NULL);
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    return place_fail(loader->origins, record->place, err, "%s", message);
}

int check_reference(const struct loader *loader, struct subject subject, const char *what,
                    const char *name, const void *items, size_t count, size_t size,
                    struct error *err)
{
    struct suggestion suggestion = suggestion_for(text_of(name));
    AUTO_BUFFER struct buffer shown = {0};

    for (size_t i = 0; i < count; i++) {
        const char *candidate;

        memcpy(&candidate, (const char *)items + i * size, sizeof(candidate));
        if (strcmp(candidate, name) == 0)
            return 0;
        suggestion_offer(&suggestion, text_of(candidate));
    }
    buffer_init(&shown, ERROR_MESSAGE_BYTES);
    append_found(&shown, text_of(name));
    if (suggestion.best.ptr != NULL)
        return check_fail(loader, subject, err, "there is no %s %s; hint: did you mean \"%s\"?",
                          what, shown.data, suggestion.best.ptr);
    return check_fail(loader, subject, err, "there is no %s %s; hint: declare it below \"%ss:\"",
                      what, shown.data, what);
}

int check_account(const struct loader *loader, struct subject subject, const char *account,
                  struct error *err)
{
    AUTO_BUFFER struct buffer shown = {0};

    if (strlen(account) == 12 && strspn(account, "0123456789") == 12)
        return 0;
    buffer_init(&shown, ERROR_MESSAGE_BYTES);
    append_found(&shown, text_of(account));
    return check_fail(loader, subject, err, "expected an account of 12 digits, found %s",
                      shown.data);
}

int check_bucket(const struct loader *loader, struct subject subject, const char *bucket,
                 bool may_hold_star, struct error *err)
{
    AUTO_BUFFER struct buffer shown = {0};
    const char *possible = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:*";
    size_t fits = strspn(bucket, possible);

    if (bucket[fits] == '\0' && (may_hold_star || strchr(bucket, '*') == NULL))
        return 0;
    buffer_init(&shown, ERROR_MESSAGE_BYTES);
    append_found(&shown, text_of(bucket));
    return check_fail(loader, subject, err, "expected the name of a bucket, found %s%s", shown.data,
                      strchr(bucket, '/') != NULL ? "; hint: a part of the key belongs elsewhere"
                                                  : "");
}

/* Addresses are valid here: bind.c saw to it. */
static bool is_loopback(const char *address)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, address, &v6) != 1)
        return false;
    return IN6_IS_ADDR_LOOPBACK(&v6) ||
           (memcmp(v6.s6_addr, mapped, sizeof(mapped)) == 0 && v6.s6_addr[12] == 127);
}

static bool is_wildcard(const char *address)
{
    struct in6_addr v6;

    return strcmp(address, "0.0.0.0") == 0 ||
           (inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6));
}

static int check_listeners(const struct loader *loader, struct error *err)
{
    const struct config *c = loader->config;
    struct subject port = {&c->admin_port, SECTION_ADMIN, c};
    struct subject token = {&c->admin_address, SECTION_ADMIN, c};
    bool overlap = strcmp(c->listen_address, c->admin_address) == 0 ||
                   is_wildcard(c->listen_address) || is_wildcard(c->admin_address);

    if (c->admin_port != 0 && c->admin_port == c->listen_port && overlap)
        return check_fail(loader, port, err,
                          "port %u is that of listen.port, too; hint: take another one",
                          (unsigned)c->admin_port);
    if (c->admin_token == NULL && !is_loopback(c->admin_address))
        return check_fail(loader, token, err,
                          "%s is reachable from outside, so admin.token is needed; hint: set "
                          "ONPUT_ADMIN_TOKEN, or listen on 127.0.0.1",
                          c->admin_address);
    return 0;
}

static int check_roles(const struct loader *loader, struct error *err)
{
    const struct config *c = loader->config;

    for (size_t i = 0; i < c->role_count; i++) {
        const struct config_role *role = &c->roles[i];
        bool has_key = role->access_key != NULL;
        struct subject subject = {has_key ? &role->access_key : &role->secret_key, SECTION_ROLE,
                                  role};

        if (has_key != (role->secret_key != NULL))
            return check_fail(loader, subject, err, "%s is missing; the two belong together",
                              has_key ? "secret_key" : "access_key");
    }
    return 0;
}

int check_config(struct loader *loader, struct error *err)
{
    if (check_listeners(loader, err) != 0 || check_lambda(loader, err) != 0 ||
        check_users(loader, err) != 0 || check_stores(loader, err) != 0 ||
        check_runtimes(loader, err) != 0 || check_functions(loader, err) != 0 ||
        check_roles(loader, err) != 0)
        return -1;
    return 0;
}
