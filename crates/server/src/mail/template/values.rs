//! What stands in a template's placeholders.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::Value;
use patgate_core::expiry::{Expiry, Remaining};
use patgate_core::reminder::MOST_IN_DIGEST;

use super::Kind;

/// The longest name of a token, and of a user to log in with, in characters.
const LONGEST_NAME: usize = 100;
/// The longest full name, in characters.
const LONGEST_FULL_NAME: usize = 255;
/// More than most hosts with a path have.
const LONGEST_ADDRESS: usize = 100;

/// What a mail is about. A mail for one token is about the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The owner's user name.
    pub owner: String,
    /// The owner's full name; the user name where there is none.
    pub owner_full_name: String,
    /// Where Patgate is.
    pub server_url: String,
    /// The tokens; at least one.
    pub tokens: Vec<TokenValues>,
}

/// What is said about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenValues {
    /// Its name.
    pub token_name: String,
    /// When it expires, in the server's zone, which is named.
    pub expires_at: String,
    /// The same in UTC.
    pub expires_at_utc: String,
    /// Days of 24 hours until then, rounded up as on the pages; 0 once it has expired.
    pub days_left: u32,
    /// Where another one like it is made.
    pub renew_url: String,
}

impl TokenValues {
    /// Those of a token that expires, written for the server's zone.
    #[must_use]
    pub fn new(
        token_name: &str,
        expires_at: Timestamp,
        now: Timestamp,
        zone: &TimeZone,
        renew_url: &str,
    ) -> Self {
        let days_left = match Expiry::at(expires_at).map(|expiry| expiry.remaining(now)) {
            Ok(Remaining::Days(days) | Remaining::FewDays(days)) => days,
            Ok(Remaining::LessThanADay) => 1,
            Ok(Remaining::Expired | Remaining::Never) | Err(_) => 0,
        };
        Self {
            token_name: token_name.to_owned(),
            expires_at: in_zone(expires_at, zone),
            expires_at_utc: expires_at.strftime("%-d %b %Y, %H:%M UTC").to_string(),
            days_left,
            renew_url: renew_url.to_owned(),
        }
    }

    fn context(&self) -> BTreeMap<&'static str, Value> {
        BTreeMap::from([
            ("token_name", Value::from(&self.token_name)),
            ("expires_at", Value::from(&self.expires_at)),
            ("expires_at_utc", Value::from(&self.expires_at_utc)),
            ("days_left", Value::from(self.days_left)),
            ("renew_url", Value::from(&self.renew_url)),
        ])
    }
}

impl Values {
    /// For trying a template out.
    #[must_use]
    pub fn sample() -> Self {
        let token = |name: &str, day: &str, days_left| TokenValues {
            token_name: name.to_owned(),
            expires_at: format!("{day} Dec 2026, 23:59 (Europe/Berlin)"),
            expires_at_utc: format!("{day} Dec 2026, 22:59 UTC"),
            days_left,
            renew_url: "https://patgate.example.org/account/tokens/new?like=3WYwkfYcu9w".to_owned(),
        };
        Self {
            owner: "ann".to_owned(),
            owner_full_name: "Ann Example".to_owned(),
            server_url: "https://patgate.example.org".to_owned(),
            tokens: vec![token("ci-deploy", "21", 5), token("nightly-report", "22", 6)],
        }
    }

    /// The smallest of all: one token, which has expired, and names of one letter.
    pub(super) fn smallest() -> Self {
        let token = TokenValues {
            token_name: "t".to_owned(),
            expires_at: "1 May 2026, 00:00 (UTC)".to_owned(),
            expires_at_utc: "1 May 2026, 00:00 UTC".to_owned(),
            days_left: 0,
            renew_url: "http://p/account/tokens/new?like=3WYwkfYcu9w".to_owned(),
        };
        let (owner, server_url) = ("o".to_owned(), "http://p".to_owned());
        Self { owner_full_name: owner.clone(), owner, server_url, tokens: vec![token] }
    }

    /// The largest of all: as many tokens as a digest can have, and the longest names, of letters that become the most
    /// bytes, in HTML or in a text.
    pub(super) fn largest(is_html: bool) -> Self {
        let letter = if is_html { "\"" } else { "\u{10348}" };
        let server_url = format!("https://{}.example", "p".repeat(LONGEST_ADDRESS));
        let token = TokenValues {
            token_name: letter.repeat(LONGEST_NAME),
            expires_at: "30 Sep 9999, 23:59 (America/Argentina/ComodRivadavia)".to_owned(),
            expires_at_utc: "30 Sep 9999, 23:59 UTC".to_owned(),
            days_left: 3_000_000,
            renew_url: format!("{server_url}/account/tokens/new?like=3WYwkfYcu9w"),
        };
        Self {
            owner: letter.repeat(LONGEST_NAME),
            owner_full_name: letter.repeat(LONGEST_FULL_NAME),
            server_url,
            tokens: vec![token; MOST_IN_DIGEST],
        }
    }

    pub(super) fn context(&self, kind: Kind) -> Value {
        let mut context = BTreeMap::from([
            ("owner", Value::from(&self.owner)),
            ("owner_full_name", Value::from(&self.owner_full_name)),
            ("server_url", Value::from(&self.server_url)),
        ]);
        match kind {
            Kind::Token => context.extend(self.tokens.iter().take(1).flat_map(TokenValues::context)),
            Kind::Digest => {
                let tokens: Vec<_> = self.tokens.iter().map(|token| Value::from(token.context())).collect();
                context.insert("tokens", Value::from(tokens));
            }
        }
        Value::from(context)
    }
}

/// `21 Dec 2026, 23:59 (Europe/Berlin)`; a zone without a name is told by its offset.
fn in_zone(time: Timestamp, zone: &TimeZone) -> String {
    let there = time.to_zoned(zone.clone());
    let name = zone.iana_name().map_or_else(|| format!("UTC{}", there.strftime("%:z")), str::to_owned);
    format!("{} ({name})", there.strftime("%-d %b %Y, %H:%M"))
}
