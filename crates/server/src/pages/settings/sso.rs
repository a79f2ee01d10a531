//! *Allow personal access tokens for SSO users*: one switch for the cells of SSO users in the table. While it is off, no SSO
//! user has a token anywhere. Turned on, it opens what was open before (`TokenSettings::sso_when_on`).
//!
//! A form without JavaScript can send a switch and cells that disagree. What was touched tells what is meant: the switch
//! counts only when it is not as it was shown, and a cell that was touched the other way at the same time is refused. With
//! JavaScript the switch and the cells follow each other, and the form does not say what it showed: the table is right.

use patgate_core::policy::Cells;
use patgate_core::policy::origin::Row;
use patgate_core::user::Origin;

use crate::pages::Fields;

/// The switch and its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SsoSwitch {
    /// The switch itself: on when a cell is.
    pub(super) is_on: bool,
    /// SSO users' tokens pass for Release, for Deploy, for all others.
    pub(super) cells: [bool; 3],
}

/// The switch and the table were touched, and say different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the switch and the table disagree about SSO users: change one of them, and leave the other as it was"
)]
pub(super) struct Disagree;

impl SsoSwitch {
    /// As the cells have it.
    pub(super) fn of_cells(cells: [bool; 3]) -> Self {
        Self { is_on: cells.contains(&true), cells }
    }

    /// As a form was shown: one digit a part.
    pub(super) fn to_text(self) -> String {
        std::iter::once(self.is_on).chain(self.cells).map(|on| if on { '1' } else { '0' }).collect()
    }

    /// What the hidden field of a form says was shown. One that cannot be read is taken for what is sent: nothing was
    /// touched then, and the table decides.
    pub(super) fn shown(fields: &Fields, sent: Self) -> Self {
        match fields.text("sso_shown").as_bytes() {
            [is_on, release, deploy, others] => {
                Self { is_on: *is_on == b'1', cells: [release, deploy, others].map(|digit| *digit == b'1') }
            }
            _ => sent,
        }
    }

    /// What the cells are to be: the table's, unless the switch was touched. Turned on, it opens those of `when_on` beside
    /// those that the table has.
    pub(super) fn decide(self, shown: Self, when_on: Cells) -> Result<[bool; 3], Disagree> {
        if self.is_on == shown.is_on {
            return Ok(self.cells);
        }
        let mut cells = self.cells.into_iter().zip(shown.cells);
        if cells.any(|(cell, before)| cell != before && cell != self.is_on) {
            return Err(Disagree);
        }
        let opens = when_on.rows(Origin::Sso);
        let mut decided = [false; 3];
        for ((decided, row), sent) in decided.iter_mut().zip(Row::ALL).zip(self.cells) {
            *decided = self.is_on && (sent || opens.contains(row));
        }
        Ok(decided)
    }
}

#[cfg(test)]
mod tests {
    use patgate_core::policy::TokenSettings;

    use super::*;

    fn parts(is_on: bool, cells: [bool; 3]) -> SsoSwitch {
        SsoSwitch { is_on, cells }
    }

    #[test]
    fn what_was_touched_decides() {
        let [on, off] = [[false, true, true], [false; 3]].map(SsoSwitch::of_cells);
        let [mixed, all] = [[false, true, false], [true; 3]].map(SsoSwitch::of_cells);
        let release = SsoSwitch::of_cells([true, false, false]);
        let usual = TokenSettings::default().sso_when_on();
        assert!(mixed.is_on && release.is_on, "it is off only where no SSO user has tokens");
        for (shown, sent, cells) in [
            // Nothing was touched.
            (on, on, Ok([false, true, true])),
            (mixed, mixed, Ok([false, true, false])),
            (release, release, Ok([true, false, false])),
            // The switch alone, without JavaScript: off closes every cell, Release's too.
            (on, parts(false, [false, true, true]), Ok([false; 3])),
            (all, parts(false, [true; 3]), Ok([false; 3])),
            (release, parts(false, [true, false, false]), Ok([false; 3])),
            (mixed, parts(false, [false, true, false]), Ok([false; 3])),
            (off, parts(true, [false; 3]), Ok([false, true, true])),
            // The table alone.
            (on, parts(true, [false, false, true]), Ok([false, false, true])),
            (on, parts(true, [true; 3]), Ok([true; 3])),
            (on, parts(true, [false; 3]), Ok([false; 3])),
            (off, parts(false, [false, true, true]), Ok([false, true, true])),
            // Both, to the same end.
            (on, off, Ok([false; 3])),
            (on, parts(false, [false, false, true]), Ok([false; 3])),
            (off, on, Ok([false, true, true])),
            (off, parts(true, [true, false, false]), Ok([true; 3])),
            // Both, against each other.
            (mixed, parts(false, [false, true, true]), Err(Disagree)),
            (on, parts(false, [true; 3]), Err(Disagree)),
        ] {
            assert_eq!(sent.decide(shown, usual), cells, "{sent:?} over {shown:?}");
        }
    }

    #[test]
    fn the_switch_opens_what_it_closed() {
        let off = SsoSwitch::of_cells([false; 3]);
        for (when_on, sent, opened) in [
            ("release.sso,deploy.sso,others.sso", [false; 3], [true; 3]),
            ("release.sso", [false; 3], [true, false, false]),
            ("others.sso", [true, false, false], [true, false, true]),
        ] {
            let when_on = when_on.parse().unwrap();
            assert_eq!(parts(true, sent).decide(off, when_on), Ok(opened), "{when_on} {sent:?}");
            assert_eq!(parts(false, sent).decide(off, when_on), Ok(sent), "the table alone: {when_on}");
        }
    }

    #[test]
    fn a_form_remembers_what_it_showed() {
        let mixed = SsoSwitch::of_cells([true, true, false]);
        let fields = Fields::read(format!("sso_shown={}", mixed.to_text()).as_bytes());
        assert_eq!(SsoSwitch::shown(&fields, SsoSwitch::of_cells([false; 3])), mixed);
        // As with JavaScript: the table decides.
        let sent = parts(false, [false, true, false]);
        let shown = SsoSwitch::shown(&Fields::read(b"sso_shown="), sent);
        assert_eq!(sent.decide(shown, Cells::NONE), Ok([false, true, false]));
    }
}
