// The main operations as the SDK for JavaScript sees them. Arguments: endpoint and a name for the function.
import assert from "node:assert/strict";
import {createRequire} from "node:module";

const require = createRequire(process.env.ONPUT_JS_MODULES + "/");
const L = require("@aws-sdk/client-lambda");

const [endpoint, FunctionName] = process.argv.slice(2);
const region = process.env.AWS_REGION;
const client = new L.LambdaClient({endpoint, region, maxAttempts: 1});
const Role = "arn:aws:iam::000000000000:role/onput-implied";
const arn = `arn:aws:lambda:${region}:000000000000:function:${FunctionName}`;
const text = (bytes) => new TextDecoder().decode(bytes);
const json = (value) => new TextEncoder().encode(JSON.stringify(value));
let passed = 0;

async function test(name, body) {
  try {
    await body();
    passed++;
  } catch (error) {
    console.error(`not ok: ${name}`);
    throw error;
  }
}

const send = (Command, input = {}) => client.send(new L[`${Command}Command`]({FunctionName, ...input}));

async function fails(promise, Class, status, message) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof L[Class], `${error.name} is no ${Class}`);
    assert.equal(error.name, Class);
    assert.equal(error.$metadata.httpStatusCode, status);
    assert.equal(error.message, message);
    return true;
  });
}

await test("create, wait, get", async () => {
  const made = await send("CreateFunction", {
    Role, Runtime: "onput.builtin", Handler: "echo", Code: {}, Environment: {Variables: {COLOUR: "blue"}}});
  assert.equal(made.FunctionArn, arn);
  await L.waitUntilFunctionActiveV2({client, maxWaitTime: 20}, {FunctionName});
  const got = await send("GetFunction");
  assert.equal(got.Configuration.State, "Active");
  assert.deepEqual(got.Configuration.Environment.Variables, {COLOUR: "blue"});
});

await test("errors are of their classes", async () => {
  await fails(client.send(new L.GetFunctionCommand({FunctionName: "missing"})), "ResourceNotFoundException", 404,
    `Function not found: arn:aws:lambda:${region}:000000000000:function:missing`);
  await fails(send("CreateFunction", {Role, Runtime: "onput.builtin", Handler: "echo", Code: {}}),
    "ResourceConflictException", 409, `Function already exist: ${FunctionName}`);
  await fails(send("UpdateFunctionConfiguration", {Timeout: 5, RevisionId: "00000000-0000-4000-8000-000000000000"}),
    "PreconditionFailedException", 412, "The Revision Id provided does not match the latest Revision Id. Call the " +
    "GetFunction/GetAlias API to retrieve the latest Revision Id");
  await fails(send("AddPermission", {StatementId: "s", Action: "lambda:InvokeFunction", Principal: "nobody"}),
    "InvalidParameterValueException", 400,
    "The provided principal was invalid. Please check the principal and try again.");
  await assert.rejects(send("Invoke", {Payload: "{"}), (error) => {
    assert.ok(error instanceof L.InvalidRequestContentException);
    assert.match(error.message, /^Could not parse request body into json: /);
    return true;
  });
  await assert.rejects(send("PutFunctionEventInvokeConfig", {MaximumRetryAttempts: 9}), (error) => {
    assert.equal(error.name, "ValidationException");
    assert.match(error.message, /^1 validation error detected: Value '9' at 'maximumRetryAttempts' failed/);
    return true;
  });
});

await test("invoke", async () => {
  const answer = await send("Invoke", {Payload: json({a: "ü"}), LogType: "Tail"});
  assert.deepEqual([answer.StatusCode, answer.ExecutedVersion, answer.FunctionError], [200, "$LATEST", undefined]);
  assert.deepEqual(JSON.parse(text(answer.Payload)), {a: "ü"});
  assert.match(Buffer.from(answer.LogResult, "base64").toString(), /^START RequestId: /);
  assert.equal((await send("Invoke", {InvocationType: "Event", Payload: json({})})).StatusCode, 202);
  assert.equal((await send("Invoke", {InvocationType: "DryRun"})).StatusCode, 204);
});

await test("invoke with response stream", async () => {
  const answer = await send("InvokeWithResponseStream", {Payload: json({b: 2}), LogType: "Tail"});
  let body = "", complete;
  for await (const event of answer.EventStream) {
    if (event.PayloadChunk) body += text(event.PayloadChunk.Payload);
    if (event.InvokeComplete) complete = event.InvokeComplete;
  }
  assert.deepEqual(JSON.parse(body), {b: 2});
  assert.equal(complete.ErrorCode, undefined);
  assert.ok(complete.LogResult);
});

await test("permissions", async () => {
  const {Statement} = await send("AddPermission", {
    StatementId: "s", Action: "lambda:InvokeFunction", Principal: "s3.amazonaws.com", SourceArn: "arn:aws:s3:::b"});
  const {Policy, RevisionId} = await send("GetPolicy");
  assert.deepEqual(JSON.parse(Policy).Statement, [JSON.parse(Statement)]);
  await send("RemovePermission", {StatementId: "s", RevisionId});
  await fails(send("GetPolicy"), "ResourceNotFoundException", 404, "The resource you requested does not exist.");
});

await test("versions and aliases", async () => {
  assert.equal((await send("PublishVersion")).Version, "1");
  await send("CreateAlias", {Name: "live", FunctionVersion: "1"});
  assert.equal((await send("Invoke", {Qualifier: "live"})).ExecutedVersion, "1");
  assert.equal((await client.send(new L.InvokeCommand({FunctionName: `${arn}:live`}))).ExecutedVersion, "1");
  const versions = [];
  for await (const page of L.paginateListVersionsByFunction({client, pageSize: 1}, {FunctionName}))
    versions.push(...page.Versions.map((version) => version.Version));
  assert.deepEqual(versions, ["$LATEST", "1"]);
});

await test("concurrency, invoke configuration, URL, tags, account", async () => {
  await send("PutFunctionConcurrency", {ReservedConcurrentExecutions: 0});
  await assert.rejects(send("Invoke"), (error) => {
    assert.ok(error instanceof L.TooManyRequestsException);
    assert.equal(error.Reason, "ReservedFunctionConcurrentInvocationLimitExceeded");
    return true;
  });
  await send("DeleteFunctionConcurrency");
  const config = await send("PutFunctionEventInvokeConfig", {MaximumRetryAttempts: 0});
  assert.equal(config.MaximumRetryAttempts, 0);
  assert.ok(config.LastModified instanceof Date && !Number.isNaN(config.LastModified.getTime()));
  const url = await send("CreateFunctionUrlConfig", {AuthType: "AWS_IAM"});
  assert.match(url.FunctionUrl, /^http:\/\/[a-z0-9]{32}\./);
  await client.send(new L.TagResourceCommand({Resource: arn, Tags: {a: "b"}}));
  assert.deepEqual((await client.send(new L.ListTagsCommand({Resource: arn}))).Tags, {a: "b"});
  assert.equal((await client.send(new L.GetAccountSettingsCommand({}))).AccountLimit.ConcurrentExecutions, 1000);
});

await test("delete", async () => {
  await send("DeleteFunction");
  await fails(send("GetFunctionConfiguration"), "ResourceNotFoundException", 404, `Function not found: ${arn}`);
});

console.log(`${passed} passed`);
