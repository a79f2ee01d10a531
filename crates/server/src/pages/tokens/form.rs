//! What the panel *Generate token* asks: its fields with what was typed and what is wrong with it, and what they mean.

use patgate_core::application::ApplicationSlot;
use patgate_core::grant::GrantName;

use crate::pages::form::Fault;
use crate::pages::permission::PermissionChoice;
use crate::pages::{Choice, Field, Fields, Moment};
use crate::problem::Problem;
use crate::service::day::end_of_day;
use crate::service::tokens::{FormId, NewToken, Offer, TokenRequest};
use crate::state::AppState;

/// The panel.
pub(super) struct GenerateForm {
    /// Its one-time id.
    pub(super) id: String,
    pub(super) name: Field,
    pub(super) application: Field,
    pub(super) applications: Vec<Choice>,
    pub(super) expiration: Field,
    pub(super) expirations: Vec<Choice>,
    /// When a token of each lifetime would end, for who has no script that tells it.
    pub(super) ends: Vec<(String, Moment)>,
    pub(super) date: Field,
    /// When a token ends at the latest, for the script; empty: whenever one likes.
    pub(super) latest: String,
    pub(super) takes_all: bool,
    pub(super) permission_error: Option<String>,
    pub(super) permissions: Vec<PermissionChoice>,
}

impl GenerateForm {
    /// The panel with what was typed, or proposed by the address that opens it.
    pub(super) fn new(
        state: &AppState,
        id: FormId,
        offer: &Offer,
        typed: &Fields,
        problem: Option<&Problem>,
    ) -> Self {
        let now = state.clock.now();
        let application = Some(typed.text("application")).filter(|name| !name.is_empty());
        let first = offer.applications.first().map(ToString::to_string).unwrap_or_default();
        let application = application.map_or(first, ToOwned::to_owned);
        let expiration = Some(typed.text("expiration")).filter(|text| !text.is_empty());
        let mut expiration = expiration.map_or_else(|| offer.proposed.to_string(), ToOwned::to_owned);
        // A contradiction is shown as the one that names more, so that it can be seen and changed.
        if has_idle_day(typed) {
            "date".clone_into(&mut expiration);
        }
        let is_date = expiration == "date";
        let error = |field: &str| {
            let problem = problem.filter(|problem| problem.wrong_field().is_some())?;
            (field_of(problem, is_date) == field).then(|| problem.sentence())
        };
        let field = |name, label, value: &str| Field { error: error(name), ..Field::new(name, label, value) };
        let chosen: Vec<_> = typed.all("permission").collect();
        let permission = |id: &str| PermissionChoice::new(id, chosen.contains(&id));
        Self {
            id: id.to_string(),
            name: field("name", "Token name", typed.text("name"))
                .hint("What it is for, so that you know it later.")
                .at_most(GrantName::LONGEST),
            application: field("application", "Application", "").hint("Where the token works."),
            applications: offer
                .applications
                .iter()
                .map(|name| Choice::new(name.as_str(), state.application_label(name), &application))
                .collect(),
            expiration: field("expiration", "Token expiration", ""),
            expirations: expirations(offer, &expiration),
            ends: offer.ends(now).map(|(days, at)| (lifetime(days), at.into())).collect(),
            date: field("date", "Last day", typed.text("date"))
                .hint("For “A day of your own”. The token works until the end of that day."),
            latest: offer.latest(now).map(|at| at.to_string()).unwrap_or_default(),
            takes_all: typed.text("permissions") != "chosen" && !typed.has("permission"),
            permission_error: error("permissions"),
            permissions: offer.permissions.iter().map(|id| permission(id.as_str())).collect(),
        }
    }

    /// What is wrong, for the summary on top.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let mut faults = Fault::of([&self.name, &self.application, &self.expiration, &self.date]);
        let permissions = self.permission_error.clone();
        faults.extend(permissions.map(|text| Fault { field: "permissions".to_owned(), text }));
        faults
    }
}

/// What is asked, in the words of the API.
pub(super) fn read(state: &AppState, offer: &Offer, typed: &Fields) -> Result<NewToken, Problem> {
    let mut request = TokenRequest {
        token_note: typed.text("name").to_owned(),
        application: Some(typed.text("application").to_owned()).filter(|name| !name.is_empty()),
        ..TokenRequest::default()
    };
    if has_idle_day(typed) {
        let detail =
            "A day was typed, and another expiration chosen; check what is chosen now, or empty this field";
        return Err(Problem::field("expiresAt", detail));
    }
    match typed.text("expiration") {
        "never" => {
            if let Some(days) = offer.maximum {
                // An absent lifetime would be cut in silence: it was asked for, so it is refused.
                return Err(Problem::field("expiresAt", format!("The maximum token lifetime is {days}")));
            }
        }
        "date" => {
            let end = end_of_day(typed.text("date"), typed.text("zone"))
                .map_err(|error| Problem::field("expiresAt", error))?;
            request.expires_at = Some(end.to_string());
        }
        days => {
            let days = days.parse().map_err(|_| Problem::field("expiresAt", "Choose when the token ends"))?;
            request.expires_in_days = Some(days);
        }
    }
    request.global_permissions = match typed.text("permissions") {
        "all" if typed.has("permission") => {
            let detail = "Permissions were checked, and all of them asked for; check what is chosen now, or clear the \
                          boxes to use all";
            return Err(Problem::field("globalPermissions", detail));
        }
        "all" => None,
        "chosen" => Some(typed.all("permission").map(ToOwned::to_owned).collect()),
        _ => {
            let detail = "Choose whether the token has all your permissions, or which of them";
            return Err(Problem::field("globalPermissions", detail));
        }
    };
    request.read(state, ApplicationSlot::ANY)
}

/// Whether a day was typed that is not the one at which the token shall end. Without a script nothing clears it.
fn has_idle_day(typed: &Fields) -> bool {
    let expiration = typed.text("expiration");
    !typed.text("date").is_empty() && !expiration.is_empty() && expiration != "date"
}

/// The field of the panel that a refusal of the use case is about.
fn field_of(problem: &Problem, is_date: bool) -> &'static str {
    match problem.wrong_field() {
        Some("tokenNote") => "name",
        Some("application") => "application",
        Some("globalPermissions") => "permissions",
        _ if is_date => "date",
        _ => "expiration",
    }
}

/// Only what the rules allow.
fn expirations(offer: &Offer, chosen: &str) -> Vec<Choice> {
    let mut choices: Vec<_> =
        offer.lifetimes.iter().map(|days| Choice::new(days.to_string(), lifetime(*days), chosen)).collect();
    if offer.maximum.is_none() {
        choices.push(Choice::new("never", "No expiration", chosen));
    }
    choices.push(Choice::new("date", "A day of your own", chosen));
    choices
}

/// A lifetime as it is called.
fn lifetime(days: u32) -> String {
    if days == 365 { "1 year".to_owned() } else { format!("{days} days") }
}
