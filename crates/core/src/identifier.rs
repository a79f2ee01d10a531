//! Identifiers of rows: 63 random bits, so that they tell nothing about how many there are and need no counter. Items that are made
//! together have numbers in a row from a random one on.
//!
//! In the database they are a `bigint` that is never negative; outside they are 11 base62 characters, because a JSON number of
//! that size loses bits in JavaScript.

use std::fmt;
use std::str::FromStr;

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::base62;

/// Why a text is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identifier is 11 characters of 0-9, A-Z and a-z")]
pub struct NotAnIdentifier;

macro_rules! identifier {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(i64);

        impl $name {
            /// A fresh one. Uniqueness is left to the database's primary key.
            pub fn generate(random: &mut impl Rng) -> Self {
                Self((random.next_u64() >> 1) as i64)
            }

            /// From its column.
            #[must_use]
            pub const fn from_i64(value: i64) -> Self {
                Self(value)
            }

            /// For its column.
            #[must_use]
            pub const fn as_i64(self) -> i64 {
                self.0
            }

            /// The 11 characters, without an allocation.
            #[must_use]
            pub fn to_digits(self) -> [u8; 11] {
                let mut digits = [0; 11];
                base62::encode(self.0 as u64, &mut digits);
                digits
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.to_digits().iter().try_for_each(|&digit| fmt::Write::write_char(formatter, digit as char))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotAnIdentifier;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if text.len() != 11 {
                    return Err(NotAnIdentifier);
                }
                base62::decode(text.as_bytes())
                    .and_then(|number| i64::try_from(number).ok())
                    .map(Self)
                    .ok_or(NotAnIdentifier)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnIdentifier;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(identifier: $name) -> Self {
                identifier.to_string()
            }
        }
    };
}

identifier!(
    /// Names a grant; what `id` means in every answer about a token.
    GrantId
);
identifier!(
    /// Names a user. A user deleted and made again gets another.
    UserId
);
identifier!(
    /// Names a role.
    RoleId
);
identifier!(
    /// Names a group that a provider keeps here over SCIM.
    GroupId
);
identifier!(
    /// Names a mail; its `Message-ID` is made from it, so that a repeated one can be told.
    MailId
);
identifier!(
    /// Names a run of reminders.
    RunId
);
identifier!(
    /// Names a decision about tokens that a stricter rule touches.
    DecisionId
);
identifier!(
    /// Names an exemption from the maximum lifetime.
    ExemptionId
);
identifier!(
    /// Names a configuration item for as long as it is there, wherever it moves. One deleted and made again gets another.
    ItemNumber
);
identifier!(
    /// Names a request to a webhook endpoint, accepted or refused.
    RequestId
);
identifier!(
    /// Names a delivery of an accepted request to where it is forwarded.
    DeliveryId
);
identifier!(
    /// Numbers a release or a template for the tables; outside it has the name that the vendor's clients give it.
    ReleaseNumber
);

impl ItemNumber {
    /// The number behind this one; behind the last comes the first. What is made together lies together in the database's
    /// trees then, and a change writes few of their pages.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1) & i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    proptest! {
        #[test]
        fn text_and_number_name_the_same(seed in any::<u64>()) {
            let id = GrantId::generate(&mut ChaCha20Rng::seed_from_u64(seed));
            prop_assert!(id.as_i64() >= 0);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in ".{0,20}") {
            if let Ok(id) = text.parse::<GrantId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn behind_each_number_comes_the_next_and_behind_the_last_the_first() {
        assert_eq!(ItemNumber::from_i64(7).next(), ItemNumber::from_i64(8));
        assert_eq!(ItemNumber::from_i64(i64::MAX).next(), ItemNumber::from_i64(0));
    }
}
