//! Who exceeds a maximum, and what becomes of them.

use proptest::prelude::*;

use super::*;
use crate::policy::lifetime::{RequestedLifetime, decide_expiry};

fn now() -> Timestamp {
    "2026-05-03T12:00:00.5Z".parse().unwrap()
}

fn days(count: u32) -> Days {
    Days::try_from(count).unwrap()
}

fn states() -> impl Strategy<Value = GrantState> {
    let suspended = |reason| GrantState::Suspended { at: now(), reason };
    prop_oneof![
        Just(GrantState::Active),
        Just(suspended(SuspensionReason::OverMaximum)),
        Just(suspended(SuspensionReason::OriginClosed)),
        Just(suspended(SuspensionReason::OwnerUnconfirmed)),
        Just(GrantState::Deleted { at: now() }),
    ]
}

fn expiries() -> impl Strategy<Value = Expiry> {
    let dated = (0_i64..4_102_444_799)
        .prop_map(|second| Expiry::at(Timestamp::from_second(second).unwrap()).unwrap());
    prop_oneof![4 => dated, 1 => Just(Expiry::NEVER)]
}

fn choices() -> impl Strategy<Value = MaximumChoice> {
    (0_usize..4).prop_map(|at| MaximumChoice::ALL[at])
}

proptest! {
    /// A token that a maximum touches is one that could not be made under it; the others could.
    #[test]
    fn what_exceeds_could_not_be_made(expiry in expiries(), maximum in 1_u32..=3_650) {
        let touched = over_maximum(expiry, GrantState::Active, false, days(maximum), MaximumChoice::Delete, now())
            == Effect::Delete;
        let asked = match expiry.timestamp() {
            Some(at) if at > now() => decide_expiry(RequestedLifetime::Until(at), Some(days(maximum)), Expiry::NEVER, now()).is_err(),
            // What has expired exceeds nothing; what never ends exceeds everything.
            Some(_) => false,
            None => true,
        };
        prop_assert_eq!(touched, asked);
        prop_assert_eq!(touched, !is_covered(expiry, Some(days(maximum)), now()));
    }

    #[test]
    fn shortening_never_lengthens(expiry in expiries(), state in states(), maximum in 1_u32..=3_650) {
        match over_maximum(expiry, state, false, days(maximum), MaximumChoice::Shorten, now()) {
            Effect::Shorten(to) => {
                prop_assert!(to < expiry);
                prop_assert!(!to.is_expired(now()));
                // Once is enough.
                let again = over_maximum(to, state, false, days(maximum), MaximumChoice::Shorten, now());
                prop_assert_eq!(again, Effect::Nothing);
            }
            effect => prop_assert_eq!(effect, Effect::Nothing),
        }
    }

    #[test]
    fn the_exempt_and_the_deleted_are_left_alone(
        expiry in expiries(), state in states(), exempt in any::<bool>(), choice in choices(), maximum in 1_u32..=3_650,
    ) {
        let effect = over_maximum(expiry, state, exempt, days(maximum), choice, now());
        if exempt || choice == MaximumChoice::Leave || matches!(state, GrantState::Deleted { .. }) {
            prop_assert_eq!(effect, Effect::Nothing);
        }
    }

    #[test]
    fn a_suspension_is_possible_exactly_when_the_state_allows_it(state in states()) {
        let reason = SuspensionReason::OverMaximum;
        let effect = over_maximum(Expiry::NEVER, state, false, days(7), MaximumChoice::Suspend, now());
        prop_assert_eq!(effect == Effect::Suspend(reason), state.can_suspend_for(reason));
    }
}

#[test]
fn what_ends_with_the_maximum_does_not_exceed_it() {
    let latest = days(30).latest_expiry(now());
    let later =
        Expiry::at(Timestamp::from_second(latest.timestamp().unwrap().as_second() + 1).unwrap()).unwrap();
    let touch =
        |expiry| over_maximum(expiry, GrantState::Active, false, days(30), MaximumChoice::Delete, now());
    assert_eq!(touch(latest), Effect::Nothing);
    assert_eq!(touch(later), Effect::Delete);
}

#[test]
fn the_length_of_a_life_outweighs_a_closed_origin() {
    let suspended = |reason| GrantState::Suspended { at: now(), reason };
    let closed = suspended(SuspensionReason::OriginClosed);
    assert!(closed.can_suspend_for(SuspensionReason::OverMaximum));
    assert!(!suspended(SuspensionReason::OverMaximum).can_suspend_for(SuspensionReason::OriginClosed));
}

#[test]
fn only_a_lower_maximum_is_exceeded() {
    for (from, to, lower) in [
        (None, Some(30), true),
        (Some(30), Some(7), true),
        (Some(7), Some(7), false),
        (Some(7), Some(30), false),
        (Some(7), None, false),
        (None, None, false),
    ] {
        assert_eq!(lowers(from.map(days), to.map(days)), lower, "{from:?} {to:?}");
    }
}

#[test]
fn a_decision_never_undoes_what_came_after_it() {
    let settings = |days_: Option<u32>| TokenSettings {
        maximum_lifetime_days: days_.map(days),
        ..TokenSettings::default()
    };
    let lower = Decided::Maximum { from: Some(days(60)), to: days(30), choice: MaximumChoice::Leave };
    assert_eq!(lower.settle(&settings(Some(60))), Ok((lower, settings(Some(30)))));
    for other in [None, Some(7), Some(30), Some(365)] {
        assert_eq!(lower.settle(&settings(other)), Err(Overtaken::MaximumChanged), "{other:?}");
    }
    let closing =
        Decided::Closing { cells: "deploy.sso,others.sso".parse().unwrap(), choice: ClosingChoice::Suspend };
    let mut half = TokenSettings::default();
    half.origins.deploy.sso = false;
    let (left, settled) = closing.settle(&half).unwrap();
    let others: Cells = "others.sso".parse().unwrap();
    assert_eq!(
        left,
        Decided::Closing { cells: others, choice: ClosingChoice::Suspend },
        "what is open still"
    );
    assert!(!settled.origins.deploy.sso && !settled.origins.others.sso && settled.origins.others.ldap);
    assert_eq!(settled.sso_reopens, Some(others), "what the switch opens again");
    assert_eq!(closing.settle(&settled), Err(Overtaken::ClosedAlready));
}
