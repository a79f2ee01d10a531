//! `/deployit/security/user/**`: users in the shape of Deploy's.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use patgate_core::identifier::UserId;
use patgate_core::user::{User, UserState, Username};
use patgate_core::xml::Element;
use patgate_store::{ChangedKind, UserCursor, UserFilter};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::wire::{Answer, Asked, Document, Format, FromEither, Received, Row, Source, Wanted, listed};
use crate::api::path::Name;
use crate::api::query::Parameters;
use crate::api::refusals::InText;
use crate::api::users::parsed;
use crate::caller::Caller;
use crate::password::PasswordText;
use crate::problem::Problem;
use crate::service::users::{self, Edit, NewUser, PasswordEdit};
use crate::state::AppState;
use crate::written_lists::ListName;

/// How many users are listed when nothing else is asked.
const PAGE: i64 = 100;

/// What makes administrators of users: roles, which groups hold as well.
const WHAT_MAKES_ADMINISTRATORS: [ChangedKind; 2] = [ChangedKind::Group, ChangedKind::Role];

/// What Deploy has at the place of a user: it judges a password there. Nobody is to become a user by asking for that.
const NO_USER: &str = "validatePassword";

/// A user, and whether they are an administrator.
pub(super) struct DeployUser {
    user: User,
    is_admin: bool,
}

/// A user, as a request describes them. What is absent stays as it is; other fields are ignored.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[schema(as = DeployUserForm)]
pub(super) struct UserForm {
    /// The same name as in the path.
    #[schema(example = "ann")]
    username: Option<String>,
    /// A new password, 8 characters to 1,024 bytes; an empty one changes nothing.
    #[schema(value_type = Option<String>, write_only)]
    password: Option<PasswordText>,
    /// Only what is true already: `admin` is a permission, which a role gives.
    admin: Option<bool>,
    /// What people read, and whether they may act.
    user_profile: Option<ProfileForm>,
}

/// What people read of a user.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[schema(as = DeployUserProfileForm)]
struct ProfileForm {
    /// For people to read.
    full_name: Option<String>,
    /// Where mails go.
    email: Option<String>,
    /// Whether they may act.
    login_allowed: Option<bool>,
}

/// Which users are asked for; all must be true of one.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct UserParameters {
    /// The log-in name begins with this, whatever the case.
    username: Option<String>,
    /// The full name contains this, whatever the case.
    full_name: Option<String>,
    /// The mail address contains this, whatever the case.
    email: Option<String>,
    /// Which page, from 0.
    #[param(default = "0")]
    page: Option<String>,
    /// How many users a page has; -1 are all.
    #[param(default = "100")]
    results_per_page: Option<String>,
}

/// Lists users by name. Needs `security#view` or `security#edit`.
#[utoipa::path(
    get,
    path = "/deployit/security/user",
    tag = "deploy",
    params(UserParameters),
    responses(
        (status = 200, description = "The users", content((Vec<Object> = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn list_deploy_users(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<UserParameters>,
    format: Format,
) -> Result<Response, Problem> {
    users::require_sight(&state, &caller)?;
    let page = Asked::of(asked.page.as_deref(), asked.results_per_page.as_deref(), PAGE)?;
    let filter = UserFilter {
        name_prefix: asked.username,
        full_name: asked.full_name,
        email: asked.email,
        ..UserFilter::default()
    };
    let source = Source {
        state: state.clone(),
        name: ListName {
            asked: format!("users {format:?} {filter:?}"),
            rows: ChangedKind::User,
            others: &WHAT_MAKES_ADMINISTRATORS,
        },
        fact: |state, id| is_admin(state, UserId::from_i64(id)),
    };
    let read = move |wanted: Wanted<UserCursor>| {
        let (state, caller, filter) = (state.clone(), caller.clone(), filter.clone());
        async move {
            let ids = wanted.only.map(|ids| ids.into_iter().map(UserId::from_i64).collect());
            let (filter, part) = (UserFilter { ids, ..filter }, (wanted.skip, wanted.limit));
            let found = users::list_behind(&state, &caller, &filter, &wanted.seek, part).await?;
            Ok(found.into_iter().map(|user| DeployUser::of(&state, user)).collect())
        }
    };
    listed::<DeployUser, _>(format, page, Some(source), read).await
}

/// Reads one user: oneself, or with `security#view` or `security#edit` anybody.
#[utoipa::path(
    get,
    path = "/deployit/security/user/{username}",
    tag = "deploy",
    params(("username" = String, Path, description = "The user, whatever the case")),
    responses(
        (status = 200, description = "The user", content((Object = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn read_deploy_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
    format: Format,
) -> Result<Answer<DeployUser>, Problem> {
    let user = users::read(&state, &caller, &username).await?;
    Ok(Answer(format, DeployUser::of(&state, user)))
}

/// Makes an internal user. Needs `security#edit`.
#[utoipa::path(
    post,
    path = "/deployit/security/user/{username}",
    tag = "deploy",
    params(("username" = String, Path, description = "What they will type to log in")),
    request_body(content((UserForm = "application/json"), (String = "application/xml"))),
    responses(
        (status = 200, description = "The user", content((Object = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn create_deploy_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
    format: Format,
    Received(form): Received<UserForm>,
) -> Result<Answer<DeployUser>, Problem> {
    if username.as_str() == NO_USER {
        let detail = "A password is judged here when it is set; there is no call for it alone";
        return Err(Problem::new(StatusCode::NOT_FOUND, "not_found", detail));
    }
    form.agrees(&username, false)?;
    let profile = form.user_profile.unwrap_or_default();
    let new = NewUser {
        username,
        full_name: profile.full_name.map(|text| parsed("fullName", &text)).transpose()?.unwrap_or_default(),
        email: profile.email.map(|text| parsed("email", &text)).transpose()?.unwrap_or_default(),
        login_allowed: profile.login_allowed.unwrap_or(true),
        password: form.password.filter(|password| !password.reveal().is_empty()),
    };
    let user = users::create(&state, &caller, new).await?;
    Ok(Answer(format, DeployUser::of(&state, user)))
}

/// Changes a user, their password above all. Needs `security#edit`. A token sets no password unless tokens may make tokens.
#[utoipa::path(
    put,
    path = "/deployit/security/user/{username}",
    tag = "deploy",
    params(("username" = String, Path, description = "The user, whatever the case")),
    request_body(content((UserForm = "application/json"), (String = "application/xml"))),
    responses(
        (status = 200, description = "The user", content((Object = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn update_deploy_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
    format: Format,
    Received(form): Received<UserForm>,
) -> Result<Answer<DeployUser>, Problem> {
    let before = users::read(&state, &caller, &username).await?;
    form.agrees(&username, DeployUser::of(&state, before).is_admin)?;
    let profile = form.user_profile.unwrap_or_default();
    let password = form.password.filter(|password| !password.reveal().is_empty());
    let edit = Edit {
        full_name: profile.full_name.map(|text| parsed("fullName", &text)).transpose()?,
        email: profile.email.map(|text| parsed("email", &text)).transpose()?,
        login_allowed: profile.login_allowed,
        password: password.map(|new| PasswordEdit {
            new,
            current: None,
            new_field: "password",
            current_field: "currentPassword",
        }),
        ..Edit::of(username)
    };
    let user = users::change_one(&state, &caller, edit).await?;
    Ok(Answer(format, DeployUser::of(&state, user)))
}

/// Deletes a user for good, with all their tokens and sessions. Needs `security#edit`.
#[utoipa::path(
    delete,
    path = "/deployit/security/user/{username}",
    tag = "deploy",
    params(("username" = String, Path, description = "The user, whatever the case")),
    responses((status = 204, description = "They are deleted"), InText)
)]
pub(super) async fn delete_deploy_user(
    State(state): State<AppState>,
    caller: Caller,
    Name(username): Name,
) -> Result<StatusCode, Problem> {
    users::delete(&state, &caller, &username).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl DeployUser {
    fn of(state: &AppState, user: User) -> Self {
        Self { is_admin: is_admin(state, user.id), user }
    }
}

fn is_admin(state: &AppState, user: UserId) -> bool {
    state.index.view().owner(user).is_some_and(|facts| facts.permissions.contains(state.catalog.admin()))
}

impl UserForm {
    fn agrees(&self, username: &Username, is_admin: bool) -> Result<(), Problem> {
        if self.username.as_deref().is_some_and(|name| name.parse::<Username>().as_ref() != Ok(username)) {
            let detail = format!("The field `username` is not `{username}`, as in the path");
            return Err(Problem::field("username", detail));
        }
        if self.admin.is_some_and(|admin| admin != is_admin) {
            let detail = "The field `admin` changes nothing here: administrators are those to whom a role gives `admin`";
            return Err(Problem::field("admin", detail));
        }
        Ok(())
    }
}

impl FromEither for UserForm {
    type Json = Self;

    fn of_json(json: Self) -> Result<Self, Problem> {
        Ok(json)
    }

    fn of_xml(element: &Element) -> Result<Self, Problem> {
        let text = |of: &Element, name: &str| of.find(name).map(|child| child.content().trim().to_owned());
        let flag = |of: &Element, name: &str| match text(of, name) {
            None => Ok(None),
            Some(text) => match text.to_ascii_lowercase().parse() {
                Ok(flag) => Ok(Some(flag)),
                Err(_) => Err(Problem::field(name, format!("The element `{name}` is `true` or `false`"))),
            },
        };
        let profile = |of: &Element| {
            let login_allowed = flag(of, "loginAllowed")?;
            Ok::<_, Problem>(ProfileForm {
                full_name: text(of, "fullName"),
                email: text(of, "email"),
                login_allowed,
            })
        };
        Ok(Self {
            username: text(element, "username"),
            password: element.find("password").map(|child| PasswordText::copy_of(child.content())),
            admin: flag(element, "admin")?,
            user_profile: element.find("userProfile").map(profile).transpose()?,
        })
    }
}

impl Document for DeployUser {
    fn json(&self) -> serde_json::Value {
        let Self { user, is_admin } = self;
        json!({
            "username": user.username.as_str(),
            "admin": is_admin,
            "userProfile": {
                "fullName": user.full_name,
                "email": user.email,
                "loginAllowed": user.state == UserState::Enabled,
            },
        })
    }

    fn xml(&self) -> Element {
        let Self { user, is_admin } = self;
        let profile = Element::new("userProfile")
            .leaf("fullName", user.full_name.as_str())
            .leaf("email", user.email.as_str())
            .leaf("loginAllowed", (user.state == UserState::Enabled).to_string());
        Element::new("user")
            .leaf("username", user.username.as_str())
            .leaf("admin", is_admin.to_string())
            .child(profile)
    }
}

impl Row for DeployUser {
    type Place = UserCursor;

    fn id(&self) -> i64 {
        self.user.id.as_i64()
    }

    fn fact(&self) -> bool {
        self.is_admin
    }

    fn place(&self) -> UserCursor {
        UserCursor::of(&self.user)
    }

    fn text(self, format: Format) -> String {
        format.text(&self)
    }
}
