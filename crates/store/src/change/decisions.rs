//! Changes of decisions.

use jiff::Timestamp;
use patgate_core::identifier::DecisionId;
use patgate_core::policy::{Cells, Decision, DecisionState};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::decisions::{self, StoredDecision};
use crate::error::StoreError;
use crate::rows::to_json;
use crate::tables::Decisions;

impl Change {
    /// The decision of this identifier.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] for one that this version cannot read; [`StoreError`] when the database fails.
    pub async fn decision(&self, id: DecisionId) -> Result<Option<Decision>, StoreError> {
        decisions::by_id(&self.transaction, id).await
    }

    /// Decisions that wait.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn pending_decisions(&self) -> Result<Vec<StoredDecision>, StoreError> {
        decisions::pending(&self.transaction).await
    }

    /// The cells of the origin policy that decisions closed, whether they are closed still or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn decided_closings(&self) -> Result<Cells, StoreError> {
        decisions::closings(&self.transaction).await
    }

    /// Writes down a decision, which waits or has taken effect in this very change.
    ///
    /// # Errors
    /// [`StoreError::AlreadyThere`] for an identifier that is taken.
    pub async fn insert_decision(&mut self, decision: &Decision) -> Result<(), StoreError> {
        let (at, by, tokens, reason) = settled(&decision.state);
        let insert = Query::insert()
            .into_table(Decisions::Table)
            .columns([
                Decisions::Id,
                Decisions::Decided,
                Decisions::EffectiveAt,
                Decisions::Zone,
                Decisions::MadeAt,
                Decisions::MadeBy,
                Decisions::State,
                Decisions::SettledAt,
                Decisions::SettledBy,
                Decisions::Tokens,
                Decisions::Reason,
            ])
            .values_panic([
                decision.id.as_i64().into(),
                to_json(&decision.decided, "decided")?.into(),
                decision.effective_at.as_millisecond().into(),
                decision.zone.as_str().into(),
                decision.made_at.as_millisecond().into(),
                decision.made_by.as_str().into(),
                decision.state.as_str().into(),
                at.map(Timestamp::as_millisecond).into(),
                by.map(str::to_owned).into(),
                tokens.into(),
                reason.map(str::to_owned).into(),
            ])
            .take();
        self.execute(&insert).await?;
        self.note_decision(decision, "decision.create");
        Ok(())
    }

    /// Settles a decision that waits. Returns whether it still did: whoever comes second changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn settle_decision(&mut self, decision: &Decision) -> Result<bool, StoreError> {
        let (at, by, tokens, reason) = settled(&decision.state);
        let update = Query::update()
            .table(Decisions::Table)
            .value(Decisions::State, decision.state.as_str())
            .value(Decisions::SettledAt, at.map(Timestamp::as_millisecond))
            .value(Decisions::SettledBy, by.map(str::to_owned))
            .value(Decisions::Tokens, tokens)
            .value(Decisions::Reason, reason.map(str::to_owned))
            .and_where(Expr::col(Decisions::Id).eq(decision.id.as_i64()))
            .and_where(Expr::col(Decisions::State).eq("pending"))
            .take();
        if self.execute(&update).await? == 0 {
            return Ok(false);
        }
        let action = match decision.state {
            DecisionState::Pending | DecisionState::Applied { .. } => "decision.apply",
            DecisionState::Undone { .. } => "decision.undo",
            DecisionState::Failed { .. } => "decision.fail",
        };
        self.note_decision(decision, action);
        Ok(true)
    }

    fn note_decision(&mut self, decision: &Decision, action: &'static str) {
        let (_, _, tokens, reason) = settled(&decision.state);
        let mut detail = json!({
            "decided": decision.decided,
            "effectiveAt": decision.effective_at,
            "timeZone": decision.zone,
            "state": decision.state.as_str(),
        });
        if let Some(members) = detail.as_object_mut() {
            members.extend(tokens.map(|tokens| ("tokens".to_owned(), json!(tokens))));
            members.extend(reason.map(|reason| ("reason".to_owned(), json!(reason))));
        }
        let event = PendingEvent {
            action,
            subject_kind: SubjectKind::Decision,
            subject_id: decision.id.to_string(),
            subject_name: decision.decided.rule().to_owned(),
            detail,
        };
        self.note(ChangedKind::Decision, decision.id.as_i64(), event);
    }
}

/// `settled_at`, `settled_by`, `tokens` and `reason`.
fn settled(state: &DecisionState) -> (Option<Timestamp>, Option<&str>, Option<i64>, Option<&str>) {
    match state {
        DecisionState::Pending => (None, None, None, None),
        DecisionState::Applied { at, tokens } => (Some(*at), None, i64::try_from(*tokens).ok(), None),
        DecisionState::Undone { at, by } => (Some(*at), Some(by), None, None),
        DecisionState::Failed { at, reason } => (Some(*at), None, None, Some(reason)),
    }
}
