//! The placeholders that stand beside the form, and what becomes of each.

use crate::mail::template::Kind;

/// A placeholder.
pub(super) struct Placeholder {
    /// Its name.
    pub(super) name: &'static str,
    /// What stands in its place.
    pub(super) meaning: &'static str,
}

/// Those of a kind of mail.
pub(super) fn of(kind: Kind) -> Vec<Placeholder> {
    let names = kind.placeholders().iter();
    names.map(|&name| Placeholder { name, meaning: meaning(name) }).collect()
}

/// What a digest says of each of its tokens: what a mail about one token says of that one.
pub(super) fn of_each_token() -> Vec<&'static str> {
    let everywhere = Kind::Digest.placeholders();
    Kind::Token.placeholders().iter().copied().filter(|name| !everywhere.contains(name)).collect()
}

fn meaning(name: &str) -> &'static str {
    match name {
        "owner" => "the owner's user name",
        "owner_full_name" => "the owner's full name",
        "token_name" => "the name of the token",
        "expires_at" => "when it expires, in the time zone of the server, which it names",
        "expires_at_utc" => "when it expires, in UTC",
        "days_left" => "how many days are left",
        "renew_url" => "a link to generate another one like it",
        "server_url" => "where this server is",
        "tokens" => "the list of tokens, for a loop",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_explained() {
        for kind in [Kind::Token, Kind::Digest] {
            for placeholder in of(kind) {
                assert!(!placeholder.meaning.is_empty(), "{}", placeholder.name);
            }
        }
        assert_eq!(of_each_token(), ["token_name", "expires_at", "expires_at_utc", "days_left", "renew_url"]);
    }
}
