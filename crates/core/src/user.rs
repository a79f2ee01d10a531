//! People: where they come from, what they are called, and how they stand in a role.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::confirmation::Confirmation;
use crate::identifier::UserId;

/// Where a user comes from. A user is keyed by (origin, provider, subject).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The password is kept here.
    Internal,
    /// An LDAP directory.
    Ldap,
    /// Single sign-on (OIDC).
    Sso,
}

impl Origin {
    /// All, in the order of the table of the settings.
    pub const ALL: [Self; 3] = [Self::Internal, Self::Ldap, Self::Sso];

    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Ldap => "ldap",
            Self::Sso => "sso",
        }
    }

    /// How a refusal names the people of this origin.
    #[must_use]
    pub const fn people(self) -> &'static str {
        match self {
            Self::Internal => "internal users",
            Self::Ldap => "LDAP users",
            Self::Sso => "SSO users",
        }
    }
}

/// Not the name of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is `internal`, `ldap` or `sso`")]
pub struct NotAnOrigin;

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "internal" => Ok(Self::Internal),
            "ldap" => Ok(Self::Ldap),
            "sso" => Ok(Self::Sso),
            _ => Err(NotAnOrigin),
        }
    }
}

/// A log-in name: 1 to 100 characters, no control character, no `:` (RFC 7617 §2 ends the name there), no `/`
/// (a name is one segment of a path), no blank at either end. Two names that differ only in case are one name.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(Box<str>);

/// Why a text is no log-in name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user name is 1 to 100 characters without `:`, `/`, control characters, or blanks at its ends")]
pub struct NotAUsername;

impl Username {
    /// The most characters.
    pub const LONGEST: usize = 100;

    /// As it was written when the user was made.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is compared and unique: lower case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for Username {
    type Err = NotAUsername;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = is_name(text, Self::LONGEST, |c| c == ':' || c == '/');
        if fits && text != "." && text != ".." { Ok(Self(text.into())) } else { Err(NotAUsername) }
    }
}

/// Whether a text has one to so many characters, all of them seen and none refused, and no blank at either end. It is walked once:
/// a role has thousands of names.
fn is_name(text: &str, longest: usize, is_refused: impl Fn(char) -> bool) -> bool {
    let fits = |c: char| !(c.is_control() || is_invisible(c) || is_refused(c));
    let length = text.chars().try_fold(0, |length, c| (length < longest && fits(c)).then_some(length + 1));
    length.is_some_and(|length| length > 0) && text.trim().len() == text.len()
}

/// Characters that are not seen but make two names differ: zero-width ones, direction marks, fillers of Hangul and
/// Mongolian, and tags. Variation selectors stay, because emoji need them.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

impl TryFrom<String> for Username {
    type Error = NotAUsername;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0.into_string()
    }
}

impl PartialEq for Username {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Username {}

impl fmt::Display for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.as_str())
    }
}

/// What a principal stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrincipalKind {
    /// One user.
    #[default]
    User,
    /// Everybody whom the provider puts in this group.
    Group,
}

/// A user or a group of one provider, as it stands in a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "WrittenPrincipal<'de>")]
pub struct Principal {
    /// The log-in name of the user, or the name of the group.
    pub username: Username,
    /// For people to read; not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fullname: Option<String>,
    /// User or group.
    pub kind: PrincipalKind,
    /// `internal`, or the name of the provider. A name of another provider is another principal.
    pub provider: String,
}

/// A principal as it is stored, before its name is read by its kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenPrincipal<'t> {
    #[serde(borrow)]
    username: Cow<'t, str>,
    fullname: Option<String>,
    #[serde(default)]
    kind: PrincipalKind,
    #[serde(default = "internal_provider")]
    provider: String,
}

impl TryFrom<WrittenPrincipal<'_>> for Principal {
    type Error = NotAPrincipalName;

    fn try_from(written: WrittenPrincipal<'_>) -> Result<Self, Self::Error> {
        let WrittenPrincipal { username, fullname, kind, provider } = written;
        Ok(Self { username: kind.name(&username)?, fullname, kind, provider })
    }
}

impl PrincipalKind {
    /// The most characters of the name of a group. That of a user is shorter, [`Username::LONGEST`].
    pub const LONGEST_NAME: usize = 200;

    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    /// Reads the name of a principal of this kind. That of a group is 1 to 200 characters, as its provider writes it: `/ops` and
    /// `urn:example:ops` are some.
    ///
    /// # Errors
    /// [`NotAPrincipalName`].
    pub fn name(self, text: &str) -> Result<Username, NotAPrincipalName> {
        match self {
            Self::User => Ok(text.parse()?),
            Self::Group => {
                let fits = is_name(text, Self::LONGEST_NAME, |_| false);
                if fits { Ok(Username(text.into())) } else { Err(NotAPrincipalName::Group) }
            }
        }
    }
}

/// Why a text is no name of a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPrincipalName {
    /// Of a user.
    #[error(transparent)]
    User(#[from] NotAUsername),
    /// Of a group.
    #[error("the name of a group is 1 to 200 characters without control characters, or blanks at its ends")]
    Group,
}

/// Whether a user may act at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// Yes.
    Enabled,
    /// Neither signs in nor do their tokens pass, until enabled again.
    Disabled {
        /// Since when.
        at: Timestamp,
    },
}

/// A person or a machine account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The row. A user deleted and made again gets another, so nothing old comes back with the name.
    pub id: UserId,
    /// Where they come from.
    pub origin: Origin,
    /// [`INTERNAL_PROVIDER`], or the name of the directory or identity provider.
    pub provider: String,
    /// The provider's own key for them; of an internal user, the text of `id`.
    pub subject: String,
    /// What they type to log in. One name belongs to one user, whatever the origin.
    pub username: Username,
    /// For people to read; may be empty.
    pub full_name: String,
    /// May be empty.
    pub email: String,
    /// Groups of the provider they are in, as last seen.
    pub groups: Vec<String>,
    /// Enabled or not: what administrators say.
    pub state: UserState,
    /// What their provider last said.
    pub confirmation: Confirmation,
    /// When the row was made.
    pub created_at: Timestamp,
    /// Their last sign-in.
    pub last_active_at: Option<Timestamp>,
}

/// The provider of internal users.
pub const INTERNAL_PROVIDER: &str = "internal";

fn internal_provider() -> String {
    INTERNAL_PROVIDER.to_owned()
}

impl Principal {
    /// An internal user as a principal.
    #[must_use]
    pub fn internal(username: Username) -> Self {
        Self { username, fullname: None, kind: PrincipalKind::User, provider: internal_provider() }
    }

    /// Whether it stands for the user of this name from this provider, who is in these groups of it.
    #[must_use]
    pub fn covers(&self, username: &Username, provider: &str, groups: &[String]) -> bool {
        self.provider == provider
            && match self.kind {
                PrincipalKind::User => self.username == *username,
                PrincipalKind::Group => groups.iter().any(|group| group == self.username.as_str()),
            }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value;

    use super::*;

    fn name(text: &str) -> Username {
        text.parse().unwrap()
    }

    #[test]
    fn a_group_is_called_what_its_provider_calls_it() {
        for text in ["ops", "/ops", "urn:example:ops", "CN=Ops,OU=Groups", "a/b:c"] {
            assert_eq!(PrincipalKind::Group.name(text).unwrap().as_str(), text);
            let written = [("username", text), ("kind", "group"), ("provider", "corp")].into_iter();
            let read: Result<_, value::Error> = Principal::deserialize(value::MapDeserializer::new(written));
            assert_eq!(read.unwrap().username.as_str(), text);
        }
        for text in ["", " ops", "o\nps", "o\u{200b}ps", &"x".repeat(201)] {
            assert_eq!(PrincipalKind::Group.name(text), Err(NotAPrincipalName::Group));
        }
        assert_eq!(PrincipalKind::User.name("/ops"), Err(NotAUsername.into()));
    }

    #[test]
    fn names_are_compared_without_case() {
        assert_eq!(name("Ann"), name("ann"));
        assert_eq!(name("ÄNN").key(), "änn");
        assert_ne!(name("ann"), name("anna"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in
            ["", " ann", "ann ", "a:b", "a/b", "..", "a\nb", "a\u{200b}b", "\u{feff}", &"x".repeat(101)]
        {
            assert!(bad.parse::<Username>().is_err(), "{bad:?}");
        }
        for good in
            ["ann", "Ann Lee", "ann@example.org", "O'Neil (*)", "ann \u{2764}\u{fe0f}", &"ü".repeat(100)]
        {
            assert_eq!(name(good).as_str(), good);
        }
    }

    #[test]
    fn a_name_that_only_looks_like_another_is_refused() {
        for unseen in
            "\u{3164}\u{115f}\u{1160}\u{ffa0}\u{180e}\u{e0000}\u{e0041}\u{e007f}\u{200d}\u{ad}".chars()
        {
            assert!(format!("a{unseen}nn").parse::<Username>().is_err(), "{unseen:?}");
        }
    }

    #[test]
    fn a_group_of_another_provider_covers_nobody() {
        let group = Principal {
            kind: PrincipalKind::Group,
            provider: "corp".into(),
            ..Principal::internal(name("ops"))
        };
        let groups = ["ops".to_owned()];
        assert!(group.covers(&name("ann"), "corp", &groups));
        assert!(!group.covers(&name("ann"), "other", &groups));
        assert!(!Principal::internal(name("ann")).covers(&name("ann"), "corp", &groups));
        assert!(Principal::internal(name("Ann")).covers(&name("ann"), INTERNAL_PROVIDER, &[]));
    }
}
