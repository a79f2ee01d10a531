//! Lists: which resources, which part of them, and what of each (RFC 7644 §3.4.2).

use patgate_core::scim::Filter;
use patgate_store::ScimWindow;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use super::LARGEST_PAGE;
use super::body::member;
use super::projection::Projection;
use crate::problem::Problem;
use crate::service::scim::{INVALID_FILTER, INVALID_VALUE, bad};

/// The parameters of a list. Sorting is not offered: resources come by name.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ListParameters {
    /// RFC 7644 §3.4.2.2, at most 1,000 characters
    filter: Option<String>,
    /// The first one, from 1
    #[param(value_type = Option<i64>)]
    start_index: Option<String>,
    /// How many at most; 200 at most
    #[param(value_type = Option<i64>)]
    count: Option<String>,
    /// Nothing but these, separated by commas
    attributes: Option<String>,
    /// All but these, separated by commas
    excluded_attributes: Option<String>,
}

/// The parameters of one resource.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ReadParameters {
    /// Nothing but these, separated by commas
    attributes: Option<String>,
    /// All but these, separated by commas
    excluded_attributes: Option<String>,
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct ListRequest {
    pub(super) filter: Option<Filter>,
    pub(super) window: ScimWindow,
    pub(super) projection: Projection,
}

impl ReadParameters {
    pub(super) fn projection(&self) -> Result<Projection, Problem> {
        Projection::read(self.attributes.as_deref(), self.excluded_attributes.as_deref())
    }
}

impl ListParameters {
    pub(super) fn read(&self) -> Result<ListRequest, Problem> {
        let filter = self.filter.as_deref().map(str::parse::<Filter>).transpose();
        // An index below 1 is 1, and a count below 0 is 0 (RFC 7644 §3.4.2.4).
        let start = number("startIndex", self.start_index.as_deref())?.unwrap_or(1).max(1);
        let count = number("count", self.count.as_deref())?.map_or(LARGEST_PAGE, |count| count.max(0) as u64);
        Ok(ListRequest {
            filter: filter.map_err(|error| bad(INVALID_FILTER, error))?,
            window: ScimWindow { skip: start.unsigned_abs() - 1, limit: count.min(LARGEST_PAGE) },
            projection: Projection::read(self.attributes.as_deref(), self.excluded_attributes.as_deref())?,
        })
    }

    /// Those of a search by POST (RFC 7644 §3.4.3), where lists are lists.
    pub(super) fn of_search(body: &Map<String, Value>) -> Result<Self, Problem> {
        let text = |name: &str| match member(body, name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Array(names)) if names.is_empty() => Ok(None),
            Some(Value::Array(names)) => {
                let names: Option<Vec<_>> = names.iter().map(Value::as_str).collect();
                let names =
                    names.ok_or_else(|| bad(INVALID_VALUE, format!("`{name}` is a list of texts")))?;
                Ok(Some(names.join(",")))
            }
            Some(_) => Err(bad(INVALID_VALUE, format!("`{name}` is neither a text nor a number"))),
        };
        Ok(Self {
            filter: text("filter")?,
            start_index: text("startIndex")?,
            count: text("count")?,
            attributes: text("attributes")?,
            excluded_attributes: text("excludedAttributes")?,
        })
    }
}

impl ListRequest {
    /// The answer: these resources, of so many in all.
    pub(super) fn answer(&self, total: u64, resources: impl IntoIterator<Item = Value>) -> Value {
        let resources: Vec<_> = resources.into_iter().map(|resource| self.projection.of(resource)).collect();
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": total,
            "startIndex": self.window.skip + 1,
            "itemsPerPage": resources.len(),
            "Resources": resources,
        })
    }
}

fn number(name: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let number = text.map(str::parse).transpose();
    number.map_err(|_| bad(INVALID_VALUE, format!("`{name}` is a whole number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: &str, count: &str) -> (u64, u64) {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let parameters =
            ListParameters { start_index: given(start), count: given(count), ..ListParameters::default() };
        let window = parameters.read().unwrap().window;
        (window.skip, window.limit)
    }

    #[test]
    fn pages_begin_at_one_and_have_their_bounds() {
        for (start, count, expected) in [
            ("", "", (0, 200)),
            ("1", "10", (0, 10)),
            ("11", "10", (10, 10)),
            ("0", "0", (0, 0)),
            ("-5", "-1", (0, 0)),
            ("9223372036854775807", "9223372036854775807", (9_223_372_036_854_775_806, 200)),
        ] {
            assert_eq!(window(start, count), expected, "{start} {count}");
        }
        let odd = ListParameters { count: Some("ten".to_owned()), ..ListParameters::default() };
        assert_eq!(odd.read().unwrap_err().code(), INVALID_VALUE);
    }

    #[test]
    fn a_search_says_the_same_in_a_body() {
        let body = serde_json::json!({
            "Filter": "id pr", "startIndex": 3, "count": 2, "attributes": ["id", "userName"],
            "excludedAttributes": [], "sortBy": "id",
        });
        let search = ListParameters::of_search(body.as_object().unwrap()).unwrap();
        let request = search.read().unwrap();
        assert_eq!((request.window.skip, request.window.limit), (2, 2));
        assert_eq!(request.filter.unwrap().to_string(), "id pr");
        assert!(request.projection.has("username") && !request.projection.has("active"));
        for odd in [serde_json::json!({ "filter": true }), serde_json::json!({ "attributes": [1] })] {
            assert!(ListParameters::of_search(odd.as_object().unwrap()).is_err(), "{odd}");
        }
    }
}
