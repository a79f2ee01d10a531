//! The header `If-Match`: over which version of a thing a change is made.

use axum::extract::FromRequestParts;
use http::header::IF_MATCH;
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use crate::problem::Problem;
use crate::service::shown::Shown;

/// The versions that a request names (RFC 9110 §13.1.1); `None` when it names none: without the header, and with `*`, which
/// is any.
///
/// Refuses what is no list of entity tags with 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IfMatch(pub(super) Option<Vec<Shown>>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut versions = Vec::new();
        let (mut is_named, mut is_any) = (false, false);
        for line in parts.headers.get_all(IF_MATCH) {
            is_named = true;
            match line.to_str().map(str::trim) {
                Ok("*") => is_any = true,
                Ok(line) => versions.extend(read(line).ok_or_else(malformed)?),
                Err(_) => return Err(malformed()),
            }
        }
        Ok(Self((is_named && !is_any).then_some(versions)))
    }
}

/// The entity tag of a version, for `ETag` (RFC 9110 §8.8.3).
///
/// # Errors
/// Never: a version is hexadecimal.
pub(super) fn entity_tag(version: &Shown) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(&format!("\"{}\"", version.as_str())).map_err(Problem::internal)
}

/// 412: it is none of these versions any more.
pub(super) fn overtaken() -> Problem {
    let detail = "Somebody else changed this after you read it. Nothing of yours is saved";
    Problem::new(StatusCode::PRECONDITION_FAILED, "overtaken", detail)
        .hint("Read it again, and send the `ETag` that comes with it in `If-Match`")
}

/// The strong tags of a list, in which a tag may have a comma; a weak one never matches. `None`: it is no list of tags.
fn read(line: &str) -> Option<Vec<Shown>> {
    let mut tags = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(tags);
        }
        let weak = rest.strip_prefix("W/");
        let (tag, after) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return None;
        }
        if weak.is_none() {
            tags.push(Shown::from_form(tag));
        }
        rest = after;
    }
}

fn malformed() -> Problem {
    let detail = "The header `If-Match` is a list of entity tags, such as `\"0123\"`, or `*`";
    Problem::field("If-Match", detail).hint("Send the `ETag` that came with what you read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_from_a_list() {
        let tags = |line: &str| {
            read(line).map(|tags| tags.iter().map(|tag| tag.as_str().to_owned()).collect::<Vec<_>>())
        };
        let some = |tags: &[&str]| Some(tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
        assert_eq!(tags("\"a\""), some(&["a"]));
        assert_eq!(tags("\"a,b\" ,\t\"c\",, \"\""), some(&["a,b", "c", ""]));
        assert_eq!(tags("W/\"a\", \"b\""), some(&["b"]), "a weak tag never matches");
        assert_eq!(tags(""), some(&[]));
        for line in ["a", "\"a", "a\"", "\"a\" \"b\"", "\"a\"b", "w/\"a\"", "*, \"a\""] {
            assert_eq!(tags(line), None, "{line}");
        }
    }
}
