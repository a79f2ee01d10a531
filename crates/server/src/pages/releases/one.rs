//! `GET /releases/{id}`: a release with its phases and tasks.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use patgate_core::permission::names::{RELEASE_ABORT, RELEASE_CREATE};
use patgate_core::release::{Release, ReleaseId, ReleaseStatus, Variable, VariableKind, VariableValue};
use patgate_store::StoredRelease;

use super::row::{IN_RELEASE, PhaseRow, Rows, of_release};
use super::{LIST, path, task_path, template_path};
use crate::pages::beginning::beginning;
use crate::pages::form::Named;
use crate::pages::{Moment, Notice, PageResult, Query, Shell, Visitor};
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// The most tasks of a page.
const TASKS: usize = 15;
/// The most variables.
const VARIABLES: usize = 10;
/// As many bytes of a variable's name, and of its value, stand on the page.
const OF_VARIABLE: (usize, usize) = (100, 200);
/// As many bytes of the description, and of what who aborted it said.
const OF_TEXT: usize = 1_000;

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
    /// The first task that goes on, waits for somebody or has failed: its page and its title. Not when all stand on one page.
    at: Option<(String, String)>,
    phases: Rows<PhaseRow>,
    variables: Rows<VariableRow>,
    may_start: bool,
    may_abort: bool,
    may_restart: bool,
    may_approve: bool,
    may_delete: bool,
    /// Whether something may still happen by itself, of which the page tells as it does.
    is_live: bool,
}

/// A variable with its value.
pub(super) struct VariableRow {
    pub(super) name: String,
    pub(super) value: String,
}

/// `GET /releases/{id}`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let stored = releases::read(&state, &visitor.caller, Sort::Release, &id).await?;
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
    let phases = Rows::asked(&query, "tasks", TASKS, |from| PhaseRow::page(release, from, TASKS));
    let page = ReleasePage {
        shell: Shell::new(&state, &visitor, release.title.clone(), LIST)
            .with_notice(notice.map(|text| Notice::Done(text.to_owned()))),
        path: path(&release.id),
        title: release.title.clone(),
        description: beginning(&release.description, OF_TEXT),
        state: of_release(status),
        owner: stored.owner_name.clone(),
        runs_as: releases::runs_as(&state, &stored).unwrap_or_default(),
        template: release.template.as_ref().map(template_path).unwrap_or_default(),
        started_at: release.started_at.map(Moment::from),
        ended_at: release.ended_at.map(Moment::from),
        comment: beginning(release.abort_comment.as_deref().unwrap_or_default(), OF_TEXT),
        at: (phases.has_earlier || !phases.more.is_empty()).then(|| at(release)).flatten(),
        phases,
        variables: Rows::asked(&query, "variables", VARIABLES, |from| VariableRow::page(&stored, from)),
        may_start: may_create && status == ReleaseStatus::Planned,
        may_abort: visitor.may_any(&state, &[RELEASE_ABORT]) && !status.is_final(),
        may_restart: may_create && status == ReleaseStatus::Failed,
        may_approve: may_create && status == ReleaseStatus::InProgress,
        may_delete: may_create && !status.is_active(),
        is_live: status.is_active(),
    };
    Ok(Html(page.render()?).into_response())
}

/// The page and the title of the first task of which something is to be seen.
fn at(release: &Release) -> Option<(String, String)> {
    let task = release.active_task()?;
    Some((task_path(&release.id, &task.id), beginning(&task.title, IN_RELEASE)))
}

impl VariableRow {
    /// So many variables behind the first `from`, and whether there are more.
    fn page(stored: &StoredRelease, from: usize) -> (Vec<Self>, bool) {
        let variables = &stored.release.variables;
        let rows = variables.iter().skip(from).take(VARIABLES).map(|variable| Self::new(stored, variable));
        (rows.collect(), variables.len() > from.saturating_add(VARIABLES))
    }

    /// With the beginning of both.
    pub(super) fn new(stored: &StoredRelease, variable: &Variable) -> Self {
        let name = variable.name();
        let value = match (&variable.value, variable.kind) {
            (_, VariableKind::Password) if stored.secrets.contains_key(variable.id.as_str()) => {
                "********".to_owned()
            }
            (Some(value), _) => shown(value),
            (None, _) => String::new(),
        };
        Self { name: beginning(name, OF_VARIABLE.0), value: beginning(&value, OF_VARIABLE.1) }
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
