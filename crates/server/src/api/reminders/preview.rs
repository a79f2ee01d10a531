//! `GET /api/v1/reminders/preview`: whom a run would write to now.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::query::Parameters;
use crate::api::refusals::{Malformed, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::reminders::{self, Look, Part, Place, Preview};
use crate::state::AppState;

/// The most mails, and the most left-out tokens, in one answer, and how many there are when nothing else is asked.
const MOST: usize = 200;

/// Which part of the lists to name. The numbers are always of all.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// The mails behind a place: the `next` of the answer before.
    after: Option<String>,
    /// The left-out tokens behind a place: the `leftOutNext` of the answer before.
    left_out_after: Option<String>,
    /// How many of each at most, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 200)]
    limit: Option<usize>,
}

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
    /// The mails, by owner and token; none for who lacks `token#view_all`.
    mails: Vec<PlannedBody>,
    /// Where the mails go on, for `after`; `null`: these are the last.
    next: Option<String>,
    /// The tokens that it would leave out, by owner and token; none for who lacks `token#view_all`.
    left_out: Vec<LeftOutBody>,
    /// Where these go on, for `leftOutAfter`; `null`: these are the last.
    left_out_next: Option<String>,
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
    params(Asked),
    responses((status = 200, description = "What a run would do", body = PreviewBody), Malformed, Unproven)
)]
pub(super) async fn preview_reminders(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<Asked>,
) -> Result<axum::Json<PreviewBody>, Problem> {
    let limit = asked.limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        let detail = format!("The query parameter `limit` is 1 to {MOST}, and not {limit}");
        return Err(Problem::field("limit", detail));
    }
    let place = |name: &str, text: Option<String>| {
        let place = text.map(|text| text.parse::<Place>()).transpose();
        place.map_err(|_| {
            Problem::field(name, format!("The query parameter `{name}` is what the answer before named"))
        })
    };
    let part = Part {
        look: Look::Whole,
        mails_after: place("after", asked.after)?,
        left_out_after: place("leftOutAfter", asked.left_out_after)?,
        limit,
        named: usize::MAX,
    };
    Ok(axum::Json(reminders::preview(&state, &caller, part).await?.into()))
}

impl From<Preview> for PreviewBody {
    fn from(preview: Preview) -> Self {
        let Preview { note, planned, skipped, mails, more_mails, left_out, more_left_out, .. } = preview;
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
            next: more_mails.map(|place| place.to_string()),
            left_out: left_out.collect(),
            left_out_next: more_left_out.map(|place| place.to_string()),
        }
    }
}
