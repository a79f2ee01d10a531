//! `/scim/v2`: users and groups of a provider, kept here by its own client (SCIM 2.0: RFC 7643, RFC 7644).
//!
//! What is kept is what tokens need: who somebody is, whether they are there, and their groups. Other attributes are
//! taken and dropped, as RFC 7644 §3.3 allows. Handlers read and write JSON; what it means is decided by
//! [`crate::service::scim`].

mod answer;
mod body;
mod client;
mod discovery;
mod error;
mod groups;
mod list;
mod patch;
mod projection;
mod refusals;
mod resource;
mod tag;
mod users;

pub use error::into_response;
pub use patch::{Operation, OperationKind, read_operations};

use crate::api::endpoints::Endpoints;

/// Below which path all of it is.
pub const ROOT: &str = "/scim/v2";

/// The most resources in one answer.
const LARGEST_PAGE: u64 = 200;
/// The most members that one request names.
const MOST_MEMBERS: usize = 10_000;

const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    groups::routes(users::routes(discovery::routes(endpoints)))
}
