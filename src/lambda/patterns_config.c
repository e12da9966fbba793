/*
 * patterns_config.c - AWS's regular expressions for the members of a function's configuration.
 */
#include "shape.h"

#define REGION "(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}"

static bool is_lower_or_digit(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || is_digit_byte(c);
}

static bool is_lower_hex(unsigned char c)
{
    return is_digit_byte(c) || (c >= 'a' && c <= 'f');
}

static bool is_letter(unsigned char c)
{
    return is_letter_or_digit(c) && !is_digit_byte(c);
}

static bool is_letter_or_dash(unsigned char c)
{
    return is_letter(c) || c == '-';
}

static bool is_path_byte(unsigned char c)
{
    return is_letter_or_digit(c) || (c != '\0' && strchr("_+=,.@-/", c) != NULL);
}

static bool is_service_byte(unsigned char c)
{
    return is_lower_or_digit(c) || c == '-' || c == '.';
}

static bool is_bucket_byte(unsigned char c)
{
    return is_name_byte(c) || c == '.';
}

static bool is_variable_byte(unsigned char c)
{
    return is_letter_or_digit(c) || c == '_';
}

/* Letters, numbers and blanks of every script are let in: every byte beyond ASCII. */
static bool is_tag_byte(unsigned char c)
{
    return c >= 0x80 || is_letter_or_digit(c) || (c != '\0' && strchr(" _.:/=+-@", c) != NULL);
}

static bool is_group_byte(unsigned char c)
{
    return is_letter_or_digit(c) || (c != '\0' && strchr(".-_/#", c) != NULL);
}

static bool is_dotted_name_byte(unsigned char c)
{
    return is_name_byte(c) || c == '.';
}

/* "arn:(aws[a-zA-Z-]*)?:" */
static bool scan_arn_front(struct text *t)
{
    if (!scan_literal(t, "arn:"))
        return false;
    if (scan_literal(t, "aws"))
        scan_run(t, is_letter_or_dash);
    return scan_literal(t, ":");
}

static bool matches_any(struct text t)
{
    return text_find(t, '\n') == t.len && text_find(t, '\r') == t.len;
}

static bool matches_role(struct text t)
{
    return scan_arn_front(&t) && scan_literal(&t, "iam::") && text_is_account(text_cut(&t, ':')) &&
           scan_literal(&t, "role") && text_all(t, is_path_byte);
}

static bool matches_resource(struct text t)
{
    return t.len == 0 || (scan_arn_front(&t) && scan_run(&t, is_service_byte) > 0 &&
                          scan_literal(&t, ":") && matches_any(t));
}

static bool matches_bucket(struct text t)
{
    return t.len == 0 || (text_all(t, is_bucket_byte) && t.ptr[t.len - 1] != '.');
}

static bool matches_variable_name(struct text t)
{
    return t.len >= 2 && is_letter((unsigned char)t.ptr[0]) && text_all(t, is_variable_byte);
}

static bool matches_tag(struct text t)
{
    return t.len == 0 || (text_all(t, is_tag_byte) && text_is_utf8(t));
}

static bool matches_subnet(struct text t)
{
    return scan_literal(&t, "subnet-") && (t.len == 0 || text_all(t, is_lower_or_digit));
}

static bool matches_security_group(struct text t)
{
    return scan_literal(&t, "sg-") && (t.len == 0 || text_all(t, is_letter_or_digit));
}

static bool is_letter_digit_dash(unsigned char c)
{
    return is_letter_or_digit(c) || c == '-';
}

static bool matches_aws_layer(struct text t)
{
    return scan_literal(&t, "arn:") && scan_run(&t, is_letter_digit_dash) > 0 &&
           scan_literal(&t, ":lambda:::awslayer:") && text_all(t, is_name_byte);
}

static bool matches_layer(struct text t)
{
    if (matches_aws_layer(t))
        return true;
    return scan_arn_front(&t) && scan_literal(&t, "lambda:") && text_is_region(text_cut(&t, ':')) &&
           text_is_account(text_cut(&t, ':')) && scan_literal(&t, "layer:") &&
           scan_run(&t, is_name_byte) > 0 && scan_literal(&t, ":") && text_all(t, is_digit_byte);
}

static bool matches_file_system(struct text t)
{
    if (!scan_literal(&t, "arn:aws"))
        return false;
    scan_run(&t, is_letter_or_dash);
    return scan_literal(&t, ":elasticfilesystem:") && text_is_region(text_cut(&t, ':')) &&
           text_is_account(text_cut(&t, ':')) && scan_literal(&t, "access-point/fsap-") &&
           t.len == 17 && text_all(t, is_lower_hex);
}

static bool matches_mount_path(struct text t)
{
    return scan_literal(&t, "/mnt/") && text_all(t, is_dotted_name_byte);
}

static bool matches_log_group(struct text t)
{
    return text_all(t, is_group_byte);
}

static bool matches_code_signing(struct text t)
{
    return scan_arn_front(&t) && scan_literal(&t, "lambda:") && text_is_region(text_cut(&t, ':')) &&
           text_is_account(text_cut(&t, ':')) && scan_literal(&t, "code-signing-config:csc-") &&
           t.len == 17 && text_all(t, is_lower_or_digit);
}

const struct pattern pattern_role = {
    "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+", matches_role};
const struct pattern pattern_resource = {"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()",
                                         matches_resource};
const struct pattern pattern_bucket = {"[0-9A-Za-z\\.\\-_]*(?<!\\.)", matches_bucket};
const struct pattern pattern_any = {".*", matches_any};
const struct pattern pattern_variable_name = {"[a-zA-Z]([a-zA-Z0-9_])+", matches_variable_name};
const struct pattern pattern_tag = {"([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", matches_tag};
const struct pattern pattern_subnet = {"subnet-[0-9a-z]*", matches_subnet};
const struct pattern pattern_security_group = {"sg-[0-9a-zA-Z]*", matches_security_group};
const struct pattern pattern_layer = {"(arn:(aws[a-zA-Z-]*)?:lambda:" REGION
                                      ":\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|"
                                      "(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)",
                                      matches_layer};
const struct pattern pattern_file_system = {"arn:aws[a-zA-Z-]*:elasticfilesystem:" REGION
                                            ":\\d{12}:access-point/fsap-[a-f0-9]{17}",
                                            matches_file_system};
const struct pattern pattern_mount_path = {"/mnt/[a-zA-Z0-9-_.]+", matches_mount_path};
const struct pattern pattern_log_group = {"[\\.\\-_/#A-Za-z0-9]+", matches_log_group};
const struct pattern pattern_code_signing = {"arn:(aws[a-zA-Z-]*)?:lambda:" REGION
                                             ":\\d{12}:code-signing-config:csc-[a-z0-9]{17}",
                                             matches_code_signing};
