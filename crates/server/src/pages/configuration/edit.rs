//! `/configuration/new` and `/configuration/{item}`: the form of an item; of a folder, what is in it too.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::identifier::ItemNumber;
use patgate_core::item::{ItemId, MAIL_SERVER, TypeDescriptor, Value, descriptor};
use patgate_core::permission::names::{CONFIG_EDIT, WEBHOOK_VIEW};

use super::explorer::{Content as FolderContent, notice, tree};
use super::form::{Form, Look};
use super::tree::Node;
use super::{EXPLORER, may_edit, path};
use crate::pages::form::{Difference, Fault, Named, complete, sentence, unsaved};
use crate::pages::refused::redirect;
use crate::pages::webhooks;
use crate::pages::{Choice, Fields, Moment, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::problem::Problem;
use crate::service::items::kind::is_webhook_endpoint;
use crate::service::items::{self, ItemChange, ItemDraft, ItemRef, ItemView};
use crate::service::shown::is_overtaken;
use crate::state::AppState;

/// The page.
#[derive(Template)]
#[template(path = "pages/configuration_item.html")]
struct ItemPage {
    shell: Shell,
    heading: String,
    tree: Node,
    /// What is in it, when it is a folder.
    content: Option<FolderContent>,
    /// Its type; `None` when this program does not know it.
    descriptor: Option<&'static TypeDescriptor>,
    /// What is there; `None` of a new one.
    item: Option<Facts>,
    may_edit: bool,
    warnings: Vec<String>,
    faults: Vec<Fault>,
    form: Option<Form>,
    /// The folders in which it can be; `None`: there are too many to choose from, and a path is typed.
    folders: Option<Vec<Choice>>,
    /// What is not in the form as it is stored, when that must be seen.
    differences: Vec<Difference>,
    /// Whether it is a webhook endpoint.
    is_endpoint: bool,
    /// The page with its requests, when it is a webhook endpoint that is there.
    log_path: Option<String>,
    /// The secrets that are personal access tokens.
    bound: Vec<String>,
}

impl ItemPage {
    /// Whether a secret is a personal access token.
    fn is_bound(&self, name: &str) -> bool {
        self.bound.iter().any(|bound| bound == name)
    }
}

/// What a page says of an item that is there.
struct Facts {
    /// Its own address.
    path: String,
    version: i64,
    changed_at: Moment,
    changed_by: String,
    /// Whether it sends mail.
    sends_mail: bool,
    has_test_address: bool,
}

impl Facts {
    fn new(view: &ItemView, version: i64) -> Self {
        let item = &view.item;
        Self {
            path: path(item.number),
            version,
            changed_at: item.changed_at.into(),
            changed_by: item.changed_by.clone(),
            sends_mail: item.type_name == MAIL_SERVER.name,
            has_test_address: item.properties.get("testAddress").and_then(Value::as_text).is_some(),
        }
    }
}

/// What a page shows of an item.
#[derive(Default)]
struct Shown<'v> {
    form: Option<Form>,
    /// The item; `None` of a new one.
    view: Option<&'v ItemView>,
    /// The version over which it is changed.
    version: i64,
    differences: Vec<Difference>,
}

/// `GET /configuration/new?type=&folder=`.
pub(super) async fn show_new(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    visitor.caller.require(&state, CONFIG_EDIT)?;
    let descriptor = asked_type(&query)?;
    let form = match query.has("sent") {
        // After a lost session, what was typed.
        true => Form::of_fields(descriptor, &query, None),
        false => {
            let folder = asked_folder(query.text("folder"));
            Form::empty(descriptor, items::folder(&state, &visitor.caller, &folder).await?.as_str())
        }
    };
    let notice = query.has("sent").then(unsaved);
    let shown = Shown { form: Some(form), ..Shown::default() };
    page(&state, &visitor, descriptor.label, Some(descriptor), shown, StatusCode::OK, notice).await
}

/// `POST /configuration/new`.
pub(super) async fn create(
    State(state): State<AppState>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, CONFIG_EDIT)?;
    let descriptor = asked_type(&fields)?;
    let mut form = Form::of_fields(descriptor, &fields, None);
    let (place, properties) = (place(&mut form), form.read(&fields));
    let problem = match (place, properties) {
        (Some(id), Some(properties)) => {
            let draft = ItemDraft { id, type_name: descriptor.name.to_owned(), properties };
            match items::create(&state, &visitor.caller, draft).await {
                Ok(made) => {
                    let number = made.item.number;
                    let has_log =
                        is_webhook_endpoint(&made.item.type_name) && visitor.may_any(&state, &[WEBHOOK_VIEW]);
                    let path = if has_log { webhooks::path(number) } else { path(number) };
                    return Ok(redirect(&state, &format!("{path}?done=made")));
                }
                Err(problem) => Some(problem),
            }
        }
        _ => None,
    };
    let shown = Shown { form: Some(form), ..Shown::default() };
    refused(&state, &visitor, descriptor, shown, problem).await
}

/// `GET /configuration/{item}`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let view = items::read(&state, &visitor.caller, &ItemRef::Numbered(number)).await?;
    let mut shown = Shown { view: Some(&view), version: view.item.version, ..Shown::default() };
    let mut notice = notice(&query);
    if let Some(descriptor) = view.descriptor {
        let mut form = Form::of_item(descriptor, &view.item);
        if query.has("sent") {
            // After a lost session, what was typed, and what it was typed over; but a link can say anything.
            form = Form::of_fields(descriptor, &query, Some(&view.item));
            shown.version = query.text("shown").parse().unwrap_or(view.item.version);
            shown.differences = form.differences(&view);
            notice = (!shown.differences.is_empty()).then(unsaved);
        }
        shown.form = Some(form);
    }
    let query = if view.is_folder() { query } else { Fields::default() };
    page_with(&state, &visitor, view.item.id.name(), view.descriptor, shown, StatusCode::OK, notice, &query)
        .await
}

/// `POST /configuration/{item}`.
pub(super) async fn save(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, CONFIG_EDIT)?;
    let which = ItemRef::Numbered(number);
    let view = items::read(&state, &visitor.caller, &which).await?;
    let descriptor =
        view.descriptor.ok_or_else(|| Problem::conflict("This version of Patgate does not know the type"))?;
    let names = descriptor.properties.iter().filter(|property| property.kind.as_str() != "boolean");
    let names: Vec<_> = ["name", "folder"].into_iter().chain(names.map(|property| property.name)).collect();
    let version = complete(&fields, &names)?.as_str().parse().unwrap_or_default();
    let mut form = Form::of_fields(descriptor, &fields, Some(&view.item));
    let (place, properties) = (place(&mut form), form.read(&fields));
    let problem = match (place, properties) {
        (Some(id), Some(properties)) => {
            let change = ItemChange { version: Some(version), id: Some(id), type_name: None, properties };
            match items::update(&state, &visitor.caller, &which, change).await {
                Ok(_) => return Ok(redirect(&state, &format!("{}?done=saved", path(number)))),
                Err(problem) => Some(problem),
            }
        }
        _ => None,
    };
    if let Some(problem) = problem.as_ref().filter(|problem| is_overtaken(problem)) {
        // What is stored now is shown beside what was typed, and saving again is over that.
        let view = items::read(&state, &visitor.caller, &which).await?;
        let differences = form.differences(&view);
        let version = view.item.version;
        let shown = Shown { form: Some(form), view: Some(&view), version, differences };
        return refused(&state, &visitor, descriptor, shown, Some(problem.clone())).await;
    }
    let shown = Shown { form: Some(form), view: Some(&view), version, differences: Vec::new() };
    refused(&state, &visitor, descriptor, shown, problem).await
}

/// The type that is asked for.
fn asked_type(fields: &Fields) -> Result<&'static TypeDescriptor, Refused> {
    descriptor(fields.text("type")).ok_or_else(|| Problem::not_found("page").into())
}

/// The folder that is asked for, by its number or its path; one that cannot be read is the root.
fn asked_folder(text: &str) -> ItemRef {
    let number = text.parse().map(ItemRef::Numbered);
    number.unwrap_or_else(|_| ItemRef::At(text.parse().unwrap_or_else(|_| ItemId::root())))
}

/// The place that folder and name make; `None` when something stands beside a field now.
fn place(form: &mut Form) -> Option<ItemId> {
    let folder = crate::pages::form::read::<ItemId>(&mut form.folder);
    let name = crate::pages::form::read(&mut form.name);
    let (folder, name) = (folder?, name?);
    folder.child(&name).map_err(|why| form.folder.error = Some(sentence(&why))).ok()
}

/// The page again: with what is wrong beside the fields, or on top when it is about none.
async fn refused(
    state: &AppState,
    visitor: &Visitor,
    descriptor: &'static TypeDescriptor,
    mut shown: Shown<'_>,
    problem: Option<Problem>,
) -> PageResult {
    let (mut status, mut notice) = (StatusCode::BAD_REQUEST, None);
    if let Some(problem) = problem {
        let problem = Refused::unless_shown(problem)?;
        status = problem.status();
        let is_told = !is_overtaken(&problem) && shown.form.as_mut().is_some_and(|form| form.judge(&problem));
        notice = (!is_told).then(|| Notice::Failed(problem.sentence()));
    }
    let heading = shown.view.map_or(descriptor.label, |view| view.item.id.name()).to_owned();
    page(state, visitor, &heading, Some(descriptor), shown, status, notice).await
}

async fn page(
    state: &AppState,
    visitor: &Visitor,
    heading: &str,
    descriptor: Option<&'static TypeDescriptor>,
    shown: Shown<'_>,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    page_with(state, visitor, heading, descriptor, shown, status, notice, &Fields::default()).await
}

#[expect(clippy::too_many_arguments, reason = "each is a part of the page")]
async fn page_with(
    state: &AppState,
    visitor: &Visitor,
    heading: &str,
    descriptor: Option<&'static TypeDescriptor>,
    shown: Shown<'_>,
    status: StatusCode,
    notice: Option<Notice>,
    query: &Fields,
) -> PageResult {
    let Shown { form, view, version, differences } = shown;
    let here = view.map_or_else(ItemId::root, |view| view.item.id.clone());
    let content = match view.filter(|view| view.is_folder()) {
        Some(view) => Some(FolderContent::of_folder(state, visitor, Some(&view.item), query).await?),
        None => None,
    };
    let is_endpoint = descriptor.is_some_and(|known| is_webhook_endpoint(known.name));
    let heading = match view {
        Some(_) => heading.to_owned(),
        None if is_endpoint => format!("New {heading}"),
        None => format!("New {}", heading.to_lowercase()),
    };
    let sees_log = is_endpoint && visitor.may_any(state, &[WEBHOOK_VIEW]);
    let page = ItemPage {
        shell: Shell::new(state, visitor, heading.clone(), EXPLORER).with_notice(notice),
        heading,
        tree: tree(state, visitor, &here).await?,
        content,
        descriptor,
        item: view.map(|view| Facts::new(view, version)),
        may_edit: may_edit(state, visitor),
        is_endpoint,
        log_path: view.filter(|_| sees_log).map(|view| webhooks::path(view.item.number)),
        bound: view.map(ItemView::bound_secrets).unwrap_or_default().into_iter().map(str::to_owned).collect(),
        warnings: view.map(|view| view.warnings.clone()).unwrap_or_default(),
        faults: form.as_ref().map(Form::faults).unwrap_or_default(),
        folders: folders(state, visitor, form.as_ref(), view).await?,
        form,
        differences,
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// The folders in which an item can be: all but itself and what is below it.
async fn folders(
    state: &AppState,
    visitor: &Visitor,
    form: Option<&Form>,
    view: Option<&ItemView>,
) -> Result<Option<Vec<Choice>>, Refused> {
    let Some(few) = items::few_folders(state, &visitor.caller).await? else { return Ok(None) };
    let chosen = form.map_or("", |form| form.folder.value.as_str());
    let own = view.map(|view| &view.item.id);
    let fits = |id: &ItemId| own.is_none_or(|own| id != own && !id.is_below(own));
    let ids = std::iter::once(ItemId::root()).chain(few).filter(fits);
    let mut choices: Vec<_> = ids.map(|id| Choice::new(id.as_str(), id.as_str(), chosen)).collect();
    if !chosen.is_empty() && !choices.iter().any(|choice| choice.is_chosen) {
        choices.push(Choice::new(chosen, chosen, chosen));
    }
    Ok(Some(choices))
}
