//! *Enable email notifications*: what administrators decide about the mail before a token expires.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::item::ItemId;
use crate::reminder::Schedule;

/// The mail that reminds an owner of a token that ends soon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EmailNotifications {
    /// *Enable email notifications*. Off by default.
    pub enabled: bool,
    /// *Days before expiration*.
    pub days: NotificationDays,
    /// More thresholds beside [`Self::days`]: a mail for each. None by default, which is one mail for each token, ever.
    pub further_days: FurtherDays,
    /// One mail for each owner and night in place of one for each token. Off by default.
    pub digest: bool,
    /// *Email server*, a configuration item; `None`: not chosen, so nothing is sent.
    pub server: Option<ItemId>,
    /// The subject of the mail; `None`: Patgate's own.
    pub subject: Option<MailSubject>,
    /// The body of the mail, which may be HTML; `None`: Patgate's own.
    pub body: Option<MailBody>,
}

impl EmailNotifications {
    /// When a token is told of.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        Schedule { first: self.days, further: self.further_days.as_slice().to_vec(), digest: self.digest }
    }
}

/// How many days before its expiry a token is told of: 1 to 365, by default 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct NotificationDays(u32);

/// Not a number of days before an expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the days before expiration are a whole number from 1 to 365")]
pub struct NotNotificationDays;

impl Default for NotificationDays {
    fn default() -> Self {
        Self(7)
    }
}

impl NotificationDays {
    /// As a time: days of 24 hours.
    #[must_use]
    pub fn length(self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.0) * 24)
    }
}

impl TryFrom<u32> for NotificationDays {
    type Error = NotNotificationDays;

    fn try_from(days: u32) -> Result<Self, Self::Error> {
        if (1..=365).contains(&days) { Ok(Self(days)) } else { Err(NotNotificationDays) }
    }
}

impl From<NotificationDays> for u32 {
    fn from(days: NotificationDays) -> Self {
        days.0
    }
}

/// Thresholds beside the first: at most ten, the longest first, none twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u32>", into = "Vec<u32>")]
pub struct FurtherDays(Vec<NotificationDays>);

/// Not a list of thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("further days are at most 10 different whole numbers from 1 to 365")]
pub struct NotFurtherDays;

impl FurtherDays {
    /// The most of them.
    const MOST: usize = 10;

    /// The longest first.
    #[must_use]
    pub fn as_slice(&self) -> &[NotificationDays] {
        &self.0
    }
}

impl TryFrom<Vec<u32>> for FurtherDays {
    type Error = NotFurtherDays;

    fn try_from(days: Vec<u32>) -> Result<Self, NotFurtherDays> {
        let days: Result<Vec<_>, _> = days.into_iter().map(NotificationDays::try_from).collect();
        let mut days = days.map_err(|_| NotFurtherDays)?;
        let given = days.len();
        days.sort_unstable_by(|one, other| other.cmp(one));
        days.dedup();
        if days.len() == given && given <= Self::MOST { Ok(Self(days)) } else { Err(NotFurtherDays) }
    }
}

impl From<FurtherDays> for Vec<u32> {
    fn from(days: FurtherDays) -> Self {
        days.0.into_iter().map(u32::from).collect()
    }
}

impl fmt::Display for NotificationDays {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The subject of a mail: 1 to 200 characters on one line (RFC 5322 §2.2 ends a header at a line break).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailSubject(String);

/// Why a text is no subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a subject is one line of 1 to 200 characters without control characters")]
pub struct NotASubject;

impl MailSubject {
    /// The most characters.
    pub const LONGEST: usize = 200;

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MailSubject {
    type Error = NotASubject;

    fn try_from(text: String) -> Result<Self, NotASubject> {
        let length = text.trim().chars().count();
        let fits = (1..=Self::LONGEST).contains(&length) && !text.contains(char::is_control);
        if fits { Ok(Self(text.trim().to_owned())) } else { Err(NotASubject) }
    }
}

impl From<MailSubject> for String {
    fn from(subject: MailSubject) -> Self {
        subject.0
    }
}

/// The body of a mail: 1 to 10,000 characters, and 33,000 bytes at most as a page holds it ([`length_in_page`]); of the
/// control characters it has line breaks and tabs alone. Line breaks are kept as `\n`.
///
/// One that is stored may be heavier in a page: it is from before there was a bound, and is still sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredBody", into = "String")]
pub struct MailBody(String);

/// A body as the database has it.
#[derive(Deserialize)]
#[serde(transparent)]
struct StoredBody(String);

/// Why a text is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a body has 1 to 10,000 characters, and no control characters but line breaks and tabs; in a page, where `<`, `>`, `&` \
     and quotes take five bytes each, it takes at most 33,000 bytes"
)]
pub struct NotABody;

impl MailBody {
    /// The most characters.
    pub const LONGEST: usize = 10_000;
    /// The most bytes in a page: who edits it loads no more than that.
    pub const HEAVIEST: usize = 33_000;

    /// As it was written, with `\n` at the end of each line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One of any weight.
    fn of_any_weight(text: &str) -> Result<Self, NotABody> {
        // A browser sends `\r\n` from a text area, whatever was in it (WHATWG HTML §4.10.22.4).
        let text = text.replace("\r\n", "\n");
        let is_out = |letter: char| letter.is_control() && letter != '\n' && letter != '\t';
        let fits = (1..=Self::LONGEST).contains(&text.chars().count())
            && !text.trim().is_empty()
            && !text.contains(is_out);
        if fits { Ok(Self(text)) } else { Err(NotABody) }
    }

    /// The body that somebody enters where this one stands already: its own text is kept, whatever it weighs.
    ///
    /// # Errors
    /// [`NotABody`].
    pub fn entered_over(before: Option<&Self>, text: &str) -> Result<Self, NotABody> {
        let entered = Self::of_any_weight(text)?;
        let weight = || entered.0.chars().map(length_in_page).sum::<usize>();
        if before == Some(&entered) || weight() <= Self::HEAVIEST { Ok(entered) } else { Err(NotABody) }
    }
}

impl TryFrom<String> for MailBody {
    type Error = NotABody;

    fn try_from(text: String) -> Result<Self, NotABody> {
        Self::entered_over(None, &text)
    }
}

impl TryFrom<StoredBody> for MailBody {
    type Error = NotABody;

    fn try_from(StoredBody(text): StoredBody) -> Result<Self, NotABody> {
        Self::of_any_weight(&text)
    }
}

impl From<MailBody> for String {
    fn from(body: MailBody) -> Self {
        body.0
    }
}

/// How many bytes a letter takes in a page, where what could be markup is written as a number (HTML §13.1.4).
#[must_use]
pub fn length_in_page(letter: char) -> usize {
    match letter {
        '<' | '>' | '&' | '"' | '\'' => "&#38;".len(),
        letter => letter.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::StrDeserializer;

    use super::*;

    #[test]
    fn the_days_are_within_a_year() {
        for (days, fits) in [(0, false), (1, true), (365, true), (366, false)] {
            assert_eq!(NotificationDays::try_from(days).is_ok(), fits, "{days}");
        }
        assert_eq!(NotificationDays::default().to_string(), "7");
    }

    #[test]
    fn a_subject_cannot_add_a_header() {
        let subject = |text: &str| MailSubject::try_from(text.to_owned());
        assert_eq!(subject(" Soon ").unwrap().as_str(), "Soon");
        assert!(subject(&"ü".repeat(200)).is_ok());
        for bad in ["", "  ", "a\r\nBcc: x@y", "a\u{0}", &"x".repeat(201)] {
            assert_eq!(subject(bad), Err(NotASubject), "{bad:?}");
        }
    }

    #[test]
    fn a_body_keeps_its_lines_as_the_database_has_them() {
        let body = |text: &str| MailBody::try_from(text.to_owned());
        assert_eq!(body("a\r\nb\tc\n").unwrap().as_str(), "a\nb\tc\n");
        for good in ["x".repeat(10_000), "\u{1f511}".repeat(8_250), "<".repeat(6_600)] {
            assert!(body(&good).is_ok(), "{good}");
        }
        for bad in ["", " \n", "a\u{7}", &"x".repeat(10_001), &"<".repeat(6_601)] {
            assert_eq!(body(bad), Err(NotABody), "{bad:?}");
        }
    }

    #[test]
    fn a_body_that_is_stored_may_be_heavier_than_one_that_is_entered() {
        let read = |text: &str| {
            let text: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
            MailBody::deserialize(text)
        };
        let heavy = "<".repeat(10_000);
        let stored = read(&heavy).unwrap();
        assert_eq!(stored.as_str(), heavy);
        assert!(read(&format!("{heavy}<")).is_err() && read(" ").is_err(), "never so long, nor empty");
        assert_eq!(MailBody::entered_over(Some(&stored), &heavy), Ok(stored.clone()), "as it was");
        assert_eq!(MailBody::entered_over(Some(&stored), &heavy[1..]), Err(NotABody));
        assert_eq!(MailBody::entered_over(None, &heavy), Err(NotABody));
    }

    #[test]
    fn nothing_is_sent_by_default() {
        assert!(!EmailNotifications::default().enabled);
        assert_eq!(EmailNotifications::default().server, None);
    }
}
