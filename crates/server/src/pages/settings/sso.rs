//! *Allow personal access tokens for SSO users*: one switch for two cells of the table, those of SSO users for Deploy and
//! for all others.
//!
//! A form without JavaScript can send a switch and cells that disagree. What was touched tells what is meant: the switch
//! counts only when it is not as it was shown, and a cell that was touched the other way at the same time is refused. With
//! JavaScript the switch and the cells follow each other, and the form does not say what it showed: the table is right.

use crate::pages::Fields;

/// The switch and its two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SsoSwitch {
    /// The switch itself: on when both cells are.
    pub(super) is_on: bool,
    /// SSO users' tokens pass for Deploy.
    pub(super) deploy: bool,
    /// They pass for all others.
    pub(super) others: bool,
}

/// The switch and the table were touched, and say different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the switch and the table disagree about SSO users: change one of them, and leave the other as it was"
)]
pub(super) struct Disagree;

impl SsoSwitch {
    /// As the cells have it.
    pub(super) fn of_cells(deploy: bool, others: bool) -> Self {
        Self { is_on: deploy && others, deploy, others }
    }

    /// As a form was shown: one digit a part.
    pub(super) fn to_text(self) -> String {
        [self.is_on, self.deploy, self.others].map(|on| if on { '1' } else { '0' }).iter().collect()
    }

    /// What the hidden field of a form says was shown. One that cannot be read is taken for what is sent: nothing was
    /// touched then, and the table decides.
    pub(super) fn shown(fields: &Fields, sent: Self) -> Self {
        match fields.text("sso_shown").as_bytes() {
            [is_on, deploy, others] => {
                Self { is_on: *is_on == b'1', deploy: *deploy == b'1', others: *others == b'1' }
            }
            _ => sent,
        }
    }

    /// What the two cells are to be: the table's, unless the switch was touched.
    pub(super) fn decide(self, shown: Self) -> Result<(bool, bool), Disagree> {
        if self.is_on == shown.is_on {
            return Ok((self.deploy, self.others));
        }
        let was_touched_against = |cell: bool, before: bool| cell != before && cell != self.is_on;
        if was_touched_against(self.deploy, shown.deploy) || was_touched_against(self.others, shown.others) {
            return Err(Disagree);
        }
        Ok((self.is_on, self.is_on))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(is_on: bool, deploy: bool, others: bool) -> SsoSwitch {
        SsoSwitch { is_on, deploy, others }
    }

    #[test]
    fn what_was_touched_decides() {
        let (on, off) = (SsoSwitch::of_cells(true, true), SsoSwitch::of_cells(false, false));
        let mixed = SsoSwitch::of_cells(true, false);
        assert!(!mixed.is_on);
        for (shown, sent, cells) in [
            // Nothing was touched.
            (on, on, Ok((true, true))),
            (mixed, mixed, Ok((true, false))),
            // The switch alone, without JavaScript.
            (on, parts(false, true, true), Ok((false, false))),
            (off, parts(true, false, false), Ok((true, true))),
            (mixed, parts(true, true, false), Ok((true, true))),
            // The table alone.
            (on, parts(true, false, true), Ok((false, true))),
            (off, parts(false, true, true), Ok((true, true))),
            // Both, to the same end.
            (on, off, Ok((false, false))),
            (on, parts(false, false, true), Ok((false, false))),
            (off, on, Ok((true, true))),
            // Both, against each other.
            (mixed, parts(true, false, false), Err(Disagree)),
            (parts(true, true, false), parts(false, true, true), Err(Disagree)),
        ] {
            assert_eq!(sent.decide(shown), cells, "{sent:?} over {shown:?}");
        }
    }

    #[test]
    fn a_form_remembers_what_it_showed() {
        let mixed = SsoSwitch::of_cells(true, false);
        let fields = Fields::read(format!("sso_shown={}", mixed.to_text()).as_bytes());
        assert_eq!(SsoSwitch::shown(&fields, SsoSwitch::of_cells(true, true)), mixed);
        // As with JavaScript: the table decides.
        let sent = SsoSwitch { is_on: false, deploy: true, others: false };
        assert_eq!(sent.decide(SsoSwitch::shown(&Fields::read(b"sso_shown="), sent)), Ok((true, false)));
    }
}
