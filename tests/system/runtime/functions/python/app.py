"""Handlers for awslambdaric. What `handler` does is what its event asks for."""

import json
import logging
import os
import sys
import time

import boto3

logger = logging.getLogger()
calls = 0


class Unwilling(Exception):
    pass


def tell(event, context):
    """What the function knows of its call."""
    client = context.client_context
    return {"event": event, "request_id": context.aws_request_id, "arn": context.invoked_function_arn,
            "function": context.function_name, "version": context.function_version,
            "memory": context.memory_limit_in_mb, "remaining_ms": context.get_remaining_time_in_millis(),
            "custom": client.custom if client else None, "pid": os.getpid(), "calls": calls,
            "task_root": os.environ["LAMBDA_TASK_ROOT"], "directory": os.getcwd(),
            "handler": os.environ["_HANDLER"], "colour": os.environ.get("COLOUR")}


def fail(event, _):
    raise Unwilling(event["text"])


def recurse(event, context):
    """Its stack is what the runtime client puts into one header, too."""
    return recurse(event, context)


def leave(event, _):
    sys.exit(event["code"])


def write(event, _):
    print(event["text"])
    sys.stderr.write(event["text"] + " to stderr\n")
    logger.warning("%s to the logger", event["text"])


def wait(_event, _context):
    time.sleep(900)


def copy(event, _):
    """Reads an object and writes it, changed, to another bucket."""
    s3 = boto3.client("s3")
    body = s3.get_object(Bucket=event["bucket"], Key=event["key"])["Body"].read()
    s3.put_object(Bucket=event["to"], Key=event["key"], Body=body.upper())
    return len(body)


def identity(_event, _context):
    """Which keys the SDK finds for it, without their secrets."""
    credentials = boto3.Session().get_credentials()
    frozen = credentials.get_frozen_credentials()
    return {"access_key": frozen.access_key, "has_token": frozen.token is not None, "method": credentials.method}


def bad_result(_event, _context):
    return {1, 2}


ASKED = {f.__name__: f for f in (tell, fail, recurse, leave, write, wait, copy, identity, bad_result)}


def handler(event, context):
    global calls
    calls += 1
    return ASKED[event.get("do", "tell")](event, context)


def of_s3(event, _context):
    """For notifications: notes beside the object what it was told of it."""
    s3 = boto3.client("s3")
    record = event["Records"][0]
    bucket = record["s3"]["bucket"]["name"]
    note = json.dumps({"event": event["Records"], "pid": os.getpid()})
    s3.put_object(Bucket=f"{bucket}-notes", Key=record["s3"]["object"]["key"], Body=note)


def page(event, _context):
    """For function URLs: answers with the request it was told of."""
    return {"statusCode": 418, "headers": {"Content-Type": "application/json", "X-Teapot": "short"},
            "cookies": ["a=1; Path=/", "b=2"], "body": json.dumps(event)}


def picture(_event, _context):
    return {"statusCode": 200, "headers": {"content-type": "image/gif"}, "isBase64Encoded": True, "body": "R0lGODlh/w=="}
