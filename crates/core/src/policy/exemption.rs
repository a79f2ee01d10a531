//! Who is exempt from the maximum lifetime, why, and until when.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Days;
use crate::identifier::ExemptionId;
use crate::user::{Principal, User};

/// Why somebody is exempt: 1 to 500 characters on one line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExemptionReason(String);

/// Why a text is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason is one line of 1 to 500 characters without control characters")]
pub struct NotAReason;

/// A user or a group to whom the maximum lifetime does not apply while it holds: from `made_at` until before `ends_at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// The row.
    pub id: ExemptionId,
    /// Who.
    pub principal: Principal,
    /// Why.
    pub reason: ExemptionReason,
    /// When it was made.
    pub made_at: Timestamp,
    /// The log-in name of who made it.
    pub made_by: String,
    /// When it ends; earlier than was said first, when somebody ended it.
    pub ends_at: Timestamp,
}

impl Exemption {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.made_at <= now && now < self.ends_at
    }

    /// Whether it is about this user.
    #[must_use]
    pub fn covers(&self, user: &User) -> bool {
        self.principal.covers(&user.username, &user.provider, &user.groups)
    }
}

/// **The** rule to whom the maximum lifetime applies: to everybody who has no exemption that holds.
#[must_use]
pub fn maximum_for(
    maximum: Option<Days>,
    user: &User,
    exemptions: &[Exemption],
    now: Timestamp,
) -> Option<Days> {
    if is_exempt(user, exemptions, now) { None } else { maximum }
}

/// Whether somebody is exempt at `now`.
#[must_use]
pub fn is_exempt(user: &User, exemptions: &[Exemption], now: Timestamp) -> bool {
    exemptions.iter().any(|exemption| exemption.holds(now) && exemption.covers(user))
}

/// Whether a token that was made at `created_at` needs a review at `now`: its owner was exempt then, and is no more.
#[must_use]
pub fn needs_review(user: &User, created_at: Timestamp, exemptions: &[Exemption], now: Timestamp) -> bool {
    is_exempt(user, exemptions, created_at) && !is_exempt(user, exemptions, now)
}

impl ExemptionReason {
    /// The most characters.
    pub const LONGEST: usize = 500;

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ExemptionReason {
    type Error = NotAReason;

    fn try_from(text: String) -> Result<Self, NotAReason> {
        let text = text.trim();
        let fits = (1..=Self::LONGEST).contains(&text.chars().count()) && !text.contains(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAReason) }
    }
}

impl From<ExemptionReason> for String {
    fn from(reason: ExemptionReason) -> Self {
        reason.0
    }
}

impl fmt::Debug for ExemptionReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::confirmation::Confirmation;
    use crate::expiry::Expiry;
    use crate::identifier::UserId;
    use crate::policy::RequestedLifetime;
    use crate::policy::lifetime::{LifetimeRefused, decide_expiry};
    use crate::user::{INTERNAL_PROVIDER, Origin, PrincipalKind, UserState};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn user(name: &str, groups: &[&str]) -> User {
        User {
            id: UserId::from_i64(1),
            origin: Origin::Internal,
            provider: INTERNAL_PROVIDER.to_owned(),
            subject: "1".to_owned(),
            username: name.parse().unwrap(),
            full_name: String::new(),
            email: String::new(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            state: UserState::Enabled,
            confirmation: Confirmation::Own,
            created_at: at(0),
            last_active_at: None,
        }
    }

    fn exemption(name: &str, kind: PrincipalKind, made_at: i64, ends_at: i64) -> Exemption {
        Exemption {
            id: ExemptionId::from_i64(1),
            principal: Principal { kind, ..Principal::internal(name.parse().unwrap()) },
            reason: ExemptionReason::try_from("needs it".to_owned()).unwrap(),
            made_at: at(made_at),
            made_by: "root".to_owned(),
            ends_at: at(ends_at),
        }
    }

    proptest! {
        #[test]
        fn the_maximum_does_not_apply_while_an_exemption_holds(now in 0_i64..40, made in 0_i64..40, ends in 0_i64..40) {
            let maximum = Days::try_from(7).ok();
            let exemptions = [exemption("Ann", PrincipalKind::User, made, ends)];
            let holds = made <= now && now < ends;
            prop_assert_eq!(maximum_for(maximum, &user("ann", &[]), &exemptions, at(now)).is_none(), holds);
            prop_assert_eq!(maximum_for(maximum, &user("bob", &[]), &exemptions, at(now)), maximum);
            let asked = RequestedLifetime::Days(Days::try_from(8).unwrap());
            let maximum = maximum_for(maximum, &user("ann", &[]), &exemptions, at(now));
            let granted = decide_expiry(asked, maximum, Expiry::NEVER, at(now));
            let refused = Err(LifetimeRefused::OverMaximum(Days::try_from(7).unwrap()));
            prop_assert_eq!(granted == refused, !holds);
        }
    }

    #[test]
    fn a_group_exempts_those_who_are_in_it() {
        let exemptions = [exemption("Ops", PrincipalKind::Group, 0, 10)];
        assert!(is_exempt(&user("ann", &["dev", "Ops"]), &exemptions, at(5)));
        assert!(!is_exempt(&user("ann", &["ops"]), &exemptions, at(5)), "groups have case");
        assert!(!is_exempt(&user("Ops", &[]), &exemptions, at(5)), "a user is no group");
        let elsewhere = User { provider: "corp".to_owned(), ..user("ann", &["Ops"]) };
        assert!(!is_exempt(&elsewhere, &exemptions, at(5)));
    }

    #[test]
    fn what_was_made_under_an_exemption_is_reviewed_when_it_is_over() {
        let exemptions = [exemption("ann", PrincipalKind::User, 10, 20)];
        let ann = user("ann", &[]);
        for (created, now, reviewed) in
            [(9, 30, false), (10, 30, true), (19, 20, true), (20, 30, false), (15, 19, false)]
        {
            assert_eq!(needs_review(&ann, at(created), &exemptions, at(now)), reviewed, "{created} {now}");
        }
        assert!(!needs_review(&user("bob", &[]), at(15), &exemptions, at(30)));
    }

    #[test]
    fn a_reason_is_a_line_of_text() {
        let reason = |text: &str| ExemptionReason::try_from(text.to_owned());
        assert_eq!(reason(" an audit ").unwrap().as_str(), "an audit");
        for bad in ["", "  ", "a\nb", &"x".repeat(501)] {
            assert_eq!(reason(bad), Err(NotAReason), "{bad:?}");
        }
    }
}
