//! Where the attributes of SCIM's users and groups stand in the tables (RFC 7643 §4.1, §4.2).

use patgate_core::scim::Attribute;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};

use super::condition::always;
use super::is_known;
use crate::tables::{ScimGroups, ScimMembers, Users};

/// Where an attribute has its value.
pub(super) enum Place {
    /// In a column of texts; empty is none.
    Text {
        column: Expr,
        /// Lower case: compared without case.
        is_folded: bool,
    },
    /// In a column of identifiers.
    Id(Expr),
    /// It follows from a row.
    Truth(Expr),
    /// In a column of times.
    Time(Expr),
    /// It is the same for all that have it.
    Constant { text: &'static str, is_there: Expr },
    /// In other rows.
    Many(Box<Many>),
    /// It is not kept.
    Nowhere,
}

/// The rows of an attribute that has several values.
pub(super) struct Many {
    pub(super) rows: SelectStatement,
    /// Where a part of such a value stands.
    pub(super) part: fn(&str) -> Place,
}

/// Where an attribute of a user stands.
pub(super) fn of_user(attribute: &Attribute) -> Place {
    let column = |column: Users| Expr::col((Users::Table, column));
    let text = |at: Users| Place::Text { column: column(at), is_folded: true };
    let has_mail = || column(Users::Email).ne("");
    if !is_core(attribute, "user") {
        return Place::Nowhere;
    }
    match (attribute.name.as_str(), attribute.part.as_deref()) {
        ("id", None) => Place::Id(column(Users::Id)),
        // The provider's own key, with its case (RFC 7643 §3.1).
        ("externalid", None) => Place::Text { column: column(Users::Subject), is_folded: false },
        ("username", None) => text(Users::UsernameKey),
        ("displayname", None) | ("name", Some("formatted")) => text(Users::FullNameKey),
        ("emails", None | Some("value")) => text(Users::EmailKey),
        ("emails", Some("type")) => Place::Constant { text: "work", is_there: has_mail() },
        ("emails", Some("primary")) => Place::Constant { text: "true", is_there: has_mail() },
        ("active", None) => Place::Truth(column(Users::WithdrawnAt).is_null()),
        ("meta", Some("created")) => Place::Time(column(Users::CreatedAt)),
        ("meta", Some("resourcetype")) => Place::Constant { text: "User", is_there: always(true) },
        ("groups", None) => Place::Many(groups().into()),
        ("groups", Some(part)) => Place::Many(Many { part: group_part(part), ..groups() }.into()),
        _ => Place::Nowhere,
    }
}

/// Where an attribute of a group stands.
pub(super) fn of_group(attribute: &Attribute) -> Place {
    let column = |column: ScimGroups| Expr::col((ScimGroups::Table, column));
    if !is_core(attribute, "group") {
        return Place::Nowhere;
    }
    match (attribute.name.as_str(), attribute.part.as_deref()) {
        ("id", None) => Place::Id(column(ScimGroups::Id)),
        ("externalid", None) => Place::Text {
            column: Func::coalesce([column(ScimGroups::ExternalId), Expr::val("")]).into(),
            is_folded: false,
        },
        ("displayname", None) => Place::Text { column: column(ScimGroups::NameKey), is_folded: true },
        ("meta", Some("created")) => Place::Time(column(ScimGroups::CreatedAt)),
        ("meta", Some("lastmodified")) => Place::Time(column(ScimGroups::ChangedAt)),
        ("meta", Some("resourcetype")) => Place::Constant { text: "Group", is_there: always(true) },
        ("members", None) => Place::Many(members().into()),
        ("members", Some(part)) => Place::Many(Many { part: member_part(part), ..members() }.into()),
        _ => Place::Nowhere,
    }
}

/// The groups of a user.
fn groups() -> Many {
    let rows = Query::select()
        .expr(Expr::val(1_i64))
        .from(ScimMembers::Table)
        .inner_join(
            ScimGroups::Table,
            Expr::col((ScimGroups::Table, ScimGroups::Id)).equals((ScimMembers::Table, ScimMembers::GroupId)),
        )
        .and_where(Expr::col((ScimMembers::Table, ScimMembers::UserId)).equals((Users::Table, Users::Id)))
        .take();
    Many { rows, part: of_listed_group }
}

/// The members of a group.
fn members() -> Many {
    let rows = Query::select()
        .expr(Expr::val(1_i64))
        .from(ScimMembers::Table)
        .inner_join(
            Users::Table,
            Expr::col((Users::Table, Users::Id)).equals((ScimMembers::Table, ScimMembers::UserId)),
        )
        .and_where(
            Expr::col((ScimMembers::Table, ScimMembers::GroupId)).equals((ScimGroups::Table, ScimGroups::Id)),
        )
        .and_where(is_known())
        .take();
    Many { rows, part: of_member }
}

fn of_listed_group(part: &str) -> Place {
    match part {
        "value" => Place::Id(Expr::col((ScimGroups::Table, ScimGroups::Id))),
        "display" => {
            let column = Expr::col((ScimGroups::Table, ScimGroups::NameKey));
            Place::Text { column, is_folded: true }
        }
        "type" => Place::Constant { text: "direct", is_there: always(true) },
        _ => Place::Nowhere,
    }
}

fn of_member(part: &str) -> Place {
    match part {
        "value" => Place::Id(Expr::col((Users::Table, Users::Id))),
        "display" => Place::Text { column: Expr::col((Users::Table, Users::UsernameKey)), is_folded: true },
        "type" => Place::Constant { text: "User", is_there: always(true) },
        _ => Place::Nowhere,
    }
}

/// `groups.display eq …` asks each group for its display: the one part that is asked for is the value.
fn group_part(part: &str) -> fn(&str) -> Place {
    match part {
        "value" => of_listed_group,
        "display" => |_| of_listed_group("display"),
        "type" => |_| of_listed_group("type"),
        _ => |_| Place::Nowhere,
    }
}

fn member_part(part: &str) -> fn(&str) -> Place {
    match part {
        "value" => of_member,
        "display" => |_| of_member("display"),
        "type" => |_| of_member("type"),
        _ => |_| Place::Nowhere,
    }
}

/// Whether an attribute is of the schema of all users or groups: those of extensions are not kept.
fn is_core(attribute: &Attribute, resource: &str) -> bool {
    let core =
        attribute.schema.as_deref().map(|it| it.strip_prefix("urn:ietf:params:scim:schemas:core:2.0:"));
    core.is_none_or(|name| name == Some(resource))
}
