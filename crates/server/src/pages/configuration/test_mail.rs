//! `/configuration/{item}/test-mail`: *Send Test Mail*, and what happened step by step.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::identifier::ItemNumber;
use patgate_core::item::{MAIL_SERVER, Value};
use patgate_core::permission::names::CONFIG_EDIT;

use super::{EXPLORER, path};
use crate::mail::Mailbox;
use crate::pages::delivery::Delivery;
use crate::pages::form::{Fault, Named};
use crate::pages::{Field, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::items::{self, ItemRef, ItemView};
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/configuration_test_mail.html")]
struct TestMailPage {
    shell: Shell,
    /// The mail server's own address.
    path: String,
    name: String,
    faults: Vec<Fault>,
    to: Field,
    /// What happened; `None` before anything was sent.
    report: Option<Delivery>,
}

/// What is said of an address that is not the mail server's own.
const NOT_SENT: &str = "Nothing was sent yet: this address came with the link, or from before you logged in.";

/// `GET /configuration/{item}/test-mail`, perhaps with the address that was typed before a log-in.
pub(super) async fn ask(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let view = mail_server(&state, &visitor, number).await?;
    let address = view.item.properties.get("testAddress").and_then(Value::as_text).unwrap_or_default();
    let to = field(if query.has("to") { query.text("to") } else { address });
    let notice = (to.value != address).then(|| Notice::Told(NOT_SENT.to_owned()));
    page(&state, &visitor, &view, to, None, StatusCode::OK, notice)
}

/// `POST /configuration/{item}/test-mail`.
pub(super) async fn send(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let view = mail_server(&state, &visitor, number).await?;
    // The button on the page of a mail server that has a Test Address sends no field.
    let typed = fields.has("to").then(|| fields.text("to"));
    let address = view.item.properties.get("testAddress").and_then(Value::as_text).unwrap_or_default();
    let mut to = field(typed.unwrap_or(address));
    if typed == Some("") {
        to.error = Some("Say who gets the test mail.".to_owned());
        return page(&state, &visitor, &view, to, None, StatusCode::BAD_REQUEST, None);
    }
    match items::send_test_mail(&state, &visitor.caller, &ItemRef::Numbered(number), typed).await {
        Ok(report) => {
            let notice = match report.failed() {
                None => Notice::Done(format!("The mail server took the test mail for {}.", to.value)),
                Some(step) => Notice::Failed(format!(
                    "The test mail was not sent. It failed at: {}.",
                    step.name.label()
                )),
            };
            page(&state, &visitor, &view, to, Some(report.into()), StatusCode::OK, Some(notice))
        }
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            let mut notice = None;
            match problem.wrong_field() {
                Some("to") => to.error = Some(problem.sentence()),
                _ => notice = Some(Notice::Failed(problem.sentence())),
            }
            page(&state, &visitor, &view, to, None, problem.status(), notice)
        }
    }
}

async fn mail_server(state: &AppState, visitor: &Visitor, number: ItemNumber) -> Result<ItemView, Refused> {
    visitor.caller.require(state, CONFIG_EDIT)?;
    let view = items::read(state, &visitor.caller, &ItemRef::Numbered(number)).await?;
    if view.item.type_name == MAIL_SERVER.name { Ok(view) } else { Err(Problem::not_found("page").into()) }
}

fn field(address: &str) -> Field {
    Field::new("to", "To", address)
        .hint("The mail address that gets the test mail.")
        .at_most(Mailbox::LONGEST)
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    view: &ItemView,
    to: Field,
    report: Option<Delivery>,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    let name = view.item.id.name().to_owned();
    let page = TestMailPage {
        shell: Shell::new(state, visitor, format!("Test mail through {name}"), EXPLORER).with_notice(notice),
        path: path(view.item.number),
        name,
        faults: Fault::of([&to]),
        to,
        report,
    };
    Ok((status, Html(page.render()?)).into_response())
}
