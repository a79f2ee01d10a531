//! `/admin/reminders/mails/{id}/retry`: *Try again*, for a mail that failed.

use axum::extract::State;
use http::StatusCode;
use patgate_core::identifier::MailId;
use patgate_store::{MailState, Seek};

use super::LIST;
use super::row::ANSWER;
use crate::pages::beginning::beginning;
use crate::pages::confirm::Confirm;
use crate::pages::form::Named;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::reminders::{self, ListedMail, RUNS};
use crate::state::AppState;

/// The question.
pub(super) async fn ask(
    State(state): State<AppState>,
    Named(id): Named<MailId>,
    visitor: Visitor,
) -> PageResult {
    let listed = read(&state, &visitor, id).await?;
    let foreseen = match listed.mail.state {
        MailState::Failed => Ok(()),
        _ => Err(Problem::conflict("This mail has not failed, so there is nothing to try again")),
    };
    question(&state, &visitor, &listed).ask_unless(foreseen)
}

/// The act.
pub(super) async fn retry(
    State(state): State<AppState>,
    Named(id): Named<MailId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    let listed = read(&state, &visitor, id).await?;
    match reminders::retry(&state, &visitor.caller, id).await {
        Ok(()) => {}
        // Two people try the same mail again, or it is being sent: both read that it is so.
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {}
        Err(problem) => return question(&state, &visitor, &listed).refused(problem),
    }
    Ok(redirect(&state, &format!("{}?done=retry", place(&listed))))
}

async fn read(state: &AppState, visitor: &Visitor, id: MailId) -> Result<ListedMail, Refused> {
    visitor.caller.require(state, RUNS)?;
    Ok(reminders::mail(state, &visitor.caller, id, &Seek::Start, 1).await?)
}

fn question(state: &AppState, visitor: &Visitor, listed: &ListedMail) -> Confirm {
    let ListedMail { mail, owner, tokens } = listed;
    let heading = format!("Try the mail to {owner} again?");
    let mut sentences = vec![match (tokens.as_slice(), mail.tokens.len()) {
        ([one], 1) => format!("It is about the token {}.", one.name),
        (_, many) => format!("It is about {many} tokens."),
    }];
    if let (Some(address), Some(answer)) = (&mail.address, &mail.answer) {
        let answer = beginning(answer, ANSWER);
        sentences.push(format!("It failed for {address}, with the words “{answer}”."));
    }
    sentences.push("It goes to the address that the owner has now.".to_owned());
    Confirm {
        shell: Shell::new(state, visitor, heading.clone(), LIST),
        heading,
        sentences,
        action: format!("{LIST}/mails/{}/retry", mail.id),
        button: "Try again",
        is_danger: false,
        is_possible: true,
        cancel: place(listed),
    }
}

/// The list in which a mail stands.
fn place(listed: &ListedMail) -> String {
    listed.mail.run.map_or_else(|| format!("{LIST}/mails"), |run| format!("{LIST}/{run}"))
}
