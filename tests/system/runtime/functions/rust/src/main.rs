//! A function for the Runtime API as the crate lambda_runtime speaks it: it answers with what it was told, or fails.

use lambda_runtime::{service_fn, Error, LambdaEvent};
use serde_json::{json, Value};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    if let Some(text) = event.get("fail").and_then(Value::as_str) {
        return Err(text.into());
    }
    Ok(json!({
        "event": event,
        "request_id": context.request_id,
        "arn": context.invoked_function_arn,
        "function": context.env_config.function_name,
        "version": context.env_config.version,
        "memory": context.env_config.memory,
        "deadline_ms": context.deadline,
        "pid": std::process::id(),
    }))
}
