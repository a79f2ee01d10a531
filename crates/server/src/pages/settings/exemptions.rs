//! `/settings/exemptions`: to whom the maximum lifetime does not apply; and `/settings/exemptions/{id}/end`.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use http::StatusCode;
use patgate_core::identifier::ExemptionId;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::policy::{Exemption, ExemptionReason};
use patgate_core::user::{INTERNAL_PROVIDER, Principal, PrincipalKind};
use patgate_store::{Seek, TimeCursor};

use crate::pages::beginning::beginning;
use crate::pages::confirm::Confirm;
use crate::pages::form::{Fault, Named, sentence, still_unsaved, unsaved};
use crate::pages::paging::{self, Paging};
use crate::pages::refused::redirect;
use crate::pages::{
    Choice, Field, Fields, Moment, Notice, PageResult, Query, Refused, Shell, Submitted, Visitor,
};
use crate::service::day::end_of_day;
use crate::service::policy::exemptions;
use crate::service::settings;
use crate::state::AppState;

/// Where the list is.
const LIST: &str = "/settings/exemptions";
/// The fields that name a place in it.
const PLACE: [&str; 2] = ["after", "before"];

/// As many bytes of these stand in a row of the list, so that the page stays light: each has fewer letters, or as many.
const NAME: usize = 350;
const REASON: usize = ExemptionReason::LONGEST;
const MAKER: usize = 250;
const PROVIDER: usize = 100;

/// The page.
#[derive(Template)]
#[template(path = "pages/settings_exemptions.html")]
struct ExemptionsPage {
    shell: Shell,
    may_edit: bool,
    rows: Vec<ExemptionRow>,
    paging: Paging,
    /// The query of the list, to come back to it.
    list: String,
    form: Form,
    faults: Vec<Fault>,
}

/// An exemption as the page shows it.
struct ExemptionRow {
    id: String,
    name: String,
    kind: &'static str,
    provider: String,
    reason: String,
    made_at: Moment,
    made_by: String,
    ends_at: Moment,
    holds: bool,
}

/// What is typed.
struct Form {
    name: Field,
    kinds: Vec<Choice>,
    is_group: bool,
    provider: Field,
    /// The providers to choose from; none, before [`Form::with_providers`].
    providers: Vec<Choice>,
    reason: Field,
    ends: Field,
    zone: Field,
}

/// `GET /settings/exemptions?after=&before=&done=`.
pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query) -> PageResult {
    let notice = match query.text("done") {
        "made" => Some(Notice::Done("The exemption is made. It holds.".to_owned())),
        "ended" => Some(Notice::Done(
            "The exemption has ended. Tokens that were made under it stay; the next preview marks them for review."
                .to_owned(),
        )),
        _ => None,
    };
    let form = Form::of_fields(&query);
    let notice = if form.is_typed() { Some(unsaved()) } else { notice };
    page(&state, &visitor, &paging::list_of_address(&query), form, StatusCode::OK, notice).await
}

/// `POST /settings/exemptions`; with `turn` another part of the list.
pub(super) async fn create(
    State(state): State<AppState>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    visitor.caller.require(&state, SECURITY_EDIT)?;
    let mut form = Form::of_fields(&fields);
    let list = paging::list(&fields);
    if paging::is_turned(&fields) {
        return turn(&state, &visitor, &list, form).await;
    }
    let Some((principal, reason, ends_at)) = form.read() else {
        return page(&state, &visitor, &list, form, StatusCode::BAD_REQUEST, None).await;
    };
    match exemptions::create(&state, &visitor.caller, principal, reason, ends_at).await {
        Ok(_) => Ok(redirect(&state, "/settings/exemptions?done=made")),
        Err(problem) => {
            let problem = Refused::unless_shown(problem)?;
            let told = problem.sentence();
            let mut notice = None;
            match problem.wrong_field() {
                Some("endsAt") => form.ends.error = Some(told),
                Some("name") => form.name.error = Some(told),
                Some("provider") => form.provider.error = Some(told),
                _ => notice = Some(Notice::Failed(told)),
            }
            page(&state, &visitor, &list, form, problem.status(), notice).await
        }
    }
}

/// Another part of the list: nothing is saved. While something is typed, the form itself is the answer, with all of it.
async fn turn(state: &AppState, visitor: &Visitor, list: &Fields, form: Form) -> PageResult {
    let is_typed = form.is_typed();
    let address = paging::address(LIST, list, &PLACE);
    if let Some(address) = address.filter(|_| !is_typed) {
        return Ok(redirect(state, &address));
    }
    let notice = is_typed.then(still_unsaved);
    page(state, visitor, list, form, StatusCode::OK, notice).await
}

/// `GET /settings/exemptions/{id}/end`.
pub(super) async fn ask(
    State(state): State<AppState>,
    Named(id): Named<ExemptionId>,
    visitor: Visitor,
) -> PageResult {
    question(&state, &visitor, id).await?.ask()
}

/// `POST /settings/exemptions/{id}/end`.
pub(super) async fn end(
    State(state): State<AppState>,
    Named(id): Named<ExemptionId>,
    Submitted { visitor, .. }: Submitted,
) -> PageResult {
    match exemptions::end(&state, &visitor.caller, id).await {
        Ok(_) => Ok(redirect(&state, "/settings/exemptions?done=ended")),
        Err(problem) => question(&state, &visitor, id).await?.refused(problem),
    }
}

async fn question(state: &AppState, visitor: &Visitor, id: ExemptionId) -> Result<Confirm, Refused> {
    visitor.caller.require(state, SECURITY_EDIT)?;
    let exemption = exemptions::read(state, &visitor.caller, id).await?;
    Ok(Confirm {
        shell: Shell::new(state, visitor, "End an exemption", super::PATH),
        heading: format!("End the exemption of {}?", exemption.principal.username),
        sentences: vec![
            format!("It was made for this reason: {}", exemption.reason.as_str()),
            "The maximum applies to them again, for new tokens.".to_owned(),
            "Tokens that were made under it stay as they are. The next preview marks them for review."
                .to_owned(),
        ],
        action: format!("{LIST}/{id}/end"),
        button: "End exemption",
        is_danger: true,
        is_possible: true,
        cancel: LIST.to_owned(),
    })
}

async fn page(
    state: &AppState,
    visitor: &Visitor,
    list: &Fields,
    form: Form,
    status: StatusCode,
    notice: Option<Notice>,
) -> PageResult {
    let query = paging::only(list, &PLACE);
    let place: Seek<TimeCursor> = paging::place(&query);
    let listed = exemptions::list(state, &visitor.caller, &place, paging::ASKED).await?;
    let (listed, paging) = Paging::cut(listed, &place, &query, TimeCursor::of_exemption);
    let now = state.clock.now();
    let page = ExemptionsPage {
        shell: Shell::new(state, visitor, "Exemptions from the maximum", super::PATH).with_notice(notice),
        may_edit: settings::may_put(state, &visitor.caller),
        rows: listed.iter().map(|exemption| ExemptionRow::new(state, exemption, now)).collect(),
        paging,
        list: paging::kept(&query),
        faults: form.faults(),
        form: form.with_providers(state),
    };
    Ok((status, Html(page.render()?)).into_response())
}

impl ExemptionRow {
    fn new(state: &AppState, exemption: &Exemption, now: jiff::Timestamp) -> Self {
        let principal = &exemption.principal;
        Self {
            id: exemption.id.to_string(),
            name: beginning(principal.username.as_str(), NAME),
            kind: match principal.kind {
                PrincipalKind::User => "user",
                PrincipalKind::Group => "group",
            },
            provider: beginning(state.provider_label(&principal.provider), PROVIDER),
            reason: beginning(exemption.reason.as_str(), REASON),
            made_at: exemption.made_at.into(),
            made_by: beginning(&exemption.made_by, MAKER),
            ends_at: exemption.ends_at.into(),
            holds: exemption.holds(now),
        }
    }
}

impl Form {
    fn of_fields(fields: &Fields) -> Self {
        let or = |name: &str, usual: &str| {
            let typed = fields.text(name);
            if typed.is_empty() { usual.to_owned() } else { typed.to_owned() }
        };
        let kind = or("kind", "user");
        Self {
            name: Field::new("name", "Name", fields.text("name"))
                .hint("The user name, or the name of the group.")
                .at_most(PrincipalKind::LONGEST_NAME),
            kinds: vec![Choice::new("user", "A user", &kind), Choice::new("group", "A group", &kind)],
            is_group: kind == "group",
            provider: Field::new("provider", "Provider", or("provider", INTERNAL_PROVIDER))
                .hint("Where they come from. Groups are those of a directory or an identity provider."),
            providers: Vec::new(),
            reason: Field::new("reason", "Reason", fields.text("reason"))
                .hint("For whoever asks later.")
                .at_most(ExemptionReason::LONGEST),
            ends: Field::new("ends", "Last day", fields.text("ends"))
                .hint("It ends with this day, at most five years ahead."),
            zone: Field::new("zone", "Time zone", or("zone", "UTC")).hint("Such as Europe/Berlin."),
        }
    }

    /// With the providers to choose from.
    fn with_providers(mut self, state: &AppState) -> Self {
        let providers = exemptions::providers(state);
        let choice = |name: String| Choice::new(name.clone(), name, &self.provider.value);
        self.providers = providers.into_iter().map(choice).collect();
        self
    }

    /// Whether anything is typed or chosen. The zone alone is nothing: a script proposes the browser's each time.
    fn is_typed(&self) -> bool {
        let fields = [&self.name, &self.reason, &self.ends];
        self.is_group
            || self.provider.value != INTERNAL_PROVIDER
            || fields.iter().any(|field| !field.value.is_empty())
    }

    fn faults(&self) -> Vec<Fault> {
        Fault::of([&self.name, &self.provider, &self.reason, &self.ends, &self.zone])
    }

    /// What is wanted; `None` when something stands beside a field now.
    fn read(&mut self) -> Option<(Principal, ExemptionReason, jiff::Timestamp)> {
        let kind = if self.is_group { PrincipalKind::Group } else { PrincipalKind::User };
        let name = kind.name(&self.name.value);
        let name = name.map_err(|why| self.name.error = Some(sentence(&why))).ok();
        let provider = self.provider.value.clone();
        let reason = match ExemptionReason::try_from(self.reason.value.clone()) {
            Ok(reason) => Some(reason),
            Err(why) => {
                self.reason.error = Some(sentence(&why));
                None
            }
        };
        let ends = match end_of_day(&self.ends.value, &self.zone.value) {
            Ok(ends) => Some(ends),
            Err(why) => {
                self.ends.error = Some(sentence(&why));
                None
            }
        };
        Some((Principal { username: name?, fullname: None, kind, provider }, reason?, ends?))
    }
}
