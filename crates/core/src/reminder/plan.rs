//! Which tokens are due in a night, and who is written to. Pure: what was sent before is an argument.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::expiry::Expiry;
use crate::identifier::{GrantId, UserId};
use crate::policy::notification::NotificationDays;

/// The most tokens of one digest. Who has more gets more than one.
pub const MOST_IN_DIGEST: usize = 200;

/// At how many days before its expiry a token is told of, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// *Days before expiration*.
    pub first: NotificationDays,
    /// More thresholds beside it. None: one mail for each expiring token, ever, as the vendor has it.
    pub further: Vec<NotificationDays>,
    /// One mail for each owner and night (for each 200 tokens), in place of one for each token.
    pub digest: bool,
}

/// A token that expires soon, or did since the last run.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The token.
    pub grant: GrantId,
    /// Its owner.
    pub owner: UserId,
    /// When it ends.
    pub expires_at: Expiry,
    /// Whether the owner may act.
    pub owner_enabled: bool,
    /// The owner's e-mail address; empty for none.
    pub address: String,
    /// The mails about it so far.
    pub marks: Vec<Mark>,
}

/// That a mail about a token was planned, for a threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The threshold.
    pub days: NotificationDays,
    /// The address that refused the mail for good; another one is served again.
    pub lost_to: Option<String>,
}

/// Why no mail is written about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// Its owner has no e-mail address.
    NoAddress,
    /// Its owner is disabled.
    OwnerDisabled,
    /// It expired before it could be told of.
    Expired,
    /// It was deleted after the mail was planned.
    Deleted,
    /// Reminders were switched off after the mail was planned.
    SwitchedOff,
    /// It is a notice, and no mail server was chosen for a week.
    NoServer,
    /// A newer mail tells of the same with fewer days left; or what it warns of does not come any more, or came otherwise,
    /// after the mail was planned.
    Overtaken,
}

/// What a run does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The mails, by owner and then by token.
    pub mails: Vec<PlannedMail>,
    /// The tokens about which none is written. They are looked at again the next night.
    pub skipped: Vec<(GrantId, UserId, SkipReason)>,
}

/// A mail to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedMail {
    /// To whom.
    pub owner: UserId,
    /// About which tokens, each with the threshold that it has reached; several in a digest alone.
    pub tokens: Vec<(GrantId, NotificationDays)>,
}

impl SkipReason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NoAddress,
        Self::OwnerDisabled,
        Self::Expired,
        Self::Deleted,
        Self::SwitchedOff,
        Self::NoServer,
        Self::Overtaken,
    ];

    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAddress => "no_address",
            Self::OwnerDisabled => "owner_disabled",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
            Self::SwitchedOff => "switched_off",
            Self::NoServer => "no_server",
            Self::Overtaken => "overtaken",
        }
    }
}

impl Schedule {
    /// The longest of all thresholds: what expires later is no candidate.
    #[must_use]
    pub fn longest(&self) -> NotificationDays {
        self.further.iter().copied().fold(self.first, Ord::max)
    }

    /// The smallest threshold that this expiry has reached. A token that is made with less time left than that has
    /// reached it from the start.
    fn reached(&self, expires_at: Timestamp, now: Timestamp) -> Option<NotificationDays> {
        let left = expires_at.duration_since(now);
        let reached = |days: &NotificationDays| left <= days.length();
        self.further.iter().chain([&self.first]).copied().filter(reached).min()
    }

    /// Whether the mails so far leave one to write for a threshold. Only a mail that was lost to another address does
    /// not count.
    fn asks_for(&self, days: NotificationDays, candidate: &Candidate) -> bool {
        let counts = |mark: &&Mark| mark.lost_to.as_ref().is_none_or(|lost| *lost == candidate.address);
        let mut marks = candidate.marks.iter().filter(counts);
        if self.further.is_empty() { marks.next().is_none() } else { !marks.any(|mark| mark.days <= days) }
    }
}

/// What a run at `now` does about these tokens.
#[must_use]
pub fn plan(schedule: &Schedule, candidates: &[Candidate], now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let mut of_owner = BTreeMap::new();
    for candidate in candidates {
        let Some(expires_at) = candidate.expires_at.timestamp() else { continue };
        let Some(days) = schedule.reached(expires_at, now) else { continue };
        if !schedule.asks_for(days, candidate) {
            continue;
        }
        let reason = if candidate.expires_at.is_expired(now) {
            Some(SkipReason::Expired)
        } else if !candidate.owner_enabled {
            Some(SkipReason::OwnerDisabled)
        } else if candidate.address.is_empty() {
            Some(SkipReason::NoAddress)
        } else {
            None
        };
        match reason {
            Some(reason) => plan.skipped.push((candidate.grant, candidate.owner, reason)),
            None => {
                let tokens: &mut Vec<_> = of_owner.entry(candidate.owner).or_default();
                tokens.push((expires_at, candidate.grant, days));
            }
        }
    }
    for (owner, mut tokens) in of_owner {
        tokens.sort_unstable();
        let tokens: Vec<_> = tokens.into_iter().map(|(_, grant, days)| (grant, days)).collect();
        let together = if schedule.digest { MOST_IN_DIGEST } else { 1 };
        let mail = |tokens: &[_]| PlannedMail { owner, tokens: tokens.to_vec() };
        plan.mails.extend(tokens.chunks(together).map(mail));
    }
    plan
}

#[cfg(test)]
mod tests;
