//! What a mail server answers (RFC 5321 §4.2), and what it can do (RFC 1869).

use crate::mail::server::Mechanism;

/// An answer: a number of three digits, and text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reply {
    /// 200 to 599.
    pub(super) code: u16,
    /// The text of each line, without the number.
    pub(super) lines: Vec<String>,
}

/// Why bytes are no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAReply {
    /// A line begins with no number.
    #[error("its answer begins with no number of three digits")]
    NoCode,
    /// The lines of one answer have different numbers.
    #[error("the lines of its answer contradict each other")]
    Mixed,
    /// Nobody needs so much.
    #[error("its answer does not end")]
    TooLong,
}

impl Reply {
    /// Takes the next line; `true` when it was the last one.
    pub(super) fn push(&mut self, line: &[u8]) -> Result<bool, NotAReply> {
        let (digits, rest) = line.split_at_checked(3).ok_or(NotAReply::NoCode)?;
        let code = match digits {
            [first @ b'2'..=b'5', second @ b'0'..=b'9', third @ b'0'..=b'9'] => {
                [first, second, third].iter().fold(0, |code, digit| code * 10 + u16::from(**digit - b'0'))
            }
            _ => return Err(NotAReply::NoCode),
        };
        if !self.lines.is_empty() && code != self.code {
            return Err(NotAReply::Mixed);
        }
        let (is_last, text) = match rest {
            [] => (true, rest),
            [b' ', text @ ..] => (true, text),
            [b'-', text @ ..] => (false, text),
            _ => return Err(NotAReply::NoCode),
        };
        self.code = code;
        self.lines.push(String::from_utf8_lossy(text).into_owned());
        Ok(is_last)
    }

    /// Whether the server did what it was asked.
    pub(super) fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether it may do it later.
    pub(super) fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// Number and text on one line.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.code, self.lines.join(" "))
    }
}

/// What a server can do, as its answer to EHLO says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Abilities {
    pub(super) starttls: bool,
    /// It wants to know a message's size beforehand (RFC 1870).
    pub(super) size: bool,
    /// Addresses outside ASCII (RFC 6531).
    pub(super) smtputf8: bool,
    /// The ways to sign in, in capitals; empty when it names none.
    pub(super) mechanisms: Vec<String>,
}

impl Abilities {
    /// The first line of the answer greets.
    pub(super) fn read(reply: &Reply) -> Self {
        let mut abilities = Self::default();
        for line in reply.lines.iter().skip(1) {
            // Some old servers write `AUTH=PLAIN`.
            let line = line.to_ascii_uppercase().replacen("AUTH=", "AUTH ", 1);
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("STARTTLS") => abilities.starttls = true,
                Some("SIZE") => abilities.size = true,
                Some("SMTPUTF8") => abilities.smtputf8 = true,
                Some("AUTH") => abilities.mechanisms.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        abilities
    }

    pub(super) fn offers(&self, mechanism: Mechanism) -> bool {
        self.mechanisms.iter().any(|offered| offered == mechanism.name())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&str]) -> Result<Option<Reply>, NotAReply> {
        let mut reply = Reply::default();
        for line in lines {
            if reply.push(line.as_bytes())? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    #[test]
    fn an_answer_ends_with_the_line_that_has_no_dash() {
        let reply = read(&[
            "250-mail.test",
            "250-SIZE 1000",
            "250-auth plain login",
            "250-AUTH=CRAM-MD5",
            "250 STARTTLS",
        ]);
        let abilities = Abilities::read(&reply.unwrap().unwrap());
        assert!(abilities.starttls && abilities.size && !abilities.smtputf8);
        assert_eq!(abilities.mechanisms, ["PLAIN", "LOGIN", "CRAM-MD5"]);
        assert!(abilities.offers(Mechanism::Login));
        assert_eq!(read(&["220"]).unwrap().unwrap().text(), "220 ");
        assert_eq!(read(&["451-try", "451 later"]).unwrap().unwrap().text(), "451 try later");
        assert_eq!(read(&["250-more to come"]).unwrap(), None);
    }

    #[test]
    fn what_is_no_answer_is_told() {
        for line in ["", "22", "HTTP/1.1 400 Bad Request", "250+ok", "199 no", "600 no", "2५0 x"] {
            assert_eq!(read(&[line]), Err(NotAReply::NoCode), "{line}");
        }
        assert_eq!(read(&["250-a", "251 b"]), Err(NotAReply::Mixed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_none(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..5)) {
            let mut reply = Reply::default();
            for line in &lines {
                if reply.push(line).is_err() {
                    break;
                }
                prop_assert!((200..600).contains(&reply.code));
            }
            let _ = Abilities::read(&reply);
        }
    }
}
