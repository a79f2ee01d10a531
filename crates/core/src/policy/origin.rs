//! The origin policy: whose tokens pass for which applications.

use serde::{Deserialize, Serialize};

use crate::application::ApplicationSlot;
use crate::user::Origin;

/// One row of the table: whether tokens of this origin's users pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origins {
    /// Tokens of internal users.
    pub internal: bool,
    /// Tokens of LDAP users.
    pub ldap: bool,
    /// Tokens of SSO users.
    pub sso: bool,
}

/// The administrator's table, origin by application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OriginPolicy {
    /// Release. By default the rule of the vendor's version 22.3: internal users alone (23.1 added LDAP).
    pub release: Origins,
    /// Deploy. By default everybody.
    pub deploy: Origins,
    /// All others, and tokens for any application elsewhere. By default everybody.
    pub others: Origins,
}

impl Default for OriginPolicy {
    fn default() -> Self {
        let everybody = Origins { internal: true, ldap: true, sso: true };
        Self {
            release: Origins { internal: true, ldap: false, sso: false },
            deploy: everybody,
            others: everybody,
        }
    }
}

/// A row of the table: one of the vendor's applications, or all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// Release.
    Release,
    /// Deploy.
    Deploy,
    /// All others, and tokens for any application elsewhere.
    Others,
}

impl Row {
    /// All rows, in the order of the table.
    pub const ALL: [Self; 3] = [Self::Release, Self::Deploy, Self::Others];

    /// The row in which an application stands.
    #[must_use]
    pub fn of(application: ApplicationSlot) -> Self {
        match application {
            ApplicationSlot::RELEASE => Self::Release,
            ApplicationSlot::DEPLOY => Self::Deploy,
            _ => Self::Others,
        }
    }

    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Deploy => "deploy",
            Self::Others => "others",
        }
    }
}

/// Some rows of the table. A grant has those in which it was left working when its owner's origin was closed there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows(u8);

impl Rows {
    /// None.
    pub const NONE: Self = Self(0);
    /// All three.
    pub const ALL: Self = Self(0b111);

    /// From its column: one bit a row, Release the lowest. Bits that mean nothing are dropped.
    #[must_use]
    pub fn from_bits(bits: i64) -> Self {
        Self(u8::try_from(bits & 0b111).unwrap_or(0))
    }

    /// For its column.
    #[must_use]
    pub fn to_bits(self) -> i64 {
        i64::from(self.0)
    }

    /// With this row.
    #[must_use]
    pub fn with(self, row: Row) -> Self {
        Self(self.0 | 1 << row as u8)
    }

    /// Without these.
    #[must_use]
    pub fn without(self, rows: Self) -> Self {
        Self(self.0 & !rows.0)
    }

    /// Whether this row is one of them.
    #[must_use]
    pub fn contains(self, row: Row) -> bool {
        self.0 >> row as u8 & 1 != 0
    }
}

impl OriginPolicy {
    /// Whether users of `origin` may have tokens for `application`: whether one can be made.
    #[must_use]
    pub fn allows(&self, origin: Origin, application: ApplicationSlot) -> bool {
        self.has(Row::of(application), origin)
    }

    /// **The** rule whether a token passes at `place`, which is an application's API or the token's own application:
    /// its owner's origin is open there, or the token was left working when it was closed.
    #[must_use]
    pub fn passes(&self, origin: Origin, place: ApplicationSlot, left_working: Rows) -> bool {
        let row = Row::of(place);
        self.has(row, origin) || left_working.contains(row)
    }

    /// What a cell of the table says.
    #[must_use]
    pub fn has(&self, row: Row, origin: Origin) -> bool {
        let row = match row {
            Row::Release => self.release,
            Row::Deploy => self.deploy,
            Row::Others => self.others,
        };
        match origin {
            Origin::Internal => row.internal,
            Origin::Ldap => row.ldap,
            Origin::Sso => row.sso,
        }
    }
}

impl OriginPolicy {
    /// The table as nine bits, for a reader that must not follow a pointer.
    pub(crate) fn to_bits(&self) -> u16 {
        let row = |row: Origins| u16::from(row.internal) | u16::from(row.ldap) << 1 | u16::from(row.sso) << 2;
        row(self.release) | row(self.deploy) << 3 | row(self.others) << 6
    }

    /// The table of these bits.
    pub(crate) fn from_bits(bits: u16) -> Self {
        let row = |at: u16| Origins {
            internal: bits >> at & 1 != 0,
            ldap: bits >> (at + 1) & 1 != 0,
            sso: bits >> (at + 2) & 1 != 0,
        };
        Self { release: row(0), deploy: row(3), others: row(6) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_table_is_the_documented_one() {
        let policy = OriginPolicy::default();
        let row = |slot| Origin::ALL.map(|origin| policy.allows(origin, slot));
        assert_eq!(row(ApplicationSlot::RELEASE), [true, false, false]);
        assert_eq!(row(ApplicationSlot::DEPLOY), [true, true, true]);
        assert_eq!(row(ApplicationSlot::ANY), [true, true, true]);
    }

    #[test]
    fn nine_bits_hold_the_table() {
        for bits in 0..512 {
            assert_eq!(OriginPolicy::from_bits(bits).to_bits(), bits);
        }
    }
}
