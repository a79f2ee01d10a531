//! Entity tags: over which version of a thing a change is made (`If-Match`), and which one somebody has already
//! (`If-None-Match`). RFC 9110 §8.8.3, §13.1.

use axum::extract::FromRequestParts;
use http::header::{HeaderName, IF_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::problem::Problem;
use crate::service::shown::Shown;

/// The versions that a request names; `None` when it names none: without the header, and with `*`, which is any.
///
/// Refuses what is no list of entity tags with 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IfMatch(pub(super) Option<Vec<Shown>>);

/// The tags that a header names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntityTags {
    /// The header is not there.
    Unnamed,
    /// `*`: whichever the thing has.
    Any,
    /// One of these.
    These(Vec<EntityTag>),
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag {
    is_weak: bool,
    /// What stands between the quotation marks.
    opaque: String,
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(match EntityTags::of(&parts.headers, &IF_MATCH)? {
            EntityTags::Unnamed | EntityTags::Any => None,
            // A weak one never matches.
            EntityTags::These(tags) => Some(
                tags.iter().filter(|tag| !tag.is_weak).map(|tag| Shown::from_form(&tag.opaque)).collect(),
            ),
        }))
    }
}

impl EntityTags {
    /// Those of all lines of a header.
    ///
    /// # Errors
    /// 400 for what is no list of entity tags.
    pub(crate) fn of(headers: &HeaderMap, name: &HeaderName) -> Result<Self, Problem> {
        let mut tags = Vec::new();
        let (mut is_named, mut is_any) = (false, false);
        for line in headers.get_all(name) {
            is_named = true;
            match line.to_str().map(str::trim) {
                Ok("*") => is_any = true,
                Ok(line) => tags.extend(read(line).ok_or_else(malformed)?),
                Err(_) => return Err(malformed()),
            }
        }
        Ok(match (is_named, is_any) {
            (false, _) => Self::Unnamed,
            (true, true) => Self::Any,
            (true, false) => Self::These(tags),
        })
    }

    /// Whether the header is there.
    pub(crate) fn are_named(&self) -> bool {
        *self != Self::Unnamed
    }

    /// Whether a thing with this tag is meant, however weak either is (§8.8.3.2).
    pub(crate) fn mean(&self, opaque: &str) -> bool {
        match self {
            Self::Unnamed => false,
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|tag| tag.opaque == opaque),
        }
    }
}

/// The entity tag of a version, for `ETag`.
///
/// # Errors
/// Never: a version is hexadecimal.
pub(super) fn entity_tag(version: &Shown) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(&format!("\"{}\"", version.as_str())).map_err(Problem::internal)
}

/// 412: it is none of these versions any more.
pub(crate) fn overtaken() -> Problem {
    let detail = "Somebody else changed this after you read it. Nothing of yours is saved";
    Problem::new(StatusCode::PRECONDITION_FAILED, "overtaken", detail)
        .hint("Read it again, and send the `ETag` that comes with it in `If-Match`")
}

/// The tags of a list, in which a tag may have a comma. `None`: it is no list of tags.
fn read(line: &str) -> Option<Vec<EntityTag>> {
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
        tags.push(EntityTag { is_weak: weak.is_some(), opaque: tag.to_owned() });
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
        let strong = |tag: &str| EntityTag { is_weak: false, opaque: tag.to_owned() };
        let weak = |tag: &str| EntityTag { is_weak: true, ..strong(tag) };
        assert_eq!(read("\"a\""), Some(vec![strong("a")]));
        assert_eq!(read("\"a,b\" ,\t\"c\",, \"\""), Some(vec![strong("a,b"), strong("c"), strong("")]));
        assert_eq!(read("W/\"a\", \"b\""), Some(vec![weak("a"), strong("b")]));
        assert_eq!(read(""), Some(vec![]));
        for line in ["a", "\"a", "a\"", "\"a\" \"b\"", "\"a\"b", "w/\"a\"", "*, \"a\""] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[tokio::test]
    async fn a_weak_tag_names_no_version_to_change() {
        let versions = async |line: &'static str| {
            let (mut parts, ()) =
                http::Request::builder().header(IF_MATCH, line).body(()).unwrap().into_parts();
            let IfMatch(versions) = IfMatch::from_request_parts(&mut parts, &()).await?;
            Ok::<_, Problem>(
                versions.map(|all| all.iter().map(|it| it.as_str().to_owned()).collect::<Vec<_>>()),
            )
        };
        assert_eq!(versions("W/\"a\", \"b\"").await.unwrap(), Some(vec!["b".to_owned()]));
        assert_eq!(versions("*").await.unwrap(), None);
        assert_eq!(versions("a").await.unwrap_err().status(), 400);
    }
}
