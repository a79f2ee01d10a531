//! `GET /api/v1/reminders/preview`: whom a run would write to now.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::refusals::Unproven;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::reminders::{self, Preview};
use crate::state::AppState;

/// What a run would do now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReminderPreview)]
pub(super) struct PreviewBody {
    /// Why it would plan nothing, when that has a reason beyond the tokens: `switched_off` or `no_server`.
    note: Option<&'static str>,
    /// How many mails it would plan.
    planned: u64,
    /// How many tokens it would leave out.
    skipped: u64,
    /// The first 200 of the mails; none for who lacks `token#view_all`.
    mails: Vec<PlannedBody>,
    /// The first 200 of the tokens that it would leave out; none for who lacks `token#view_all`.
    left_out: Vec<LeftOutBody>,
}

/// A mail that would be planned.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewedReminder)]
struct PlannedBody {
    /// To whom, by log-in name.
    #[schema(example = "ann")]
    owner: String,
    /// Where it would go.
    #[schema(example = "ann@example.org")]
    address: String,
    /// The names of its tokens.
    tokens: Vec<String>,
}

/// A token about which no mail would be written.
#[derive(Serialize, ToSchema)]
#[schema(as = LeftOutToken)]
struct LeftOutBody {
    /// Whose it is, by log-in name.
    #[schema(example = "ann")]
    owner: String,
    /// Its name.
    #[schema(example = "nightly build")]
    token: String,
    /// Why: `no_address`, `owner_disabled` or `expired`.
    #[schema(example = "no_address")]
    reason: &'static str,
}

/// Says whom a run would write to now, and writes to nobody. Needs `config#view`, `config#edit`, `security#view` or
/// `security#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/reminders/preview",
    tag = "reminders",
    responses((status = 200, description = "What a run would do", body = PreviewBody), Unproven)
)]
pub(super) async fn preview_reminders(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<PreviewBody>, Problem> {
    Ok(axum::Json(reminders::preview(&state, &caller).await?.into()))
}

impl From<Preview> for PreviewBody {
    fn from(Preview { note, planned, skipped, mails, left_out }: Preview) -> Self {
        let mails = mails.into_iter().map(|mail| PlannedBody {
            owner: mail.owner,
            address: mail.address,
            tokens: mail.tokens,
        });
        let left_out = left_out.into_iter().map(|one| LeftOutBody {
            owner: one.owner,
            token: one.token,
            reason: one.reason.as_str(),
        });
        Self {
            note: note.map(|note| note.as_str()),
            planned,
            skipped,
            mails: mails.collect(),
            left_out: left_out.collect(),
        }
    }
}
