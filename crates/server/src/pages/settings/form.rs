//! The form: as the settings are, as it was sent, and what it asks for.

use patgate_core::confirmation::FreshnessWindows;
use patgate_core::policy::origin::{Origins, Row};
use patgate_core::policy::{Cells, Days, EmailNotifications, OriginPolicy, TokenSettings};
use patgate_core::user::Origin;

use super::decisions::cells_in_words;
use super::sso::SsoSwitch;
use crate::pages::form::{Fault, sentence};
use crate::pages::{Choice, Field, Fields};
use crate::service::settings::{self, LIFETIMES};

/// What a row of the table is called on the page.
pub(super) const fn label(row: Row) -> &'static str {
    match row {
        Row::Release => "Release",
        Row::Deploy => "Deploy",
        Row::Others => "All others",
    }
}

/// What is typed.
pub(super) struct Form {
    pub(super) maximum: Field,
    pub(super) tokens_may_make_tokens: bool,
    pub(super) passwords_on_api: bool,
    /// The freshness windows in days, of LDAP users and of SSO users.
    pub(super) freshness: [Field; 2],
    /// Shorter windows of which was said here whom they suspend: saved again, they are meant. Empty for none.
    pub(super) freshness_told: String,
    /// The switch for SSO users, with its cells.
    pub(super) sso: SsoSwitch,
    /// As the form was shown.
    pub(super) sso_shown: SsoSwitch,
    /// What the switch opens.
    pub(super) sso_when_on: Cells,
    pub(super) sso_error: Option<String>,
    /// Internal, LDAP and SSO users, for Release, Deploy and all others.
    pub(super) table: [[bool; 3]; 3],
}

/// A row of the table, for the template.
pub(super) struct TableRow {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) internal: bool,
    pub(super) ldap: bool,
    pub(super) sso: bool,
}

impl Form {
    /// The form of these settings.
    pub(super) fn of_settings(settings: &TokenSettings) -> Self {
        let row = |row: Origins| [row.internal, row.ldap, row.sso];
        let origins = &settings.origins;
        let sso = SsoSwitch::of_cells([origins.release.sso, origins.deploy.sso, origins.others.sso]);
        Self {
            tokens_may_make_tokens: settings.tokens_may_make_tokens,
            passwords_on_api: settings.passwords_on_api,
            freshness: freshness(
                [settings.freshness.ldap, settings.freshness.sso]
                    .map(|window| window.map_or_else(String::new, |days| u32::from(days).to_string())),
            ),
            sso,
            sso_shown: sso,
            sso_when_on: settings.sso_when_on(),
            sso_error: None,
            table: [row(origins.release), row(origins.deploy), row(origins.others)],
            ..Self::with_maximum(
                settings.maximum_lifetime_days.map_or_else(String::new, |days| u32::from(days).to_string()),
            )
        }
    }

    /// The form as it was sent, about these settings.
    pub(super) fn of_fields(fields: &Fields, stored: &TokenSettings) -> Self {
        let has = |cell: &str| fields.all("origins").any(|sent| sent == cell);
        let row = |row: Row| Origin::ALL.map(|of| has(&format!("{}.{}", row.as_str(), of.as_str())));
        let table = Row::ALL.map(row);
        let sso = SsoSwitch { is_on: fields.has("sso"), cells: table.map(|[_, _, sso]| sso) };
        Self {
            tokens_may_make_tokens: fields.has("tokens_may_make_tokens"),
            passwords_on_api: fields.has("passwords_on_api"),
            freshness: freshness(
                ["freshness_ldap", "freshness_sso"].map(|name| fields.text(name).to_owned()),
            ),
            sso,
            sso_shown: SsoSwitch::shown(fields, sso),
            sso_when_on: stored.sso_when_on(),
            sso_error: None,
            table,
            ..Self::with_maximum(fields.text("maximum").to_owned())
        }
    }

    fn with_maximum(maximum: String) -> Self {
        let nothing = SsoSwitch::of_cells([false; 3]);
        Self {
            maximum: Field::new("maximum", "Maximum token expiration duration", maximum)
                .hint("The longest lifetime that can be chosen for a new token. When you lower it, you choose what becomes of the tokens that exceed it."),
            tokens_may_make_tokens: false,
            passwords_on_api: false,
            freshness: freshness([String::new(), String::new()]),
            freshness_told: String::new(),
            sso: nothing,
            sso_shown: nothing,
            sso_when_on: Cells::NONE,
            sso_error: None,
            table: [[false; 3]; 3],
        }
    }

    /// The maximum lifetimes to choose from.
    pub(super) fn lifetimes(&self) -> Vec<Choice> {
        let chosen = self.maximum.value.as_str();
        let days = LIFETIMES.map(|days| {
            let label = if days == 365 { "1 year".to_owned() } else { format!("{days} days") };
            Choice::new(days.to_string(), label, chosen)
        });
        std::iter::once(Choice::new("", "No expiration", chosen)).chain(days).collect()
    }

    /// The rows of the table.
    pub(super) fn rows(&self) -> Vec<TableRow> {
        let rows = Row::ALL.into_iter().zip(self.table);
        let rows = rows.map(|(row, [internal, ldap, sso])| TableRow {
            name: row.as_str(),
            label: label(row),
            internal,
            ldap,
            sso,
        });
        rows.collect()
    }

    /// What the form remembers of how it was shown.
    pub(super) fn sso_text(&self) -> String {
        self.sso_shown.to_text()
    }

    /// What the switch opens, in words.
    pub(super) fn sso_words(&self) -> String {
        cells_in_words(self.sso_when_on)
    }

    /// What is wrong, for the summary.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let [ldap, sso] = &self.freshness;
        let mut faults = Fault::of([&self.maximum, ldap, sso]);
        faults.extend(self.sso_error.as_ref().map(|text| Fault {
            field: "sso".to_owned(),
            text: format!("Allow personal access tokens for SSO users: {text}"),
        }));
        faults
    }

    /// The settings that are wanted; `None` when something stands beside a field now. What the mail before an expiry says
    /// is changed on a page of its own.
    pub(super) fn read(&mut self) -> Option<TokenSettings> {
        let maximum = self.maximum();
        let origins = self.origins();
        let [ldap, sso] = self.freshness.each_mut().map(days);
        Some(TokenSettings {
            maximum_lifetime_days: maximum?,
            tokens_may_make_tokens: self.tokens_may_make_tokens,
            passwords_on_api: self.passwords_on_api,
            origins: origins?,
            sso_reopens: None,
            freshness: FreshnessWindows { ldap: ldap?, sso: sso? },
            email_notifications: EmailNotifications::default(),
        })
    }

    fn maximum(&mut self) -> Option<Option<Days>> {
        let days = match self.maximum.value.as_str() {
            "" => Ok(None),
            text => text.parse().map(Some),
        };
        let maximum = days.ok().and_then(|days| settings::maximum_lifetime(days).ok());
        if maximum.is_none() {
            self.maximum.error = Some("Choose one of the durations in the list.".to_owned());
        }
        maximum
    }

    fn origins(&mut self) -> Option<OriginPolicy> {
        match self.sso.decide(self.sso_shown, self.sso_when_on) {
            Ok(cells) => {
                for ([.., sso], cell) in self.table.iter_mut().zip(cells) {
                    *sso = cell;
                }
                let [release, deploy, others] =
                    self.table.map(|[internal, ldap, sso]| Origins { internal, ldap, sso });
                Some(OriginPolicy { release, deploy, others })
            }
            Err(disagree) => {
                self.sso_error = Some(sentence(&disagree));
                None
            }
        }
    }
}

/// The two fields of the windows.
fn freshness([ldap, sso]: [String; 2]) -> [Field; 2] {
    let hint = "For how many days a token passes after its owner's provider last vouched for them. A provider that does not \
                answer suspends nobody before. 1 to 3650; empty: for ever.";
    [
        Field::new("freshness_ldap", "Freshness window of LDAP users, in days", ldap).hint(hint),
        Field::new("freshness_sso", "Freshness window of SSO users, in days", sso).hint(hint),
    ]
}

/// The window that is typed; `None` when something stands beside the field now.
fn days(field: &mut Field) -> Option<Option<Days>> {
    let text = field.value.trim();
    if text.is_empty() {
        return Some(None);
    }
    let days = text.parse::<u32>().ok().and_then(|days| Days::try_from(days).ok());
    if days.is_none() {
        field.error = Some("Write a number of days from 1 to 3650, or nothing.".to_owned());
    }
    days.map(Some)
}
