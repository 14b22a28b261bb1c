//! Everything that can be wrong with a job by itself, found before anything is written.

use callboard_protocol::{
    Node, Time, caps,
    error::{ErrorCode, Rejection},
    job::{DispatchArgs, RetryPolicy, UniquePolicy, check_duration, check_id, check_key},
};

/// Checks the arguments of a dispatch, but for what only the state can tell.
pub(crate) fn dispatch(args: &DispatchArgs) -> Result<(), Rejection> {
    if let Some(id) = &args.id {
        check_id("id", id)?;
    }
    check_id("kind", &args.kind)?;
    if let Some(queue) = &args.queue {
        check_id("queue", queue)?;
    }
    if let Some(parent) = &args.parent_id {
        check_id("parentId", parent)?;
    }
    if let Some(args) = &args.args {
        input(args)?;
    }
    tags(&args.tags)?;
    priority(args.priority)?;
    if args.max_attempts.is_some() && args.max_retries.is_some() {
        return invalid("maxRetries: give either it or maxAttempts");
    }
    attempts(args.max_attempts)?;
    if let Some(retries) = args.max_retries.filter(|retries| *retries >= caps::MAX_ATTEMPTS) {
        return invalid(format!("maxRetries: {retries} is not within 0 to {}", caps::MAX_ATTEMPTS - 1));
    }
    if let Some(policy) = &args.retry {
        retry(policy)?;
    }
    times(args)?;
    keys(args)
}

fn times(args: &DispatchArgs) -> Result<(), Rejection> {
    for (field, ms) in [
        ("timeoutMs", args.timeout_ms),
        ("deadlineMs", args.deadline_ms),
        ("ttlMs", args.ttl_ms),
        ("debounceMs", args.debounce_ms),
        ("idempotencyTtlMs", args.idempotency_ttl_ms),
        ("delayMs", args.delay_ms.filter(|ms| *ms > 0)),
    ] {
        check_duration(field, ms)?;
    }
    point("scheduledAt", args.scheduled_at)?;
    point("deadline", args.deadline)?;
    if args.scheduled_at.is_some() && args.delay_ms.is_some() {
        return invalid("delayMs: give either it or scheduledAt");
    }
    if args.deadline.is_some() && args.deadline_ms.is_some() {
        return invalid("deadlineMs: give either it or deadline");
    }
    Ok(())
}

fn keys(args: &DispatchArgs) -> Result<(), Rejection> {
    for (field, key) in [
        ("concurrencyKey", &args.concurrency_key),
        ("uniqueKey", &args.unique_key),
        ("idempotencyKey", &args.idempotency_key),
    ] {
        if let Some(key) = key {
            check_key(field, key)?;
        }
    }
    if args.unique_policy.is_some() && args.unique_key.is_none() {
        return invalid("uniquePolicy: it needs a uniqueKey");
    }
    if args.debounce_ms.is_some() && args.unique_policy != Some(UniquePolicy::Debounce) {
        return invalid("debounceMs: it needs the uniquePolicy debounce");
    }
    if args.idempotency_ttl_ms.is_some() && args.idempotency_key.is_none() {
        return invalid("idempotencyTtlMs: it needs an idempotencyKey");
    }
    if args.on_dependency_failure.is_some() && args.depends_on.is_empty() {
        return invalid("onDependencyFailure: it needs dependsOn");
    }
    if args.depends_on.len() > caps::DEPENDENCIES {
        return invalid(format!("dependsOn: at most {} jobs", caps::DEPENDENCIES));
    }
    args.depends_on.iter().try_for_each(|on| check_id("dependsOn", on))
}

/// Checks the input of an executor.
pub(crate) fn input(args: &Node) -> Result<(), Rejection> {
    let size = args.json_len();
    if size > caps::ARGS_BYTES {
        return too_large(format!("args: about {size} bytes; the limit is {}", caps::ARGS_BYTES));
    }
    if args.depth() > caps::JSON_DEPTH {
        return too_large(format!("args: they nest deeper than {} levels", caps::JSON_DEPTH));
    }
    Ok(())
}

pub(crate) fn tags(tags: &[String]) -> Result<(), Rejection> {
    if tags.len() > caps::TAGS || tags.iter().any(|tag| tag.is_empty() || tag.len() > caps::ID_BYTES) {
        return invalid(format!("tags: at most {} of 1 to {} bytes each", caps::TAGS, caps::ID_BYTES));
    }
    Ok(())
}

pub(crate) fn priority(priority: Option<i32>) -> Result<(), Rejection> {
    match priority.filter(|priority| priority.unsigned_abs() > caps::PRIORITY.unsigned_abs()) {
        Some(priority) => invalid(format!("priority: {priority} is not within -{0} to {0}", caps::PRIORITY)),
        None => Ok(()),
    }
}

pub(crate) fn attempts(attempts: Option<u32>) -> Result<(), Rejection> {
    match attempts.filter(|attempts| !(1..=caps::MAX_ATTEMPTS).contains(attempts)) {
        Some(attempts) => {
            invalid(format!("maxAttempts: {attempts} is not within 1 to {}", caps::MAX_ATTEMPTS))
        }
        None => Ok(()),
    }
}

pub(crate) fn retry(retry: &RetryPolicy) -> Result<(), Rejection> {
    if retry.max_ms > caps::RETRY_MS {
        return invalid(format!("retry.maxMs: the longest delay is {} ms, a year", caps::RETRY_MS));
    }
    let fits = retry.factor >= 1.0
        && retry.factor.is_finite()
        && (0.0..=1.0).contains(&retry.jitter)
        && retry.initial_ms <= retry.max_ms;
    if fits {
        return Ok(());
    }
    invalid("retry: factor must be at least 1, jitter within 0 to 1, initialMs at most maxMs")
}

pub(crate) fn point(field: &str, at: Option<Time>) -> Result<(), Rejection> {
    match at.filter(|at| *at > Time::MAX) {
        Some(_) => invalid(format!("{field}: it must not be after the year 9999")),
        None => Ok(()),
    }
}

pub(crate) fn invalid<T>(message: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::new(ErrorCode::InvalidArgs, message))
}

fn too_large(message: String) -> Result<(), Rejection> {
    Err(Rejection::new(ErrorCode::TooLarge, message))
}
