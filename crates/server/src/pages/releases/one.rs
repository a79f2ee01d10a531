//! `GET /releases/{id}`: a release with its phases and tasks.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse};
use patgate_core::permission::names::{RELEASE_ABORT, RELEASE_CREATE};
use patgate_core::release::{ReleaseId, ReleaseStatus, Variable, VariableKind, VariableValue};
use patgate_store::StoredRelease;

use super::row::{PhaseRow, of_release};
use super::{LIST, path, template_path};
use crate::pages::form::Named;
use crate::pages::{Fields, Moment, Notice, PageResult, Shell, Visitor};
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/release.html")]
struct ReleasePage {
    shell: Shell,
    path: String,
    title: String,
    description: String,
    state: super::row::State,
    owner: String,
    /// As whom its scripts call; empty for nobody.
    runs_as: String,
    /// The template it was made from; empty for none.
    template: String,
    started_at: Option<Moment>,
    ended_at: Option<Moment>,
    /// What who aborted it said.
    comment: String,
    phases: Vec<PhaseRow>,
    variables: Vec<VariableRow>,
    may_start: bool,
    may_abort: bool,
    may_restart: bool,
    may_approve: bool,
    may_delete: bool,
    /// Whether something may still happen by itself, of which the page tells as it does.
    is_live: bool,
}

/// A variable with its value.
struct VariableRow {
    name: String,
    value: String,
}

/// `GET /releases/{id}`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> PageResult {
    let stored = releases::read(&state, &visitor.caller, Sort::Release, &id).await?;
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    let notice = match query.text("done") {
        "created" => Some("The release is made. Start it when you are ready."),
        "started" => Some("The release has started."),
        "aborted" => Some("The release is aborted."),
        "restarted" => Some("The release goes on."),
        "approved" => Some("The gate is approved."),
        _ => None,
    };
    let release = &stored.release;
    let may_create = visitor.may_any(&state, &[RELEASE_CREATE]);
    let status = release.status;
    let page = ReleasePage {
        shell: Shell::new(&state, &visitor, release.title.clone(), LIST)
            .with_notice(notice.map(|text| Notice::Done(text.to_owned()))),
        path: path(&release.id),
        title: release.title.clone(),
        description: release.description.clone(),
        state: of_release(status),
        owner: release.owner.clone(),
        runs_as: releases::runs_as(&state, &stored).unwrap_or_default(),
        template: release.template.as_ref().map(template_path).unwrap_or_default(),
        started_at: release.started_at.map(Moment::from),
        ended_at: release.ended_at.map(Moment::from),
        comment: release.abort_comment.clone().unwrap_or_default(),
        phases: release.phases.iter().map(|phase| PhaseRow::new(&release.id, phase)).collect(),
        variables: release.variables.iter().map(|variable| VariableRow::new(&stored, variable)).collect(),
        may_start: may_create && status == ReleaseStatus::Planned,
        may_abort: visitor.may_any(&state, &[RELEASE_ABORT]) && !status.is_final(),
        may_restart: may_create && status == ReleaseStatus::Failed,
        may_approve: may_create && status == ReleaseStatus::InProgress,
        may_delete: may_create && !status.is_active(),
        is_live: status.is_active(),
    };
    Ok(Html(page.render()?).into_response())
}

impl VariableRow {
    fn new(stored: &StoredRelease, variable: &Variable) -> Self {
        let name = if variable.label.is_empty() { &variable.key } else { &variable.label };
        let value = match (&variable.value, variable.kind) {
            (_, VariableKind::Password) if stored.secrets.contains_key(variable.id.as_str()) => {
                "********".to_owned()
            }
            (Some(value), _) => shown(value),
            (None, _) => String::new(),
        };
        Self { name: name.clone(), value }
    }
}

/// A value as the forms have it.
pub(super) fn shown(value: &VariableValue) -> String {
    match value {
        VariableValue::Boolean(value) => value.to_string(),
        VariableValue::Integer(value) => value.to_string(),
        VariableValue::Text(value) => value.clone(),
        VariableValue::List(values) => values.join("\n"),
        VariableValue::Map(values) => {
            values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
        }
    }
}
