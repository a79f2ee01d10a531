//! `/account/tokens/new`: the panel *Generate token*.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;

use super::form::{self, GenerateForm};
use super::{LIST, closed, like, made};
use crate::pages::form::Fault;
use crate::pages::{Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::tokens::{self, FormId, Offer};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/tokens_new.html")]
struct GeneratePage {
    shell: Shell,
    faults: Vec<Fault>,
    form: GenerateForm,
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "pages/tokens_told.html")]
struct ToldPage {
    shell: Shell,
    heading: &'static str,
    text: String,
}

/// `GET /account/tokens/new`, perhaps with what is proposed, or like another token (`like=`).
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(typed): Query) -> PageResult {
    let offer = Offer::to(&state, &visitor.caller).await?;
    if !offer.is_open() {
        return closed_page(&state, &visitor);
    }
    let typed = like::filled(&state, &visitor.caller, &offer, typed).await?;
    let id = FormId::generate(&mut state.random.draw());
    let form = GenerateForm::new(&state, id, &offer, &typed, None);
    page(&state, &visitor, StatusCode::OK, form, None)
}

/// `POST /account/tokens/new`: answers with the token itself, the one time it is shown.
pub(super) async fn submit(State(state): State<AppState>, sent: Submitted) -> PageResult {
    let Submitted { visitor, fields } = &sent;
    let offer = Offer::to(&state, &visitor.caller).await?;
    if !offer.is_open() {
        return closed_page(&state, visitor);
    }
    let again = |id, problem: &Problem| {
        let form = GenerateForm::new(&state, id, &offer, fields, Some(problem));
        // What is wrong with no field in particular is told on top.
        let notice = problem.wrong_field().is_none().then(|| Notice::Failed(problem.sentence()));
        page(&state, visitor, problem.status(), form, notice)
    };
    let Ok(id) = fields.text("form").parse::<FormId>() else {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "no_form", "The form was not complete")
            .hint("Reload the page, or look at what is here and send it again");
        return again(FormId::generate(&mut state.random.draw()), &problem);
    };
    let made = match form::read(&state, &offer, fields) {
        Ok(new) => tokens::create_once(&state, &visitor.caller, id, new).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(Some(made)) => made::show(&state, visitor, &made),
        Ok(None) => {
            let text = "This form made a token before, so nothing was made now. A token is shown once: if you did \
                        not copy it, delete it and generate a new one.";
            told_page(&state, visitor, StatusCode::OK, "This form was already used", text.to_owned())
        }
        Err(problem) => again(id, &Refused::unless_shown(problem)?),
    }
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    status: StatusCode,
    form: GenerateForm,
    notice: Option<Notice>,
) -> PageResult {
    let shell = Shell::new(state, visitor, "Generate token", LIST).with_notice(notice);
    let page = GeneratePage { shell, faults: form.faults(), form };
    Ok((status, Html(page.render()?)).into_response())
}

fn closed_page(state: &AppState, visitor: &Visitor) -> PageResult {
    let text = closed(visitor.caller.facts.origin);
    told_page(state, visitor, StatusCode::FORBIDDEN, "You cannot generate tokens", text)
}

fn told_page(
    state: &AppState,
    visitor: &Visitor,
    status: StatusCode,
    heading: &'static str,
    text: String,
) -> PageResult {
    let page = ToldPage { shell: Shell::new(state, visitor, heading, LIST), heading, text };
    Ok((status, Html(page.render()?)).into_response())
}
