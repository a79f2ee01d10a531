//! Where Patgate keeps its state: SQLite and PostgreSQL behind one code path.
//!
//! [`Store`] opens a database and answers reads. Everything that changes what people and tokens may do goes through
//! a [`Change`]: one transaction with its rows, its audit events and its change-log rows. What merely happened (a
//! last use, a session seen again, a node's pulse) is data, and is written by `Store` itself without an audit event.
//!
//! No type of the database libraries leaves this crate.

mod audit;
mod change;
mod change_log;
mod confirmations;
mod connection;
mod database;
mod decisions;
mod error;
mod exemptions;
mod grants;
mod items;
mod keyset;
mod last_use;
mod load;
mod nodes;
mod packed;
mod password;
mod releases;
mod reminders;
mod reset_links;
mod roles;
mod rows;
mod schema;
mod scim;
mod search;
mod sessions;
mod settings;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod transaction;
mod users;
mod wait;
mod webhooks;

pub use audit::{Actor, ActorKind, AuditCursor, AuditEvent, AuditFilter, SubjectKind};
pub use change::{Act, Acted, Change, MailTrial, RetriedMails, TEMPLATE_CHANGED, TEMPLATE_MADE};
pub use change_log::{ChangeRow, ChangedKind, Sequence};
pub use confirmations::{ConfirmationRecord, DueConfirmation, LapseStep, NextLook};
pub use database::{Database, DatabaseUrl, NotADatabase};
pub use decisions::{StoredDecision, Touched, TouchedGlance, UnreadableDecision};
pub use error::{Fault, OpenError, StoreError};
pub use grants::{FoundGrants, GrantCursor, GrantFilter, GrantLife, GrantSort};
pub use items::{
    BoundGrant, DigestedSecret, Item, ItemCursor, ItemFilter, ItemQuery, ItemReference, ItemUpdate, NewItem,
    RefusedItem, SealedSecret, StoredSecret, StoredSecrets,
};
pub use keyset::{NotACursor, Seek, TimeCursor};
pub use load::{IndexedGrant, Loaded};
pub use nodes::{Node, NodeId};
pub use password::{PasswordHashText, StoredPassword};
pub use releases::{
    FoundReleases, ListedRelease, LogLine, LogPlace, NextStep, ReleaseFilter, ReleaseLease, ReleaseSearch,
    ReleaseStep, StatusCount, StoredRelease,
};
pub use reminders::{
    ClaimedMail, MailClaim, MailCounts, MailFilter, MailKind, MailOutcome, MailState, MailStateKind,
    MailedToken, Planning, ReminderRun, RunNote, Sender, StoredMail, Untold,
};
pub use reset_links::ResetLink;
pub use roles::{HeldRoles, ListedRole, RoleCursor, RoleFilter, RoleSummary};
pub use rows::Page;
pub use scim::{
    GroupCondition, ScimGroup, ScimMembership, ScimProvider, ScimWindow, Unanswerable, UserCondition,
};
pub use search::{FoundEvents, FoundUsers};
pub use sessions::{ProviderSession, Session};
pub use store::{Counts, Store};
pub use users::{Letters, UserCursor, UserFilter};
pub use webhooks::{
    ClaimedDelivery, Delivery, DeliveryOutcome, DeliveryState, DueDelivery, FoundRequests, MOST_WAITING,
    NewDelivery, NewRefusal, NewWebhookRequest, Pairs, REFUSALS_KEPT, Received, WebhookRefusal,
    WebhookRequest,
};
