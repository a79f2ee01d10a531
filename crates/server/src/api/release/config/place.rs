//! Which item a configuration's id names.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use patgate_core::identifier::ItemNumber;

use crate::problem::Problem;
use crate::service::items::ItemRef;

/// What stands before the number in an id.
const PREFIX: &str = "Configuration/Custom/Configuration";

/// The item that a path names by its id or its place.
///
/// Refuses what can be neither with 404, like one that is not there.
pub(super) struct ConfigurationPlace(pub(super) ItemRef);

/// The id of the configuration that is this item.
pub(super) fn id(number: ItemNumber) -> String {
    format!("{PREFIX}{number}")
}

/// The item that an id, or a place, names.
pub(super) fn item(text: &str) -> Option<ItemRef> {
    let prefix = text.get(..PREFIX.len()).filter(|prefix| prefix.eq_ignore_ascii_case(PREFIX));
    let number = prefix.and_then(|_| text[PREFIX.len()..].parse().ok());
    number.map(ItemRef::Numbered).or_else(|| text.parse().ok().map(ItemRef::At))
}

/// 404.
pub(super) fn missing() -> Problem {
    Problem::not_found("configuration")
}

impl<S: Send + Sync> FromRequestParts<S> for ConfigurationPlace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| missing())?;
        let text = params.iter().next().map_or("", |(_, text)| text);
        item(text.trim()).map(Self).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_a_place_name_an_item() {
        let number = ItemNumber::from_i64(7);
        assert_eq!(item(&id(number)), Some(ItemRef::Numbered(number)));
        assert_eq!(
            item(&id(number).replacen("Configuration", "configuration", 1)),
            Some(ItemRef::Numbered(number))
        );
        let place = ItemRef::At("Configuration/Custom/Configuration1".parse().unwrap());
        assert_eq!(item("Configuration/Custom/Configuration1"), Some(place));
        assert_eq!(item("Applications/Release1"), None);
    }
}
