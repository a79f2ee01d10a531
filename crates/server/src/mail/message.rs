//! A mail, and how it is written (RFC 5322, RFC 2045–2047).

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use jiff::Timestamp;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{MultiPart, SinglePart};
use patgate_core::identifier::{GrantId, MailId};
use rand_core::CryptoRng;

use super::address::Mailbox;

/// The longest subject, in characters; what is longer is cut.
const LONGEST_SUBJECT: usize = 300;
/// The longest Message-ID, in bytes: it stays on one line.
const LONGEST_ID: usize = 200;

/// What makes a mail that is sent twice known as one (RFC 5322 §3.6.4), without its angle brackets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

/// Why a text is no Message-ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a Message-ID is `left@right` of ASCII letters, digits and `.-_+=~`, 200 bytes at most")]
pub struct NotAMessageId;

/// A mail to one recipient.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The caller's, so that a repeated mail is known as the same.
    pub message_id: MessageId,
    /// Who it comes from.
    pub from: Mailbox,
    /// Who gets it.
    pub to: Mailbox,
    /// What it is about. Control characters are left out, and what is longer than 300 characters is cut.
    pub subject: String,
    /// The body as HTML.
    pub html: Option<String>,
    /// The body as text.
    pub text: String,
    /// When it was written.
    pub date: Timestamp,
}

impl MessageId {
    /// A new one, in the domain of whoever sends.
    #[must_use]
    pub fn new(from: &Mailbox, random: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 16];
        random.fill_bytes(&mut bytes);
        Self::on(&format!("{:032x}", u128::from_be_bytes(bytes)), from.domain())
    }

    /// That of a notice: the same for each attempt. It tells of something that happens once.
    #[must_use]
    pub fn of_notice(mail: MailId, host: &str) -> Self {
        Self::on(&mail.to_string(), host)
    }

    /// That of a reminder of these tokens, each at its threshold in days, whatever their order: the same also when it is
    /// planned anew, since the first may have arrived. With one token more it is another mail: nobody's mailbox drops it
    /// as one that it has.
    #[must_use]
    pub fn of_reminder(tokens: &[(GrantId, u32)], host: &str) -> Self {
        let mut tokens: Vec<_> = tokens.iter().map(|(grant, days)| (grant.as_i64(), *days)).collect();
        tokens.sort_unstable();
        let mut hasher = blake3::Hasher::new();
        for (grant, days) in tokens {
            hasher.update(&grant.to_be_bytes()).update(&days.to_be_bytes());
        }
        Self::on(&hasher.finalize().to_hex()[..32], host)
    }

    fn on(left: &str, host: &str) -> Self {
        let is_fit = host.len() <= LONGEST_ID / 2 && is_fit(host);
        Self(format!("patgate.{left}@{}", if is_fit { host } else { "patgate.invalid" }))
    }

    /// As it stands in the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MessageId {
    type Err = NotAMessageId;

    /// With or without angle brackets.
    fn from_str(text: &str) -> Result<Self, NotAMessageId> {
        let text = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
        let fits = text.len() <= LONGEST_ID
            && text.split_once('@').is_some_and(|(left, right)| is_fit(left) && is_fit(right));
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAMessageId) }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Mail {
    /// The message as it is sent, before dots are doubled: the same bytes for the same mail.
    ///
    /// # Errors
    /// What lettre says; a mail of ours has all that it asks for.
    pub(super) fn formatted(&self) -> Result<Vec<u8>, lettre::error::Error> {
        let message = Message::builder()
            .date(SystemTime::from(self.date))
            .message_id(Some(format!("<{}>", self.message_id)))
            .from(self.from.for_header())
            .to(self.to.for_header())
            .subject(one_line(&self.subject))
            // RFC 3834 §5: no program answers it. The second header says the same to Exchange.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"));
        let text = SinglePart::plain(whole_lines(&self.text));
        let message = match &self.html {
            None => message.singlepart(text)?,
            Some(html) => {
                // Of the content, so that a repeated mail is the same to the byte, and nothing in it can be the boundary.
                let content = [self.message_id.as_str(), &self.text, html].join("\0");
                let boundary = blake3::hash(content.as_bytes()).to_hex();
                let parts = MultiPart::alternative().boundary(&boundary[..40]);
                message.multipart(parts.singlepart(text).singlepart(SinglePart::html(whole_lines(html))))?
            }
        };
        Ok(message.formatted())
    }
}

fn is_fit(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+=~".contains(&byte))
}

/// One line of a header: a line break is a space, other control characters are nothing.
pub(super) fn one_line(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|character| if character.is_whitespace() { ' ' } else { character })
        .filter(|character| !character.is_control())
        .collect();
    text.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(LONGEST_SUBJECT)
        .collect()
}

/// CRLF ends each line, also the last one, nothing else is a CR or LF, and there is no NUL (RFC 5322 §2.3). lettre would
/// put each CR in its place one by one, and move the rest of the text each time.
fn whole_lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    let text = text.strip_suffix('\n').unwrap_or(&text);
    text.replace('\n', "\r\n") + "\r\n"
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_of_the_same_tokens_is_the_same_mail_and_one_of_others_is_not() {
        let tokens = [(GrantId::from_i64(7), 7), (GrantId::from_i64(9), 30)];
        let of = |tokens: &[(GrantId, u32)]| MessageId::of_reminder(tokens, "patgate.example");
        let id = of(&tokens);
        assert_eq!(id.as_str().parse(), Ok(id.clone()), "it can stand in a header");
        assert_eq!(of(&[tokens[1], tokens[0]]), id, "whatever the order");
        let another = (GrantId::from_i64(11), 7);
        for other in [
            &tokens[..1],
            &[tokens[0], tokens[1], another],
            &[(tokens[0].0, 1), tokens[1]],
            &[(tokens[0].0, 30), (tokens[1].0, 7)],
        ] {
            assert_ne!(of(other), id, "{other:?}");
        }
        assert_ne!(MessageId::of_notice(MailId::from_i64(7), "patgate.example"), of(&tokens[..1]));
    }
}
