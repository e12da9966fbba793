// Handlers for aws-lambda-ric. What `handler` does is what its event asks for.

let calls = 0;

class Unwilling extends Error {
  constructor(text) {
    super(text);
    this.name = "Unwilling";
  }
}

const asked = {
  tell: (event, context) => ({
    event,
    calls,
    pid: process.pid,
    request_id: context.awsRequestId,
    arn: context.invokedFunctionArn,
    function: context.functionName,
    version: context.functionVersion,
    memory: context.memoryLimitInMB,
    remaining_ms: context.getRemainingTimeInMillis(),
    client: context.clientContext ?? null,
    log_group: context.logGroupName,
    colour: process.env.COLOUR ?? null,
    region: process.env.AWS_REGION,
    trace: process.env._X_AMZN_TRACE_ID,
  }),
  fail: ({ text }) => {
    throw new Unwilling(text);
  },
  write: ({ text }) => {
    console.log(text);
    console.error(`${text} to stderr`);
    return null;
  },
  leave: ({ code }) => process.exit(code),
  nothing: () => undefined,
  later: async ({ text }) => {
    await new Promise((resolve) => setImmediate(resolve));
    return text;
  },
};

export const handler = async (event, context) => {
  calls += 1;
  return asked[event.do ?? "tell"](event, context);
};

export const withCallback = (event, _context, callback) => {
  callback(null, { called: event });
};

export const page = async (event) => ({
  statusCode: 201,
  headers: { "content-type": "text/plain", "x-node": "yes" },
  cookies: ["a=1"],
  body: `${event.requestContext.http.method} ${event.rawPath}`,
});

// Sends each piece as soon as the one before is gone.
const send = async (stream, pieces) => {
  for (const piece of pieces) {
    await new Promise((resolve) => stream.write(piece, resolve));
  }
  stream.end();
};

export const streaming = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType("text/plain");
  await send(stream, event.pieces ?? ["one", "two", "three"]);
  await stream.finished?.();
});

export const streamingPage = awslambda.streamifyResponse(async (_event, stream) => {
  const page = awslambda.HttpResponseStream.from(stream, {
    statusCode: 202,
    headers: { "content-type": "text/plain", "x-node": "streams" },
    cookies: ["a=1", "b=2"],
  });
  await send(page, ["head", "-", "tail"]);
});
