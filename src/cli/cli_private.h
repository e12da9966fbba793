/*
 * cli_private.h - verbs, their flags, and what they share.
 */
#ifndef ONPUT_CLI_PRIVATE_H
#define ONPUT_CLI_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "onput/catalog.h"
#include "onput/config.h"
#include "onput/error.h"
#include "onput/http_client.h"
#include "onput/json.h"

enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILED = 1, /* the work itself failed */
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_CONFIG = 3,
    EXIT_CODE_UNREACHABLE = 4, /* a store or the daemon cannot be reached, or refuses */
};

enum { CLI_MAX_SETS = 64, CLI_MAX_OPERANDS = 16 };

/* Every flag of every verb; a verb names the ones that it takes. */
struct cli_args {
    const char *config;
    const char *sets[CLI_MAX_SETS + 1]; /* --set section.key=value */
    size_t set_count;
    bool json;
    bool print;
    bool keep;
    bool help;
    bool held;
    bool all;
    const char *dir;
    const char *function;
    const char *source_arn;
    const char *source_account;
    const char *principal;
    const char *action;
    const char *store;
    const char *user;
    const char *event;
    /* values of sample events */
    const char *bucket;
    const char *key;
    const char *region;
    const char *account_id;
    const char *partition;
    const char *dns_suffix;
    const char *queue_name;
    const char *body;
    const char *topic;
    const char *subject;
    const char *message;
    const char *stream;
    const char *partition_key;
    const char *sequence;
    const char *data;
    const char *table;
    const char *method;
    const char *resource;
    const char *path;
    const char *stage;
    const char *rule;
    const char *operands[CLI_MAX_OPERANDS];
    size_t operand_count;
};

struct cli_verb {
    const char *name;
    const char *usage; /* behind "onput " */
    const char *help;  /* one line */
    const char *flags; /* names separated by spaces */
    size_t max_operands;
    const char *examples;
    int (*run)(const struct cli_args *args);
};

/* args.c: false after it has printed what is wrong. */
bool cli_parse(const struct cli_verb *verb, int argc, char **argv, struct cli_args *out);
void cli_print_flags(const struct cli_verb *verb);

/* verbs.c */
const struct cli_verb *cli_find_verb(const char *name);
void cli_print_help(void);
void cli_print_verb_help(const struct cli_verb *verb);
void cli_suggest_verb(const char *name);

/* common.c: prints "onput: message" and returns the code. */
int cli_fail(int code, const struct error *err);
struct config_source cli_config_source(const struct cli_args *args);
/* Loads the configuration; on failure prints why and returns NULL. */
struct config *cli_load_config(const struct cli_args *args);
/* The same, resolved; the caller unrefs it. */
struct catalog *cli_load_catalog(const struct cli_args *args);
struct text cli_or_default(const char *value_or_null, const char *fallback);
void cli_open_log(const struct config *config);
/* "host:port" to reach a listener of this machine's daemon at (arena). */
const char *cli_host(const char *address, uint16_t port, struct arena *arena);

/*
 * admin_client.c: one call to the running daemon's admin listener. The caller releases *out with
 * json_object_put().
 */
MUST_CHECK int admin_call(const struct config *config, const char *method, const char *path,
                          struct json_object **out, struct error *err);

/* lambda_client.c: Invoke, signed as a user of the configuration. */
struct lambda_request {
    const char *user; /* NULL: the first root, else the first one */
    const char *function;
    const struct http_header *headers;
    size_t header_count;
    struct text body;
};
/* Any answer is success; the caller releases *out with http_reply_release(). ERROR_NOT_FOUND: the
 * configuration has no such user. */
MUST_CHECK int lambda_invoke(const struct catalog *catalog, const struct lambda_request *request,
                             struct http_reply *out, struct error *err);

int cmd_serve(const struct cli_args *args);
int cmd_demo(const struct cli_args *args);
int cmd_check(const struct cli_args *args);
int cmd_policy(const struct cli_args *args);
int cmd_queue(const struct cli_args *args);
int cmd_dlq(const struct cli_args *args);
int cmd_invoke(const struct cli_args *args);
int cmd_generate_event(const struct cli_args *args);
int cmd_health(const struct cli_args *args);
int cmd_version(const struct cli_args *args);
int cmd_help(const struct cli_args *args);

#endif
