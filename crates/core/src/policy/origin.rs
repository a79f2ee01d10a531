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

impl OriginPolicy {
    /// Whether tokens of users of `origin` pass for `application`.
    #[must_use]
    pub fn allows(&self, origin: Origin, application: ApplicationSlot) -> bool {
        let row = match application {
            ApplicationSlot::RELEASE => self.release,
            ApplicationSlot::DEPLOY => self.deploy,
            _ => self.others,
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
        let row =
            |slot| [Origin::Internal, Origin::Ldap, Origin::Sso].map(|origin| policy.allows(origin, slot));
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
