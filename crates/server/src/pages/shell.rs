//! What stands around every page: its name, the navigation with what this visitor may see, the menu of the avatar.

use axum::extract::State;
use axum::response::Response;
use patgate_core::permission::names::{
    AUDIT_VIEW, CONFIG_EDIT, CONFIG_VIEW, RELEASE_CREATE, RELEASE_VIEW, SECURITY_EDIT, SECURITY_VIEW,
    TEMPLATE_CREATE, TOKEN_VIEW_ALL, WEBHOOK_VIEW,
};

use super::assets;
use super::refused::redirect;
use super::visitor::Visitor;
use super::webhooks;
use crate::service::settings;
use crate::state::AppState;

/// The surroundings of a page.
#[derive(Clone, Debug)]
pub struct Shell {
    /// What the page is called in the title of the window.
    pub title: String,
    /// The path before every path of ours: empty, or with a `/` at its start and none at its end.
    pub base: String,
    /// Where the style sheet is.
    pub style: &'static str,
    /// Where the script is.
    pub script: &'static str,
    /// When the page is made, in milliseconds since 1970: what the script counts from.
    pub now: i64,
    /// Where one can go; empty for who is not signed in.
    pub places: Vec<Place>,
    /// Who is signed in.
    pub user: Option<ShellUser>,
    /// What happened just now.
    pub notice: Option<Notice>,
}

/// An entry of the navigation.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its path, without the base.
    pub path: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Whether the page is there.
    pub is_here: bool,
}

/// The one the page is for.
#[derive(Clone, Debug)]
pub struct ShellUser {
    /// The log-in name.
    pub username: String,
    /// One or two letters for the avatar.
    pub initials: String,
    /// What the forms of the page must show.
    pub csrf: String,
}

/// A sentence about what happened just now.
#[derive(Clone, Debug)]
pub enum Notice {
    /// It worked.
    Done(String),
    /// It is worth knowing.
    Told(String),
    /// It did not work.
    Failed(String),
}

impl Notice {
    /// The sentence.
    #[must_use]
    pub fn text(&self) -> &str {
        let (Self::Done(text) | Self::Told(text) | Self::Failed(text)) = self;
        text
    }

    /// The class of its looks.
    #[must_use]
    pub fn look(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Told(_) => "told",
            Self::Failed(_) => "failed",
        }
    }

    /// What a screen reader makes of it: a failure interrupts.
    #[must_use]
    pub fn role(&self) -> &'static str {
        match self {
            Self::Done(_) | Self::Told(_) => "status",
            Self::Failed(_) => "alert",
        }
    }

    /// The sign beside the words, so that colour is never alone.
    #[must_use]
    pub fn sign(&self) -> char {
        match self {
            Self::Done(_) => '✔',
            Self::Told(_) => 'ℹ',
            Self::Failed(_) => '✖',
        }
    }
}

/// The place of configuration, and who may see it. It leads to webhooks as well: who sees it has no link to them beside it.
const CONFIGURATION: (&str, &[&str]) = ("/configuration", &[CONFIG_VIEW, CONFIG_EDIT]);

/// The places, and who may see them: one of these permissions, or everybody.
const PLACES: [(&str, &str, &[&str]); 12] = [
    ("/account/tokens", "Access tokens", &[]),
    ("/releases", "Releases", &[RELEASE_VIEW]),
    ("/releases/templates", "Templates", &[RELEASE_VIEW, RELEASE_CREATE, TEMPLATE_CREATE]),
    (CONFIGURATION.0, "Configuration", CONFIGURATION.1),
    (webhooks::LIST, "Webhooks and Events", &[WEBHOOK_VIEW]),
    ("/settings", "System settings", &settings::SEES),
    ("/admin/tokens", "All tokens", &[TOKEN_VIEW_ALL]),
    ("/admin/users", "Users", &[SECURITY_VIEW, SECURITY_EDIT]),
    ("/admin/roles", "Roles and permissions", &[SECURITY_VIEW, SECURITY_EDIT]),
    ("/admin/reminders", "Reminders", &settings::SEES),
    ("/admin/audit", "Audit log", &[AUDIT_VIEW]),
    ("/account/api", "API", &[]),
];

impl Shell {
    /// The surroundings of a page for somebody. `path` is the page's own, which the navigation marks.
    #[must_use]
    pub fn new(state: &AppState, visitor: &Visitor, title: impl Into<String>, path: &str) -> Self {
        let is_double = |place| place == webhooks::LIST && visitor.may_any(state, CONFIGURATION.1);
        let shown: Vec<_> = PLACES
            .into_iter()
            .filter(|(_, _, needed)| needed.is_empty() || visitor.may_any(state, needed))
            .filter(|(place, ..)| !is_double(*place))
            .collect();
        // Some places lie below others.
        let around = shown.iter().map(|(place, ..)| *place).filter(|place| path.starts_with(place));
        let nearest = around.max_by_key(|place| place.len());
        let places = shown.iter().map(|&(place, name, _)| Place {
            path: place,
            name,
            is_here: nearest == Some(place),
        });
        let username = visitor.caller.facts.username.to_string();
        let user = ShellUser {
            initials: initials(&username),
            username,
            csrf: visitor.session.csrf.reveal().to_owned(),
        };
        Self { places: places.collect(), user: Some(user), ..Self::bare(state, title) }
    }

    /// The surroundings of a page for nobody in particular.
    #[must_use]
    pub fn bare(state: &AppState, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            base: state.public_url.path().to_owned(),
            style: assets::style_path(),
            script: assets::script_path(),
            now: state.clock.now().as_millisecond(),
            places: Vec::new(),
            user: None,
            notice: None,
        }
    }

    /// With a sentence about what happened just now.
    #[must_use]
    pub fn with_notice(self, notice: Option<Notice>) -> Self {
        Self { notice, ..self }
    }

    /// What the forms of the page must show; empty for who is not signed in.
    #[must_use]
    pub fn csrf(&self) -> &str {
        self.user.as_ref().map_or("", |user| &user.csrf)
    }
}

/// `GET /`: the page that people come for.
pub(super) async fn home(State(state): State<AppState>) -> Response {
    redirect(&state, "/account/tokens")
}

/// The first letters of the first and the last word of a name: `ann.kern` is AK.
fn initials(name: &str) -> String {
    let mut words =
        name.split(|letter: char| !letter.is_alphanumeric()).filter_map(|word| word.chars().next());
    let (first, last) = (words.next(), words.next_back());
    first.into_iter().chain(last).flat_map(char::to_uppercase).take(2).collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn an_avatar_has_one_or_two_letters() {
        for (name, letters) in
            [("ann.kern", "AK"), ("ann", "A"), ("änn@example.org", "ÄO"), ("ß x", "SS"), ("-", "")]
        {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
