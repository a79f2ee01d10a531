//! `/releases/templates/{id}/start`: makes a release of a template, with its variables and the user for its scripts.
//!
//! A template may ask for more than a page has room for. So its variables stand there in parts, and of a value that is too long its
//! beginning does, until somebody changes it. What is not in the form stays as the template has it; what was typed in another part
//! of it goes along unseen, passwords sealed for who typed them.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::item::SecretText;
use patgate_core::permission::names::RELEASE_CREATE;
use patgate_core::policy::notification::length_in_page;
use patgate_core::release::{LONGEST_TITLE, ReleaseId, Variable, check_title};
use patgate_store::StoredRelease;

use super::editor::credential::{self, CredentialForm};
use super::editor::value::ValueForm;
use super::{TEMPLATES, path, template_path};
use crate::pages::beginning::beginning;
use crate::pages::form::{Fault, Named, failed, sentence};
use crate::pages::paging::{self, ROWS};
use crate::pages::refused::redirect;
use crate::pages::{Field, Fields, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::sealing::{self, Purpose};
use crate::service::releases::{self, Sort, StartDraft, Then, VariableEntry};
use crate::service::shown::is_overtaken;
use crate::state::AppState;

/// The fields that name a part of the variables, and one of them whose value stands there however long it is.
const PLACE: [&str; 2] = ["variables", "whole"];
/// As many bytes of what a variable is called.
const OF_NAME: usize = 100;
/// As many of a value that does not stand there whole.
const OF_BEGINNING: usize = 200;
/// As many bytes of a page are for values that stand there as a whole.
const OF_VALUES: usize = 8_000;

/// The page.
#[derive(Template)]
#[template(path = "pages/template_start.html")]
struct StartPage {
    shell: Shell,
    path: String,
    template: String,
    version: i64,
    faults: Vec<Fault>,
    title: Field,
    rows: Vec<Row>,
    /// Names and values of what was typed elsewhere.
    carried: Vec<(String, String)>,
    /// The query of this part of the variables.
    list: String,
    /// That of the part that follows; empty: there is none.
    more: String,
    /// Whether others stand before these.
    is_later: bool,
    credential: CredentialForm,
}

/// A variable on the page.
struct Row {
    name: String,
    value: ValueForm,
    /// The beginning of a value that is too long, and the query that shows the whole of it; empty for what stands in its field.
    beginning: String,
    whole: String,
}

/// What is said above a form that somebody sent before they were logged out.
const NOT_STARTED: &str = "Nothing was started yet: this title came with the link, or from before you logged in. Values of \
                           variables and passwords were not kept, and stand as the template has them. Check everything \
                           before you start.";
/// What is said when another part of the form is shown.
const ENTER_AGAIN: &str = "The user for automated tasks and the password are not kept while you turn: enter them again before you start.";

/// `GET /releases/templates/{id}/start?variables=&whole=`, perhaps with the title that was typed before a log-in.
pub(super) async fn ask(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    visitor.caller.require(&state, RELEASE_CREATE)?;
    let stored = releases::read(&state, &visitor.caller, Sort::Template, &id).await?;
    let list = paging::list_of_address(&query);
    let mut form = Form::of(&state, &visitor, &stored, &Fields::default(), list)?;
    let mut notice = None;
    if query.has("title") {
        query.text("title").clone_into(&mut form.title.value);
        notice = Some(Notice::Told(NOT_STARTED.to_owned()));
    }
    page(&state, &visitor, &stored, form, (StatusCode::OK, notice))
}

/// `POST /releases/templates/{id}/start`; with `turn` another part of the form.
pub(super) async fn start(
    State(state): State<AppState>,
    Named(id): Named<ReleaseId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, RELEASE_CREATE)?;
    let stored = releases::read(&state, &visitor.caller, Sort::Template, &id).await?;
    let mut form = Form::of(&state, &visitor, &stored, &fields, paging::list(&fields))?;
    if paging::is_turned(&fields) {
        return turn(&state, &visitor, &stored, form, &fields);
    }
    let Some(variables) = form.read() else {
        return page(&state, &visitor, &stored, form, (StatusCode::BAD_REQUEST, None));
    };
    let draft = StartDraft {
        expected: Some(form.version),
        title: form.title.value.clone(),
        variables,
        credential: credential::draft(&fields),
        event: None,
    };
    let (then, done) =
        if fields.has("only_make") { (Then::Wait, "created") } else { (Then::Start, "started") };
    match releases::from_template(&state, &visitor.caller, &id, draft, then).await {
        Ok(made) => Ok(redirect(&state, &format!("{}?done={done}", path(&made.release.id)))),
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            // Who has read that somebody else changed the template may start it as it is now; who was refused for anything
            // else has not read of it.
            if is_overtaken(&problem) {
                form.version = stored.version;
            }
            page(&state, &visitor, &stored, form, failed(&problem))
        }
    }
}

/// Another part of the form: nothing is started. While something is typed, the form itself is the answer, with all of it still
/// there; else the address of that part is, so that the browser's back button leads to the one before.
fn turn(
    state: &AppState,
    visitor: &Visitor,
    stored: &StoredRelease,
    form: Form<'_>,
    fields: &Fields,
) -> PageResult {
    let names_user =
        ["scriptUsername", "scriptUserPassword"].iter().any(|name| !fields.secret(name).is_empty());
    let address =
        paging::address(&format!("{}/start", template_path(&stored.release.id)), &form.list, &PLACE);
    if let Some(address) = address.filter(|_| !names_user && !form.is_typed(stored)) {
        return Ok(redirect(state, &address));
    }
    let notice = names_user.then(|| Notice::Told(ENTER_AGAIN.to_owned()));
    page(state, visitor, stored, form, (StatusCode::OK, notice))
}

/// What stands in the form.
struct Form<'t> {
    /// The version of the template that was shown first.
    version: i64,
    title: Field,
    asked: Vec<Asked<'t>>,
    /// The part of it that is shown.
    list: Fields,
}

/// A variable that is asked for.
struct Asked<'t> {
    variable: &'t Variable,
    value: ValueForm,
    /// Whether its value was in the form that was sent, and whether it was another than that of the template.
    is_sent: bool,
    is_changed: bool,
    /// The password that was typed, sealed.
    sealed: String,
}

impl<'t> Form<'t> {
    /// As the template has it, but for what was typed.
    fn of(
        state: &AppState,
        visitor: &Visitor,
        stored: &'t StoredRelease,
        typed: &Fields,
        list: Fields,
    ) -> Result<Self, Problem> {
        let asked = stored.release.variables.iter().filter(|variable| variable.show_on_release_start);
        let asked = asked.map(|variable| Asked::of(state, visitor, stored, variable, typed));
        let title = if typed.has("title") { typed.text("title") } else { stored.release.title.as_str() };
        Ok(Self {
            version: typed.text("version").parse().unwrap_or(stored.version),
            title: Field::new("title", "Title", title)
                .hint("What people will call this release.")
                .at_most(LONGEST_TITLE),
            asked: asked.collect::<Result<_, _>>()?,
            list,
        })
    }

    /// Whether anything in it is not as the template has it.
    fn is_typed(&self, stored: &StoredRelease) -> bool {
        self.title.value != stored.release.title
            || self.asked.iter().any(|asked| asked.is_changed || !asked.sealed.is_empty())
    }

    /// The values that were in it; what is wrong stands beside the fields then.
    fn read(&mut self) -> Option<BTreeMap<String, VariableEntry>> {
        // Without a title, a release is called as its template is.
        let title = Some(self.title.value.as_str()).filter(|title| !title.is_empty());
        self.title.error = title.and_then(|title| check_title(title).err()).as_ref().map(sentence);
        let mut values = BTreeMap::new();
        for asked in self.asked.iter_mut().filter(|asked| asked.is_sent || !asked.sealed.is_empty()) {
            match asked.value.entry() {
                Ok(VariableEntry::Kept) => {}
                Ok(entry) => {
                    values.insert(asked.variable.key.clone(), entry);
                }
                Err(error) => asked.value.error = Some(error),
            }
        }
        let is_right = self.asked.iter().all(|asked| asked.value.error.is_none());
        (is_right && self.title.error.is_none()).then_some(values)
    }

    /// How many variables stand before those that are shown: the part that is asked for, or the first in which something is wrong.
    fn first(&self) -> usize {
        let from = self.list.text("variables").parse::<usize>().unwrap_or_default();
        let from = Some(from).filter(|from| *from < self.asked.len()).unwrap_or_default();
        let is_wrong = |asked: &Asked<'_>| asked.value.error.is_some();
        if self.asked.iter().skip(from).take(ROWS).any(is_wrong) {
            return from;
        }
        self.asked.iter().position(is_wrong).map_or(from, |wrong| wrong / ROWS * ROWS)
    }
}

impl<'t> Asked<'t> {
    fn of(
        state: &AppState,
        visitor: &Visitor,
        stored: &StoredRelease,
        variable: &'t Variable,
        typed: &Fields,
    ) -> Result<Self, Problem> {
        let mut value = ValueForm::of(format!("variable-{}", variable.id.as_str()), stored, variable);
        let is_sent = typed.has(&value.name());
        let mut is_changed = false;
        if is_sent {
            let before = std::mem::take(&mut value.value);
            value.typed(typed);
            is_changed = value.value != before;
        }
        let mut asked = Self { variable, value, is_sent, is_changed, sealed: String::new() };
        if asked.value.is_password() {
            // A template that gets the identifiers of one that was deleted has another number.
            let place = format!("{} {}", stored.number.as_i64(), variable.id.as_str());
            asked.keep(state, Purpose::Typed { user: visitor.caller.user, variable: &place }, typed)?;
        }
        Ok(asked)
    }

    /// Keeps the password that was typed just now, or in another part of the form, for as long as the form comes back.
    fn keep(&mut self, state: &AppState, purpose: Purpose<'_>, typed: &Fields) -> Result<(), Problem> {
        if self.value.value.is_empty() {
            let kept = typed.text(&self.sealed_name());
            let opened = sealing::of_text(kept).and_then(|sealed| state.sealer.open(purpose, &sealed).ok());
            match opened {
                Some(password) => {
                    password.reveal().clone_into(&mut self.value.value);
                    kept.clone_into(&mut self.sealed);
                }
                // Without it, the template's own would be taken unseen.
                None if !kept.is_empty() => {
                    self.value.error = Some("It could not be kept: enter it again".to_owned());
                }
                None => {}
            }
        } else {
            let password = SecretText::from(self.value.value.as_str());
            let sealed = state.sealer.seal(purpose, &password, &mut state.random.draw())?;
            self.sealed = sealing::to_text(&sealed);
        }
        self.value.keeps_typed = !self.sealed.is_empty();
        Ok(())
    }

    /// The name of the field that keeps its password.
    fn sealed_name(&self) -> String {
        format!("{}-sealed", self.value.prefix)
    }

    /// What people call it.
    fn name(&self) -> String {
        beginning(self.variable.name(), OF_NAME)
    }
}

/// The page, which stays below 60 kB whatever the template holds (`weights_templates.rs` of the tests) and nothing was typed in it.
/// With identifiers of 64 characters, a variable takes 1.2 kB with its name and the beginning of its value: 20 are 24 kB, beside 8 kB
/// of values that stand there as a whole. The template's title stands there three times with 1.3 kB, the user for automated tasks
/// and the buttons take 2 kB; style, script and surroundings 15 kB.
fn page(
    state: &AppState,
    visitor: &Visitor,
    stored: &StoredRelease,
    form: Form<'_>,
    (status, notice): (StatusCode, Option<Notice>),
) -> PageResult {
    let heading = format!("Start {}", stored.release.title);
    let (from, count) = (form.first(), form.asked.len());
    let asked_whole = form.list.text("whole").to_owned();
    let mut faults = Fault::of([&form.title]);
    let (mut rows, mut carried, mut left) = (Vec::new(), Vec::new(), OF_VALUES);
    for (at, asked) in form.asked.into_iter().enumerate() {
        if !asked.sealed.is_empty() {
            carried.push((asked.sealed_name(), asked.sealed.clone()));
        }
        if !(from..from + ROWS).contains(&at) {
            if asked.is_changed && !asked.value.is_password() {
                carried.push((asked.value.name(), asked.value.value));
            }
            continue;
        }
        let name = asked.name();
        if let Some(error) = &asked.value.error {
            faults.push(Fault { field: asked.value.name(), text: format!("{name}: {error}") });
        }
        let length: usize = asked.value.value.chars().map(length_in_page).sum();
        let rest = if asked.value.is_password() { Some(left) } else { left.checked_sub(length) };
        let id = asked.variable.id.as_str();
        let is_whole = rest.is_some() || asked.is_sent || id == asked_whole;
        left = rest.unwrap_or(left);
        let (beginning, whole) = match is_whole {
            true => (String::new(), String::new()),
            false => (beginning(&asked.value.value, OF_BEGINNING), format!("variables={from}&whole={id}")),
        };
        rows.push(Row { name, value: asked.value, beginning, whole });
    }
    let number = |from: usize| if from > 0 { from.to_string() } else { String::new() };
    let more = if from + ROWS < count { format!("variables={}", from + ROWS) } else { String::new() };
    let page = StartPage {
        shell: Shell::new(state, visitor, heading, TEMPLATES).with_notice(notice),
        path: template_path(&stored.release.id),
        template: stored.release.title.clone(),
        version: form.version,
        faults,
        title: form.title,
        rows,
        carried,
        list: Fields::default().with(&[("variables", &number(from)), ("whole", &asked_whole)]),
        more,
        is_later: from > 0,
        credential: CredentialForm::of(releases::runs_as(state, stored)),
    };
    Ok((status, Html(page.render()?)).into_response())
}
