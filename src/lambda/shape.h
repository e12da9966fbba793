/*
 * shape.h - what a request may look like: patterns, tables of members, and the check by them.
 *
 * Lambda checks a request in two goes. Values of the wrong JSON type are a SerializationException;
 * then every violated constraint is collected into one ValidationException, in the words of AWS's
 * service framework, which clients and tests compare.
 *
 *   patterns.c, patterns_config.c   AWS's regular expressions as predicates
 *   members_*.c                     the tables
 *   shape.c, shape_text.c           the check, and its words
 */
#ifndef ONPUT_LAMBDA_SHAPE_H
#define ONPUT_LAMBDA_SHAPE_H

#include "lambda_private.h"

/* ---- patterns ---- */

extern const struct pattern pattern_function_namespaced, pattern_function_plain,
    pattern_function_url, pattern_function_unqualified, pattern_qualifier, pattern_url_qualifier,
    pattern_alias, pattern_version, pattern_version_number, pattern_statement_id,
    pattern_statement_id_dotted, pattern_action, pattern_no_space, pattern_arn, pattern_account,
    pattern_event_token, pattern_org_id, pattern_destination, pattern_taggable, pattern_region_all;
extern const struct pattern pattern_role, pattern_resource, pattern_bucket, pattern_any,
    pattern_variable_name, pattern_tag, pattern_subnet, pattern_security_group, pattern_layer,
    pattern_file_system, pattern_mount_path, pattern_log_group, pattern_code_signing;

/* Pieces of patterns. */
bool is_letter_or_digit(unsigned char c);
bool is_name_byte(unsigned char c); /* [a-zA-Z0-9-_] */
bool is_digit_byte(unsigned char c);
/* Whole, not empty, every byte of the class. */
bool text_all(struct text t, bool (*is)(unsigned char));
/* Cuts the literal, or the longest run of a class, off the front. */
bool scan_literal(struct text *rest, const char *literal);
size_t scan_run(struct text *rest, bool (*is)(unsigned char));
bool text_is_region(struct text t);
bool text_is_account(struct text t);

/* The parts of a FunctionName label; what was not there is empty. */
struct function_label {
    struct text region;
    struct text account;
    struct text name;
    struct text qualifier;
    bool has_qualifier;
};
/* Splits only: whether name and qualifier are fine is for a pattern. */
void function_label_split(struct text label, struct function_label *out);

/* ---- tables: rows for struct member ---- */

#define MEMBER(place_, name_, type_, ...)                                                          \
    {                                                                                              \
        .name = (name_), .place = (place_), .type = TYPE_##type_, __VA_ARGS__                      \
    }
#define BODY(name_, type_, ...)   MEMBER(IN_BODY, name_, type_, __VA_ARGS__)
#define QUERY(name_, type_, ...)  MEMBER(IN_QUERY, name_, type_, __VA_ARGS__)
#define PATH(name_, ...)          MEMBER(IN_PATH, name_, STRING, .required = true, __VA_ARGS__)
#define HEADER(name_, wire_, ...) MEMBER(IN_HEADER, name_, STRING, .wire = (wire_), __VA_ARGS__)
#define AT_LEAST(n)               .has_min = true, .min = (n)
#define AT_MOST(n)                .has_max = true, .max = (n)
#define BETWEEN(a, b)             AT_LEAST(a), AT_MOST(b)
#define MATCHES(p)                .pattern = &pattern_##p
#define CHILDREN(rows)            .children = (rows), .child_count = ARRAY_LEN(rows)

#define PATH_FUNCTION_NAMESPACED PATH("FunctionName", BETWEEN(1, 256), MATCHES(function_namespaced))
#define PATH_FUNCTION_PLAIN      PATH("FunctionName", BETWEEN(1, 140), MATCHES(function_plain))
#define PATH_FUNCTION_URL        PATH("FunctionName", BETWEEN(1, 140), MATCHES(function_url))
#define QUERY_QUALIFIER          QUERY("Qualifier", STRING, BETWEEN(1, 128), MATCHES(qualifier))
#define PAGE_SIZE(most)          QUERY("MaxItems", INTEGER, BETWEEN(1, most))
#define QUERY_PAGE(most)         QUERY("Marker", STRING), PAGE_SIZE(most)
#define BODY_REVISION            BODY("RevisionId", STRING)

#define MEMBERS(rows_)                                                                             \
    {                                                                                              \
        .rows = (rows_), .count = ARRAY_LEN(rows_)                                                 \
    }

extern const struct members members_add_permission, members_alias, members_create_alias,
    members_create_function, members_create_url, members_event_invoke_config, members_function,
    members_function_page, members_invoke, members_invoke_async, members_invoke_configs_page,
    members_invoke_stream, members_list_aliases, members_list_functions, members_namespaced,
    members_publish_version, members_put_concurrency, members_qualified, members_remove_permission,
    members_tag, members_tagged, members_unqualified, members_untag, members_update_alias,
    members_update_code, members_update_configuration, members_update_url, members_url,
    members_url_page;

/* ---- the check ---- */

struct shape_fault {
    enum lambda_error error;
    const char *message; /* in the arena */
};

/* Adds the members of a JSON body to `input`. An empty body has none. */
bool shape_read_body(const struct operation *op, struct text body, struct json_object *input,
                     struct arena *arena, struct shape_fault *fault);
/* A text of the wire, by the type of its member. False: it is none of that type. */
bool shape_from_text(enum member_type type, struct text t, struct json_object **out);
/*
 * Checks `input` and leaves only members that the operation knows in it, on all levels, and no
 * nulls. Messages are bounded, whatever the input.
 */
bool shape_check(const struct operation *op, struct json_object *input, struct arena *arena,
                 struct shape_fault *fault);

/* ---- words: shape_text.c ---- */

/* AWS's framework speaks Java: a list is [a, b], a map {k=v}. Cut beyond a bound. */
void shape_write_value(struct json_object *value_or_null, struct buffer *out);
/* "Member must have length less than or equal to 64, ...": all that holds for the member. */
void shape_write_constraints(const struct member *m, struct buffer *out);
/* UTF-16 units, as AWS counts. */
int64_t shape_text_length(struct text t);

#endif
