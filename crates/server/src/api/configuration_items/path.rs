//! The place of an item in a path, with its slashes as they are or as `%2F`.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use http::{Method, Uri};
use patgate_core::item::{ItemId, ROOT};

use crate::problem::Problem;
use crate::service::items::ItemRef;

/// What stands before the place.
const BEFORE: &str = "/api/v1/configuration-items/";
/// What may stand behind it, where something is done with the item.
const TEST_MAIL: &str = "/test-mail";

/// The item that a path names, percent-decoded once, matched without case.
///
/// Refuses what can be no place with 400.
pub(super) struct Place(pub(super) ItemRef);

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::field("id", "The `id` in the path is not percent-encoded UTF-8"))?;
        let text = params.iter().next().map_or("", |(_, text)| text);
        let id = text.parse::<ItemId>();
        let id = id.map_err(|why| Problem::field("id", format!("The `id` in the path: {why}")))?;
        Ok(Self(ItemRef::At(id)))
    }
}

/// A place whose slashes are as they are, as the router takes it: one part of the path. `None`: there is none to fold.
///
/// A place begins with `Configuration/`; what does not is left as it is. At the end of a POST `/test-mail` is what is
/// done, and no name.
pub(crate) fn fold(method: &Method, uri: &Uri) -> Option<Uri> {
    let place = uri.path().strip_prefix(BEFORE)?;
    let lower = place.to_ascii_lowercase();
    let below = lower.strip_prefix(&ROOT.to_ascii_lowercase())?;
    if !place.contains('/') || !(below.starts_with('/') || below.starts_with("%2f")) {
        return None;
    }
    let (place, act) = match place.strip_suffix(TEST_MAIL).filter(|_| method == Method::POST) {
        Some(place) => (place, TEST_MAIL),
        None => (place, ""),
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Uri::from_str(&format!("{BEFORE}{}{act}{query}", place.replace('/', "%2F"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_of_a_place_are_folded_and_nothing_else_is() {
        for (method, sent, seen) in [
            (Method::GET, "Configuration/a", Some("Configuration%2Fa")),
            (Method::GET, "configuration/a/b?version=1", Some("configuration%2Fa%2Fb?version=1")),
            (Method::GET, "Configuration/a%2Fb/c", Some("Configuration%2Fa%2Fb%2Fc")),
            (Method::GET, "Configuration/test-mail", Some("Configuration%2Ftest-mail")),
            (Method::POST, "Configuration/a/test-mail", Some("Configuration%2Fa/test-mail")),
            (Method::POST, "Configuration/test-mail", Some("Configuration/test-mail")),
            (Method::GET, "Configuration/a//b/", Some("Configuration%2Fa%2F%2Fb%2F")),
            (Method::GET, "Configuration%2fa/b", Some("Configuration%2fa%2Fb")),
            (Method::POST, "Configuration%2Fa/test-mail", Some("Configuration%2Fa/test-mail")),
            (Method::GET, "Configurations/a", None),
            (Method::GET, "Configuration%2Fa", None),
            (Method::GET, "Other/a", None),
            (Method::GET, "", None),
        ] {
            let uri = format!("{BEFORE}{sent}").parse().unwrap();
            let folded = fold(&method, &uri).map(|uri| uri.to_string());
            assert_eq!(folded, seen.map(|seen| format!("{BEFORE}{seen}")), "{method} {sent}");
        }
        assert_eq!(fold(&Method::GET, &"/api/v1/roles/Configuration/a".parse().unwrap()), None);
    }
}
