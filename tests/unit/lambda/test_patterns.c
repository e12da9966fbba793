/*
 * AWS's regular expressions, as predicates: what they take and what they do not.
 */
#include "support/test.h"

#include "shape.h"

#define ARN "arn:aws:lambda:us-east-1:123456789012:function:"

struct sample {
    const struct pattern *pattern;
    const char *value;
    bool matches;
};

#define YES(p, v)                                                                                  \
    {                                                                                              \
        &pattern_##p, v, true                                                                      \
    }
#define NO(p, v)                                                                                   \
    {                                                                                              \
        &pattern_##p, v, false                                                                     \
    }

static const struct sample identifiers[] = {
    YES(function_namespaced, "f"),
    YES(function_namespaced, "f.g"),
    YES(function_namespaced, "f:live"),
    YES(function_namespaced, "f:$LATEST"),
    YES(function_namespaced, "f:$LATEST.PUBLISHED"),
    YES(function_namespaced, "function:f"),
    YES(function_namespaced, "function:f:1"),
    YES(function_namespaced, "function"),
    YES(function_namespaced, "function:$LATEST"),
    YES(function_namespaced, "123456789012:function:f"),
    YES(function_namespaced, "123456789012:f"),
    YES(function_namespaced, "us-east-1:123456789012:function:f:1"),
    YES(function_namespaced, ARN "f"),
    YES(function_namespaced, ARN "f:$LATEST"),
    YES(function_namespaced, "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f"),
    YES(function_namespaced, "arn:aws:lambda:f"),
    NO(function_namespaced, ""),
    NO(function_namespaced, "f:"),
    NO(function_namespaced, "f:a:b"),
    NO(function_namespaced, "f:a b"),
    NO(function_namespaced, "f g"),
    NO(function_namespaced, "f:$OLDEST"),
    NO(function_namespaced, "arn:aws:s3:::bucket"),
    NO(function_namespaced, "arn:aws:lambda:nowhere:123456789012:function:f"),
    NO(function_namespaced, "arn:aws:lambda:us-east-1:12345:function:f"),
    NO(function_namespaced, "arn:amazon:lambda:us-east-1:123456789012:function:f"),
    NO(function_namespaced, "f\xc3\xa9"),
    YES(function_plain, "f:live"),
    YES(function_plain, ARN "f:$LATEST"),
    NO(function_plain, "f.g"),
    NO(function_plain, "f:$LATEST.PUBLISHED"),
    YES(function_url, "f"),
    YES(function_url, "f:live"),
    YES(function_url, "f:v1"),
    NO(function_url, "f:1"),
    NO(function_url, "f:$LATEST"),
    NO(function_url, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
    YES(function_unqualified, ARN "f"),
    NO(function_unqualified, "f:1"),
    YES(qualifier, "$LATEST"),
    YES(qualifier, "$LATEST.PUBLISHED"),
    YES(qualifier, "1"),
    YES(qualifier, "valid-with-$-but-doesnotexist"),
    NO(qualifier, ""),
    NO(qualifier, "a.b"),
    NO(qualifier, "a b"),
    YES(url_qualifier, "live"),
    YES(url_qualifier, "1a"),
    NO(url_qualifier, "12"),
    NO(url_qualifier, "$LATEST"),
    YES(alias, "live-2"),
    NO(alias, "2"),
    NO(alias, ""),
    YES(version, "$LATEST"),
    YES(version, "12"),
    NO(version, "$LATESTX"),
    NO(version, "$LATEST.PUBLISHED"),
    NO(version, "1.0"),
    NO(version, ""),
};

static const struct sample regions[] = {
    YES(region_all, "ALL"),
    YES(region_all, "us-east-1"),
    YES(region_all, "us-gov-west-1"),
    YES(region_all, "us-gov-1"),
    YES(region_all, "us-iso-east-1"),
    YES(region_all, "us-isob-east-1"),
    YES(region_all, "us-iso-1"),
    YES(region_all, "eusc-de-east-1"),
    NO(region_all, "all"),
    NO(region_all, "us-east-12"),
    NO(region_all, "us-east"),
    NO(region_all, "u-east-1"),
    NO(region_all, "US-east-1"),
    NO(region_all, "us--1"),
    NO(region_all, "us-isobb-e-1"),
    NO(region_all, ""),
};

static const struct sample permissions[] = {
    YES(statement_id, "s3-photos_1"),
    NO(statement_id, "s.3"),
    NO(statement_id, ""),
    YES(statement_id_dotted, "s.3"),
    NO(statement_id_dotted, "s/3"),
    YES(action, "lambda:InvokeFunction"),
    YES(action, "lambda:*"),
    YES(action, "*"),
    NO(action, "lambda:Invoke*"),
    NO(action, "lambda:"),
    NO(action, "s3:GetObject"),
    NO(action, ""),
    YES(no_space, "s3.amazonaws.com"),
    NO(no_space, "a b"),
    NO(no_space, "a\tb"),
    NO(no_space, ""),
    YES(arn, "arn:aws:s3:::photos"),
    YES(arn, "arn:aws:sqs:us-east-1:123456789012:q"),
    YES(arn, "arn:aws-cn:s3:::photos"),
    NO(arn, "arn:aws:s3:nowhere::photos"),
    NO(arn, "arn:aws:s3::123:photos"),
    NO(arn, "arn:minio:sqs:::photos"),
    NO(arn, "arn:aws:s3::"),
    NO(arn, "arn:aws:s3"),
    NO(arn, "arn:aws:s3:::a\nb"),
    YES(account, "123456789012"),
    NO(account, "12345678901"),
    NO(account, "12345678901x"),
    YES(event_token, "a.b_c-1"),
    NO(event_token, "a:b"),
    YES(org_id, "o-1234567890"),
    NO(org_id, "o-123456789"),
    NO(org_id, "o-123456789A"),
    NO(org_id, "1234567890ab"),
    YES(destination, ""),
    YES(destination, "arn:aws:sqs:us-east-1:123456789012:q"),
    YES(destination, "kafka://topic.1"),
    NO(destination, "kafka://"),
    NO(destination, "kafka://.topic"),
    NO(destination, "q"),
};

static const struct sample configuration[] = {
    YES(role, "arn:aws:iam::123456789012:role/service/r+1"),
    YES(role, "arn:aws:iam::123456789012:role/"),
    NO(role, "arn:aws:iam::123456789012:user/r"),
    NO(role, "arn:aws:iam::12345:role/r"),
    NO(role, "arn:aws:iam::123456789012:role"),
    NO(role, "r"),
    YES(resource, ""),
    YES(resource, "arn:aws:sqs:us-east-1:123456789012:q"),
    NO(resource, "q"),
    YES(bucket, "my.photos-1_x"),
    NO(bucket, "photos."),
    NO(bucket, "my photos"),
    YES(any, ""),
    YES(any, "a b"),
    NO(any, "a\nb"),
    YES(variable_name, "AB_1"),
    NO(variable_name, "A"),
    NO(variable_name, "_A"),
    NO(variable_name, "A-B"),
    YES(tag, ""),
    YES(tag, "team: photos/\xc3\xa9t\xc3\xa9 +1@"),
    NO(tag, "a*b"),
    NO(tag, "a\xff"),
    NO(tag, "a\tb"),
    YES(subnet, "subnet-0a1"),
    NO(subnet, "net-0a1"),
    YES(security_group, "sg-0A1"),
    NO(security_group, "sg_0"),
    YES(layer, "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"),
    YES(layer, "arn:aws:lambda:::awslayer:Tools"),
    NO(layer, "arn:aws:lambda:us-east-1:123456789012:layer:tools"),
    NO(layer, "arn:aws:lambda:us-east-1:123456789012:layer:tools:x"),
    YES(mount_path, "/mnt/a.b-c"),
    NO(mount_path, "/mnt/"),
    NO(mount_path, "/srv/a"),
    YES(log_group, "/aws/lambda/f#1"),
    NO(log_group, "a b"),
    YES(code_signing,
        "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0"),
    NO(code_signing, "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0"),
    YES(file_system,
        "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0"),
    NO(file_system, "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0"),
    YES(taggable, ARN "f"),
    YES(taggable, ARN "f:1"),
    YES(taggable, ARN "f:$LATEST"),
    YES(taggable, "arn:aws:lambda:us-east-1:123456789012:event-source-mapping:"
                  "01234567-89ab-cdef-0123-456789ABCDEF"),
    YES(taggable,
        "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0"),
    YES(taggable, "arn:aws:lambda:us-east-1:123456789012:layer:tools"),
    YES(taggable, "arn:aws:lambda:us-east-1:123456789012:capacity-provider:c"),
    NO(taggable, "arn:aws:lambda:us-east-1:123456789012:foobar:f"),
    NO(taggable, "arn:aws:lambda:us-east-1:123456789012:capacity-provider:c:live"),
    NO(taggable, ARN "f:"),
    NO(taggable, ARN "f:1:2"),
    NO(taggable, ARN),
    NO(taggable, "arn:aws:lambda:us-east-1:123456789012:event-source-mapping:0123"),
    NO(taggable, "arn:aws:s3:::photos"),
    NO(taggable, "f"),
};

static void check(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sample *s = &samples[i];
        if (s->pattern->matches(text_of(s->value)) != s->matches)
            fail_msg("\"%s\" %s %s", s->value, s->matches ? "is no" : "is a", s->pattern->text);
    }
}

static void test_patterns__of_identifiers(void **state)
{
    (void)state;
    check(identifiers, ARRAY_LEN(identifiers));
}

static void test_patterns__of_regions(void **state)
{
    (void)state;
    check(regions, ARRAY_LEN(regions));
}

static void test_patterns__of_permissions(void **state)
{
    (void)state;
    check(permissions, ARRAY_LEN(permissions));
}

static void test_patterns__of_the_configuration(void **state)
{
    (void)state;
    check(configuration, ARRAY_LEN(configuration));
}

struct split {
    const char *label;
    const char *region, *account, *name, *qualifier;
};

static void test_function_label_split__knows_every_spelling(void **state)
{
    static const struct split splits[] = {
        {"f", "", "", "f", ""},
        {"f:live", "", "", "f", "live"},
        {"function:f", "", "", "f", ""},
        {"function:f:$LATEST", "", "", "f", "$LATEST"},
        {"123456789012:function:f:1", "", "123456789012", "f", "1"},
        {"us-east-1:123456789012:function:f", "us-east-1", "123456789012", "f", ""},
        {ARN "f:live", "us-east-1", "123456789012", "f", "live"},
        {"arn:aws:lambda:f", "", "", "f", ""},
        {"function:$LATEST", "", "", "function", "$LATEST"},
        {"123456789012:$LATEST", "", "", "123456789012", "$LATEST"},
        {"us-east-1", "", "", "us-east-1", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(splits); i++) {
        struct function_label l;
        function_label_split(text_of(splits[i].label), &l);
        assert_text(l.region, splits[i].region);
        assert_text(l.account, splits[i].account);
        assert_text(l.name, splits[i].name);
        assert_text(l.qualifier, splits[i].qualifier);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns__of_identifiers),
        cmocka_unit_test(test_patterns__of_regions),
        cmocka_unit_test(test_patterns__of_permissions),
        cmocka_unit_test(test_patterns__of_the_configuration),
        cmocka_unit_test(test_function_label_split__knows_every_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
