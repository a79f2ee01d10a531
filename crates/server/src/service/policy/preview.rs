//! The preview: which tokens a lower maximum exceeds, and which a closed origin touches.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use patgate_core::application::ApplicationSlot;
use patgate_core::grant::Grant;
use patgate_core::identifier::GrantId;
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_core::policy::decision::lowers;
use patgate_core::policy::exemption::needs_review;
use patgate_core::policy::{Cells, Days, TokenSettings, Touch};
use patgate_store::{FoundGrants, GrantCursor, Seek, Touched, TouchedGlance};

use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::EDITS;
use crate::service::tokens::overview::SeenGrant;
use crate::state::AppState;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A lower maximum.
    Maximum(Days),
    /// Cells of the origin policy that close.
    Closing(Cells),
}

/// What new rules ask about, when tokens are touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// The lower maximum.
    pub maximum: Option<Days>,
    /// The cells that close.
    pub closing: Cells,
}

/// A token that is touched.
#[derive(Clone, Debug)]
pub struct TouchedToken {
    /// What it is, and whose.
    pub seen: SeenGrant,
    /// Its owner was exempt when it was made, and is no more.
    pub needs_review: bool,
    /// It passes elsewhere still: it is for any application.
    pub is_narrowed: bool,
}

/// How many tokens are looked at for a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of them, however long it takes.
    Whole,
    /// A bounded number, whatever fits, and those that fit are counted up to this: a page in a few milliseconds.
    Glance(u64),
}

/// Some of the tokens that are touched.
#[derive(Clone, Debug)]
pub struct Preview {
    /// How many all of them are, as far as they were counted.
    pub count: u64,
    /// Whether they were counted to the end.
    pub is_whole: bool,
    /// Those of the page, the ones that never end first; `None` for a caller who may not see other people's tokens.
    pub tokens: Option<Vec<TouchedToken>>,
    /// How far was looked, when there may be more beyond it and they are fewer than were asked for.
    pub reached: Option<GrantCursor>,
}

impl Question {
    /// What of it can touch tokens; `None`: nothing, because the maximum in force is lower, or the cells are closed. The
    /// maximum that is in force can: it tells what exceeds it, such as tokens that were made under an exemption.
    #[must_use]
    pub fn beyond(self, stored: &TokenSettings) -> Option<Self> {
        match self {
            Self::Maximum(to) => {
                let current = stored.maximum_lifetime_days;
                (current == Some(to) || lowers(current, Some(to))).then_some(self)
            }
            Self::Closing(cells) => {
                let cells = Cells::closing(&stored.origins, &cells.close(&stored.origins));
                (!cells.is_empty()).then_some(Self::Closing(cells))
            }
        }
    }
}

impl Questions {
    /// Whether nobody is touched.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// What can be put in force without an answer: `after`, but for what is asked about, which stays as it is `before`.
    #[must_use]
    pub fn rest(self, before: &TokenSettings, after: &TokenSettings) -> TokenSettings {
        let maximum = self.maximum.map_or(after.maximum_lifetime_days, |_| before.maximum_lifetime_days);
        let origins = self.closing.open(&after.origins);
        TokenSettings { maximum_lifetime_days: maximum, origins, ..after.clone() }
    }
}

/// What new rules ask about: a lower maximum that tokens exceed, and closing cells that touch tokens. They ask about what
/// touches none too, when there are so many tokens that not all were looked at.
///
/// # Errors
/// When the database does not answer.
pub async fn questions(
    state: &AppState,
    before: &TokenSettings,
    after: &TokenSettings,
) -> Result<Questions, Problem> {
    let mut questions = Questions::default();
    if let Some(maximum) = after.maximum_lifetime_days
        && lowers(before.maximum_lifetime_days, after.maximum_lifetime_days)
        && may_touch(state, Question::Maximum(maximum)).await?
    {
        questions.maximum = Some(maximum);
    }
    let cells = Cells::closing(&before.origins, &after.origins);
    if !cells.is_empty() && may_touch(state, Question::Closing(cells)).await? {
        questions.closing = cells;
    }
    Ok(questions)
}

/// Which tokens are touched when this takes effect now: their number, and at most `limit` of them from a place on.
///
/// # Errors
/// 403 without `security#edit`, and for a token with a permission list.
pub async fn preview(
    state: &AppState,
    caller: &Caller,
    question: Question,
    extent: Extent,
    seek: &Seek<GrantCursor>,
    limit: u64,
) -> Result<Preview, Problem> {
    super::decide::refuse_listed(caller)?;
    caller.require(state, EDITS)?;
    let touched = touched(state, question).await?;
    let may_see = caller.may(state, TOKEN_VIEW_ALL);
    let limit = if may_see { limit } else { 0 };
    let TouchedGlance { count, is_whole, found } = match extent {
        Extent::Glance(most) => state.store.glance_at_touched(&touched, most, seek, limit).await?,
        Extent::Whole => {
            let count = state.store.count_touched(&touched, u64::MAX).await?;
            let grants = state.store.list_touched(&touched, seek, limit).await?;
            TouchedGlance { count, is_whole: true, found: FoundGrants { grants, reached: None } }
        }
    };
    let tokens = if may_see { Some(seen(state, question, found.grants).await?) } else { None };
    Ok(Preview { count, is_whole, tokens, reached: found.reached })
}

/// [`preview`], when nothing would change.
///
/// # Errors
/// As [`preview`].
pub fn preview_of_nothing(state: &AppState, caller: &Caller) -> Result<Preview, Problem> {
    super::decide::refuse_listed(caller)?;
    caller.require(state, EDITS)?;
    let tokens = caller.may(state, TOKEN_VIEW_ALL).then(Vec::new);
    Ok(Preview { count: 0, is_whole: true, tokens, reached: None })
}

/// Whether it touches a token, as far as a glance tells.
async fn may_touch(state: &AppState, question: Question) -> Result<bool, Problem> {
    let touched = touched(state, question).await?;
    let glance = state.store.glance_at_touched(&touched, 1, &Seek::Start, 0).await?;
    Ok(glance.count > 0 || !glance.is_whole)
}

async fn touched(state: &AppState, question: Question) -> Result<Touched, Problem> {
    let now = state.clock.now();
    Ok(match question {
        Question::Maximum(maximum) => Touched::EndsAfter {
            latest: maximum.latest_expiry(now),
            exempt: state.store.exempt_owners(now).await?,
        },
        Question::Closing(cells) => Touched::Narrowed { cells, now },
    })
}

async fn seen(
    state: &AppState,
    question: Question,
    grants: Vec<Grant>,
) -> Result<Vec<TouchedToken>, Problem> {
    let now = state.clock.now();
    let reviewed = match question {
        Question::Maximum(_) => to_review(state, &grants, now).await?,
        Question::Closing(_) => BTreeSet::new(),
    };
    let narrowed = match question {
        Question::Maximum(_) => BTreeSet::new(),
        Question::Closing(cells) => narrowed(state, cells, &grants).await?,
    };
    let tokens = grants.into_iter().map(|grant| {
        let needs_review = reviewed.contains(&grant.id);
        let is_narrowed = narrowed.contains(&grant.id);
        TouchedToken { seen: SeenGrant::new(state, grant), needs_review, is_narrowed }
    });
    Ok(tokens.collect())
}

/// Those that pass elsewhere still when these cells are closed.
async fn narrowed(state: &AppState, cells: Cells, grants: &[Grant]) -> Result<BTreeSet<GrantId>, Problem> {
    let after = cells.close(&state.store.token_settings().await?.origins);
    let ids: Vec<_> = grants.iter().map(|grant| grant.id).collect();
    let indexed = state.store.indexed_grants(&ids).await?;
    let view = state.index.view();
    let mut narrowed = BTreeSet::new();
    for grant in indexed {
        let application =
            state.applications.slot(grant.application.as_str()).unwrap_or(ApplicationSlot::UNKNOWN);
        let owner = view.owner(grant.owner);
        let touch = owner.map(|owner| cells.touch(&after, owner.origin, application, grant.left_working));
        if touch == Some(Touch::Narrowed) {
            narrowed.insert(grant.id);
        }
    }
    Ok(narrowed)
}

/// Those that were made under an exemption which is over.
async fn to_review(state: &AppState, grants: &[Grant], now: Timestamp) -> Result<BTreeSet<GrantId>, Problem> {
    let exemptions = state.store.exemptions().await?;
    let mut reviewed = BTreeSet::new();
    if exemptions.iter().all(|exemption| exemption.holds(now)) {
        return Ok(reviewed);
    }
    let mut owners = BTreeMap::new();
    for grant in grants {
        let owner = match owners.entry(grant.owner) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(state.store.user(grant.owner).await?),
        };
        if let Some(owner) = owner
            && needs_review(owner, grant.created_at, &exemptions, now)
        {
            reviewed.insert(grant.id);
        }
    }
    Ok(reviewed)
}
