#include "package_steps.h"

#include "onput/devstore.h"
#include "onput/encoding.h"
#include "onput/storage.h"

#define IPVE             "InvalidParameterValueException"
#define REFUSED(message) "{'Type':'User','message':'" message "'}"
#define S3_ERROR         "Error occurred while GetObject. S3 Error Code: "

/* A store with the bucket "code", in which f.zip is the package and text is none. */
struct bucket_rig {
    struct lambda_fixture fixture; /* first */
    struct devstore *store;
    char *yaml;
};

static void put_object(struct storage_session *s, struct credentials *credentials, const char *key,
                       struct text body)
{
    AUTO_ARENA struct arena arena = {0};
    struct storage_object object = {TEXT("code"), text_of(key), TEXT("")};
    struct storage_put_options options = {.content_type = TEXT("application/zip")};
    struct error err = {0};
    assert_ok(storage_put(s, credentials, &object, body, &options, &arena, NULL, &err), &err);
}

static void fill_store(struct lambda_fixture *f)
{
    struct catalog *catalog = catalog_holder_get(registry_catalogs(f->api.registry));
    const struct store *store = catalog_store(catalog, TEXT("minio"));
    struct storage_session *s = NULL;
    struct error err = {0};
    size_t len;
    AUTO_FREE char *zip = test_read_fixture("packages/" FUNCTION_PACKAGE "/archive.zip", &len);
    assert_ok(storage_session_new(store->storage, NULL, &s, &err), &err);
    assert_ok(storage_create_bucket(s, store->credentials, TEXT("code"), &err), &err);
    put_object(s, store->credentials, "f.zip", (struct text){zip, len});
    put_object(s, store->credentials, "text", TEXT("no archive"));
    storage_session_free(s);
    catalog_unref(catalog);
}

static int setup(void **state)
{
    struct bucket_rig *r = xcalloc(1, sizeof(*r));
    struct error err = {0};
    void *dir;
    if (test_dir_setup(&dir) != 0)
        return -1;
    AUTO_FREE char *objects = test_path(dir, "objects");
    struct devstore_options options = {
        .directory = objects, .threads = 1, .access_key = "key", .secret_key = "secret-of-store"};
    assert_ok(devstore_start(&options, &r->store, &err), &err);
    r->yaml = xasprintf(
        "lambda: {region: us-east-1, account: '123456789012'}\n"
        "stores:\n"
        "  minio: {endpoint: '%s', access_key: key, secret_key: secret-of-store,"
        " webhook_auth: none, account: '123456789012'}\n"
        "users:\n"
        "  root: {access_key: AKIAROOT, secret_key: secret-of-root, root: true}\n"
        "  maker: {access_key: AKIAMAKER, secret_key: secret-of-maker, policy: {Statement: [\n"
        "    {Effect: Allow, Action: ['lambda:*', 'iam:PassRole'], Resource: '*'},\n"
        "    {Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::code/f.*'}]}}\n",
        devstore_endpoint(r->store));
    lambda_fixture_open(&r->fixture, dir, r->yaml);
    r->fixture.dir = dir;
    fill_store(&r->fixture);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct bucket_rig *r = *state;
    void *dir = r->fixture.dir;
    lambda_fixture_close(&r->fixture);
    devstore_free(r->store);
    free(r->yaml);
    free(r);
    return test_dir_teardown(&dir);
}

static char *create_body(const char *runtime, const char *code)
{
    return xasprintf("{'FunctionName':'f','Runtime':'%s','Handler':'h','Role':'" FIXTURE_ROLE
                     "','Code':{%s}}",
                     runtime, code);
}

static void refused(struct lambda_fixture *f, const char *code, int status, const char *type,
                    const char *expected)
{
    AUTO_FREE char *body = create_body("provided.al2023", code);
    api_expect_error(f, "POST", FUNCTIONS, body, status, type, expected);
    api_expect_status(f, "GET", FUNCTIONS "/f", NULL, 404);
}

static void test_bucket__has_the_code_of_a_new_function(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *hash = package_code_sha256(FUNCTION_PACKAGE);
    AUTO_FREE char *body = create_body("provided.al2023", "'S3Bucket':'code','S3Key':'f.zip'");
    AUTO_JSON struct json_object *got = api_expect(f, "POST", FUNCTIONS, body, 201);
    assert_member(got, "CodeSha256", hash);
    assert_true(package_is_there(f, FUNCTION_PACKAGE));
}

static void test_bucket__has_the_code_of_an_update(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *hash = package_code_sha256(FUNCTION_PACKAGE);
    package_create(f, "f", OTHER_PACKAGE);
    AUTO_JSON struct json_object *got =
        api_expect(f, "PUT", FUNCTIONS "/f/code", "{'S3Bucket':'code','S3Key':'f.zip'}", 200);
    assert_member(got, "CodeSha256", hash);
}

static void test_bucket__or_object_may_be_missing(void **state)
{
    refused(*state, "'S3Bucket':'code','S3Key':'none.zip'", 400, IPVE,
            REFUSED(S3_ERROR "NoSuchKey. S3 Error Message: The specified key does not exist."));
    refused(*state, "'S3Bucket':'nowhere','S3Key':'f.zip'", 400, IPVE,
            REFUSED(S3_ERROR "NoSuchBucket. S3 Error Message: The specified bucket does not "
                             "exist"));
}

static void test_bucket__needs_a_key(void **state)
{
    refused(*state, "'S3Bucket':'code'", 400, IPVE,
            REFUSED("S3Bucket and S3Key belong together: please provide both."));
    refused(*state, "'S3Key':'f.zip'", 400, IPVE,
            REFUSED("S3Bucket and S3Key belong together: please provide both."));
}

static void test_bucket__may_hold_no_archive(void **state)
{
    refused(*state, "'S3Bucket':'code','S3Key':'text'", 400, IPVE,
            REFUSED("Could not unzip uploaded file. Please check your file, then try to upload "
                    "again."));
}

static void test_bucket__is_one_way_or_the_other(void **state)
{
    refused(*state, "'S3Bucket':'code','S3Key':'f.zip','ZipFile':''", 400, IPVE,
            REFUSED("Please do not provide other FunctionCode parameters when providing a "
                    "ZipFile."));
}

static void test_bucket__must_be_readable_for_the_caller(void **state)
{
    struct lambda_fixture *f = *state;
    AUTO_FREE char *body = create_body("provided.al2023", "'S3Bucket':'code','S3Key':'f.zip'");
    api_call_as(f, "AKIAMAKER", "secret-of-maker");
    refused(f, "'S3Bucket':'code','S3Key':'text'", 403, "AccessDeniedException",
            "{'Message':'User: arn:aws:iam::123456789012:user/maker is not authorized to perform: "
            "s3:GetObject on resource: arn:aws:s3:::code/text because no identity-based policy "
            "allows the s3:GetObject action'}");
    refused(f, "'S3Bucket':'code','S3Key':'f.zip','S3ObjectVersion':'1'", 403,
            "AccessDeniedException",
            "{'Message':'User: arn:aws:iam::123456789012:user/maker is not authorized to perform: "
            "s3:GetObjectVersion on resource: arn:aws:s3:::code/f.zip because no identity-based "
            "policy allows the s3:GetObjectVersion action'}");
    api_expect_status(f, "POST", FUNCTIONS, body, 201);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_bucket__has_the_code_of_a_new_function),
        TEST(test_bucket__has_the_code_of_an_update),
        TEST(test_bucket__or_object_may_be_missing),
        TEST(test_bucket__needs_a_key),
        TEST(test_bucket__may_hold_no_archive),
        TEST(test_bucket__is_one_way_or_the_other),
        TEST(test_bucket__must_be_readable_for_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
