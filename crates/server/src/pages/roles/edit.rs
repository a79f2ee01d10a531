//! `/admin/roles/{id}`: what a role lets people do, and who is in it: of thousands, page by page.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::identifier::RoleId;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::role::Role;
use patgate_core::user::{Principal, PrincipalKind};

use super::lines::Lines;
use super::permissions::Permissions;
use super::{LIST, SAVED, may_edit, path};
use crate::pages::beginning::{LISTED, SPOKEN, beginning};
use crate::pages::form::{Difference, Fault, Named, complete, still_unsaved, unsaved};
use crate::pages::paging::{self, Paging, ROWS};
use crate::pages::refused::redirect;
use crate::pages::{Field, Fields, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor};
use crate::service::roles::{self, PrincipalCursor, RoleDraft};
use crate::service::shown::{Shown, is_overtaken};
use crate::state::AppState;

/// The fields that name a place in the list.
const PLACE: [&str; 3] = ["search", "after", "before"];

/// The page.
#[derive(Template)]
#[template(path = "pages/role.html")]
struct RolePage {
    shell: Shell,
    heading: String,
    path: String,
    may_edit: bool,
    faults: Vec<Fault>,
    permissions: Permissions,
    /// What the form remembers of how it was shown.
    shown: Shown,
    /// What is not in the form as it is stored, when that must be seen.
    differences: Vec<Difference>,
    search: Field,
    rows: Vec<Row>,
    paging: Paging,
    /// The query of the list, to come back to it.
    list: String,
    /// The marks of who is chosen in the list and not in these rows.
    elsewhere: Vec<String>,
    /// Whether anybody is in the role.
    is_empty: bool,
    lines: Lines,
}

/// A principal in the list; of long names their beginning.
struct Row {
    mark: Shown,
    is_chosen: bool,
    name: String,
    /// What its box says of it to who does not see the row.
    spoken: String,
    kind: &'static str,
    provider: String,
}

impl Row {
    fn new(principal: &Principal, chosen: &BTreeSet<String>) -> Self {
        let mark = roles::mark(principal);
        Self {
            is_chosen: chosen.contains(mark.as_str()),
            mark,
            name: beginning(principal.username.as_str(), LISTED),
            spoken: beginning(principal.username.as_str(), SPOKEN),
            kind: match principal.kind {
                PrincipalKind::User => "User",
                PrincipalKind::Group => "Group",
            },
            provider: beginning(&principal.provider, LISTED),
        }
    }
}

/// What stands in the form. It is one, so that no button of it loses what another one is for.
struct Content {
    permissions: Permissions,
    shown: Shown,
    differences: Vec<Difference>,
    lines: Lines,
    /// The marks of who is chosen in the list.
    chosen: BTreeSet<String>,
    /// The query of the list.
    list: Fields,
}

impl Content {
    /// As it was sent; permissions that were not are those that the role has.
    fn of_fields(state: &AppState, role: &Role, fields: &Fields) -> Self {
        let sent = fields.has("sent").then_some(fields);
        let shown = sent.map_or("", |fields| fields.text("shown"));
        Self {
            permissions: match sent {
                Some(fields) => Permissions::of_fields(state, fields, Some(role)),
                None => Permissions::of_role(state, Some(role)),
            },
            shown: if shown.is_empty() { roles::shown(&role.permissions) } else { Shown::from_form(shown) },
            differences: Vec::new(),
            lines: Lines::of_fields(fields),
            chosen: fields
                .all("principal")
                .chain(fields.text("elsewhere").split_ascii_whitespace())
                .map(ToOwned::to_owned)
                .collect(),
            list: paging::list(fields),
        }
    }

    /// The permissions as the role has them.
    fn take_permissions(&mut self, state: &AppState, role: &Role) {
        self.permissions = Permissions::of_role(state, Some(role));
        self.shown = roles::shown(&role.permissions);
    }

    /// Whether anybody is named or chosen who has not come in or gone out yet.
    fn names_anybody(&self) -> bool {
        self.lines.are_typed() || !self.chosen.is_empty()
    }
}

/// `GET /admin/roles/{id}?search=&after=&before=&done=`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    visitor: Visitor,
    Query(query): Query,
) -> PageResult {
    let role = roles::read_by_id(&state, &visitor.caller, id).await?;
    let mut content = Content::of_fields(&state, &role, &query);
    // After a lost session, what was chosen, and what it was chosen over; but a link can say anything.
    if content.permissions.are_changed(&content.shown) {
        content.differences = content.permissions.differences(&state, &role);
    } else {
        content.take_permissions(&state, &role);
    }
    content.list = paging::list_of_address(&query);
    let is_unsaved = !content.differences.is_empty() || content.names_anybody();
    let notice = if is_unsaved { Some(unsaved()) } else { told(query.text("done")) };
    page(&state, &visitor, &role, content, StatusCode::OK, notice)
}

/// `POST /admin/roles/{id}`: what it lets people do; with `look` or `turn` another part of the list.
pub(super) async fn save(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let mut role = roles::read_by_id(&state, &visitor.caller, id).await?;
    if paging::is_turned(&fields) {
        return turn(&state, &visitor, &role, &fields);
    }
    let shown = complete(&fields, &["sent"])?;
    let mut content = Content { shown, ..Content::of_fields(&state, &role, &fields) };
    let Some(permissions) = content.permissions.read(&fields) else {
        return page(&state, &visitor, &role, content, StatusCode::BAD_REQUEST, None);
    };
    let draft = RoleDraft {
        name: role.name.clone(),
        place: String::new(),
        principals: None,
        permissions: Some(permissions),
        shown: Some(content.shown.clone()),
    };
    let problem = match roles::update_one(&state, &visitor.caller, draft).await {
        Ok(saved) => {
            content.take_permissions(&state, &saved);
            return go_on(&state, &visitor, id, content, "saved", &format!("{LIST}?done=saved")).await;
        }
        Err(problem) => Refused::unless_shown(problem)?,
    };
    if is_overtaken(&problem) {
        // What is stored now is shown beside what was chosen, and saving again is over that.
        role = roles::read_by_id(&state, &visitor.caller, id).await?;
        content.differences = content.permissions.differences(&state, &role);
        content.shown = roles::shown(&role.permissions);
    }
    let is_beside = content.permissions.judge(&problem);
    let notice = (!is_beside).then(|| Notice::Failed(problem.sentence()));
    page(&state, &visitor, &role, content, problem.status(), notice)
}

/// Another part of the list: nothing is saved. While something is typed or chosen, the form itself is the answer, with all of
/// it still there; else the address of that part is, so that the browser's back button leads to the one before.
fn turn(state: &AppState, visitor: &Visitor, role: &Role, fields: &Fields) -> PageResult {
    let mut content = Content::of_fields(state, role, fields);
    let are_changed = content.permissions.are_changed(&content.shown);
    let is_unsaved = are_changed || content.names_anybody();
    let address = paging::address(&path(role.id), &content.list, &PLACE);
    if let Some(address) = address.filter(|_| !is_unsaved) {
        return Ok(redirect(state, &address));
    }
    if !are_changed {
        content.take_permissions(state, role);
    }
    let notice = is_unsaved.then(still_unsaved);
    page(state, visitor, role, content, StatusCode::OK, notice)
}

/// `POST /admin/roles/{id}/principals`: who comes in.
pub(super) async fn add(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let role = roles::read_by_id(&state, &visitor.caller, id).await?;
    let mut content = Content::of_fields(&state, &role, &fields);
    let added = content.lines.read(&role.principals);
    if added.as_ref().is_some_and(Vec::is_empty) {
        content.lines.users.error = Some("Type at least one user or group.".to_owned());
    }
    let Some(added) = added.filter(|added| !added.is_empty()) else {
        return page(&state, &visitor, &role, content, StatusCode::BAD_REQUEST, None);
    };
    let problem = match roles::add_principals(&state, &visitor.caller, id, added).await {
        Ok(added) => {
            content.lines = Lines::of_fields(&Fields::default());
            let done = format!("added-{added}");
            let address = format!("{}?done={done}", path(role.id));
            return go_on(&state, &visitor, id, content, &done, &address).await;
        }
        Err(problem) => Refused::unless_shown(problem)?,
    };
    let notice = if content.lines.judge(&problem) { None } else { Some(Notice::Failed(problem.sentence())) };
    page(&state, &visitor, &role, content, problem.status(), notice)
}

/// `POST /admin/roles/{id}/principals/remove`: who goes out.
pub(super) async fn remove(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let role = roles::read_by_id(&state, &visitor.caller, id).await?;
    let mut content = Content::of_fields(&state, &role, &fields);
    let done = if content.chosen.is_empty() {
        "none".to_owned()
    } else {
        match roles::remove_principals(&state, &visitor.caller, id, &content.chosen).await {
            Ok(removed) => format!("removed-{removed}"),
            Err(problem) => {
                let problem = Refused::unless_shown(problem)?;
                let notice = Some(Notice::Failed(problem.sentence()));
                return page(&state, &visitor, &role, content, problem.status(), notice);
            }
        }
    };
    content.chosen.clear();
    let address = paging::back(&path(role.id), &fields, &done);
    go_on(&state, &visitor, id, content, &done, &address).await
}

/// Leads on after something was done. While more is typed or chosen than that, the form itself is the answer, with the rest
/// still in it: an address could not hold all of it. Sent again, what was done is found done.
async fn go_on(
    state: &AppState,
    visitor: &Visitor,
    id: RoleId,
    mut content: Content,
    done: &str,
    address: &str,
) -> PageResult {
    let are_changed = content.permissions.are_changed(&content.shown);
    if !are_changed && !content.names_anybody() {
        return Ok(redirect(state, address));
    }
    let role = roles::read_by_id(state, &visitor.caller, id).await?;
    if !are_changed {
        content.take_permissions(state, &role);
    }
    let rest = "What else you typed or chose here is not saved yet.";
    let notice = told(done).map(|notice| Notice::Told(format!("{} {rest}", notice.text())));
    page(state, visitor, &role, content, StatusCode::OK, notice)
}

/// What is said of what was done.
fn told(done: &str) -> Option<Notice> {
    let count = |prefix| done.strip_prefix(prefix).and_then(|count| count.parse::<u32>().ok());
    let text = match (count("added-"), count("removed-")) {
        (Some(0), _) => return Some(Notice::Told("They are in the role already.".to_owned())),
        (Some(1), _) => "One user or group came in. What the role lets them do is in force.".to_owned(),
        (Some(count), _) => {
            format!("{count} users and groups came in. What the role lets them do is in force.")
        }
        (None, Some(0)) => return Some(Notice::Told("They are not in the role any more.".to_owned())),
        (None, Some(1)) => "One user or group is taken out. It is in force.".to_owned(),
        (None, Some(count)) => format!("{count} users and groups are taken out. It is in force."),
        (None, None) if done == "none" => {
            return Some(Notice::Told("Choose who goes out of the role first.".to_owned()));
        }
        (None, None) if done == "saved" => SAVED.to_owned(),
        (None, None) => return None,
    };
    Some(Notice::Done(text))
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    role: &Role,
    content: Content,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    let Content { permissions, shown, differences, lines, chosen, list } = content;
    let heading = role.name.to_string();
    let query = paging::only(&list, &PLACE);
    let search = Field::new("search", "Name begins with", paging::search(&query, "search"))
        .at_most(PrincipalKind::LONGEST_NAME);
    let place = paging::place(&query);
    let found = roles::some_principals(role, &search.value, &place, ROWS + 1);
    let (found, paging) = Paging::cut(found, &place, &query, |principal| PrincipalCursor::of(principal));
    let rows: Vec<_> = found.into_iter().map(|principal| Row::new(principal, &chosen)).collect();
    let mut faults = permissions.faults();
    faults.extend(lines.faults());
    let page = RolePage {
        shell: Shell::new(state, visitor, heading.clone(), LIST).with_notice(notice),
        heading,
        path: path(role.id),
        may_edit: may_edit(state, visitor),
        faults,
        permissions,
        shown,
        differences,
        search,
        elsewhere: elsewhere(role, &chosen, &rows),
        rows,
        paging,
        list: paging::kept(&query),
        is_empty: role.principals.is_empty(),
        lines,
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// The marks of who is in the role and chosen, and in none of these rows.
fn elsewhere(role: &Role, chosen: &BTreeSet<String>, rows: &[Row]) -> Vec<String> {
    let is_shown = |mark: &str| rows.iter().any(|row| row.mark.as_str() == mark);
    if chosen.iter().all(|mark| is_shown(mark)) {
        // Of most pages this is so: the marks of thousands are not made for them.
        return Vec::new();
    }
    let marks = role.principals.iter().map(|principal| roles::mark(principal).as_str().to_owned());
    marks.filter(|mark| chosen.contains(mark) && !is_shown(mark)).collect()
}
