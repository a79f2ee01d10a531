//! Whom a run would write to now, without writing to anybody.

use std::fmt;
use std::str::FromStr;

use patgate_core::identifier::{GrantId, NotAnIdentifier, UserId};
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_core::reminder::{Candidate, Plan, SkipReason, plan};
use patgate_store::{RunNote, TimeCursor};

use super::SEES;
use super::plan::{LOOK, Looks, between, last_night, reason_for_none};
use super::read::{TokenNames, owner_name};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// Which of the mails, and of the tokens that are left out, to name. All those of the tokens that are looked at are counted.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// At which tokens to look.
    pub look: Look,
    /// The mails behind this one.
    pub mails_after: Option<Place>,
    /// The left-out tokens behind this one.
    pub left_out_after: Option<Place>,
    /// How many of each at most.
    pub limit: usize,
    /// How many tokens of a mail at most.
    pub named: usize,
}

/// At which of the tokens that end soon a preview looks.
#[derive(Clone, Copy, Debug)]
pub enum Look {
    /// All of them: it takes as long as a run does.
    Whole,
    /// A thousand at most, the last to end first, behind this one. It takes as long however many there are. An owner's tokens
    /// may stand in several such stretches; then a digest that a run would write at once is told of in each.
    Stretch(Option<TimeCursor>),
}

/// A place in one of the lists: whose, and which token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(UserId, GrantId);

/// What a run would do now.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Why it would plan nothing, when that has a reason beyond the tokens.
    pub note: Option<RunNote>,
    /// Within how many days the tokens end that it would look at.
    pub days: u32,
    /// How many mails it would plan; when it was not looked at all tokens, at least so many.
    pub planned: u64,
    /// How many tokens it would leave out; the same of these.
    pub skipped: u64,
    /// Behind which there are more tokens that it was not looked at.
    pub further: Option<TimeCursor>,
    /// Some of the mails.
    pub mails: Vec<PreviewedMail>,
    /// Behind what there are more of them.
    pub more_mails: Option<Place>,
    /// Some of the tokens that are left out.
    pub left_out: Vec<SkippedToken>,
    /// Behind what there are more of them.
    pub more_left_out: Option<Place>,
}

/// A mail of a preview.
#[derive(Clone, Debug)]
pub struct PreviewedMail {
    /// The owner's log-in name.
    pub owner: String,
    /// Where it would go.
    pub address: String,
    /// The names of the first of its tokens, as many as were asked for.
    pub tokens: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

/// A token about which no mail would be written.
#[derive(Clone, Debug)]
pub struct SkippedToken {
    /// The owner's log-in name.
    pub owner: String,
    /// The token's name.
    pub token: String,
    /// Why.
    pub reason: SkipReason,
}

/// What [`super::run_now`] would do.
///
/// # Errors
/// 403 without one of the permissions that see settings.
pub async fn preview(state: &AppState, caller: &Caller, part: Part) -> Result<Preview, Problem> {
    caller.require_any(state, &SEES)?;
    let now = state.clock.now();
    let settings = state.store.token_settings().await?.email_notifications;
    let mut preview = Preview { note: reason_for_none(&settings), ..Preview::default() };
    if preview.note.is_some() {
        return Ok(preview);
    }
    preview.days = settings.schedule().longest().into();
    // Who may not see other people's tokens is told how many, not which.
    let may_see = caller.may(state, TOKEN_VIEW_ALL);
    let mut found = Gathered::new(may_see, &part);
    let since = last_night(state, now).await?.map_or(now, |run| run.at);
    let between = between(&settings, since, now);
    let schedule = settings.schedule();
    match part.look {
        Look::Whole => {
            let mut looks = Looks::default();
            while let Some(after) = looks.next() {
                let tokens = looks.whole_owners(state.store.reminder_candidates(between, after, LOOK).await?);
                found.add(&tokens, plan(&schedule, &tokens, now));
            }
        }
        Look::Stretch(place) => {
            let mut tokens = state.store.latest_reminder_candidates(between, place, LOOK + 1).await?;
            // The one more tells whether there are others.
            if tokens.len() as u64 > LOOK {
                tokens.pop();
                preview.further = tokens.last().map(TimeCursor::of_candidate);
            }
            found.add(&tokens, plan(&schedule, &tokens, now));
        }
    }
    let Gathered { counts, mails, left_out, planned, skipped, .. } = found;
    (preview.planned, preview.skipped) = counts;
    let of_mails = planned.iter().flat_map(|mail| &mail.named).copied();
    let grants: Vec<_> = of_mails.chain(skipped.iter().map(|(_, grant, _)| *grant)).collect();
    let names = TokenNames::of(state, &grants).await?;
    let mails_of = planned.into_iter().map(|mail| PreviewedMail {
        owner: owner_name(state, mail.owner),
        address: mail.address,
        tokens: mail.named.into_iter().map(|grant| names.name(grant)).collect(),
        more: mail.more,
    });
    preview.mails = mails_of.collect();
    let left_out_of = skipped.into_iter().map(|(owner, grant, reason)| SkippedToken {
        owner: owner_name(state, owner),
        token: names.name(grant),
        reason,
    });
    preview.left_out = left_out_of.collect();
    (preview.more_mails, preview.more_left_out) = (mails.more, left_out.more);
    Ok(preview)
}

/// What was gathered so far.
struct Gathered {
    /// Whether anything is named, beside being counted.
    is_named: bool,
    /// How many tokens of a mail are named.
    of_mail: usize,
    /// How many mails there are, and how many tokens that are left out.
    counts: (u64, u64),
    mails: Cut,
    left_out: Cut,
    planned: Vec<NamedMail>,
    skipped: Vec<(UserId, GrantId, SkipReason)>,
}

/// A mail that is named.
struct NamedMail {
    owner: UserId,
    address: String,
    /// The first of its tokens.
    named: Vec<GrantId>,
    /// How many more it has.
    more: usize,
}

impl Gathered {
    fn new(is_named: bool, part: &Part) -> Self {
        Self {
            is_named,
            of_mail: part.named,
            counts: (0, 0),
            mails: Cut::new(part.mails_after, part.limit),
            left_out: Cut::new(part.left_out_after, part.limit),
            planned: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// What a run would do about these tokens. Whose tokens were added before comes before.
    fn add(&mut self, tokens: &[Candidate], mut plan: Plan) {
        self.counts.0 += plan.mails.len() as u64;
        self.counts.1 += plan.skipped.len() as u64;
        if !self.is_named {
            return;
        }
        // By token within an owner, so that a place stays one when tokens come to be due.
        plan.mails.sort_by_key(|mail| (mail.owner, mail.tokens.first().map(|(grant, _)| *grant)));
        for mail in plan.mails {
            let Some((grant, _)) = mail.tokens.first() else { continue };
            if !self.mails.takes(Place(mail.owner, *grant)) {
                continue;
            }
            let address = tokens.iter().find(|token| token.owner == mail.owner).map(|token| &token.address);
            let named: Vec<_> = mail.tokens.iter().take(self.of_mail).map(|(grant, _)| *grant).collect();
            self.planned.push(NamedMail {
                owner: mail.owner,
                address: address.cloned().unwrap_or_default(),
                more: mail.tokens.len() - named.len(),
                named,
            });
        }
        plan.skipped.sort_by_key(|(grant, owner, _)| (*owner, *grant));
        for (grant, owner, reason) in plan.skipped {
            if self.left_out.takes(Place(owner, grant)) {
                self.skipped.push((owner, grant, reason));
            }
        }
    }
}

/// Cuts a list that goes by: from a place on, and not too many.
struct Cut {
    after: Option<Place>,
    room: usize,
    last: Option<Place>,
    more: Option<Place>,
}

impl Cut {
    fn new(after: Option<Place>, room: usize) -> Self {
        Self { after, room, last: None, more: None }
    }

    fn takes(&mut self, place: Place) -> bool {
        if self.after.is_some_and(|after| place <= after) {
            return false;
        }
        if self.room == 0 {
            self.more = self.last;
            return false;
        }
        self.room -= 1;
        self.last = Some(place);
        true
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

impl FromStr for Place {
    type Err = NotAnIdentifier;

    fn from_str(text: &str) -> Result<Self, NotAnIdentifier> {
        let (owner, grant) = text.split_once('.').ok_or(NotAnIdentifier)?;
        Ok(Self(owner.parse()?, grant.parse()?))
    }
}
