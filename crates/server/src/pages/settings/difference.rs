//! What differs between two sets of settings, for people to compare.

use patgate_core::policy::origin::Row;
use patgate_core::policy::{Days, OriginPolicy, TokenSettings};
use patgate_core::user::Origin;

use super::form::label;
use crate::pages::form::Difference;

/// All that differs.
pub(super) fn differences(stored: &TokenSettings, wanted: &TokenSettings) -> Vec<Difference> {
    let pairs = in_words(stored).into_iter().zip(in_words(wanted));
    let differing = pairs.filter(|((_, stored), (_, wanted))| stored != wanted);
    differing.map(|((label, stored), (_, wanted))| Difference { label, stored, wanted }).collect()
}

/// Every setting in words.
fn in_words(settings: &TokenSettings) -> [(&'static str, String); 8] {
    let of = |row: Row| (label(row), people(&settings.origins, row));
    let on = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
    [
        (
            "Maximum token expiration duration",
            settings
                .maximum_lifetime_days
                .map_or_else(|| "No expiration".to_owned(), |days| days.to_string()),
        ),
        ("Tokens may make tokens", on(settings.tokens_may_make_tokens)),
        ("Passwords on the API", on(settings.passwords_on_api)),
        of(Row::Release),
        of(Row::Deploy),
        of(Row::Others),
        ("Freshness window of LDAP users", window(settings.freshness.ldap)),
        ("Freshness window of SSO users", window(settings.freshness.sso)),
    ]
}

fn window(days: Option<Days>) -> String {
    days.map_or_else(|| "for ever".to_owned(), |days| days.to_string())
}

/// Whose tokens pass for a row of the table.
fn people(policy: &OriginPolicy, row: Row) -> String {
    let passing = Origin::ALL.into_iter().filter(|origin| policy.has(row, *origin));
    let named: Vec<_> = passing.map(Origin::people).collect();
    if named.is_empty() { "nobody".to_owned() } else { named.join(", ") }
}

#[cfg(test)]
mod tests {
    use patgate_core::policy::origin::Origins;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let stored = TokenSettings::default();
        assert_eq!(differences(&stored, &stored), []);
        let mut wanted =
            TokenSettings { maximum_lifetime_days: Some(30.try_into().unwrap()), ..stored.clone() };
        wanted.origins.release = Origins { internal: false, ldap: false, sso: false };
        let told: Vec<_> = differences(&stored, &wanted)
            .into_iter()
            .map(|d| format!("{}: {} / {}", d.label, d.stored, d.wanted))
            .collect();
        assert_eq!(
            told,
            [
                "Maximum token expiration duration: No expiration / 30 days",
                "Release: internal users / nobody"
            ]
        );
    }
}
