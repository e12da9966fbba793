/*
 * config_private.h - what the files of this folder share. The way of a configuration:
 *
 *   yaml_tree.c   text -> tree of nodes (tree.c) that know their line and column and whether they
 * were quoted, which a JSON tree could not keep overlay.c     environment and flags are laid over
 * the tree bind.c        tree -> structs, row by row of config_table.def; value.c reads one value
 *   check*.c      what one row cannot know
 *   print.c       replays the records that bind.c made
 */
#ifndef ONPUT_CONFIG_PRIVATE_H
#define ONPUT_CONFIG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onput/config.h"
#include "onput/memory.h"

/* ---- the table ---- */

enum option_type {
    OPTION_TEXT,
    OPTION_TEXTS,   /* one or a list; struct member followed by its count */
    OPTION_SECRET,  /* printable ASCII; also as <key>_file */
    OPTION_SECRETS, /* one or a list; as <key>_file one per line */
    OPTION_ADDRESS,
    OPTION_WORD, /* one of the choices, kept as text */
    OPTION_NAME, /* plain name in a char array of RENDITION_NAME_BYTES */
    OPTION_CHOICE,
    OPTION_FLAGS,
    OPTION_INT,
    OPTION_UINT,
    OPTION_PORT,
    OPTION_BYTES,
    OPTION_DURATION,
    OPTION_BOOL,
    OPTION_COLOUR,
    OPTION_JSON,      /* a mapping, kept as JSON text */
    OPTION_VARIABLES, /* a mapping of names to texts; struct member followed by its count */
    OPTION_TYPE_COUNT
};

enum section_id {
#define SECTION(id, ...) SECTION_##id,
#include "config_table.def"
    SECTION_COUNT
};

enum child_shape { SHAPE_OBJECT, SHAPE_LIST, SHAPE_MAP };

struct section {
    const char *title;
    size_t size; /* of the struct */
};

struct child {
    enum section_id parent;
    const char *key;
    enum child_shape shape;
    enum section_id section;
    size_t offset;
    size_t count_offset;
    size_t max;
    const char *help;
};

struct option {
    enum section_id section;
    const char *key;
    enum option_type type;
    size_t offset;
    const char *fallback; /* NULL: none; config_required: must be given */
    int64_t min;
    int64_t max;
    const char *choices; /* "a|b|c" */
    const char *help;
};

extern const char config_required[];
extern const struct section config_sections[SECTION_COUNT];
extern const struct child config_children[];
extern const size_t config_child_count;
extern const struct option config_options[];
extern const size_t config_option_count;

bool option_is_secret(const struct option *option);
/* The section's option or child of that name, or NULL. */
const struct option *option_find(enum section_id section, struct text key);
const struct child *child_find(enum section_id section, struct text key);
/* The secret option that "<key>_file" stands for, or NULL. */
const struct option *option_find_file(enum section_id section, struct text key);
/* ONPUT_<SECTION>_<KEY> of a top-level option; false when it has none. */
bool option_variable(const struct option *option, char *out, size_t size);
/* Position of `word` among "a|b|c", or -1. */
int choice_find(const char *choices, struct text word);
struct text choice_at(const char *choices, size_t index);

/* ---- where something was written ---- */

enum origin_kind { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_FLAG };

struct origin {
    enum origin_kind kind;
    unsigned line; /* from 1 */
    unsigned column;
    const char *variable; /* name of the variable or flag */
};

/* One step of a path such as functions.thumbs.renditions[0]; the root has no parent. */
struct place {
    const struct place *parent;
    const char *key; /* NULL: a list's item */
    size_t index;
    struct origin origin;
};

/* ---- the tree ---- */

enum { TREE_MAX_NODES = 65536, TREE_MAX_KEYS = 1024 };

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree_node {
    enum tree_kind kind;
    bool is_plain;   /* scalar without quotes */
    bool is_literal; /* from environment or flags: ${VAR} stands for itself */
    struct origin origin;
    struct text scalar; /* NUL-terminated, holds no NUL */
    struct tree_pair *pairs;
    struct tree_node **items;
    size_t count;
    size_t capacity;
};

struct tree_pair {
    struct text key;
    struct origin origin;
    struct tree_node *value;
};

struct tree_node *tree_new(struct arena *a, enum tree_kind kind, struct origin origin);
struct tree_node *tree_get(const struct tree_node *map, struct text key); /* NULL-safe */
void tree_put(struct arena *a, struct tree_node *map, struct tree_pair pair);
void tree_append(struct arena *a, struct tree_node *list, struct tree_node *item);
void tree_remove(struct tree_node *map, struct text key);
struct tree_node *tree_copy(struct arena *a, const struct tree_node *node);
size_t tree_size(const struct tree_node *node); /* number of nodes */
/* A key without a value, or ~: nothing was written there. */
bool tree_is_nothing(const struct tree_node *node);   /* true for NULL, too */
const char *tree_label(const struct tree_node *node); /* "a list" */
void tree_wipe(struct tree_node *node);               /* NULL-safe; overwrites every scalar */

/* ---- records: what was bound, in the order of binding ---- */

enum record_kind { RECORD_OPEN, RECORD_CLOSE, RECORD_OPTION };

struct record {
    enum record_kind kind;
    const struct option *option; /* OPTION */
    void *address;               /* of the option's member, or of the section's struct */
    enum section_id section;     /* OPEN */
    const struct place *place;   /* of the option or the section */
};

struct config_origins {
    const char *name;  /* of the file, for messages */
    bool is_placeless; /* the text is nobody's file: messages name options and no lines */
    struct record *records;
    size_t count;
    size_t capacity;
};

struct loader {
    struct config *config;
    struct config_origins *origins;
    const char *const *environment; /* never NULL */
    struct arena tree;
    size_t substituted_bytes;
};

void origins_add(struct config_origins *origins, struct record record);
const struct record *origins_option(const struct config_origins *origins, const void *member);
const struct record *origins_section(const struct config_origins *origins, enum section_id section,
                                     const void *base);
/* True when it was written by somebody, not taken from the table. */
bool origins_is_given(const struct config_origins *origins, const void *member);
void origins_release(struct config_origins *origins); /* wipes the secrets that it knows of */

struct place *place_new(struct arena *a, const struct place *parent, const char *key, size_t index,
                        struct origin origin);
/* Puts "file:line:column: path.key: " in front of the message; `key` may be NULL. Returns -1. */
int place_prefix(const struct config_origins *origins, const struct place *place, const char *key,
                 struct origin origin, struct error *err);
/* Same, for a message made on the way. */
int place_fail(const struct config_origins *origins, const struct place *place, struct error *err,
               const char *fmt, ...) PRINTF_LIKE(4, 5);

/* ---- the steps ---- */

/* *out is NULL for a file without content; `name` NULL: messages without a place. */
MUST_CHECK int yaml_tree_parse(struct text yaml, const char *name, struct arena *a,
                               struct tree_node **out, struct error *err);
/* Lays environment and flags over the tree. */
MUST_CHECK int overlay_apply(struct loader *loader, const char *const *flags,
                             struct tree_node *root, struct error *err);
MUST_CHECK int bind_root(struct loader *loader, struct tree_node *root, struct error *err);
/* One function, `root` being what stands below its name. */
MUST_CHECK int bind_function(struct loader *loader, struct tree_node *root,
                             struct config_function *function, struct error *err);
MUST_CHECK int check_config(struct loader *loader, struct error *err);
MUST_CHECK int check_lambda(struct loader *loader, struct error *err);
MUST_CHECK int check_stores(struct loader *loader, struct error *err);
MUST_CHECK int check_functions(struct loader *loader, struct error *err);
/* What needs no other section: all but the store and the role that it names. */
MUST_CHECK int check_function_alone(const struct loader *loader, struct config_function *function,
                                    struct error *err);
MUST_CHECK int check_users(struct loader *loader, struct error *err);
MUST_CHECK int check_runtimes(struct loader *loader, struct error *err);
/* Which of builtin, command and runtime it is, and that the rest suits it. */
MUST_CHECK int check_function_kind(const struct loader *loader, struct config_function *function,
                                   struct error *err);

/* What a check's message is about: a member that was given, else the section without it. */
struct subject {
    const void *member;
    enum section_id section;
    const void *base;
};
int check_fail(const struct loader *loader, struct subject subject, struct error *err,
               const char *fmt, ...) PRINTF_LIKE(4, 5);
/* `name` must be among `count` names, the first members of structs of `size` bytes at `items`. */
MUST_CHECK int check_reference(const struct loader *loader, struct subject subject,
                               const char *what, const char *name, const void *items, size_t count,
                               size_t size, struct error *err);
MUST_CHECK int check_account(const struct loader *loader, struct subject subject,
                             const char *account, struct error *err);
MUST_CHECK int check_bucket(const struct loader *loader, struct subject subject, const char *bucket,
                            bool may_hold_star, struct error *err);

/* ---- values ---- */

/* Reads a text as the option's type into the member. Messages have no place yet and no secret. */
MUST_CHECK int value_parse(const struct option *option, struct text t, struct arena *a,
                           void *member, struct error *err);
MUST_CHECK int value_parse_lines(const struct option *option, struct text t, struct arena *a,
                                 void *member, struct error *err);
/* For TEXTS, SECRETS: one entry. */
MUST_CHECK int value_parse_entry(const struct option *option, struct text t, struct arena *a,
                                 const char **out, struct error *err);
/* The member as it is written in the file, secrets as "***". */
void value_print(const struct option *option, const void *member, struct buffer *out);
/* "a whole number from 1 to 100" */
void value_expectation(const struct option *option, struct buffer *out);

void quantity_append_bytes(struct buffer *out, int64_t bytes); /* "64MiB" */
void quantity_append_duration(struct buffer *out, int64_t ms); /* "90s" */

/* A value for a message: quoted, escaped and cut. */
void append_found(struct buffer *out, struct text t);
/* Letters, digits, "-" and "_", at most 63: safe in a path, a key, a URL, a log line. */
bool name_is_plain(struct text t);
/* The same with dots: "python3.12". */
bool name_is_dotted(struct text t);

/* variables.c: one environment variable of a function; messages have no place yet. */
MUST_CHECK int variable_check(struct text name, struct text value, struct error *err);
/* All of one function together, of which `option` says how many bytes they may have. */
MUST_CHECK int variables_check(const struct option *option, const struct config_variable *variables,
                               size_t count, struct error *err);

/* ---- surroundings ---- */

/* Value of NAME, or content of the file that NAME_FILE names, or *out->ptr NULL. *out_variable says
 * which. */
MUST_CHECK int environment_find(const char *const *environment, const char *name, struct arena *a,
                                struct text *out, const char **out_variable, struct error *err);
MUST_CHECK int secret_file_read(const char *path, struct arena *a, struct text *out,
                                struct error *err);
/*
 * ${VAR}, ${VAR:-default} and $$. `keeps_policy_variables` leaves ${aws:username} and its kin
 * alone. *out is in the configuration's arena.
 */
MUST_CHECK int substitute(struct loader *loader, struct text t, bool keeps_policy_variables,
                          struct text *out, struct error *err);

/* ---- "did you mean" ---- */

struct suggestion {
    struct text word;
    struct text best; /* ptr NULL: nothing is near enough */
    size_t distance;
};
struct suggestion suggestion_for(struct text word);
void suggestion_offer(struct suggestion *s, struct text candidate);

#endif
