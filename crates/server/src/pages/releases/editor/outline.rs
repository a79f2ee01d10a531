//! `/releases/templates/{id}`: what a template is made of, each part with the beginning of what is in it, and the moving of parts.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::permission::names::{RELEASE_CREATE, TEMPLATE_CREATE};
use patgate_core::release::{Release, ReleaseId};
use patgate_store::StoredRelease;

use super::change::{Part, Way, moved};
use super::row::{PARTS, PhaseLine, VARIABLES, VariableLine, page_of};
use super::{DELETED, Edited, SAVED, WITHOUT_BOTH, WITHOUT_PASSWORDS, WITHOUT_USER};
use crate::pages::beginning::beginning;
use crate::pages::form::{Named, failed};
use crate::pages::refused::redirect;
use crate::pages::releases::row::Rows;
use crate::pages::releases::{TEMPLATES, template_path};
use crate::pages::{Fields, Notice, PageResult, Query, Shell, Submitted, Visitor};
use crate::service::releases::{self, Sort};
use crate::state::AppState;

/// As many bytes of the description stand on the page.
const OF_DESCRIPTION: usize = 1_000;

/// The page.
#[derive(Template)]
#[template(path = "pages/template.html")]
struct OutlinePage {
    shell: Shell,
    path: String,
    title: String,
    description: String,
    abort_on_failure: bool,
    /// As whom its scripts call; empty for nobody.
    runs_as: String,
    may_edit: bool,
    may_start: bool,
    version: i64,
    phases: Rows<PhaseLine>,
    variables: Rows<VariableLine>,
}

/// `GET /releases/templates/{id}?tasks=&variables=&done=`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let stored = releases::read(&state, &visitor.caller, Sort::Template, &id).await?;
    let notice = told(query.text("done"));
    page(&state, &visitor, &stored, &query, (StatusCode::OK, notice))
}

/// `POST /releases/templates/{id}`: moves the part that a button names.
pub(super) async fn arrange(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let mut edited = Edited::sent(&state, &visitor, &id, &fields).await?;
    let way = if fields.has("up") { Way::Up } else { Way::Down };
    let named = if way == Way::Up { fields.text("up") } else { fields.text("down") };
    let part: Option<Part> = named.parse().ok();
    let draft = part.as_ref().and_then(|part| moved(&edited.stored.release, part, way));
    let Some(draft) = draft else {
        // What it would be moved past is not there, or it is not itself: there is nothing to do.
        return Ok(redirect(&state, &address(&edited.stored.release, part.as_ref(), "")));
    };
    match edited.save(&state, &visitor, draft).await? {
        Ok(saved) => Ok(edited.lead(&state, &saved, part.as_ref())),
        Err(problem) => {
            let place = place(&edited.stored.release, part.as_ref());
            page(&state, &visitor, &edited.stored, &place, failed(&problem))
        }
    }
}

/// The address at which a part of a template is to be seen in its outline, and what is said there.
pub(super) fn address(template: &Release, part: Option<&Part>, done: &str) -> String {
    let query = place(template, part).with(&[("done", done)]);
    let mark = part.map(Part::as_str).unwrap_or_default();
    let signs = (if query.is_empty() { "" } else { "?" }, if mark.is_empty() { "" } else { "#" });
    format!("{}{}{query}{}{mark}", template_path(&template.id), signs.0, signs.1)
}

/// The query of the page of the lists that has a part of a template.
fn place(template: &Release, part: Option<&Part>) -> Fields {
    let list = if matches!(part, Some(Part::Variable(_))) { "variables" } else { "tasks" };
    match part.map_or(0, |part| page_of(template, part)) {
        0 => Fields::default(),
        from => Fields::read(format!("{list}={from}").as_bytes()),
    }
}

/// What is said of what was done.
fn told(done: &str) -> Option<Notice> {
    let lost = match done {
        SAVED => return Some(Notice::Done("The template is saved.".to_owned())),
        DELETED => return Some(Notice::Done("It is deleted already.".to_owned())),
        WITHOUT_USER => "the user for automated tasks",
        WITHOUT_PASSWORDS => "passwords of variables",
        WITHOUT_BOTH => "the user for automated tasks and passwords of variables",
        _ => return None,
    };
    let text = format!(
        "The template is saved, without {lost}: it does other things now, and you had not entered all of that yourself. Enter \
         what is missing."
    );
    Some(Notice::Told(text))
}

/// The page, which stays below 60 kB whatever the template holds (`weights_templates.rs` of the tests). With identifiers of 64
/// characters and titles of 255, a phase takes 1.5 kB, a task or a variable 1.2 kB: 15 phases and tasks, the heading of a phase
/// that began before, and 8 variables are 34 kB, and scripts 6 kB at most beside them, of which phases alone have none. The
/// title, twice, and the description take 3.6 kB; style, script and surroundings 15 kB.
fn page(
    state: &AppState,
    visitor: &Visitor,
    stored: &StoredRelease,
    query: &Fields,
    (status, notice): (StatusCode, Option<Notice>),
) -> PageResult {
    let release = &stored.release;
    let page = OutlinePage {
        shell: Shell::new(state, visitor, release.title.clone(), TEMPLATES).with_notice(notice),
        path: template_path(&release.id),
        title: release.title.clone(),
        description: beginning(&release.description, OF_DESCRIPTION),
        abort_on_failure: release.abort_on_failure,
        runs_as: releases::runs_as(state, stored).unwrap_or_default(),
        may_edit: visitor.may_any(state, &[TEMPLATE_CREATE]),
        may_start: visitor.may_any(state, &[RELEASE_CREATE]),
        version: stored.version,
        phases: Rows::asked(query, "tasks", PARTS, |from| PhaseLine::page(release, from)),
        variables: Rows::asked(query, "variables", VARIABLES, |from| VariableLine::page(stored, from)),
    };
    Ok((status, Html(page.render()?)).into_response())
}
