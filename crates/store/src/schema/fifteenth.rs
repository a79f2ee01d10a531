//! Version 15 of the tables: whose a release is, by the user and not by a name that others may have later; and an index of items
//! by place and time that holds all that a list of them tells.

use sea_orm::DbBackend;
use sea_orm::sea_query::{
    Expr, ExprTrait, Func, Index, Order, Query, SelectStatement, Table, UpdateStatement,
};

use super::Step;
use super::first::{index, number};
use crate::tables::{AuditEvents, ConfigurationItems, Releases, Users};

/// An index of all users, also of deleted ones, while owners are looked for: without it each release would look at each user.
const BY_NAME: &str = "users_by_name_while_owners_are_sought";

/// The index of items by place and time, with what a list of them tells.
const BY_CHANGE: &str = "configuration_items_by_change";

/// All statements of this version, in order. Where nobody is found, 0 stands, which is nobody's identifier.
pub(super) fn steps(backend: DbBackend) -> Vec<Step> {
    let mut owner = number(Releases::OwnerId).default(0).take();
    let mut steps = vec![
        Step::Column(Table::alter().table(Releases::Table).add_column(&mut owner).take()),
        Step::Index(index(BY_NAME, Users::Table, [Users::Username])),
        Step::Rows(find_owners(backend)),
        Step::NoIndex(Index::drop().name(BY_NAME).table(Users::Table).to_owned()),
        Step::Column(Table::alter().table(Releases::Table).drop_column(Releases::Owner).take()),
    ];
    // Without what is told of an item SQLite takes the index of the places alone, and looks at each item for its time. PostgreSQL
    // needs none of that, and the longest places would not fit its index twice.
    if backend == DbBackend::Sqlite {
        let told = [
            ConfigurationItems::IdKey,
            ConfigurationItems::ChangedAt,
            ConfigurationItems::Id,
            ConfigurationItems::TypeName,
        ];
        steps.push(Step::NoIndex(Index::drop().name(BY_CHANGE).table(ConfigurationItems::Table).to_owned()));
        steps.push(Step::Index(index(BY_CHANGE, ConfigurationItems::Table, told)));
    }
    steps
}

/// Who made each release: whom the audit log names, whatever they are called by now; else who had the name when it was made. A user
/// who came later has not made it.
fn find_owners(backend: DbBackend) -> UpdateStatement {
    let first_known = Func::coalesce([
        Expr::SubQuery(None, Box::new(audited(backend).into())),
        Expr::SubQuery(None, Box::new(named().into())),
        Expr::val(0_i64),
    ]);
    Query::update().table(Releases::Table).value(Releases::OwnerId, first_known).take()
}

/// The user of the event by which a release was made. What was deleted and made again under the same name has more than one.
fn audited(backend: DbBackend) -> SelectStatement {
    let column = |column: AuditEvents| Expr::col((AuditEvents::Table, column));
    let release = match backend {
        // The index of the events compares by the usual collation, the name of a release by its bytes.
        DbBackend::Postgres => r#"('Applications/' || releases.id) COLLATE "default""#,
        _ => "'Applications/' || releases.id",
    };
    let of_template = column(AuditEvents::Action).eq("template.create");
    // A release that was started as it was made is noted as started, and so is one that somebody else started later.
    let of_release = column(AuditEvents::Action)
        .is_in(["release.create", "release.start"])
        .and(column(AuditEvents::At).equals((Releases::Table, Releases::CreatedAt)));
    Query::select()
        .column((AuditEvents::Table, AuditEvents::ActorUser))
        .from(AuditEvents::Table)
        .and_where(column(AuditEvents::SubjectKind).eq("release"))
        .and_where(column(AuditEvents::SubjectId).eq(Expr::cust(release)))
        .and_where(of_template.or(of_release))
        .order_by((AuditEvents::Table, AuditEvents::Sequence), Order::Desc)
        .order_by((AuditEvents::Table, AuditEvents::Position), Order::Desc)
        .limit(1)
        .take()
}

/// The user who had the name that is noted, from before a release was made until after it.
fn named() -> SelectStatement {
    let column = |column: Users| Expr::col((Users::Table, column));
    let made_at = || Expr::col((Releases::Table, Releases::CreatedAt));
    let was_there = column(Users::DeletedAt).is_null().or(column(Users::DeletedAt).gte(made_at()));
    Query::select()
        .column((Users::Table, Users::Id))
        .from(Users::Table)
        .and_where(column(Users::Username).equals((Releases::Table, Releases::Owner)))
        .and_where(column(Users::CreatedAt).lte(made_at()))
        .and_where(was_there)
        .order_by((Users::Table, Users::CreatedAt), Order::Desc)
        .order_by((Users::Table, Users::Id), Order::Desc)
        .limit(1)
        .take()
}
