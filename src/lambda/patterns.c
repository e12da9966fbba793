/*
 * patterns.c - AWS's regular expressions for identifiers, qualifiers and permissions, as
 * predicates.
 *
 * The text is what clients see in messages; the function beside it says the same by hand, because a
 * regular expression of outside bytes has no bound on its time. patterns_config.c has the rest.
 */
#include "shape.h"

#define REGION      "(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}"
#define LABEL_FRONT "(arn:(aws[a-zA-Z-]*)?:lambda:)?(" REGION ":)?(\\d{12}:)?(function:)?"
#define ANY_ARN     "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:(" REGION ")?:(\\d{12})?:(.*)"

/* ---- pieces ---- */

bool is_digit_byte(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_letter(unsigned char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

bool is_letter_or_digit(unsigned char c)
{
    return is_letter(c) || is_digit_byte(c);
}

bool is_name_byte(unsigned char c)
{
    return is_letter_or_digit(c) || c == '-' || c == '_';
}

static bool is_dotted_name_byte(unsigned char c)
{
    return is_name_byte(c) || c == '.';
}

static bool is_qualifier_byte(unsigned char c)
{
    return is_name_byte(c) || c == '$';
}

static bool is_letter_or_dash(unsigned char c)
{
    return is_letter(c) || c == '-';
}

static bool is_letter_digit_dash(unsigned char c)
{
    return is_letter_or_digit(c) || c == '-';
}

static bool is_lower_or_digit(unsigned char c)
{
    return is_lower(c) || is_digit_byte(c);
}

static bool is_hex(unsigned char c)
{
    return is_digit_byte(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Java's \s */
static bool is_no_space(unsigned char c)
{
    return c != ' ' && (c < '\t' || c > '\r');
}

size_t scan_run(struct text *rest, bool (*is)(unsigned char))
{
    size_t n = 0;
    while (n < rest->len && is((unsigned char)rest->ptr[n]))
        n++;
    *rest = text_slice(*rest, n, rest->len);
    return n;
}

bool scan_literal(struct text *rest, const char *literal)
{
    struct text prefix = text_of(literal);
    if (!text_starts_with(*rest, prefix))
        return false;
    *rest = text_slice(*rest, prefix.len, rest->len);
    return true;
}

bool text_all(struct text t, bool (*is)(unsigned char))
{
    return scan_run(&t, is) > 0 && t.len == 0;
}

bool text_is_account(struct text t)
{
    return t.len == 12 && text_all(t, is_digit_byte);
}

/* "-[a-z]+-\d{1}" */
static bool is_region_tail(struct text t)
{
    return scan_literal(&t, "-") && scan_run(&t, is_lower) > 0 && scan_literal(&t, "-") &&
           t.len == 1 && is_digit_byte((unsigned char)t.ptr[0]);
}

bool text_is_region(struct text t)
{
    scan_literal(&t, "eusc-");
    if (t.len < 2 || !text_all(text_slice(t, 0, 2), is_lower))
        return false;
    t = text_slice(t, 2, t.len);
    if (is_region_tail(t))
        return true;
    if (scan_literal(&t, "-gov"))
        return is_region_tail(t);
    if (!scan_literal(&t, "-iso"))
        return false;
    return is_region_tail(t) || (t.len > 0 && is_lower((unsigned char)t.ptr[0]) &&
                                 is_region_tail(text_slice(t, 1, t.len)));
}

/* ---- function identifiers ---- */

/* "(aws[a-zA-Z-]*)?" */
static bool is_partition(struct text t)
{
    return t.len == 0 ||
           (scan_literal(&t, "aws") && (t.len == 0 || text_all(t, is_letter_or_dash)));
}

static bool is_function_word(struct text t)
{
    return text_is(t, "function");
}

/* An optional part in front of the name. What follows decides, too: in "function:$LATEST" the word
 * is the name. */
static bool cut_part(struct text *rest, bool (*is)(struct text), struct text *out)
{
    size_t colon = text_find(*rest, ':');
    if (colon == rest->len || !is(text_slice(*rest, 0, colon)))
        return false;
    struct text after = text_slice(*rest, colon + 1, rest->len);
    if (after.len == 0 || after.ptr[0] == '$')
        return false;
    *out = text_slice(*rest, 0, colon);
    *rest = after;
    return true;
}

static void cut_arn_front(struct text *rest)
{
    struct text after = *rest;
    if (!scan_literal(&after, "arn:") || !is_partition(text_cut(&after, ':')) ||
        !scan_literal(&after, "lambda:") || after.len == 0)
        return;
    *rest = after;
}

void function_label_split(struct text label, struct function_label *out)
{
    struct text rest = label, word;
    *out = (struct function_label){.region = TEXT(""), .account = TEXT(""), .qualifier = TEXT("")};
    cut_arn_front(&rest);
    (void)cut_part(&rest, text_is_region, &out->region);
    (void)cut_part(&rest, text_is_account, &out->account);
    (void)cut_part(&rest, is_function_word, &word);
    out->has_qualifier = text_find(rest, ':') < rest.len;
    out->name = text_cut(&rest, ':');
    if (out->has_qualifier)
        out->qualifier = rest;
}

static bool matches_namespaced(struct text t)
{
    struct function_label l;
    function_label_split(t, &l);
    return text_all(l.name, is_dotted_name_byte) &&
           (!l.has_qualifier || text_is(l.qualifier, "$LATEST") ||
            text_is(l.qualifier, "$LATEST.PUBLISHED") || text_all(l.qualifier, is_name_byte));
}

static bool matches_plain(struct text t)
{
    struct function_label l;
    function_label_split(t, &l);
    return text_all(l.name, is_name_byte) && (!l.has_qualifier || text_is(l.qualifier, "$LATEST") ||
                                              text_all(l.qualifier, is_name_byte));
}

static bool matches_alias(struct text t)
{
    return text_all(t, is_name_byte) && !text_all(t, is_digit_byte);
}

static bool matches_url_function(struct text t)
{
    struct function_label l;
    function_label_split(t, &l);
    return l.name.len <= 64 && text_all(l.name, is_name_byte) &&
           (!l.has_qualifier || matches_alias(l.qualifier));
}

static bool matches_unqualified(struct text t)
{
    struct function_label l;
    function_label_split(t, &l);
    return text_all(l.name, is_name_byte) && !l.has_qualifier;
}

static bool matches_qualifier(struct text t)
{
    return text_is(t, "$LATEST.PUBLISHED") || text_all(t, is_qualifier_byte);
}

static bool matches_version(struct text t)
{
    return text_is(t, "$LATEST") || text_all(t, is_digit_byte);
}

static bool matches_digits(struct text t)
{
    return text_all(t, is_digit_byte);
}

const struct pattern pattern_function_namespaced = {
    LABEL_FRONT "([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?",
    matches_namespaced};
const struct pattern pattern_function_plain = {
    LABEL_FRONT "([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?", matches_plain};
const struct pattern pattern_function_url = {
    LABEL_FRONT "([a-zA-Z0-9-_]{1,64})(:((?!\\d+$)[0-9a-zA-Z-_]+))?", matches_url_function};
const struct pattern pattern_function_unqualified = {LABEL_FRONT "([a-zA-Z0-9-_]+)",
                                                     matches_unqualified};
const struct pattern pattern_qualifier = {"\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+",
                                          matches_qualifier};
const struct pattern pattern_url_qualifier = {"((?!^\\d+$)^[0-9a-zA-Z-_]+$)", matches_alias};
const struct pattern pattern_alias = {"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", matches_alias};
const struct pattern pattern_version = {"(\\$LATEST|[0-9]+)", matches_version};
const struct pattern pattern_version_number = {"[0-9]+", matches_digits};

/* ---- permissions ---- */

static bool matches_statement_id(struct text t)
{
    return text_all(t, is_name_byte);
}

static bool matches_dotted_statement_id(struct text t)
{
    return text_all(t, is_dotted_name_byte);
}

static bool matches_action(struct text t)
{
    if (text_is(t, "*"))
        return true;
    return scan_literal(&t, "lambda:") && (text_is(t, "*") || text_all(t, is_letter));
}

static bool matches_no_space(struct text t)
{
    return text_all(t, is_no_space);
}

/* Java's "." takes no line end. */
static bool has_no_line_end(struct text t)
{
    return text_find(t, '\n') == t.len && text_find(t, '\r') == t.len;
}

static bool matches_arn(struct text t)
{
    if (!scan_literal(&t, "arn:aws") || !has_no_line_end(t))
        return false;
    scan_run(&t, is_letter_digit_dash);
    if (!scan_literal(&t, ":") || scan_run(&t, is_letter_digit_dash) == 0 || !scan_literal(&t, ":"))
        return false;
    struct text region = text_slice(t, 0, text_find(t, ':'));
    if (region.len == t.len || (region.len > 0 && !text_is_region(region)))
        return false;
    t = text_slice(t, region.len + 1, t.len);
    struct text account = text_slice(t, 0, text_find(t, ':'));
    return account.len < t.len && (account.len == 0 || text_is_account(account));
}

static bool matches_account(struct text t)
{
    return text_is_account(t);
}

static bool matches_event_token(struct text t)
{
    return text_all(t, is_dotted_name_byte);
}

static bool matches_org_id(struct text t)
{
    return scan_literal(&t, "o-") && t.len >= 10 && t.len <= 32 && text_all(t, is_lower_or_digit);
}

static bool matches_destination(struct text t)
{
    if (t.len == 0)
        return true;
    if (!scan_literal(&t, "kafka://"))
        return matches_arn(t);
    return t.len >= 1 && t.len <= 249 && t.ptr[0] != '.' &&
           (t.len == 1 || text_all(text_slice(t, 1, t.len), is_dotted_name_byte));
}

const struct pattern pattern_statement_id = {"([a-zA-Z0-9-_]+)", matches_statement_id};
const struct pattern pattern_statement_id_dotted = {"([a-zA-Z0-9-_.]+)",
                                                    matches_dotted_statement_id};
const struct pattern pattern_action = {"(lambda:[*]|lambda:[a-zA-Z]+|[*])", matches_action};
const struct pattern pattern_no_space = {"[^\\s]+", matches_no_space};
const struct pattern pattern_arn = {ANY_ARN, matches_arn};
const struct pattern pattern_account = {"\\d{12}", matches_account};
const struct pattern pattern_event_token = {"[a-zA-Z0-9._\\-]+", matches_event_token};
const struct pattern pattern_org_id = {"o-[a-z0-9]{10,32}", matches_org_id};
const struct pattern pattern_destination = {"$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|" ANY_ARN,
                                            matches_destination};

/* ---- resources that have tags, and regions ---- */

static bool is_uuid(struct text t)
{
    static const size_t groups[] = {8, 4, 4, 4, 12};
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        struct text group = text_slice(t, 0, groups[i]);
        if (group.len != groups[i] || !text_all(group, is_hex))
            return false;
        t = text_slice(t, groups[i], t.len);
        if (i + 1 < ARRAY_LEN(groups) && !scan_literal(&t, "-"))
            return false;
    }
    return t.len == 0;
}

static bool is_tagged_thing(struct text kind, struct text name)
{
    if (text_is(kind, "function")) {
        struct text function = text_cut(&name, ':');
        return text_all(function, is_name_byte) &&
               (name.len == 0 || text_is(name, "$LATEST") || text_all(name, is_name_byte));
    }
    if (text_is(kind, "event-source-mapping"))
        return is_uuid(name);
    if (text_is(kind, "code-signing-config"))
        return scan_literal(&name, "csc-") && name.len == 17 && text_all(name, is_lower_or_digit);
    return (text_is(kind, "layer") || text_is(kind, "capacity-provider")) &&
           text_all(name, is_name_byte);
}

static bool matches_taggable(struct text t)
{
    if (!scan_literal(&t, "arn:aws"))
        return false;
    scan_run(&t, is_letter_or_dash);
    if (!scan_literal(&t, ":lambda:") || !text_is_region(text_cut(&t, ':')) ||
        !text_is_account(text_cut(&t, ':')) || t.len == 0 || t.ptr[t.len - 1] == ':')
        return false;
    struct text kind = text_cut(&t, ':');
    return is_tagged_thing(kind, t);
}

static bool matches_region_or_all(struct text t)
{
    return text_is(t, "ALL") || text_is_region(t);
}

const struct pattern pattern_taggable = {
    "arn:(aws[a-zA-Z-]*):lambda:" REGION
    ":\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|"
    "code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-"
    "[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)",
    matches_taggable};
const struct pattern pattern_region_all = {"ALL|" REGION, matches_region_or_all};
