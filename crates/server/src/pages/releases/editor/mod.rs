//! Templates, part by part: the outline of one, and a page for each phase, task and variable of it, and for what it is as a whole.
//! What is saved there is saved at once, over the version that was shown; so no page holds more than a part.

mod change;
pub(super) mod credential;
mod delete;
mod details;
mod new;
mod outline;
mod part;
mod phase;
mod row;
mod task;
pub(super) mod value;
mod variable;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use patgate_core::permission::names::TEMPLATE_CREATE;
use patgate_core::release::{PhaseId, ReleaseId, TaskId, Variable, VariableId, VariableKind, check_title};
use patgate_store::StoredRelease;

use self::change::Part;
use super::row::IN_RELEASE;
use super::template_path;
use crate::pages::beginning::beginning;
use crate::pages::form::sentence;
use crate::pages::refused::redirect;
use crate::pages::{Fields, Notice, Refused, Visitor};
use crate::problem::Problem;
use crate::service::releases::{self, ReleaseDraft, Sort};
use crate::service::shown::is_overtaken;
use crate::state::AppState;

/// What is said when it was saved.
const SAVED: &str = "saved";
/// It was saved, and the user for automated tasks did not stay.
const WITHOUT_USER: &str = "saved-without-user";
/// Passwords of variables did not.
const WITHOUT_PASSWORDS: &str = "saved-without-passwords";
/// Neither did.
const WITHOUT_BOTH: &str = "saved-without-both";
/// What is said when there was nothing left to delete.
const DELETED: &str = "deleted";

/// What is said to who changed a part that somebody else deleted meanwhile, or put something into it.
fn gone(word: &str) -> (StatusCode, Option<Notice>) {
    let text = format!(
        "Somebody else deleted this {word} meanwhile. Nothing of yours is saved; what you typed still stands here, but \
         for passwords."
    );
    (StatusCode::CONFLICT, Some(Notice::Failed(text)))
}

/// The addresses of these pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/releases/templates/new", get(new::show).post(new::create))
        .route("/releases/templates/{id}", get(outline::show).post(outline::arrange))
        .route("/releases/templates/{id}/edit", get(details::show).post(details::save))
        .route("/releases/templates/{id}/phases/new", get(phase::show_new).post(phase::add))
        .route("/releases/templates/{id}/phases/{phase}", get(phase::show).post(phase::save))
        .route("/releases/templates/{id}/phases/{phase}/add", get(task::show_new).post(task::add))
        .route(
            "/releases/templates/{id}/phases/{phase}/delete",
            get(delete::ask::<PhaseId>).post(delete::delete::<PhaseId>),
        )
        .route("/releases/templates/{id}/tasks/{task}", get(task::show).post(task::save))
        .route(
            "/releases/templates/{id}/tasks/{task}/delete",
            get(delete::ask::<TaskId>).post(delete::delete::<TaskId>),
        )
        .route("/releases/templates/{id}/variables/new", get(variable::show_new).post(variable::add))
        .route("/releases/templates/{id}/variables/{variable}", get(variable::show).post(variable::save))
        .route(
            "/releases/templates/{id}/variables/{variable}/delete",
            get(delete::ask::<VariableId>).post(delete::delete::<VariableId>),
        )
}

/// A template of which somebody changes a part, and the version of it that they were shown.
struct Edited {
    stored: StoredRelease,
    version: i64,
}

/// What the page of a part knows of the template around it.
struct Head {
    /// The template's title, or its beginning.
    template: String,
    /// The template's own page.
    path: String,
    /// Where the form goes.
    action: String,
    /// Where one comes back to when nothing is changed.
    cancel: String,
    version: i64,
    may_edit: bool,
}

impl Edited {
    /// As it is shown now. What comes back after a log-in was typed over the version that it names: what somebody else saved
    /// since then is told of.
    async fn seen(
        state: &AppState,
        visitor: &Visitor,
        id: &ReleaseId,
        query: &Fields,
    ) -> Result<Self, Refused> {
        let stored = releases::read(state, &visitor.caller, Sort::Template, id).await?;
        let version = query.text("version").parse().unwrap_or(stored.version);
        Ok(Self { stored, version })
    }

    /// Whether a part is in it now.
    fn has(&self, part: &Part) -> bool {
        part.title(&self.stored.release).is_some()
    }

    /// As a form says that it was shown.
    async fn sent(
        state: &AppState,
        visitor: &Visitor,
        id: &ReleaseId,
        fields: &Fields,
    ) -> Result<Self, Refused> {
        visitor.caller.require(state, TEMPLATE_CREATE)?;
        let stored = releases::read(state, &visitor.caller, Sort::Template, id).await?;
        // A form without it was shown no version that there is.
        let version = fields.text("version").parse().unwrap_or_default();
        Ok(Self { stored, version })
    }

    /// Saves a change of it. The inner problem is one that its page can show, above what was typed.
    async fn save(
        &mut self,
        state: &AppState,
        visitor: &Visitor,
        draft: ReleaseDraft,
    ) -> Result<Result<StoredRelease, Problem>, Refused> {
        let id = &self.stored.release.id;
        let saved =
            releases::update(state, &visitor.caller, Sort::Template, id, Some(self.version), draft).await;
        match saved {
            Ok(saved) => Ok(Ok(saved)),
            Err(problem) => {
                let problem = Refused::unless_shown(problem)?;
                // Who has read that somebody else saved may save again over that.
                if is_overtaken(&problem) {
                    self.version = self.stored.version;
                }
                Ok(Err(problem))
            }
        }
    }

    /// Leads on to where a part stands in the outline, once the template is saved.
    fn lead(&self, state: &AppState, saved: &StoredRelease, part: Option<&Part>) -> Response {
        redirect(state, &outline::address(&saved.release, part, self.done(saved, false)))
    }

    /// What is said of a save: it may have cost what somebody else had entered, which nobody sees in a form.
    fn done(&self, saved: &StoredRelease, wants_nobody: bool) -> &'static str {
        let before = &self.stored;
        let is_lost = |variable: &Variable| {
            let has = |stored: &StoredRelease| stored.secrets.contains_key(variable.id.as_str());
            variable.kind == VariableKind::Password && has(before) && !has(saved)
        };
        let has_no_user = before.release.run_as.is_some() && saved.release.run_as.is_none() && !wants_nobody;
        match (has_no_user, saved.release.variables.iter().any(is_lost)) {
            (false, false) => SAVED,
            (true, false) => WITHOUT_USER,
            (false, true) => WITHOUT_PASSWORDS,
            (true, true) => WITHOUT_BOTH,
        }
    }

    /// For the page of a part, whose form goes to an address below the template's own.
    fn head(&self, state: &AppState, visitor: &Visitor, below: &str, part: Option<&Part>) -> Head {
        let release = &self.stored.release;
        let path = template_path(&release.id);
        Head {
            template: beginning(&release.title, IN_RELEASE),
            action: format!("{path}/{below}"),
            cancel: outline::address(release, part, ""),
            path,
            version: self.version,
            may_edit: visitor.may_any(state, &[TEMPLATE_CREATE]),
        }
    }
}

/// What is wrong with a title.
fn title_fault(title: &str) -> Option<String> {
    if title.is_empty() {
        return Some("Enter a title".to_owned());
    }
    check_title(title).err().as_ref().map(sentence)
}
