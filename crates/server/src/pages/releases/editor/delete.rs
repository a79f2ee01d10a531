//! `…/phases/{phase}/delete`, `…/tasks/{task}/delete` and `…/variables/{variable}/delete` of a template: the question, and the
//! deleting.

use std::str::FromStr;

use axum::extract::State;
use patgate_core::permission::names::TEMPLATE_CREATE;
use patgate_core::release::TaskKind;

use super::change::{Part, without};
use super::{DELETED, Edited, outline};
use crate::pages::beginning::beginning;
use crate::pages::confirm::{Carrying, Confirm};
use crate::pages::refused::redirect;
use crate::pages::releases::row::LISTED;
use crate::pages::releases::{OfRelease, TEMPLATES, template_path};
use crate::pages::{Fields, PageResult, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::state::AppState;

/// `GET …/delete`.
pub(super) async fn ask<P: Into<Part> + FromStr>(
    State(state): State<AppState>,
    OfRelease(id, part): OfRelease<P>,
    visitor: Visitor,
) -> PageResult {
    visitor.caller.require(&state, TEMPLATE_CREATE)?;
    let edited = Edited::seen(&state, &visitor, &id, &Fields::default()).await?;
    question(&state, &visitor, &edited, &part.into())?.ask()
}

/// `POST …/delete`.
pub(super) async fn delete<P: Into<Part> + FromStr>(
    State(state): State<AppState>,
    OfRelease(id, part): OfRelease<P>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let part = part.into();
    let mut edited = Edited::sent(&state, &visitor, &id, &fields).await?;
    if !edited.has(&part) {
        // Two people delete the same: both read that it is so.
        return Ok(redirect(&state, &outline::address(&edited.stored.release, None, DELETED)));
    }
    let draft = without(&edited.stored.release, &part);
    match edited.save(&state, &visitor, draft).await? {
        Ok(saved) => Ok(edited.lead(&state, &saved, None)),
        Err(problem) => question(&state, &visitor, &edited, &part)?.refused(problem),
    }
}

/// The question, which carries the version that was shown.
fn question(state: &AppState, visitor: &Visitor, edited: &Edited, part: &Part) -> Result<Carrying, Problem> {
    let release = &edited.stored.release;
    let title = part.title(release);
    let (word, sentence) = match part {
        Part::Phase(id) => {
            let tasks = release.phases.iter().find(|phase| phase.id == *id).map_or(0, |of| of.tasks.len());
            let sentence = match tasks {
                0 => "It has no tasks.".to_owned(),
                1 => "Its task goes with it.".to_owned(),
                tasks => format!("Its {tasks} tasks go with it."),
            };
            ("phase", sentence)
        }
        Part::Task(id) => {
            let is_script =
                release.task(id).is_some_and(|(_, task)| matches!(task.kind, TaskKind::Script { .. }));
            let sentence =
                if is_script { "Its script goes with it." } else { "Nobody is waited for there then." };
            ("task", sentence.to_owned())
        }
        Part::Variable(_) => {
            ("variable", "A script that reads it fails then, unless it is made again.".to_owned())
        }
    };
    // What people call a variable may be as long as a description.
    let title = beginning(title.ok_or_else(|| Problem::not_found(word))?, LISTED);
    let heading = format!("Delete the {word} {title}?");
    let path = format!("{}/{}", template_path(&release.id), part.below());
    let confirm = Confirm {
        shell: Shell::new(state, visitor, heading.clone(), TEMPLATES),
        heading,
        sentences: vec![sentence, "Releases that were made of the template stay as they are.".to_owned()],
        action: format!("{path}/delete"),
        button: "Delete for good",
        is_danger: true,
        is_possible: true,
        cancel: path,
    };
    Ok(confirm.carrying(vec![("version", edited.version.to_string())]))
}
