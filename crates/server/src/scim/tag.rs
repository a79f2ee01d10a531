//! The entity tags of resources: a change that somebody overtook is refused (RFC 7644 §3.14). They are weak, because the
//! same resource may be written in other bytes.

use http::HeaderMap;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use serde_json::Value;

use crate::api::entity_tag::{EntityTags, overtaken};
use crate::problem::Problem;
use crate::service::shown::Shown;

/// Those of `If-Match`.
///
/// # Errors
/// 400 for what is no list of entity tags.
pub(super) fn to_match(headers: &HeaderMap) -> Result<EntityTags, Problem> {
    EntityTags::of(headers, &IF_MATCH)
}

/// Those of `If-None-Match`. Whoever names none that can be read is answered in full.
pub(super) fn not_to_match(headers: &HeaderMap) -> EntityTags {
    EntityTags::of(headers, &IF_NONE_MATCH).unwrap_or(EntityTags::Unnamed)
}

/// Demands that the resource has one of these, where there are any.
///
/// # Errors
/// 412: somebody changed it after the client had read it.
pub(super) fn check(tags: &EntityTags, resource: &Value) -> Result<(), Problem> {
    if !tags.are_named() || tags.mean(of(resource)) { Ok(()) } else { Err(overtaken()) }
}

/// Whether the resource has one of these.
pub(super) fn is_among(tags: &EntityTags, resource: &Value) -> bool {
    tags.mean(of(resource))
}

/// Puts the tag of a resource into its `meta`: equal for equal content.
pub(super) fn put(resource: &mut Value) {
    let tag = format!("W/\"{}\"", Shown::of(resource).as_str());
    resource["meta"]["version"] = tag.into();
}

/// What stands between the quotation marks.
fn of(resource: &Value) -> &str {
    let tag = resource["meta"]["version"].as_str().unwrap_or_default();
    tag.trim_start_matches("W/").trim_matches('"')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(lines: &[&str], resource: &Value) -> Result<(), u16> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, line.parse().unwrap());
        }
        let tags = to_match(&headers);
        tags.and_then(|tags| check(&tags, resource)).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_tag_is_found_among_several_whether_weak_or_not() {
        let mut resource = json!({ "id": "1", "meta": {} });
        put(&mut resource);
        let tag = resource["meta"]["version"].as_str().unwrap().to_owned();
        let strong = tag.trim_start_matches("W/").to_owned();
        for lines in [&[][..], &["*"], &[&tag], &[&strong], &["\"x\"", &tag], &[&format!("\"x\" , {tag}")]] {
            assert_eq!(judged(lines, &resource), Ok(()), "{lines:?}");
        }
        for lines in [&[""][..], &["\"x\""], &["W/\"\""]] {
            assert_eq!(judged(lines, &resource), Err(412), "{lines:?}");
        }
        assert_eq!(judged(&[strong.trim_matches('"')], &resource), Err(400), "without its quotation marks");
        let mut other = json!({ "id": "2", "meta": {} });
        put(&mut other);
        assert_eq!(judged(&[&tag], &other), Err(412));
    }
}
