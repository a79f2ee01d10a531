//! Entity tags: a change that somebody overtook is refused (RFC 7644 §3.14, RFC 9110 §13.1).

use http::HeaderMap;
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use serde_json::Value;

use crate::problem::Problem;
use crate::service::scim::overtaken;
use crate::service::shown::Shown;

/// Tags that a request names.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags {
    /// `None`: the header is not there.
    named: Option<String>,
}

impl Tags {
    /// Those of `If-Match`.
    pub(super) fn to_match(headers: &HeaderMap) -> Self {
        Self::of(headers, &IF_MATCH)
    }

    /// Those of `If-None-Match`.
    pub(super) fn not_to_match(headers: &HeaderMap) -> Self {
        Self::of(headers, &IF_NONE_MATCH)
    }

    /// Whether there are any.
    pub(super) fn are_there(&self) -> bool {
        self.named.is_some()
    }

    /// Demands that the resource has one of them, where there are any.
    pub(super) fn check(&self, resource: &Value) -> Result<(), Problem> {
        if !self.are_there() || self.name(resource) { Ok(()) } else { Err(overtaken()) }
    }

    /// Whether one of them is the resource's. Compared weakly, because the tags are weak: the same resource may be
    /// written in other bytes.
    pub(super) fn name(&self, resource: &Value) -> bool {
        let named = self.named.as_deref().unwrap_or_default();
        let tag = opaque(resource["meta"]["version"].as_str().unwrap_or_default());
        named.split(',').map(str::trim).any(|one| one == "*" || (!tag.is_empty() && opaque(one) == tag))
    }

    fn of(headers: &HeaderMap, name: &HeaderName) -> Self {
        let lines: Vec<_> = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
        Self { named: (!lines.is_empty()).then(|| lines.join(",")) }
    }
}

/// Puts the tag of a resource into its `meta`: equal for equal content.
pub(super) fn put(resource: &mut Value) {
    let tag = format!("W/\"{}\"", Shown::of(resource).as_str());
    resource["meta"]["version"] = tag.into();
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tags(lines: &[&str]) -> Tags {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, line.parse().unwrap());
        }
        Tags::to_match(&headers)
    }

    #[test]
    fn a_tag_is_found_among_several_whether_weak_or_not() {
        let mut resource = json!({ "id": "1", "meta": {} });
        put(&mut resource);
        let tag = resource["meta"]["version"].as_str().unwrap().to_owned();
        let strong = tag.trim_start_matches("W/").to_owned();
        for lines in [&[][..], &["*"], &[&tag], &[&strong], &["\"x\"", &tag], &[&format!("\"x\" , {tag}")]] {
            assert!(tags(lines).check(&resource).is_ok(), "{lines:?}");
        }
        for lines in [&[""][..], &["\"x\""], &[tag.trim_matches('"')], &["W/\"\""]] {
            assert!(tags(lines).check(&resource).is_err(), "{lines:?}");
        }
        let mut other = json!({ "id": "2", "meta": {} });
        put(&mut other);
        assert!(tags(&[&tag]).check(&other).is_err());
    }
}
