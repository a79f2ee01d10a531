//! What differs between two sets of settings, for people to compare.

use patgate_core::policy::origin::Origins;
use patgate_core::policy::{Days, TokenSettings};

use crate::pages::form::Difference;

/// All that differs.
pub(super) fn differences(stored: &TokenSettings, wanted: &TokenSettings) -> Vec<Difference> {
    let pairs = told(stored).into_iter().zip(told(wanted));
    let differing = pairs.filter(|((_, stored), (_, wanted))| stored != wanted);
    differing.map(|((label, stored), (_, wanted))| Difference { label, stored, wanted }).collect()
}

/// Every setting in words.
fn told(settings: &TokenSettings) -> [(&'static str, String); 8] {
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
        ("Release", people(settings.origins.release)),
        ("Deploy", people(settings.origins.deploy)),
        ("All others", people(settings.origins.others)),
        ("The word about LDAP users counts", window(settings.freshness.ldap)),
        ("The word about SSO users counts", window(settings.freshness.sso)),
    ]
}

fn window(days: Option<Days>) -> String {
    days.map_or_else(|| "for ever".to_owned(), |days| days.to_string())
}

fn people(row: Origins) -> String {
    let cells = [("internal", row.internal), ("LDAP", row.ldap), ("SSO", row.sso)];
    let named: Vec<_> = cells.iter().filter(|(_, passes)| *passes).map(|(name, _)| *name).collect();
    if named.is_empty() { "nobody".to_owned() } else { format!("{} users", named.join(", ")) }
}

#[cfg(test)]
mod tests {
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
