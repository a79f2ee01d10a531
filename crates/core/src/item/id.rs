//! Where an item is: a path of names below `Configuration`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::user::is_invisible;

/// The first name of every path: the folder that is always there and is no item itself.
pub const ROOT: &str = "Configuration";

/// The most names after [`ROOT`].
const DEEPEST: usize = 10;

/// The path of an item, such as `Configuration/SMTPSERVERTEST`: [`ROOT`] and up to ten names.
///
/// Names keep the case in which they were written, and two paths that differ only in case are one. A path has no empty
/// name, no `.` or `..`, and no character that could make another path of it when it is decoded twice.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ItemId(Box<str>);

/// One name of a path: 1 to 100 characters, without `/`, `\`, `%`, control and invisible characters, and blanks at its
/// ends; neither `.` nor `..`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemName(Box<str>);

/// Why a text is no path of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnItemId {
    /// It begins otherwise.
    #[error("the path of a configuration item begins with `Configuration`")]
    Root,
    /// It is too deep.
    #[error("the path of a configuration item has at most ten names after `Configuration`")]
    Deep,
    /// A name in it is none.
    #[error(transparent)]
    Name(#[from] NotAnItemName),
}

/// Why a text is no name of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name is 1 to 100 characters without `/`, `\\`, `%`, control or invisible characters, or blanks at its ends, and \
     neither `.` nor `..`"
)]
pub struct NotAnItemName;

impl ItemId {
    /// The folder that is always there.
    #[must_use]
    pub fn root() -> Self {
        Self(ROOT.into())
    }

    /// Whether it is the folder that is always there.
    #[must_use]
    pub fn is_root(&self) -> bool {
        !self.0.contains('/')
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is compared and unique: lower case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// The last name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The folder it is in; `None` of [`ItemId::root`].
    #[must_use]
    pub fn folder(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(folder, _)| Self(folder.into()))
    }

    /// How many names it has after [`ROOT`]: 0 to 10.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.matches('/').count()
    }

    /// What is called so in this folder.
    ///
    /// # Errors
    /// [`NotAnItemId::Deep`].
    pub fn child(&self, name: &ItemName) -> Result<Self, NotAnItemId> {
        if self.depth() >= DEEPEST {
            return Err(NotAnItemId::Deep);
        }
        Ok(Self(format!("{}/{}", self.0, name.0).into()))
    }

    /// Whether it is somewhere below a folder.
    #[must_use]
    pub fn is_below(&self, folder: &Self) -> bool {
        self.key().strip_prefix(&folder.key()).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Where it is when what is at `from`, itself or a folder above it, moves to `to`. What is elsewhere stays.
    ///
    /// # Errors
    /// [`NotAnItemId::Deep`].
    pub fn moved(&self, from: &Self, to: &Self) -> Result<Self, NotAnItemId> {
        if self != from && !self.is_below(from) {
            return Ok(self.clone());
        }
        // Counted in names, because a lower-case text can be longer than the written one.
        let rest = self.0.split('/').skip(from.depth() + 1);
        let path = rest.fold(to.0.to_string(), |path, name| path + "/" + name);
        let moved = Self(path.into());
        if moved.depth() > DEEPEST { Err(NotAnItemId::Deep) } else { Ok(moved) }
    }
}

impl FromStr for ItemId {
    type Err = NotAnItemId;

    fn from_str(text: &str) -> Result<Self, NotAnItemId> {
        let mut names = text.split('/');
        if !names.next().is_some_and(|root| root.eq_ignore_ascii_case(ROOT)) {
            return Err(NotAnItemId::Root);
        }
        let mut path = ROOT.to_owned();
        for (depth, name) in names.enumerate() {
            let name: ItemName = name.parse()?;
            if depth >= DEEPEST {
                return Err(NotAnItemId::Deep);
            }
            path.push('/');
            path.push_str(name.as_str());
        }
        Ok(Self(path.into()))
    }
}

impl TryFrom<String> for ItemId {
    type Error = NotAnItemId;

    fn try_from(text: String) -> Result<Self, NotAnItemId> {
        text.parse()
    }
}

impl From<ItemId> for String {
    fn from(id: ItemId) -> Self {
        id.0.into_string()
    }
}

impl PartialEq for ItemId {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for ItemId {}

impl Hash for ItemId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for ItemId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.as_str())
    }
}

impl ItemName {
    /// The most characters.
    pub const LONGEST: usize = 100;

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ItemName {
    type Err = NotAnItemName;

    fn from_str(text: &str) -> Result<Self, NotAnItemName> {
        let is_out = |c: char| matches!(c, '/' | '\\' | '%') || c.is_control() || is_invisible(c);
        let fits = (1..=Self::LONGEST).contains(&text.chars().count())
            && text.trim() == text
            && !text.contains(is_out);
        if fits && text != "." && text != ".." { Ok(Self(text.into())) } else { Err(NotAnItemName) }
    }
}

impl fmt::Display for ItemName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(text: &str) -> ItemId {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_keeps_its_case_and_is_compared_without() {
        let mail = id("configuration/Mail/SMTPSERVERTEST");
        assert_eq!(mail.as_str(), "Configuration/Mail/SMTPSERVERTEST");
        assert_eq!(mail, id("Configuration/mail/SmtpServerTest"));
        assert_eq!((mail.name(), mail.depth()), ("SMTPSERVERTEST", 2));
        assert_eq!(mail.folder().unwrap().as_str(), "Configuration/Mail");
        assert_eq!(ItemId::root().folder().map(|id| id.to_string()), None);
        assert!(id("Configuration").is_root() && !mail.is_root());
    }

    #[test]
    fn what_could_be_another_path_is_none() {
        for bad in [
            "",
            "/",
            "Mail",
            "Configurations/a",
            "/Configuration/a",
            "Configuration/",
            "Configuration//a",
            "Configuration/a/",
            "Configuration/.",
            "Configuration/../a",
            "Configuration/a\\b",
            "Configuration/a%2Fb",
            "Configuration/%2e%2e",
            "Configuration/a\0",
            "Configuration/a\nb",
            "Configuration/ a",
            "Configuration/a ",
            "Configuration/a\u{200b}b",
            "Configuration/a\u{202e}b",
        ] {
            assert!(bad.parse::<ItemId>().is_err(), "{bad:?}");
        }
        assert_eq!(format!("Configuration{}", "/a".repeat(11)).parse::<ItemId>(), Err(NotAnItemId::Deep));
        assert!(format!("Configuration{}", "/a".repeat(10)).parse::<ItemId>().is_ok());
        assert!(format!("Configuration/{}", "ü".repeat(100)).parse::<ItemId>().is_ok());
        assert!(format!("Configuration/{}", "ü".repeat(101)).parse::<ItemId>().is_err());
    }

    #[test]
    fn what_is_in_a_folder_moves_with_it_and_its_neighbours_do_not() {
        let (from, to) = (id("Configuration/Mail"), id("Configuration/Old/Post"));
        assert_eq!(
            id("Configuration/MAIL/x").moved(&from, &to).unwrap().as_str(),
            "Configuration/Old/Post/x"
        );
        assert_eq!(from.moved(&from, &to).unwrap().as_str(), "Configuration/Old/Post");
        assert_eq!(id("Configuration/Mail2/x").moved(&from, &to).unwrap().as_str(), "Configuration/Mail2/x");
        let deep = id(&format!("Configuration/Mail{}", "/a".repeat(9)));
        assert_eq!(deep.moved(&from, &to), Err(NotAnItemId::Deep));
        assert!(id("Configuration/Mail/a/b").is_below(&from) && !from.is_below(&from));
        assert!(!id("Configuration/Mailbox").is_below(&from));
    }

    proptest! {
        #[test]
        fn any_text_is_a_path_or_is_refused(text in "(Configuration)?(/[a-zİß%.\\\\ ]{0,4}){0,4}|.{0,40}") {
            if let Ok(id) = text.parse::<ItemId>() {
                let again: ItemId = id.as_str().parse().unwrap();
                prop_assert_eq!(again.as_str(), id.as_str());
                prop_assert!(id.as_str().split('/').all(|name| !["", ".", ".."].contains(&name)));
                if let Some(folder) = id.folder() {
                    prop_assert!(id.is_below(&folder));
                    prop_assert_eq!(folder.child(&id.name().parse().unwrap()).unwrap(), id);
                }
            }
        }
    }
}
