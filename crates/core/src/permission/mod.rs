//! What one may do: permission ids, the catalog of all that are known here, and sets of them.

pub mod catalog;
pub mod id;
pub mod names;
pub mod set;

pub use catalog::{Catalog, TooManyPermissions};
pub use id::{NotAPermission, PermissionId};
pub use set::{PermissionSet, PermissionSlot};
