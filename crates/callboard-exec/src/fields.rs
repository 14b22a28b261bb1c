//! Reading arguments member by member, so that an error names the one that does not fit.

use callboard_protocol::{
    Key, Node, Object,
    error::{ErrorCode, Rejection},
};
use std::fmt::Display;

/// `invalid_args` about a member; its name is in the message and, for programs, in the details.
pub(crate) fn invalid(field: &str, what: impl Display) -> Rejection {
    reject(ErrorCode::InvalidArgs, field, what)
}

/// `too_large` about a member.
pub(crate) fn too_large(field: &str, what: impl Display) -> Rejection {
    reject(ErrorCode::TooLarge, field, what)
}

/// The arguments as an object.
pub(crate) fn members(args: &Node) -> Result<&Object, Rejection> {
    args.as_object().ok_or_else(|| invalid("args", "must be an object"))
}

/// The error about a member that nobody reads; a misspelt one is not lost that way.
pub(crate) fn unknown(field: &str, known: &str) -> Rejection {
    invalid(&field.chars().take(40).collect::<String>(), format!("is not known here; there are {known}"))
}

fn reject(code: ErrorCode, field: &str, what: impl Display) -> Rejection {
    let details: Object = [(Key::new("field"), Node::from(field))].into_iter().collect();
    Rejection { code, message: format!("{field}: {what}"), details: Some(details.into()) }
}
