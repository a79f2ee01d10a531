//! `/settings/suspended`: tokens that a rule suspended, and lifting that.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::grant::SuspensionReason;
use patgate_core::identifier::GrantId;
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_store::{GrantCursor, GrantSort, Seek};

use super::PATH;
use super::touched::TouchedRow;
use crate::pages::paging::{self, Paging};
use crate::pages::refused::redirect;
use crate::pages::{Choice, Fields, Notice, PageResult, Query, Shell, Submitted, Visitor};
use crate::service::policy::suspended;
use crate::service::settings;
use crate::service::tokens::overview::SeenGrant;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/settings_suspended.html")]
struct SuspendedPage {
    shell: Shell,
    may_lift: bool,
    reasons: Vec<Choice>,
    reason: &'static str,
    rows: Vec<TouchedRow>,
    paging: Paging,
    /// Whether there may be more that was not looked at.
    is_partial: bool,
}

/// `GET /settings/suspended?reason=&after=&before=&done=`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    visitor.caller.require(&state, TOKEN_VIEW_ALL)?;
    let reason = reason(&query);
    let place: Seek<GrantCursor> = paging::place(&query);
    let found = suspended::search(&state, &visitor.caller, reason, &place, paging::ASKED).await?;
    let cursor = |seen: &SeenGrant| GrantCursor::of(&seen.grant, GrantSort::ExpiresAt);
    let (seen, paging) = Paging::cut(found.tokens, &place, &query, cursor);
    let paging = paging.reaching(found.reached.as_ref(), &place, &query);
    let now = state.clock.now();
    let chosen = reason.as_str();
    let page = SuspendedPage {
        shell: Shell::new(&state, &visitor, "Suspended tokens", PATH).with_notice(notice(&query)),
        may_lift: settings::may_put(&state, &visitor.caller),
        reasons: vec![
            Choice::new("over_maximum", "They live longer than the maximum", chosen),
            Choice::new("origin_closed", "Their owner's origin is closed", chosen),
        ],
        reason: chosen,
        rows: seen.iter().map(|seen| TouchedRow::of_seen(&state, seen, now)).collect(),
        paging,
        is_partial: found.reached.is_some(),
    };
    Ok(Html(page.render()?).into_response())
}

/// `POST /settings/suspended`.
pub(super) async fn lift(
    State(state): State<AppState>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let reason = reason(&fields);
    let lifted = if fields.has("all") {
        suspended::lift_all(&state, &visitor.caller, reason).await?
    } else {
        let ids: BTreeSet<GrantId> = fields.all("id").filter_map(|id| id.parse().ok()).collect();
        suspended::lift(&state, &visitor.caller, &ids).await?
    };
    Ok(redirect(&state, &format!("/settings/suspended?reason={}&done={lifted}", reason.as_str())))
}

fn reason(fields: &Fields) -> SuspensionReason {
    let asked = SuspensionReason::from_word(fields.text("reason"));
    asked.filter(|reason| suspended::LIFTED.contains(reason)).unwrap_or(SuspensionReason::OverMaximum)
}

fn notice(query: &Fields) -> Option<Notice> {
    match query.text("done").parse::<u64>().ok()? {
        0 => Some(Notice::Told("No suspension was lifted: choose tokens first.".to_owned())),
        1 => Some(Notice::Done("The suspension is lifted. The token passes again.".to_owned())),
        lifted => Some(Notice::Done(format!("{lifted} suspensions are lifted. These tokens pass again."))),
    }
}
