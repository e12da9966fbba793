/*
 * config.h - the configuration: one table of options, from file, environment and flags.
 *
 * src/config/config_table.def has a row per option: section, key, type, default, bounds, unit and
 * one line of help. Parser, checks, `onput serve --help`, `onput check --print` and the README's
 * table come from it. Precedence: flags > environment > file > defaults. The environment variable
 * of a top-level option is ONPUT_<SECTION>_<KEY>; the names that people export already are honoured
 * for a single store: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION,
 * AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_CA_BUNDLE.
 *
 * In the file, ${VAR} and ${VAR:-default} are replaced inside scalars (a missing VAR without
 * default is an error; "$$" is a dollar), and an option of type secret may be given as <key>_file:
 * path, whose content is the value. Wherever a variable NAME counts, NAME_FILE does, too: the path
 * of a file with its value. Empty ONPUT_ and AWS_ variables are as good as none. Policies keep
 * their own variables: ${aws:username}. Paths are relative to the working directory.
 *
 * The file is YAML (JSON is YAML): duplicate keys, unknown keys, wrong types and impossible values
 * are refused with file, line, column and a hint ("did you mean ..."). Scalars are typed by the
 * table, never guessed. Depth, size and aliases are bounded.
 *
 * A struct config is const after loading and is freed as a whole. Texts are NUL-terminated strings
 * of its arena; an option that was not given is NULL or 0 as its row says.
 */
#ifndef ONPUT_CONFIG_H
#define ONPUT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/arena.h"
#include "onput/buffer.h"
#include "onput/error.h"
#include "onput/log.h"
#include "onput/rendition.h"

enum { CONFIG_MAX_FILE_BYTES = 1024 * 1024, CONFIG_MAX_DEPTH = 16, CONFIG_MAX_ALIASES = 16 };

/* How a webhook caller proves that it is the store. */
enum config_webhook_auth {
    CONFIG_AUTH_TOKEN, /* webhook_token: "Bearer T", "<scheme> T" or the bare token in Authorization
                        */
    CONFIG_AUTH_SECRET, /* webhook_secret: a last path segment,
                           /events/<store>/<secret>[/<function>] */
    CONFIG_AUTH_NONE,   /* anybody who reaches the port; must be written out: webhook_auth: none */
};

enum config_on_denied { CONFIG_DENIED_HOLD, CONFIG_DENIED_REJECT };

struct config_notification {
    const char *bucket;  /* may hold * */
    const char **events; /* "s3:ObjectCreated:*" (default) */
    size_t event_count;
    const char *prefix; /* of the decoded key; "" for any */
    const char *suffix;
    const char *function;
};

struct config_store {
    const char *name;
    const char *endpoint;
    const char *region;     /* us-east-1 */
    const char *account;    /* 12 digits; 000000000000 */
    const char *addressing; /* "path" or "virtual" or "auto" */
    const char *ca_file;
    const char *access_key;
    const char *secret_key;
    const char *session_token;
    enum config_webhook_auth webhook_auth;
    const char **webhook_tokens; /* any of them; several while they are rotated */
    size_t webhook_token_count;
    const char *webhook_secret;
    const char *principal; /* s3.amazonaws.com */
    enum config_on_denied on_denied;
    bool sts; /* the store offers AssumeRole: role calls run on temporary credentials */
    struct config_notification *notifications;
    size_t notification_count;
};

/* Either a whole statement, or the short form that AddPermission takes. */
struct config_permission {
    const char *statement_json; /* NULL in the short form; every scalar in it is a string */
    const char *statement_id;
    const char *principal;
    const char *action; /* lambda:InvokeFunction; NULL beside a statement */
    const char *source_arn;
    const char *source_account;
};

/* One environment variable of a function. */
struct config_variable {
    const char *name;
    const char *value;
};

/*
 * Exactly one of builtin, command and runtime is given in the file. What is resolved from a row of
 * the catalog has builtin, or command with directory, handler and runtime.
 */
struct config_function {
    const char *name;
    const char *builtin;  /* "thumbnail", "echo", "context"; NULL: a process of its own */
    const char **command; /* words, ended by NULL; see start_command.h for those of a runtime */
    size_t command_count;
    const char *runtime;   /* "python3.11"; NULL beside a command: provided.al2023 */
    const char *directory; /* with its code; where the command runs; absolute when resolved */
    const char *handler;   /* "app.handler"; NULL: the function's name */
    int64_t memory_bytes;
    struct config_variable *environment;
    size_t environment_count;
    const char *store; /* whose endpoint and credentials it is told; NULL: the first one */
    struct rendition *renditions;
    size_t rendition_count;
    const char *output_bucket;
    const char *output_store; /* NULL: the event's store */
    const char *output_key;   /* template; default {bucket}/{key}/{rendition}.{ext} */
    const char *cache_control;
    struct config_permission *permissions;
    size_t permission_count;
    const char *role; /* NULL: a role that may read the notified buckets and write the output */
    int64_t timeout_ms;
    int64_t max_attempts;
    int64_t backoff_ms;
    int64_t backoff_cap_ms;
    int64_t concurrency; /* 0: no limit of its own */
};

struct config_role {
    const char *name;
    const char *policy_json; /* identity policy; every scalar in it is a string */
    const char *access_key;  /* NULL: the store's */
    const char *secret_key;
    const char *role_arn;
};

/* How functions of a Lambda runtime are started here. */
struct config_runtime {
    const char *name;     /* "python3.12" */
    const char **command; /* words, ended by NULL, with {handler} and {directory} */
    size_t command_count;
};

/* Somebody who may call the Lambda API. */
struct config_user {
    const char *name;
    const char *access_key;
    const char *secret_key;
    const char *session_token; /* NULL: none */
    const char *account;       /* NULL: the one of the functions */
    const char *policy_json;   /* identity policy; NULL: none; every scalar in it is a string */
    bool root;                 /* the account itself: may everything that is not denied */
};

struct config {
    /* lambda */
    const char *lambda_region;       /* NULL: the first store's */
    const char *lambda_account;      /* NULL: the first store's */
    const char *lambda_function_url; /* template with {id}, {region}, {port} */
    struct config_user *users;
    size_t user_count;
    /* listen */
    const char *listen_address; /* 127.0.0.1 */
    uint16_t listen_port;       /* 8080; 0: the kernel chooses */
    const char *admin_address;  /* 127.0.0.1 */
    uint16_t admin_port;        /* 8081 */
    const char *admin_token;    /* needed when admin_address is not loopback */
    int64_t listen_connections;
    int64_t listen_threads;
    /* state */
    const char *state_dir;
    int64_t queue_max_rows;
    int64_t queue_dedupe_window_ms;
    int64_t queue_min_free_bytes;
    /* log */
    enum log_level log_level;
    enum log_format log_format;
    /* workers */
    const char *worker_program; /* NULL: onput-worker beside the onput program */
    int64_t worker_count;       /* 0: one per core */
    int64_t worker_timeout_ms;
    int64_t worker_memory_bytes;
    int64_t job_threads; /* 0: two per worker plus two */
    int64_t drain_timeout_ms;
    /* runtime */
    const char *runner_program; /* NULL: onput-runner beside the onput program */
    int64_t runtime_processes;  /* of all functions together */
    int64_t runtime_idle_timeout_ms;
    int64_t runtime_init_timeout_ms;
    int64_t runtime_pids;        /* processes and threads of one function process */
    int64_t runtime_cpu_percent; /* 0: no limit */
    int64_t runtime_uid_base;    /* 0: the daemon's user */
    struct config_runtime *runtimes;
    size_t runtime_count;
    /* limits */
    int64_t limit_body_bytes;
    int64_t limit_object_bytes;
    int64_t limit_pixels;
    int64_t limit_edge;
    int64_t limit_frames;
    int64_t limit_scans;
    int64_t limit_output_bytes;

    struct config_store *stores;
    size_t store_count;
    struct config_function *functions;
    size_t function_count;
    struct config_role *roles;
    size_t role_count;

    const char *path; /* of the file, NULL when there was none */
    struct arena arena;
    struct config_origins *origins; /* where each value came from; for config_print() */
};

struct config_source {
    const char *path;               /* NULL: no file */
    const char *const *environment; /* "NAME=value" list ending in NULL, as environ */
    const char *const *flags;       /* "section.key=value" list ending in NULL, from --set and named
                                       flags; may be NULL */
};

/* Loads, checks and resolves. The message has "file:line:column: what; hint". The caller frees *out
 * with config_free(). */
MUST_CHECK int config_load(const struct config_source *source, struct config **out,
                           struct error *err);
/* Same for text in memory (tests, fuzzing, demo); `name` stands for the file in messages. */
MUST_CHECK int config_load_text(struct text yaml, const char *name,
                                const struct config_source *source, struct config **out,
                                struct error *err);
void config_free(struct config *config); /* NULL-safe; wipes secrets */

/*
 * One function's settings, as they stand below functions.NAME, from text in memory: the API's way
 * in. Everything is in the arena. ${VAR} and "$$" stand for themselves. That output.store and role
 * exist is for the caller to see. The message begins with the option's path, "renditions[0].width",
 * and has no file.
 */
MUST_CHECK int config_read_function(struct text yaml, const char *name, struct arena *arena,
                                    struct config_function *out, struct error *err);
/* The renditions as a JSON list that config_read_function() takes, without what is at its default.
 */
void config_write_renditions(const struct config_function *f, struct buffer *out);

/* The effective configuration as YAML with secrets and what functions are told in environment
 * variables as "***", and the origin of each value as a comment. */
void config_print(const struct config *config, struct buffer *out);
/* The options for --help, and as the README's Markdown table. */
void config_help(struct buffer *out);
void config_markdown(struct buffer *out);

/* Is that an environment variable which functions are told by onput, and by nobody else? */
bool config_variable_is_reserved(struct text name);

/* "64MiB", "10MB", "1024"; "500ms", "30s", "5m", "2h". For the table's types. */
MUST_CHECK int parse_bytes(struct text t, int64_t min, int64_t max, int64_t *out,
                           struct error *err);
MUST_CHECK int parse_duration_ms(struct text t, int64_t min, int64_t max, int64_t *out,
                                 struct error *err);

#endif
