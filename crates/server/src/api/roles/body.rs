//! The vendor's role: how one is shown, and how a request describes one.

use std::collections::BTreeSet;

use patgate_core::permission::PermissionId;
use patgate_core::role::Role;
use patgate_core::user::{Principal, PrincipalKind, Username};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::users::parsed;
use crate::problem::Problem;
use crate::service::roles::{PrincipalDraft, RoleDraft};

/// A role, as the API shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
pub(super) struct RoleBody {
    /// Names the role for ever.
    #[schema(example = "4fQ0kZ3mB1x")]
    id: String,
    /// What people call it.
    #[schema(example = "Developers")]
    name: String,
    /// Who is in it.
    principals: Vec<PrincipalBody>,
    /// What it lets them do.
    #[schema(value_type = Vec<String>, example = json!(["login", "release#create"]))]
    permissions: BTreeSet<PermissionId>,
}

/// A user or a group of one provider, in a role.
#[derive(Serialize, ToSchema)]
#[schema(as = Principal)]
pub(super) struct PrincipalBody {
    /// The log-in name of the user, or the name of the group.
    #[schema(example = "ann")]
    username: String,
    /// For people to read.
    fullname: Option<String>,
    /// User or group.
    kind: Kind,
    /// `internal`, or the name of the directory or identity provider.
    #[schema(example = "internal")]
    provider: String,
}

/// What a principal stands for.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PrincipalKind)]
enum Kind {
    /// One user.
    #[default]
    User,
    /// Everybody whom the provider puts into this group.
    Group,
}

/// A role, as a request describes it. What is absent or `null` stays as it is; fields not listed here are ignored.
#[derive(Deserialize, ToSchema)]
#[schema(as = RoleForm)]
pub(super) struct RoleForm {
    /// The same name as in the path; in a list it says which role.
    #[schema(example = "Developers")]
    name: Option<String>,
    /// Who is in it: all of them.
    principals: Option<Vec<PrincipalForm>>,
    /// What it lets them do: all of it.
    #[schema(value_type = Option<Vec<String>>, example = json!(["login", "release#create"]))]
    permissions: Option<BTreeSet<PermissionId>>,
}

/// A principal, as a request describes it.
#[derive(Deserialize, ToSchema)]
#[schema(as = PrincipalForm)]
pub(super) struct PrincipalForm {
    /// The log-in name of the user, or the name of the group.
    #[schema(example = "ann")]
    username: String,
    /// For people to read, at most 255 characters.
    fullname: Option<String>,
    /// User or group; a user when it is absent.
    kind: Option<Kind>,
    /// `internal`, or the name of the directory or identity provider; when it is absent, that of the user who has this
    /// name.
    #[schema(example = "internal")]
    provider: Option<String>,
}

impl From<Role> for RoleBody {
    fn from(role: Role) -> Self {
        Self {
            id: role.id.to_string(),
            name: role.name.to_string(),
            principals: role.principals.into_iter().map(PrincipalBody::from).collect(),
            permissions: role.permissions,
        }
    }
}

impl From<Principal> for PrincipalBody {
    fn from(principal: Principal) -> Self {
        Self {
            username: principal.username.to_string(),
            fullname: principal.fullname,
            kind: match principal.kind {
                PrincipalKind::User => Kind::User,
                PrincipalKind::Group => Kind::Group,
            },
            provider: principal.provider,
        }
    }
}

impl RoleForm {
    /// The role of this name as it is wanted.
    pub(super) fn into_draft(self, name: Username) -> Result<RoleDraft, Problem> {
        if let Some(other) = &self.name
            && other.parse::<Username>().as_ref() != Ok(&name)
        {
            let detail = format!("The field `name` is not `{name}`, as in the path");
            return Err(
                Problem::field("name", detail).hint("`POST /api/v1/roles/{name}/rename` renames a role")
            );
        }
        self.draft(name, String::new())
    }

    /// The role at this place of a list as it is wanted.
    pub(super) fn into_draft_at(self, at: usize) -> Result<RoleDraft, Problem> {
        let place = format!("[{at}].");
        let name = parsed(&format!("{place}name"), self.name.as_deref().unwrap_or_default())?;
        self.draft(name, place)
    }

    fn draft(self, name: Username, place: String) -> Result<RoleDraft, Problem> {
        let principal = |(at, form): (usize, PrincipalForm)| form.draft(&format!("{place}principals[{at}]."));
        let principals = self.principals.map(|forms| forms.into_iter().enumerate().map(principal).collect());
        let principals = principals.transpose()?;
        Ok(RoleDraft { name, place, principals, permissions: self.permissions, shown: None })
    }
}

impl PrincipalForm {
    fn draft(self, place: &str) -> Result<PrincipalDraft, Problem> {
        let full_name = self.fullname.map(|text| parsed(&format!("{place}fullname"), &text)).transpose()?;
        let provider = self.provider.map(|text| parsed(&format!("{place}provider"), &text)).transpose()?;
        let kind = match self.kind.unwrap_or_default() {
            Kind::User => PrincipalKind::User,
            Kind::Group => PrincipalKind::Group,
        };
        let field = format!("{place}username");
        let name = kind.name(&self.username);
        let username =
            name.map_err(|why| Problem::field(field.clone(), format!("The field `{field}`: {why}")))?;
        Ok(PrincipalDraft { username, full_name, kind, provider })
    }
}
