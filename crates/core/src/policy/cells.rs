//! Cells of the origin policy's table, and what closing some of them does to a token.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::origin::{OriginPolicy, Origins, Row, Rows};
use crate::application::ApplicationSlot;
use crate::user::Origin;

/// Some cells of the table: an origin and a row each. As a text: `release.sso`, several joined by commas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cells(u16);

/// Not the text of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cell of the table is a row and an origin, such as `release.sso`; several are joined by commas")]
pub struct NotCells;

/// What closing cells does to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Nothing.
    Untouched,
    /// It passes at fewer places than before: it is for any application, and another one is open to it.
    Narrowed,
    /// It passes nowhere any more.
    ShutOut,
}

impl Cells {
    /// None.
    pub const NONE: Self = Self(0);

    /// All three of this origin.
    #[must_use]
    pub fn of(origin: Origin) -> Self {
        let row = Origins {
            internal: origin == Origin::Internal,
            ldap: origin == Origin::Ldap,
            sso: origin == Origin::Sso,
        };
        Self(OriginPolicy { release: row, deploy: row, others: row }.to_bits())
    }

    /// Those that are open in `before` and closed in `after`; the other way round: those that open.
    #[must_use]
    pub fn closing(before: &OriginPolicy, after: &OriginPolicy) -> Self {
        Self(before.to_bits() & !after.to_bits())
    }

    /// The table with these cells closed.
    #[must_use]
    pub fn close(self, policy: &OriginPolicy) -> OriginPolicy {
        OriginPolicy::from_bits(policy.to_bits() & !self.0)
    }

    /// The table with these cells open.
    #[must_use]
    pub fn open(self, policy: &OriginPolicy) -> OriginPolicy {
        OriginPolicy::from_bits(policy.to_bits() | self.0)
    }

    /// Those of them that the table has closed.
    #[must_use]
    pub fn closed_in(self, policy: &OriginPolicy) -> Self {
        Self(self.0 & !policy.to_bits())
    }

    /// Those of them that the table has open.
    #[must_use]
    pub fn open_in(self, policy: &OriginPolicy) -> Self {
        Self(self.0 & policy.to_bits())
    }

    /// These and others.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = (Row, Origin)> {
        let all = Row::ALL.into_iter().flat_map(|row| Origin::ALL.map(|origin| (row, origin)));
        all.enumerate().filter(move |(bit, _)| self.0 >> bit & 1 != 0).map(|(_, cell)| cell)
    }

    /// The rows in which this origin's cell is one of them.
    #[must_use]
    pub fn rows(self, origin: Origin) -> Rows {
        let rows = self.iter().filter(|(_, of)| *of == origin);
        rows.fold(Rows::NONE, |rows, (row, _)| rows.with(row))
    }

    /// The origins that have a cell among them.
    pub fn origins(self) -> impl Iterator<Item = Origin> {
        Origin::ALL.into_iter().filter(move |origin| self.rows(*origin) != Rows::NONE)
    }

    /// **The** rule which tokens a closing touches: `after` is the table with these cells closed, `left_working` where
    /// the token was left working before. A cell that closes takes that back.
    #[must_use]
    pub fn touch(
        self,
        after: &OriginPolicy,
        origin: Origin,
        application: ApplicationSlot,
        left_working: Rows,
    ) -> Touch {
        let closing = self.rows(origin);
        let places = Row::ALL
            .into_iter()
            .filter(|row| application == ApplicationSlot::ANY || *row == Row::of(application));
        let left = left_working.without(closing);
        let (mut is_touched, mut passes) = (false, false);
        for row in places {
            is_touched |= closing.contains(row);
            passes |= after.has(row, origin) || left.contains(row);
        }
        match (is_touched, passes) {
            (false, _) => Touch::Untouched,
            (true, true) => Touch::Narrowed,
            (true, false) => Touch::ShutOut,
        }
    }
}

impl fmt::Display for Cells {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (row, origin)) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(formatter, "{comma}{}.{}", row.as_str(), origin.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for Cells {
    type Err = NotCells;

    fn from_str(text: &str) -> Result<Self, NotCells> {
        let mut cells = 0;
        for cell in text.split(',').filter(|cell| !cell.is_empty()) {
            let (row, origin) = cell.split_once('.').ok_or(NotCells)?;
            let row = Row::ALL.iter().position(|known| known.as_str() == row).ok_or(NotCells)?;
            let origin = Origin::ALL.iter().position(|known| known.as_str() == origin).ok_or(NotCells)?;
            cells |= 1 << (row * 3 + origin);
        }
        Ok(Self(cells))
    }
}

impl TryFrom<String> for Cells {
    type Error = NotCells;

    fn try_from(text: String) -> Result<Self, NotCells> {
        text.parse()
    }
}

impl From<Cells> for String {
    fn from(cells: Cells) -> Self {
        cells.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(text: &str) -> Cells {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn cells_survive_their_text(bits in 0_u16..512) {
            prop_assert_eq!(cells(&Cells(bits).to_string()), Cells(bits));
        }

        /// Whatever was open: a token that a closing shuts out passes nowhere, and one that it does not touch passes
        /// wherever it did.
        #[test]
        fn a_closing_touches_what_passes_at_fewer_places(
            before in 0_u16..512,
            closing in 0_u16..512,
            origin in 0_usize..3,
            application in 0_usize..3,
            left in 0_i64..8,
        ) {
            let before = OriginPolicy::from_bits(before);
            let after = Cells(closing).close(&before);
            let cells = Cells::closing(&before, &after);
            let origin = Origin::ALL[origin];
            let application = [ApplicationSlot::ANY, ApplicationSlot::RELEASE, ApplicationSlot::DEPLOY][application];
            let left = Rows::from_bits(left);
            // Where the token could pass, before and after, when the closing takes back what was left working.
            let other = ApplicationSlot::UNKNOWN;
            let places: Vec<_> = match application {
                ApplicationSlot::ANY => vec![ApplicationSlot::RELEASE, ApplicationSlot::DEPLOY, other],
                own => vec![own],
            };
            let now: Vec<_> = places.iter().map(|place| before.passes(origin, *place, left)).collect();
            let kept = left.without(cells.rows(origin));
            let then: Vec<_> = places.iter().map(|place| after.passes(origin, *place, kept)).collect();
            match cells.touch(&after, origin, application, left) {
                Touch::Untouched => prop_assert_eq!(now, then),
                Touch::Narrowed => prop_assert!(now != then && then.contains(&true)),
                Touch::ShutOut => prop_assert!(now != then && !then.contains(&true)),
            }
        }
    }

    #[test]
    fn a_token_for_any_application_is_shut_out_by_the_last_cell_alone() {
        let policy = OriginPolicy::default();
        let touch = |closing: &str, application, left| {
            let closing = cells(closing);
            closing.touch(&closing.close(&policy), Origin::Sso, application, left)
        };
        let any = ApplicationSlot::ANY;
        assert_eq!(touch("deploy.sso", any, Rows::NONE), Touch::Narrowed);
        assert_eq!(touch("deploy.sso,others.sso", any, Rows::NONE), Touch::ShutOut);
        assert_eq!(touch("deploy.sso,others.sso", any, Rows::NONE.with(Row::Release)), Touch::Narrowed);
        assert_eq!(touch("deploy.sso", ApplicationSlot::DEPLOY, Rows::ALL), Touch::ShutOut);
        assert_eq!(touch("deploy.ldap", ApplicationSlot::DEPLOY, Rows::NONE), Touch::Untouched);
        assert_eq!(touch("others.sso", ApplicationSlot::UNKNOWN, Rows::NONE), Touch::ShutOut);
    }

    #[test]
    fn cells_close_and_open() {
        let policy = OriginPolicy::default();
        let sso = cells("release.sso").and(cells("deploy.sso"));
        assert_eq!(sso.closed_in(&policy), cells("release.sso"));
        assert_eq!(sso.open_in(&policy), cells("deploy.sso"));
        assert_eq!(sso.open(&sso.close(&policy)), sso.open(&policy));
        assert_eq!(Cells::closing(&policy, &sso.close(&policy)), cells("deploy.sso"));
        assert_eq!(Cells::closing(&sso.open(&policy), &policy), cells("release.sso"));
        let columns = Origin::ALL.map(|origin| Cells::of(origin).to_string());
        let column =
            |origin: &str| ["release", "deploy", "others"].map(|row| format!("{row}.{origin}")).join(",");
        assert_eq!(columns, ["internal", "ldap", "sso"].map(column));
    }

    #[test]
    fn what_is_no_cell_is_refused() {
        for text in ["release", "release.saml", "shop.sso", "release.sso deploy.sso"] {
            assert_eq!(text.parse::<Cells>(), Err(NotCells), "{text}");
        }
        assert_eq!(cells("deploy.sso,release.internal").to_string(), "release.internal,deploy.sso");
    }
}
