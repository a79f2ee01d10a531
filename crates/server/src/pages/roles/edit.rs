//! `/admin/roles/{id}`: what a role lets people do, and who is in it: of thousands, page by page.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::identifier::RoleId;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::role::Role;
use patgate_core::user::{Principal, PrincipalKind};

use super::lines::Lines;
use super::permissions::Permissions;
use super::{LIST, may_edit, path};
use crate::pages::form::{Difference, Fault, Named, complete, not_kept, unsaved};
use crate::pages::paging::{self, Paging, ROWS};
use crate::pages::refused::redirect;
use crate::pages::{Field, Fields, Notice, PageResult, Refused, Shell, Submitted, Visitor};
use crate::service::roles::{self, PrincipalCursor, RoleDraft};
use crate::service::shown::{Shown, is_overtaken};
use crate::state::AppState;

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
    /// Whether anybody is in the role.
    is_empty: bool,
    lines: Lines,
}

/// A principal in the list.
struct Row {
    mark: Shown,
    name: String,
    kind: &'static str,
    provider: String,
}

/// What stands in a page, beside the role.
struct Content {
    permissions: Permissions,
    shown: Shown,
    differences: Vec<Difference>,
    lines: Lines,
}

impl Content {
    /// That of the role as it is stored, but for who is typed to come in.
    fn of_role(state: &AppState, role: &Role, fields: &Fields) -> Self {
        Self {
            permissions: Permissions::of_role(state, Some(role)),
            shown: roles::shown(role),
            differences: Vec::new(),
            lines: Lines::of_fields(fields),
        }
    }
}

impl From<&Principal> for Row {
    fn from(principal: &Principal) -> Self {
        Self {
            mark: roles::mark(principal),
            name: principal.username.to_string(),
            kind: match principal.kind {
                PrincipalKind::User => "User",
                PrincipalKind::Group => "Group",
            },
            provider: principal.provider.clone(),
        }
    }
}

/// `GET /admin/roles/{id}?search=&after=&before=&done=`.
pub(super) async fn show(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> PageResult {
    let role = roles::read_by_id(&state, &visitor.caller, id).await?;
    let query = Fields::read(query.unwrap_or_default().as_bytes());
    let mut content = Content::of_role(&state, &role, &query);
    let labels = [("users", "Users"), ("groups", "Groups"), ("permission", "Permissions")];
    let mut notice = not_kept(&query, &labels);
    if query.has("sent") {
        // After a lost session, what was chosen, and what it was chosen over; but a link can say anything.
        content.permissions = Permissions::of_fields(&state, &query, Some(&role));
        content.differences = content.permissions.differences(&state, &role);
        if !query.text("shown").is_empty() {
            content.shown = Shown::from_form(query.text("shown"));
        }
    }
    let is_typed = ["users", "groups"].iter().any(|name| !query.text(name).is_empty());
    if notice.is_none() && (!content.differences.is_empty() || is_typed) {
        notice = Some(unsaved());
    }
    page(&state, &visitor, &role, content, &query, StatusCode::OK, notice.or_else(|| done(&query)))
}

/// `POST /admin/roles/{id}`: what it lets people do.
pub(super) async fn save(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let role = roles::read_by_id(&state, &visitor.caller, id).await?;
    let shown = complete(&fields, &["sent"])?;
    let nothing = Fields::default();
    let mut content = Content {
        permissions: Permissions::of_fields(&state, &fields, Some(&role)),
        shown,
        ..Content::of_role(&state, &role, &nothing)
    };
    let Some(permissions) = content.permissions.read(&fields) else {
        return page(&state, &visitor, &role, content, &nothing, StatusCode::BAD_REQUEST, None);
    };
    let draft = RoleDraft {
        name: role.name.clone(),
        place: String::new(),
        principals: None,
        permissions: Some(permissions),
        shown: Some(content.shown.clone()),
    };
    let problem = match roles::update_one(&state, &visitor.caller, draft).await {
        Ok(_) => return Ok(redirect(&state, &format!("{LIST}?done=saved"))),
        Err(problem) => Refused::unless_shown(problem)?,
    };
    let mut role = role;
    if is_overtaken(&problem) {
        // What is stored now is shown beside what was chosen, and saving again is over that.
        role = roles::read_by_id(&state, &visitor.caller, id).await?;
        content.differences = content.permissions.differences(&state, &role);
        content.shown = roles::shown(&role);
    }
    let is_beside = content.permissions.judge(&problem);
    let notice = (!is_beside).then(|| Notice::Failed(problem.sentence()));
    page(&state, &visitor, &role, content, &nothing, problem.status(), notice)
}

/// `POST /admin/roles/{id}/principals`: who comes in.
pub(super) async fn add(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let role = roles::read_by_id(&state, &visitor.caller, id).await?;
    let mut content = Content::of_role(&state, &role, &fields);
    let nothing = Fields::default();
    let added = content.lines.read(&role.principals);
    if added.as_ref().is_some_and(Vec::is_empty) {
        content.lines.users.error = Some("Type at least one user or group.".to_owned());
    }
    let Some(added) = added.filter(|added| !added.is_empty()) else {
        return page(&state, &visitor, &role, content, &nothing, StatusCode::BAD_REQUEST, None);
    };
    let problem = match roles::add_principals(&state, &visitor.caller, id, added).await {
        Ok(added) => return Ok(redirect(&state, &format!("{}?done=added-{added}", path(&role)))),
        Err(problem) => Refused::unless_shown(problem)?,
    };
    let notice = if content.lines.judge(&problem) { None } else { Some(Notice::Failed(problem.sentence())) };
    page(&state, &visitor, &role, content, &nothing, problem.status(), notice)
}

/// `POST /admin/roles/{id}/principals/remove`: who goes out.
pub(super) async fn remove(
    State(state): State<AppState>,
    Named(id): Named<RoleId>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let role = roles::read_by_id(&state, &visitor.caller, id).await?;
    let removed: BTreeSet<_> = fields.all("principal").map(ToOwned::to_owned).collect();
    let done = if removed.is_empty() {
        "none".to_owned()
    } else {
        match roles::remove_principals(&state, &visitor.caller, id, &removed).await {
            Ok(removed) => format!("removed-{removed}"),
            Err(problem) => {
                let problem = Refused::unless_shown(problem)?;
                let list = Fields::read(fields.text("list").as_bytes());
                let content = Content::of_role(&state, &role, &Fields::default());
                let notice = Some(Notice::Failed(problem.sentence()));
                return page(&state, &visitor, &role, content, &list, problem.status(), notice);
            }
        }
    };
    Ok(redirect(&state, &paging::back(&path(&role), &fields, &done)))
}

fn done(query: &Fields) -> Option<Notice> {
    let done = query.text("done");
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
        (None, None) => return None,
    };
    Some(Notice::Done(text))
}

fn page(
    state: &AppState,
    visitor: &Visitor,
    role: &Role,
    content: Content,
    query: &Fields,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    let Content { permissions, shown, differences, lines } = content;
    let heading = role.name.to_string();
    let query = paging::only(query, &["search", "after", "before"]);
    let search = Field::new("search", "Name begins with", paging::search(&query, "search"))
        .at_most(PrincipalKind::LONGEST_NAME);
    let place = paging::place(&query);
    let found = roles::some_principals(role, &search.value, &place, ROWS + 1);
    let (found, paging) = Paging::cut(found, &place, &query, |principal| PrincipalCursor::of(principal));
    let mut faults = permissions.faults();
    faults.extend(lines.faults());
    let page = RolePage {
        shell: Shell::new(state, visitor, heading.clone(), LIST).with_notice(notice),
        heading,
        path: path(role),
        may_edit: may_edit(state, visitor),
        faults,
        permissions,
        shown,
        differences,
        search,
        rows: found.into_iter().map(Row::from).collect(),
        paging,
        list: paging::kept(&query),
        is_empty: role.principals.is_empty(),
        lines,
    };
    Ok((status, Html(page.render()?)).into_response())
}
