//! The built-in permissions by name: each is written here, and nowhere else.

/// Everything.
pub const ADMIN: &str = "admin";
/// Signing in to the pages.
pub const LOGIN: &str = "login";
/// Changing users, roles and policy.
pub const SECURITY_EDIT: &str = "security#edit";
/// Seeing users, roles and policy.
pub const SECURITY_VIEW: &str = "security#view";
/// Seeing other people's tokens.
pub const TOKEN_VIEW_ALL: &str = "token#view_all";
/// Deleting other people's tokens.
pub const TOKEN_DELETE_ALL: &str = "token#delete_all";
/// Reading the audit log.
pub const AUDIT_VIEW: &str = "audit#view";
/// Changing configuration items and settings.
pub const CONFIG_EDIT: &str = "config#edit";
/// Seeing configuration items and settings.
pub const CONFIG_VIEW: &str = "config#view";
/// Seeing releases.
pub const RELEASE_VIEW: &str = "release#view";
/// Making, starting and restarting releases.
pub const RELEASE_CREATE: &str = "release#create";
/// Aborting releases.
pub const RELEASE_ABORT: &str = "release#abort";
/// Making templates.
pub const TEMPLATE_CREATE: &str = "template#create";
/// Reading webhook request logs.
pub const WEBHOOK_VIEW: &str = "webhook#view";
/// Being the SCIM client of one provider.
pub const SCIM_PROVISION: &str = "scim#provision";
