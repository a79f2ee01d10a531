//! Decisions and exemptions that are there already.

use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::{DecisionId, ExemptionId, GrantId};
use patgate_core::policy::{
    Days, Decided, Decision, DecisionState, Exemption, ExemptionReason, MaximumChoice,
};
use patgate_core::user::Principal;

use super::World;

impl World {
    /// A decision that waits for a week and an exemption that holds as long, named like a token.
    pub(crate) async fn decision_and_exemption_called(&self, id: GrantId) {
        let now = self.clock.now();
        let next_week = now.checked_add(SignedDuration::from_hours(7 * 24)).unwrap();
        let mut change = self.change().await;
        change.insert_decision(&waiting(id, next_week, now)).await.unwrap();
        let exemption = Exemption {
            id: ExemptionId::from_i64(id.as_i64()),
            principal: Principal::internal("carl".parse().unwrap()),
            reason: ExemptionReason::try_from("An audit".to_owned()).unwrap(),
            made_at: now,
            made_by: "root".to_owned(),
            ends_at: next_week,
        };
        change.insert_exemption(&exemption).await.unwrap();
        self.commit(change).await;
    }
}

fn waiting(id: GrantId, effective_at: Timestamp, made_at: Timestamp) -> Decision {
    Decision {
        id: DecisionId::from_i64(id.as_i64()),
        decided: Decided::Maximum {
            from: None,
            to: Days::try_from(30).unwrap(),
            choice: MaximumChoice::Leave,
        },
        effective_at,
        zone: "UTC".to_owned(),
        made_at,
        made_by: "root".to_owned(),
        state: DecisionState::Pending,
    }
}
