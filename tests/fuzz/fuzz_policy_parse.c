/*
 * fuzz_policy_parse.c - any bytes as a policy of both kinds; what parses is decided and explained.
 */
#include <stdint.h>

#include "onput/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct text v[] = {TEXT_INIT("arn:aws:s3:::photos"), TEXT_INIT("10.0.0.1")};
    static const struct policy_context context[] = {{TEXT_INIT("aws:TestKey"), v, 2},
                                                    {TEXT_INIT("aws:username"), v + 1, 1}};
    const struct policy_request request = {POLICY_PRINCIPAL_AWS,
                                           TEXT("arn:aws:sts::123456789012:assumed-role/Render/s"),
                                           TEXT(""),
                                           TEXT("lambda:InvokeFunction"),
                                           TEXT("arn:aws:lambda:eu-west-1:123456789012:function:f"),
                                           context,
                                           2};
    for (int kind = POLICY_RESOURCE; kind <= POLICY_IDENTITY; kind++) {
        AUTO_BUFFER struct buffer lines;
        struct policy *policy;
        struct error err = {0};
        buffer_init(&lines, 1 << 20);
        if (policy_parse((struct text){(const char *)data, size}, kind, &policy, &err))
            continue;
        BUG_ON(policy_evaluate(policy, &request).statement >= (int)policy_statement_count(policy));
        policy_explain(policy, &request, &lines);
        policy_free(policy);
    }
    return 0;
}
