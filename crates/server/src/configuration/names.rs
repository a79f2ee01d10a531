//! What applications and providers are called, by the file and by people.

use std::collections::HashSet;
use std::str::FromStr;

use patgate_core::provider::ProviderName;

use super::section::Section;

/// A text of 1 to `MOST` characters without those that control.
pub(super) struct Line<const MOST: usize>(pub(super) String);

impl<const MOST: usize> FromStr for Line<MOST> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=MOST).contains(&text.chars().count()) && !text.contains(char::is_control);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("write 1 to {MOST} characters on one line"))
        }
    }
}

/// What people read: at most 100 characters.
pub(super) fn label(section: &mut Section<'_>, name: &str) -> Option<String> {
    Some(section.parsed::<Line<100>>(name)?.0)
}

/// The name of a provider, of whatever kind: no other may have it.
pub(super) fn provider_name(
    section: &mut Section<'_>,
    providers: &mut HashSet<ProviderName>,
) -> Option<ProviderName> {
    let name = section.required::<ProviderName>("name")?;
    if !providers.insert(name.clone()) {
        section.fault_of("name", format_args!("the provider name `{name}` is taken"));
        return None;
    }
    Some(name)
}
