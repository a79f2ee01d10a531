//! `GET /api/v1/reminders/runs/{id}/mails` and `GET /api/v1/reminders/mails`: what became of each mail.

use axum::extract::State;
use patgate_core::identifier::{MailId, RunId};
use patgate_store::{MailFilter, MailStateKind, Seek};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::body::MailBody;
use crate::api::path::Named;
use crate::api::query::Parameters;
use crate::api::refusals::{Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::reminders;
use crate::state::AppState;

/// The most mails in one answer, and how many there are when nothing else is asked.
const MOST: u64 = 100;

/// Which mails to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// In this state; absent: in any.
    #[param(inline)]
    state: Option<Became>,
    /// Behind the mail of this identifier: the last of the answer before.
    after: Option<String>,
    /// In front of the mail of this identifier: the first of the answer that comes after. Not with `after`.
    before: Option<String>,
    /// How many at most, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 100)]
    limit: Option<u64>,
}

/// What became of a mail.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Became {
    /// It waits for its turn.
    Waiting,
    /// It is being sent.
    Sending,
    /// The mail server took it.
    Sent,
    /// It was left out.
    Skipped,
    /// The mail server refused it for good, or too often.
    Failed,
}

/// Lists the mails of a run, and the tokens that it left out. Needs what listing runs needs, and `token#view_all`.
#[utoipa::path(
    get,
    path = "/api/v1/reminders/runs/{id}/mails",
    tag = "reminders",
    params(("id" = String, Path, description = "The run"), Asked),
    responses((status = 200, description = "The mails", body = Vec<MailBody>), Malformed, Unproven, Missing)
)]
pub(super) async fn list_mails_of_run(
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<RunId>,
    Parameters(asked): Parameters<Asked>,
) -> Result<axum::Json<Vec<MailBody>>, Problem> {
    reminders::run(&state, &caller, id).await?;
    list(&state, &caller, Some(id), asked).await
}

/// Lists the mails of all runs, and the notices that tokens end earlier. Needs what listing runs needs, and
/// `token#view_all`.
#[utoipa::path(
    get,
    path = "/api/v1/reminders/mails",
    tag = "reminders",
    params(Asked),
    responses((status = 200, description = "The mails", body = Vec<MailBody>), Malformed, Unproven)
)]
pub(super) async fn list_mails(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<Asked>,
) -> Result<axum::Json<Vec<MailBody>>, Problem> {
    list(&state, &caller, None, asked).await
}

async fn list(
    state: &AppState,
    caller: &Caller,
    run: Option<RunId>,
    asked: Asked,
) -> Result<axum::Json<Vec<MailBody>>, Problem> {
    let limit = asked.limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        let detail = format!("The query parameter `limit` is 1 to {MOST}, and not {limit}");
        return Err(Problem::field("limit", detail));
    }
    let named = |name: &str, id: &str| {
        let id = id.parse::<MailId>();
        id.map_err(|error| Problem::field(name, format!("The query parameter `{name}`: {error}")))
    };
    let seek = match (asked.after, asked.before) {
        (Some(_), Some(_)) => {
            let detail = "The query parameters `after` and `before` contradict each other; leave one out";
            return Err(Problem::field("before", detail));
        }
        (Some(id), None) => Seek::After(named("after", &id)?),
        (None, Some(id)) => Seek::Before(named("before", &id)?),
        (None, None) => Seek::Start,
    };
    let filter = MailFilter { run, state: asked.state.map(Became::kind) };
    let mails = reminders::mails(state, caller, &filter, &seek, limit, usize::MAX).await?;
    Ok(axum::Json(mails.into_iter().map(MailBody::from).collect()))
}

impl Became {
    /// As the store asks for it.
    fn kind(self) -> MailStateKind {
        match self {
            Self::Waiting => MailStateKind::Waiting,
            Self::Sending => MailStateKind::Sending,
            Self::Sent => MailStateKind::Sent,
            Self::Skipped => MailStateKind::Skipped,
            Self::Failed => MailStateKind::Failed,
        }
    }
}
