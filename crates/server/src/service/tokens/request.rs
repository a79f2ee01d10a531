//! From the texts of a request for a token to what is asked.

use std::collections::BTreeSet;

use jiff::Timestamp;
use patgate_core::application::ApplicationSlot;
use patgate_core::grant::{GrantName, GrantPermissions};
use patgate_core::permission::PermissionId;
use patgate_core::policy::{Days, RequestedLifetime};
use serde::Deserialize;
use utoipa::ToSchema;

use super::issue::NewToken;
use super::refused::Ids;
use crate::problem::Problem;
use crate::state::AppState;

/// What is asked of a new token. Unknown fields are refused: a misspelt one must not make a token that never ends.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object")]
pub struct TokenRequest {
    /// What it is for: 1 to 100 characters, none of them a control character.
    #[schema(min_length = 1, max_length = 100, example = "nightly build")]
    pub token_note: String,
    /// When it ends, in RFC 3339; absent: as late as an administrator allows. Above the maximum is refused.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// The same as `expiresAt`; one of them.
    #[schema(format = DateTime)]
    pub expiry_date: Option<String>,
    /// After how many days of 24 hours it ends, instead of `expiresAt`.
    #[schema(minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<i64>,
    /// What it carries of the owner's permissions; absent: all of them, `[]`: none.
    pub global_permissions: Option<Vec<String>>,
    /// Where it passes; `any`: everywhere. Absent: `release`, and under `/deployit` `deploy`.
    #[schema(example = "release")]
    pub application: Option<String>,
}

impl TokenRequest {
    /// Reads what is asked; `application` is meant when none is named.
    ///
    /// # Errors
    /// 400 naming the field.
    pub fn read(self, state: &AppState, application: ApplicationSlot) -> Result<NewToken, Problem> {
        let (lifetime, lifetime_field) = self.lifetime()?;
        Ok(NewToken {
            name: self.name()?,
            application: self.application(state)?.unwrap_or(application),
            lifetime,
            permissions: self.permissions(state)?,
            lifetime_field,
        })
    }

    fn name(&self) -> Result<GrantName, Problem> {
        self.token_note.parse().map_err(|error| Problem::field("tokenNote", format!("`tokenNote`: {error}")))
    }

    fn lifetime(&self) -> Result<(RequestedLifetime, &'static str), Problem> {
        let given = [
            self.expires_at.as_ref().map(|_| "expiresAt"),
            self.expiry_date.as_ref().map(|_| "expiryDate"),
            self.expires_in_days.map(|_| "expiresInDays"),
        ];
        let mut given = given.into_iter().flatten();
        let (field, other) = (given.next(), given.next());
        if let (Some(field), Some(other)) = (field, other) {
            let detail = format!("`{field}` and `{other}` say the same thing; send one of them");
            return Err(Problem::field(other, detail));
        }
        let field = field.unwrap_or("expiresAt");
        if let Some(days) = self.expires_in_days {
            let days = u32::try_from(days).ok().and_then(|days| Days::try_from(days).ok());
            let detail = "`expiresInDays`: a lifetime is 1 to 3650 days";
            let days = days.ok_or_else(|| Problem::field(field, detail))?;
            return Ok((RequestedLifetime::Days(days), field));
        }
        let Some(text) = self.expires_at.as_ref().or(self.expiry_date.as_ref()) else {
            return Ok((RequestedLifetime::Absent, field));
        };
        let moment = moment(text.trim()).ok_or_else(|| {
            let detail =
                format!("`{field}` is a moment with its offset from UTC, such as `2026-12-31T23:59:59Z`");
            Problem::field(field, detail)
        })?;
        Ok((RequestedLifetime::Until(moment), field))
    }

    fn application(&self, state: &AppState) -> Result<Option<ApplicationSlot>, Problem> {
        let Some(name) = &self.application else { return Ok(None) };
        state.applications.slot(name).map(Some).ok_or_else(|| {
            let known: Vec<_> = state.applications.iter().map(|(_, name, _)| name.to_string()).collect();
            let detail = format!("There is no application `{name:.40}`; there are {}", Ids(known));
            Problem::field("application", detail)
        })
    }

    fn permissions(&self, state: &AppState) -> Result<GrantPermissions, Problem> {
        let Some(texts) = &self.global_permissions else { return Ok(GrantPermissions::All) };
        let (mut known, mut unknown) = (BTreeSet::new(), Vec::new());
        for text in texts {
            match text.parse::<PermissionId>().ok().filter(|id| state.catalog.slot(id).is_some()) {
                Some(id) => {
                    known.insert(id);
                }
                None => unknown.push(text.clone()),
            }
        }
        if unknown.is_empty() {
            Ok(GrantPermissions::Chosen(known))
        } else {
            let detail = format!("This server does not know these permissions: {}", Ids(unknown));
            Err(Problem::field("globalPermissions", detail)
                .hint("`GET /api/v1/global-permissions` lists them"))
        }
    }
}

/// A moment in RFC 3339, or in the shorter forms of ISO 8601. A leap second, and an offset of a day or more, would be
/// moved in silence by the parser: they are none.
fn moment(text: &str) -> Option<Timestamp> {
    let moment = text.parse().ok()?;
    let (time, offset) = {
        let (_, rest) = text.split_once(['T', 't', ' '])?;
        let rest = rest.split('[').next()?;
        rest.split_at(rest.find(['Z', 'z', '+', '-'])?)
    };
    let pair = |text: &str, at: usize| {
        let digits: String = text.chars().filter(char::is_ascii_digit).skip(at).take(2).collect();
        digits.parse::<u8>().unwrap_or(0)
    };
    let whole = time.split(['.', ',']).next()?;
    (pair(whole, 4) < 60 && pair(offset, 0) < 24).then_some(moment)
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_moment_that_would_be_moved_is_none() {
        for good in [
            "2026-12-31T23:59:59Z",
            "2026-12-31T23:59:59.6099+23:59",
            "2026-12-31T23:59:59.000+0000",
            "20261231T235959-0130",
            "2026-12-31 23:59-05",
        ] {
            assert_eq!(moment(good), Some(good.parse().unwrap()), "{good}");
        }
        for bad in [
            "2026-12-31T23:59:60Z",
            "2026-12-31t23:59:60.5+01:00",
            "20261231T235960Z",
            "2026-12-31T23:59:59+25:00",
            "2026-12-31T23:59:59-2400",
            "2026-12-31T12:00:00+24:00[UTC]",
            "2026-12-31T23:59:59",
            "2026-12-31",
            "",
        ] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }
}
