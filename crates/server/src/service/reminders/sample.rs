//! *Send to me*, and the preview: what a reminder will look like.

use jiff::SignedDuration;
use patgate_core::policy::EmailNotifications;
use patgate_store::MailTrial;

use super::{RUNS, Texts};
use crate::caller::Caller;
use crate::mail::template::{Rendered, TemplateFault, TokenValues, Values};
use crate::mail::{self, Mail, Mailbox, MessageId, Report};
use crate::problem::Problem;
use crate::service::{items, trials};
use crate::state::AppState;

/// What came of *Send to me*.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Where it went.
    pub address: String,
    /// How it went, step by step.
    pub report: Report,
    /// What went wrong; `None`: the mail server took it.
    pub fault: Option<String>,
}

/// A reminder of these texts about two made-up tokens of the caller's (one, when it is about one), in the caller's name.
///
/// # Errors
/// 403 without `security#edit`; 400 naming the field when the texts cannot be used.
pub fn rendered_sample(state: &AppState, caller: &Caller, texts: &Texts) -> Result<Rendered, Problem> {
    if !caller.may(state, RUNS) {
        return Err(Problem::lacks(RUNS));
    }
    let (name, now) = (caller.facts.username.to_string(), state.clock.now());
    let renew = state.public_url.join("/account/tokens/new");
    let token = |name: &str, days: i64| {
        let ends = now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
        TokenValues::new(name, ends, now, &state.zone, &renew)
    };
    let values = Values {
        owner: name.clone(),
        owner_full_name: name,
        server_url: state.public_url.join(""),
        tokens: vec![token("ci-deploy", 5), token("nightly-report", 6)],
    };
    let refused = |fault: TemplateFault| Problem::field(fault.part().name(), fault);
    texts.template().map_err(refused)?.render(&values).map_err(refused)
}

/// Sends it to the caller's own address, through the mail server of these settings. Takes five minutes at most.
///
/// # Errors
/// As [`rendered_sample`]; 409 when the caller has no address, or no mail server is chosen; 429 when too many trials run.
pub async fn send_sample(
    state: &AppState,
    caller: &Caller,
    settings: &EmailNotifications,
) -> Result<Sample, Problem> {
    let words = rendered_sample(state, caller, &super::texts(settings))?;
    let user = state.store.user(caller.user).await?.ok_or_else(|| Problem::not_found("user"))?;
    let address = user.email;
    let to = Mailbox::at(&address)
        .map_err(|_| Problem::conflict("You have no e-mail address; add it to your profile first"))?;
    let Some(id) = &settings.server else {
        return Err(Problem::conflict("No mail server is chosen"));
    };
    let server = items::mail_server(state, id).await?;
    let letter = Mail {
        message_id: MessageId::new(server.from(), &mut state.random.draw()),
        from: server.from().clone(),
        to: to.named(&user.full_name),
        subject: words.subject,
        html: Some(words.html),
        text: words.text,
        date: state.clock.now(),
    };
    let _running = trials::begin(state, caller.user)?;
    items::note_trial(state, caller, id, MailTrial::Sample, &address).await?;
    let (report, outcome) = mail::try_out(&server, &letter).await;
    let fault = outcome.err();
    Ok(Sample { address, report, fault: fault.map(|fault| fault.to_string()) })
}
